//! Answers of an origin that is confused, or an attacker's: the client gets one whole answer, or a failure.

use super::origin::{Origin, values};

/// The answer's parts: its status line, how it is framed, and what comes after the head.
fn parts(answer: &str) -> (&str, Vec<&str>, &str) {
    let (head, rest) = answer.split_once("\r\n\r\n").unwrap();
    let mut framing = values(head, "transfer-encoding");
    framing.extend(values(head, "content-length"));
    (head.lines().next().unwrap(), framing, rest)
}

/// What is asked by, what the origin answers, and what the client gets: the status, the framing and the body.
type Case = (
    &'static str,
    &'static str,
    u16,
    &'static [&'static str],
    &'static str,
);

const ANSWERS: &[Case] = &[
    (
        "GET",
        "200 OK\r\nContent-Length: 4\r\n\r\npage",
        200,
        &["4"],
        "page",
    ),
    (
        "GET",
        "200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n4\r\npage\r\n0\r\n\r\n",
        200,
        &["chunked"],
        "4\r\npage\r\n0\r\n\r\n",
    ),
    (
        "GET",
        "200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n\r\n",
        200,
        &["chunked"],
        "4\r\npage\r\n0\r\n\r\n",
    ),
    (
        "GET",
        "200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\npage",
        200,
        &["4"],
        "page",
    ),
    (
        "GET",
        "200 OK\r\nContent-Length: 4, 4\r\n\r\npage",
        200,
        &["4"],
        "page",
    ),
    (
        "GET",
        "200 OK\r\nContent-Length: 4\r\n\r\npage and more",
        200,
        &["4"],
        "page",
    ),
    (
        "GET",
        "200 OK\r\n\r\npage",
        200,
        &["chunked"],
        "4\r\npage\r\n0\r\n\r\n",
    ),
    (
        "GET",
        "204 No Content\r\nContent-Length: 4\r\n\r\npage",
        204,
        &[],
        "",
    ),
    (
        "GET",
        "204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        204,
        &[],
        "",
    ),
    (
        "GET",
        "304 Not Modified\r\nContent-Length: 4\r\n\r\n",
        304,
        &[],
        "",
    ),
    (
        "HEAD",
        "200 OK\r\nContent-Length: 4\r\n\r\n",
        200,
        &["4"],
        "",
    ),
    (
        "HEAD",
        "200 OK\r\nContent-Length: 4\r\n\r\npage",
        200,
        &["4"],
        "",
    ),
    // What is no answer, or leaves open where it ends.
    (
        "GET",
        "101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nGET / HTTP/1.1",
        502,
        &[],
        "",
    ),
    (
        "GET",
        "200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\npage!",
        502,
        &[],
        "",
    ),
    (
        "GET",
        "200 OK\r\nContent-Length: -4\r\n\r\npage",
        502,
        &[],
        "",
    ),
    (
        "GET",
        "200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        502,
        &[],
        "",
    ),
    (
        "GET",
        "200 OK\r\nTransfer-Encoding: identity\r\n\r\npage",
        502,
        &[],
        "",
    ),
    ("GET", "200 OK\r\nX-A: 1\r\n b: 2\r\n\r\n", 502, &[], ""),
    ("GET", "200 OK\r\nX A: 1\r\n\r\n", 502, &[], ""),
    ("GET", "20 OK\r\n\r\n", 502, &[], ""),
    ("GET", "nonsense\r\n\r\n", 502, &[], ""),
];

#[test]
fn an_answer_is_framed_again_from_its_body() {
    const COMMON: &str = "Connection: close, X-Own\r\nX-Own: 1\r\nKeep-Alive: timeout=9\r\n";
    for (method, answer, status, framing, body) in ANSWERS.iter().copied() {
        let sent = format!(
            "HTTP/1.1 {}",
            answer.replacen("\r\n", &format!("\r\n{COMMON}"), 1)
        );
        let shown = answer;
        let origin = Origin::start(move |_, exchange| {
            exchange.request();
            exchange.answer(&sent);
        });
        let server = origin.server(&[]);
        let head = "Host: publisher.example\r\nConnection: close\r\n";
        let got = server.send(format!("{method} / HTTP/1.1\r\n{head}\r\n").as_bytes());
        let (line, framed, rest) = parts(&got);
        assert!(
            line.starts_with(&format!("HTTP/1.1 {status}")),
            "{shown:?}: {got}"
        );
        if status != 502 {
            assert_eq!((framed, rest), (framing.to_vec(), body), "{shown:?}: {got}");
        }
        for own in ["x-own", "keep-alive", "upgrade", "trailer"] {
            assert!(values(&got, own).is_empty(), "{shown:?}: {got}");
        }
        assert_eq!(origin.heads().len(), 1, "{shown:?}");
    }
}

#[test]
fn an_answer_that_breaks_off_does_not_look_whole() {
    for (answer, whole) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npage",
            "\r\n\r\npage     ",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n",
            "0\r\n\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\nzz\r\n",
            "0\r\n\r\n",
        ),
    ] {
        let origin = Origin::start(move |_, exchange| {
            exchange.request();
            exchange.answer(answer);
        });
        let got = origin.server(&[]).get("/", "");
        assert!(got.starts_with("HTTP/1.1 200"), "{got}");
        assert!(!got.ends_with(whole), "{answer:?}: {got}");
    }
}
