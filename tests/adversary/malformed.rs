//! Requests that no server should take: they are refused, and never reach the origin.

use super::origin::{Origin, PAGE, values};

#[test]
fn a_request_without_one_good_host_is_refused() {
    let origin = Origin::answering(PAGE);
    let server = origin.server(&[]);
    let own = "Host: publisher.example\r\n";
    for (target, hosts, status) in [
        ("/", own, 200),
        ("/", "Host: publisher.example:8080\r\n", 200),
        ("/", "Host: [2001:db8::1]:80\r\n", 200),
        ("/", "", 400),
        ("/", "Host:\r\n", 400),
        ("/", "Host: a\r\nHost: b\r\n", 400),
        ("/", "Host: a\r\nHost: a\r\n", 400),
        ("/", "Host: a, b\r\n", 400),
        ("/", "Host: user@publisher.example\r\n", 400),
        ("/", "Host: publisher.example/x\r\n", 400),
        ("/", "Host: publisher.example:x\r\n", 400),
        ("/", "Host: publisher.example:70000\r\n", 400),
        ("/", "Host: [::1\r\n", 400),
        ("/", "Host: \u{e9}.example\r\n", 400),
        ("publisher.example:80", own, 400),
        ("*", own, 400),
        ("ftp://publisher.example/", own, 400),
        ("http://user@publisher.example/", own, 400),
        ("http://other.example/", own, 400),
        ("http://publisher.example/", own, 200),
        ("http://publisher.example/", "", 400),
        // The service's own routes are no exception.
        ("/_ts/health", "", 400),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let answer = server.send(request.as_bytes());
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&expected), "{target} {hosts}: {answer}");
        let asked = origin.heads().len();
        assert_eq!(asked, usize::from(status == 200), "{target} {hosts}");
    }
    // HTTP/1.0 knew no `Host`.
    let answer = server.send(b"GET / HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
}

#[test]
fn a_tunnel_is_refused_and_the_whole_server_lists_its_methods() {
    let origin = Origin::answering(PAGE);
    let server = origin.server(&[]);
    for (line, status) in [
        ("CONNECT other.example:443", 405),
        ("CONNECT /", 405),
        ("TRACE /", 405),
        ("OPTIONS *", 200),
    ] {
        let head = "Host: publisher.example\r\nConnection: close\r\n\r\n";
        let answer = server.send(format!("{line} HTTP/1.1\r\n{head}").as_bytes());
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{line}: {answer}"
        );
        let allowed = values(&answer, "allow");
        assert!(
            allowed.len() == 1 && allowed[0].contains("GET") && !allowed[0].contains("TRACE"),
            "{line}: {answer}"
        );
    }
    assert!(origin.heads().is_empty());
}

#[test]
fn ambiguous_framing_is_rewritten_or_refused() {
    let origin = Origin::answering(PAGE);
    let server = origin.server(&[]);
    for (framing, accepted) in [
        ("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", true),
        ("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", true),
        (
            "Transfer-Encoding: chunked\r\nConnection: transfer-encoding\r\n",
            true,
        ),
        ("Transfer-Encoding: gzip, chunked\r\n", false),
        ("Transfer-Encoding: chunked, chunked\r\n", false),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            false,
        ),
        ("Transfer-Encoding: xchunked\r\n", false),
        ("Transfer-Encoding : chunked\r\n", false),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", false),
        ("Content-Length: +5\r\n", false),
        (" Content-Length: 5\r\n", false),
    ] {
        let head = "POST / HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n";
        let answer = server.send(format!("{head}{framing}\r\n0\r\n\r\nG").as_bytes());
        let heads = origin.heads();
        if accepted {
            assert!(answer.starts_with("HTTP/1.1 200"), "{framing}: {answer}");
            let [head] = &heads[..] else {
                panic!("{framing}: {heads:?}")
            };
            let framed =
                values(head, "transfer-encoding").len() + values(head, "content-length").len();
            assert_eq!(framed, 1, "{framing}: {head}");
        } else {
            let status = answer.get("HTTP/1.1 ".len()..).unwrap_or_default();
            assert!(
                status.starts_with("400") || status.starts_with("501"),
                "{framing}: {answer}"
            );
            assert!(heads.is_empty(), "{framing}: {heads:?}");
        }
    }
}
