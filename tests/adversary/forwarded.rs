//! Lists of addresses that no one can read name no one: not what the client itself wrote further up.

use super::origin::{Origin, PAGE, values};

const VIEW: &str = "Accept: text/html\r\nCookie: us_privacy=1YNN\r\n";

#[test]
fn a_line_that_cannot_be_decoded_leaves_no_address() {
    let origin = Origin::answering(PAGE);
    let server = origin.server(&[
        "--set",
        "ec.local.trusted_proxies=[\"127.0.0.1\"]",
        "--set",
        "ec.organic.budget=60s",
    ]);
    let one = "X-Forwarded-For: 203.0.113.7\r\n";
    for (lines, known) in [
        (&[one.as_bytes()][..], true),
        (&[b"X-Forwarded-For: 1.2.3.4\r\n", one.as_bytes()], true),
        (&[one.as_bytes(), b"X-Forwarded-For: \xff\r\n"], false),
        (
            &[one.as_bytes(), b"X-Forwarded-For: 198.51.100.1\xe9\r\n"],
            false,
        ),
        (&[b"X-Forwarded-For: \xff\r\n", one.as_bytes()], false),
        (&[one.as_bytes(), b"X-Forwarded-For: \xd9\xa1\r\n"], false),
        (&[b"Forwarded: for=203.0.113.7\r\n"], true),
        (
            &[
                b"Forwarded: for=203.0.113.7\r\n",
                b"Forwarded: for=\xff\r\n",
            ],
            false,
        ),
        (&[one.as_bytes(), b"Forwarded: for=\xff\r\n"], false),
        // A client that has the connection's own headers taken out does not choose its address either.
        (
            &[one.as_bytes(), b"Connection: close, X-Forwarded-For\r\n"],
            true,
        ),
    ] {
        let shown: Vec<_> = lines
            .iter()
            .map(|line| String::from_utf8_lossy(line))
            .collect();
        let mut request =
            b"GET / HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n".to_vec();
        request.extend_from_slice(VIEW.as_bytes());
        request.extend_from_slice(&lines.concat());
        request.extend_from_slice(b"\r\n");
        let page = server.send(&request);
        // An id is made of the client's address: without one there is none.
        let given = !values(&page, "set-cookie").is_empty();
        assert_eq!(given, known, "{shown:?}: {page}");
        let head = origin.head();
        let last = values(&head, "x-forwarded-for")
            .last()
            .copied()
            .map(str::to_owned);
        let expected = if known { "203.0.113.7" } else { "unknown" };
        assert_eq!(last.as_deref(), Some(expected), "{shown:?}: {head}");
    }
}

#[test]
fn no_header_of_ours_comes_from_outside() {
    let origin = Origin::answering(PAGE);
    let server = origin.server(&[]);
    let forged = "X-Forwarded-Host: evil.example\r\nX-Forwarded-Host: evil2.example\r\nX-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nConnection: x-forwarded-for, x-forwarded-host, forwarded, host, cookie\r\n";
    let page = server.get("/", forged);
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let head = origin.head();
    assert_eq!(values(&head, "host"), [origin.address.as_str()]);
    assert_eq!(values(&head, "x-forwarded-host"), ["publisher.example"]);
    assert_eq!(values(&head, "x-forwarded-for").last(), Some(&"127.0.0.1"));
    assert!(values(&head, "connection").is_empty(), "{head}");
}
