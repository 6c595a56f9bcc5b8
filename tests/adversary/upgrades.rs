//! Clients that ask for another protocol: none waits for an answer that never comes.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use super::server::{CONFIG, Server};

/// An origin that agrees to every upgrade, and else answers a page.
fn origin() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).unwrap() > 0 {}
            let asked = head.to_lowercase();
            let answer = if asked.contains("sec-websocket-key") || asked.contains("upgrade") {
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
            } else {
                "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage"
            };
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn an_upgrade_is_refused_or_left_unheard() {
    const HANDSHAKE: &str =
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let origin = format!("origin_url = \"http://{}\"\n[ec]\n", origin());
    let server = Server::start(&CONFIG.replace("[ec]\n", &origin), &["--store", "memory"]);
    let id = format!("{}.AbC123", "ab".repeat(32));
    for (headers, status) in [
        (format!("Upgrade: websocket\r\n{HANDSHAKE}"), "501"),
        (format!("Upgrade: WebSocket\r\n{HANDSHAKE}"), "501"),
        (format!("Upgrade: h2c, websocket/13\r\n{HANDSHAKE}"), "501"),
        (
            format!("Upgrade: h2c\r\nUpgrade: websocket\r\n{HANDSHAKE}"),
            "501",
        ),
        ("Upgrade: websocket\r\n".to_owned(), "501"),
        (
            "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n".to_owned(),
            "200",
        ),
        ("Upgrade: TLS/1.0\r\n".to_owned(), "200"),
        (String::new(), "200"),
    ] {
        let answer = server.send(
            format!("GET /socket HTTP/1.1\r\nHost: publisher.example\r\nConnection: Upgrade, HTTP2-Settings, close\r\n{headers}\r\n").as_bytes(),
        );
        let line = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&line), "{headers}: {answer}");
        assert!(!answer.to_lowercase().contains("upgrade:"), "{answer}");
    }
    // A withdrawal is heard on whatever it comes with.
    let withdraws = format!("Upgrade: websocket\r\nSec-GPC: 1\r\nCookie: ts-ec={id}\r\n");
    let answer = server.get("/socket", &withdraws);
    assert!(
        answer.starts_with("HTTP/1.1 501") && answer.contains("Max-Age=0"),
        "{answer}"
    );
}
