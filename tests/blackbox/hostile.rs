//! Hostile input is refused cleanly, and the service goes on.

use super::server::{BATCH_SYNC, HEALTH, ONE, Server, mapping};

fn post(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {BATCH_SYNC} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {ONE}\r\n{head}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn assert_well(server: &Server) {
    assert_eq!(server.get(HEALTH).send().status, 200);
}

#[test]
fn bodies_that_lie_about_their_length() {
    let server = Server::start();
    let body = br#"{"mappings":[]}"#;
    // The emulator hands a request on only once all of its body is there.
    if !server.is_emulator() {
        let refused = server.raw(&post("Content-Length: 2097153", b""));
        assert!(refused.starts_with("HTTP/1.1 413"), "{refused}");
    }
    // Shorter than announced: the client broke off, and is owed nothing but that nothing happens.
    let broken = server.raw_broken_off(&post("Content-Length: 100", body));
    assert!(!broken.starts_with("HTTP/1.1 2"), "{broken}");
    let cut = server.raw(&post("Content-Length: 5", body));
    assert!(cut.starts_with("HTTP/1.1 400"), "{cut}");
    for length in ["-1", "abc", "18446744073709551616"] {
        let refused = server.raw(&post(&format!("Content-Length: {length}"), body));
        assert!(!refused.starts_with("HTTP/1.1 2"), "{length}: {refused}");
    }
    // Without a length, the limit holds while reading.
    let chunk = vec![b' '; 1 << 20];
    let mut chunked = post("Transfer-Encoding: chunked", b"");
    for _ in 0..3 {
        chunked.extend_from_slice(b"100000\r\n");
        chunked.extend_from_slice(&chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    let refused = server.raw(&chunked);
    assert!(
        refused.is_empty() || refused.starts_with("HTTP/1.1 413"),
        "{refused}"
    );
    assert_well(&server);
}

#[test]
fn bodies_that_are_no_json() {
    let server = Server::start();
    let deep = "[".repeat(100_000);
    let nested =
        format!(r#"{{"mappings":[{{"ec_id":"a","partner_uid":"b","timestamp":1,"x":{deep}"#);
    for body in [
        deep.as_bytes(),
        nested.as_bytes(),
        b"\xff\xfe{}",
        b"{\"mappings\":[{\"ec_id\":\"\xff\",\"partner_uid\":\"b\",\"timestamp\":1}]}",
        br#"{"mappings":[{"ec_id":"\ud800","partner_uid":"b","timestamp":1}]}"#,
        br#"{"mappings":[],"mappings":[]}"#,
        br#"{"mappings":[{"ec_id":"a","partner_uid":"b","timestamp":1e999}]}"#,
    ] {
        let answer = server.ask("POST", BATCH_SYNC).token(ONE).send_body(body);
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!(answer.refusal(), (400, "invalid_json".into()), "{shown}");
    }
    assert_well(&server);
}

#[test]
fn uids_of_any_text_are_kept_as_they_are() {
    let server = Server::start();
    let user = server.visitor();
    for uid in [
        "\"\\\u{0}\u{7f}",
        "é漢🦀",
        "</script>",
        "a\r\nSet-Cookie: x=1",
    ] {
        assert_eq!(
            server.sync(ONE, &[mapping(&user, uid)]).status,
            200,
            "{uid:?}"
        );
        assert_eq!(server.record(&user)["body"]["ids"]["one"]["uid"], uid);
        let read = server
            .get("/_ts/api/v1/identify")
            .token(ONE)
            .ec(&user)
            .consenting()
            .send();
        assert_eq!(read.json()["uid"], uid);
    }
}

#[test]
fn a_request_without_one_good_host_is_refused() {
    let server = Server::start();
    for (target, hosts) in [
        ("/", ""),
        ("/", "Host:\r\n"),
        ("/", "Host: a.example\r\nHost: b.example\r\n"),
        ("/", "Host: a.example, b.example\r\n"),
        ("/", "Host: user@publisher.example\r\n"),
        ("/", "Host: publisher.example/path\r\n"),
        ("/", "Host: publisher.example:70000\r\n"),
        ("publisher.example:80", "Host: publisher.example\r\n"),
        ("/_ts/health", "Host: a\r\nHost: b\r\n"),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let answer = server.raw(request.as_bytes());
        // Some of these never get past the emulator.
        let refused = if server.is_emulator() {
            !answer.starts_with("HTTP/1.1 2")
        } else {
            answer.starts_with("HTTP/1.1 400")
        };
        assert!(refused, "{target} {hosts}: {answer}");
    }
    let whole = "OPTIONS * HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n\r\n";
    let answer = server.raw(whole.as_bytes()).to_lowercase();
    // The emulator makes a host's name of it.
    if server.is_emulator() {
        assert!(answer.starts_with("http/1.1 400"), "{answer}");
    } else {
        assert!(answer.starts_with("http/1.1 200"), "{answer}");
        assert!(answer.contains("\r\nallow: get, "), "{answer}");
    }
    assert_well(&server);
}

#[test]
fn no_one_gets_a_tunnel() {
    let server = Server::start();
    for target in ["publisher.example:443", "127.0.0.1:1"] {
        let request = format!(
            "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\nCookie: us_privacy=1YNN\r\n\r\n"
        );
        let answer = server.raw(request.as_bytes());
        assert!(!answer.starts_with("HTTP/1.1 2"), "{target}: {answer}");
        assert!(
            server.is_emulator() || answer.starts_with("HTTP/1.1 405"),
            "{target}: {answer}"
        );
    }
    assert_well(&server);
}

#[test]
fn no_one_gets_a_websocket() {
    let server = Server::start();
    for (upgrade, refused) in [
        ("websocket", true),
        ("h2c, WebSocket/13", true),
        ("h2c", false),
    ] {
        let answer = server.raw(
            format!("GET {HEALTH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: {upgrade}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                .as_bytes(),
        );
        let status = if refused {
            "HTTP/1.1 501"
        } else {
            "HTTP/1.1 200"
        };
        assert!(answer.starts_with(status), "{upgrade}: {answer}");
    }
    assert_well(&server);
}

#[test]
fn heads_that_want_to_be_answers() {
    let server = Server::start();
    for origin in [
        "https://publisher.example\u{b}Set-Cookie: x=1",
        "https://publisher.example/%0d%0aX: 1",
    ] {
        let request = format!(
            "GET /_ts/api/v1/identify HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: {origin}\r\n\r\n"
        );
        let answer = server.raw(request.as_bytes());
        assert!(
            !answer.to_lowercase().contains("x=1") && !answer.contains("X: 1"),
            "{answer}"
        );
    }
    let cookies = [
        "ts-ec=\u{1}; us_privacy=1YNN".to_owned(),
        format!("us_privacy=1YNN; ts-ec={}", "a".repeat(8_000)),
        format!("us_privacy=1YNN; {}", "ts-ec=x; ".repeat(800)),
        format!("euconsent-v2={}; us_privacy=1YNN", "C".repeat(7_000)),
        format!("__gpp={}; us_privacy=1YNN", "DBAA~".repeat(1_000)),
    ];
    for cookie in cookies {
        let request =
            format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n");
        let answer = server.raw(request.as_bytes());
        let shown = &cookie[..cookie.len().min(40)];
        assert!(
            answer.starts_with("HTTP/1.1 204") || answer.starts_with("HTTP/1.1 400"),
            "{shown}: {answer}"
        );
    }
    assert_well(&server);
}

#[test]
fn thousands_of_wrong_tokens_at_once() {
    const CLIENTS: usize = 16;
    const EACH: usize = 125;
    let server = Server::start();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let server = &server;
            scope.spawn(move || {
                for number in 0..EACH {
                    let token = format!("wrong-{client}-{number}");
                    let asked = server.ask("POST", BATCH_SYNC).token(&token);
                    // From an address that no other test has: its wrong tokens are limited.
                    let answer = asked
                        .header("x-forwarded-for", "203.0.113.66")
                        .send_body("{}");
                    assert!([401, 429].contains(&answer.status), "{answer:?}");
                }
            });
        }
    });
    // Who has the right one is let in from there as well.
    let right = server.ask("POST", BATCH_SYNC).token(ONE);
    let right = right.header("x-forwarded-for", "203.0.113.66");
    assert_eq!(right.send_body(r#"{"mappings":[]}"#).status, 200);
    assert_well(&server);
}

#[test]
fn no_browser_guesses_a_type_for_an_answer_of_the_service() {
    let server = Server::start();
    for answer in [
        server.get(HEALTH).send(),
        server.get("/_ts/unknown").send(),
        server.admin("GET", "policy").send(),
        server.admin("GET", "ec/x").send(),
        server.get("/_ts/admin/v1/policy").send(),
        server.sync(ONE, &[]),
        server.sync("wrong", &[]),
    ] {
        let sniffing = answer.header("x-content-type-options");
        assert_eq!(sniffing, Some("nosniff"), "{answer:?}");
    }
}
