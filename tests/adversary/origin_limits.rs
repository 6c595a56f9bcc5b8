//! An origin that is slow, or stops: every step of the exchange has its limit, and progress is no fault.

use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::origin::{Origin, PAGE};
use super::server::{CONFIG, PATIENCE, Server};

/// A limit that is over at once, with others that never are.
const SHORT: &str = "200ms";

fn set(limit: &str) -> String {
    format!("ec.{limit}={SHORT}")
}

#[test]
fn a_connection_that_is_not_made_is_given_up() {
    // It takes the connection, and never answers the greeting of TLS.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let config = CONFIG.replace(
        "[publisher]",
        &format!("[publisher]\norigin_url = \"{url}\""),
    );
    let server = Server::start(
        &config,
        &[
            "--store",
            "memory",
            "--set",
            &set("organic.origin_connect_timeout"),
        ],
    );
    let page = server.get("/", "");
    assert!(page.starts_with("HTTP/1.1 504"), "{page}");
}

#[test]
fn an_answer_that_does_not_begin_is_given_up() {
    let origin = Origin::start(|_, exchange| while exchange.request().is_some() {});
    let server = origin.server(&["--set", &set("organic.origin_head_timeout")]);
    let page = server.get("/", "");
    assert!(page.starts_with("HTTP/1.1 504"), "{page}");
    assert_eq!(origin.heads().len(), 1, "it is not asked again");
}

#[test]
fn the_time_of_a_request_is_the_origins_too() {
    let origin = Origin::start(|_, exchange| while exchange.request().is_some() {});
    let server = origin.server(&["--set", "ec.local.request_timeout=1s"]);
    let page = server.get("/", "");
    assert!(page.starts_with("HTTP/1.1 504"), "{page}");
}

#[test]
fn an_answer_that_makes_no_progress_is_cut_off() {
    let origin = Origin::start(|_, exchange| {
        exchange.request();
        exchange.answer("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npage");
        // Until the server has given up.
        exchange.request();
    });
    let server = origin.server(&["--set", &set("organic.origin_progress_timeout")]);
    let page = server.get("/", "");
    assert!(page.ends_with("\r\n\r\npage"), "{page}");
}

#[test]
fn an_upload_that_makes_progress_is_not_cut_off() {
    const LIMIT: Duration = Duration::from_secs(2);
    const PART: usize = 64;
    let (sender, taken) = channel();
    let origin = Origin::start(move |_, exchange| {
        exchange.head();
        // Part for part, until the last.
        while exchange.body(PART)[0] == b'.' {
            sender.send(()).unwrap();
        }
        exchange.answer(PAGE);
    });
    let server = origin.server(&["--set", "ec.organic.origin_head_timeout=2s"]);
    let length = 1 << 30;
    let mut stream = server.connect();
    let head =
        format!("PUT / HTTP/1.1\r\nHost: publisher.example\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let start = Instant::now();
    while start.elapsed() < 2 * LIMIT {
        stream.write_all(&[b'.'; PART]).unwrap();
        taken.recv_timeout(PATIENCE).unwrap();
    }
    // The origin answers before the upload ends, and the client gets that answer.
    stream.write_all(&[b'!'; PART]).unwrap();
    let mut answer = [0; "HTTP/1.1 200".len()];
    std::io::Read::read_exact(&mut stream, &mut answer).unwrap();
    assert_eq!(answer, *b"HTTP/1.1 200");
}
