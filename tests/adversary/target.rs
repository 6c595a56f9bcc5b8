//! The origin is asked for what the client sent, byte for byte, or the request is refused.

use super::origin::{Origin, PAGE, target};

/// Targets as a client may write them, and what the origin is asked for; none where the request is refused.
const TARGETS: &[(&[u8], Option<&[u8]>)] = &[
    (b"/", Some(b"/")),
    (b"/public/%2e%2e/admin", Some(b"/public/%2e%2e/admin")),
    (b"/a/../b", Some(b"/a/../b")),
    (b"/a/./b", Some(b"/a/./b")),
    (b"/..", Some(b"/..")),
    (b"//a//b//", Some(b"//a//b//")),
    (b"/a\\b", Some(b"/a\\b")),
    (b"/a\"b'c", Some(b"/a\"b'c")),
    (b"/a?b='c'", Some(b"/a?b='c'")),
    (b"/a?b=\"c\"", None),
    (b"/{a}|b", Some(b"/{a}|b")),
    (b"/a^b?`c`", Some(b"/a^b?`c`")),
    (b"/a`b", None),
    (b"/a;b=c,d", Some(b"/a;b=c,d")),
    (b"/a?", Some(b"/a?")),
    (b"/a??b", Some(b"/a??b")),
    (b"/?a=<b>", None),
    (b"/%", Some(b"/%")),
    (b"/%zz", Some(b"/%zz")),
    (b"/a%00b%0d%0a", Some(b"/a%00b%0d%0a")),
    (b"/%2E%2e%2F", Some(b"/%2E%2e%2F")),
    ("/é".as_bytes(), Some("/é".as_bytes())),
    ("/?é".as_bytes(), Some("/?é".as_bytes())),
    (b"http://publisher.example/a/../b?c", Some(b"/a/../b?c")),
    (b"http://publisher.example", Some(b"/")),
    (b"http://publisher.example?a", Some(b"/?a")),
    // What follows is cut off before the service sees it: docs/origin.md.
    (b"/a#b", Some(b"/a")),
    (b"/a?b#c", Some(b"/a?b")),
    (b"/#/../b", Some(b"/")),
    (b"http://publisher.example/a#b", Some(b"/a")),
    (b"#a", None),
    (b"/a<b>", None),
    (b"/a b", None),
    (b"/a\x7f", None),
    (b"/a\xff", None),
    (b"a", None),
    (b"*", None),
];

#[test]
fn a_target_reaches_the_origin_byte_for_byte_or_not_at_all() {
    let origin = Origin::answering(PAGE);
    let server = origin.server(&[]);
    for (sent, expected) in TARGETS {
        let shown = String::from_utf8_lossy(sent);
        let tail = b" HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n\r\n";
        let answer = server.send(&[b"GET ", *sent, tail].concat());
        let heads = origin.heads();
        let asked: Vec<&str> = heads.iter().map(|head| target(head)).collect();
        if let Some(expected) = expected {
            assert!(answer.starts_with("HTTP/1.1 200"), "{shown}: {answer}");
            assert_eq!(asked, [str::from_utf8(expected).unwrap()], "{shown}");
        } else {
            assert!(answer.starts_with("HTTP/1.1 400"), "{shown}: {answer}");
            assert!(asked.is_empty(), "{shown}: {asked:?}");
        }
    }
}
