//! Clients that are slow, or stop, and an end that waits for none of them too long.
//!
//! What is tested here is time: a client that is slow on purpose pauses, for a fraction of the limit.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread::sleep;
use std::time::Duration;

use super::server::{CONFIG, PATIENCE, Server, until};

const LIMIT: &[&str] = &["--set", "ec.local.request_timeout=1s"];

/// A tenth of the limit, and as many of them as make three times the limit.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSES: usize = 30;

/// More than the system keeps for a client that does not read.
const LARGE: usize = 50_000_000;

/// An origin that reads each request whole and answers with a large page; it says of each whether that went out.
fn origin() -> (String, Receiver<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, sent) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let sender = sender.clone();
            std::thread::spawn(move || sender.send(answer(&stream).is_ok()));
        }
    });
    (address, sent)
}

fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    let mut request = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && request.read_line(&mut head)? > 0 {}
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut lengths = lines.filter(|(name, _)| *name == "content-length");
    let length = lengths
        .next()
        .map_or(0, |(_, length)| length.parse().unwrap());
    request.read_exact(&mut vec![0; length])?;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(&vec![b'x'; LARGE])
}

fn config(origin: &str) -> String {
    CONFIG.replace(
        "[ec]\n",
        &format!("origin_url = \"http://{origin}\"\n[ec]\n"),
    )
}

/// Sends a body that comes in parts, with a pause after each.
fn upload(server: &Server, head: &str, parts: &[String]) -> (TcpStream, bool) {
    let mut stream = server.connect();
    let length: usize = parts.iter().map(String::len).sum();
    let head = format!(
        "{head} HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\nAuthorization: Bearer token-of-a-0123456789\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let whole = parts.iter().all(|part| {
        let sent = stream.write_all(part.as_bytes());
        sleep(PAUSE);
        sent.is_ok()
    });
    (stream, whole)
}

fn first_line(stream: TcpStream) -> String {
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    line
}

#[test]
fn clients_that_do_not_read_are_hung_up_on() {
    let (origin, sent) = origin();
    let server = Server::start(&config(&origin), LIMIT);
    let clients: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = server.connect();
            let get = b"GET / HTTP/1.1\r\nHost: publisher.example\r\n\r\n";
            stream.write_all(get).unwrap();
            stream
        })
        .collect();
    for _ in &clients {
        let whole = sent
            .recv_timeout(PATIENCE)
            .expect("the server still holds it");
        assert!(!whole);
    }
    until("they are gone", || server.metric("ec_connections") == 0);
}

#[test]
fn a_client_that_reads_slowly_and_steadily_has_the_whole_answer() {
    let (origin, _sent) = origin();
    let server = Server::start(&config(&origin), LIMIT);
    let mut stream = server.connect();
    let get = b"GET / HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n\r\n";
    stream.write_all(get).unwrap();
    let mut read = 0;
    for _ in 0..PAUSES {
        sleep(PAUSE);
        let part = Read::by_ref(&mut stream).take((LARGE / PAUSES) as u64);
        read += std::io::copy(&mut { part }, &mut std::io::sink()).unwrap();
    }
    read += std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    assert!(read > LARGE as u64, "{read}");
}

#[test]
fn an_upload_that_makes_progress_is_waited_for_and_no_other() {
    const BATCH: &str = "POST /_ts/api/v1/batch-sync";
    const PAGE: &str = "POST /form";
    let (origin, _sent) = origin();
    let any_progress = [LIMIT, &["--set", "ec.local.min_bytes_per_second=0"]].concat();
    for (args, head, part, status) in [
        // Ten times the least rate, and a hundredth of it.
        (LIMIT, BATCH, 1_024, "200"),
        (LIMIT, PAGE, 1_024, "200"),
        (LIMIT, BATCH, 1, "408"),
        (LIMIT, PAGE, 1, "408"),
        (&any_progress[..], BATCH, 1, "200"),
    ] {
        let server = Server::start(&config(&origin), args);
        let mut parts = vec!["{\"mappings\":[]".to_owned()];
        parts.extend((0..PAUSES).map(|_| " ".repeat(part)));
        parts.push("}".to_owned());
        let (stream, whole) = upload(&server, head, &parts);
        let answer = first_line(stream);
        // What comes after an answer may cost it: the system says only that the connection is gone.
        let cut = status == "408" && !whole && answer.is_empty();
        let answered = answer.starts_with(&format!("HTTP/1.1 {status}"));
        assert!(answered || cut, "{head} by {part}: {answer:?}");
    }
}

#[test]
fn a_stop_signal_waits_for_no_client_beyond_its_limit() {
    let (origin, _sent) = origin();
    let mut server = Server::start(&config(&origin), &["--set", "ec.local.shutdown_grace=1s"]);
    let clients: Vec<TcpStream> = [
        "",
        "GET / HT",
        "GET / HTTP/1.1\r\nHost: publisher.example\r\n\r\n",
        "POST /form HTTP/1.1\r\nHost: publisher.example\r\nContent-Length: 9\r\n\r\nhalf",
    ]
    .iter()
    .map(|sent| {
        let mut stream = server.connect();
        stream.write_all(sent.as_bytes()).unwrap();
        stream
    })
    .collect();
    let all = clients.len() as u64;
    until("all are taken", || server.metric("ec_connections") == all);
    server.signal("TERM");
    assert!(server.end().success());
}

#[test]
fn a_second_stop_signal_ends_it_at_once() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let args = ["--set", "ec.local.shutdown_grace=3600s"];
        let mut server = Server::start(CONFIG, &args);
        let mut under_way = server.connect();
        let head = "POST /_ts/api/v1/batch-sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-of-a-0123456789\r\nContent-Length: 9\r\n\r\n";
        under_way.write_all(head.as_bytes()).unwrap();
        until("it is taken", || server.metric("ec_connections") > 0);
        server.signal("TERM");
        until("no more are taken", || {
            TcpStream::connect(&server.address).is_err()
        });
        server.signal(signal);
        assert_eq!(server.end().code(), Some(code));
    }
}

#[test]
fn a_policy_that_cannot_be_read_to_its_end_keeps_no_server_from_stopping() {
    let mut server = Server::start(CONFIG, &[]);
    let policy = server.site.path().join("trusted-server.toml");
    std::fs::remove_file(&policy).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&policy)
            .status()
            .unwrap()
            .success()
    );
    server.signal("HUP");
    let page = server.get("/", "");
    assert!(page.starts_with("HTTP/1.1 204"), "{page}");
    server.signal("TERM");
    assert!(server.end().success());
}
