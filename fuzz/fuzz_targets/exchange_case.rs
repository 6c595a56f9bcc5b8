//! One exchange between client, service and origin, and what must hold of it whatever the two send.
//!
//! A case is what the client sends, a line `=== origin ===`, and what the origin answers. The fuzz target makes cases up;
//! `tests/adversary` replays those that are kept.

#[path = "message.rs"]
mod message;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use message::{check_request, count, find, read_answer, read_request};

const SEPARATOR: &[u8] = b"\n=== origin ===\n";

/// Shows whether the connection is still in step after what the input made of it.
const LAST: &[u8] = b"GET /last HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n\r\n";

const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage";

/// What is not there by then hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// This configuration with that origin. A server that is left waiting, for a body that does not come, soon gives up.
pub fn config(plain: &str, origin: SocketAddr) -> String {
    let publisher = format!("[publisher]\norigin_url = \"http://{origin}\"");
    let waits = "\n[ec.local]\nrequest_timeout = \"1s\"\n";
    plain.replace("[publisher]", &publisher) + waits
}

/// Runs a case through a server of its own, which `start` starts before this origin and which ends when it is dropped;
/// panics where it breaks a promise.
///
/// Every message is counted once all of them are known: the server has ended, and with it every connection.
pub fn run<S>(case: &[u8], start: impl FnOnce(SocketAddr) -> (S, SocketAddr)) {
    let (client, answer) = match find(case, SEPARATOR) {
        Some(at) => (&case[..at], &case[at + SEPARATOR.len()..]),
        None => (case, PAGE),
    };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = listener.local_addr().expect("an address");
    let sent = [client, LAST].concat();
    let (answers, asked) = thread::scope(|scope| {
        let asked = scope.spawn(|| answer_all(&listener, answer));
        let closing = Closing(&listener);
        let (server, address) = start(origin);
        let answers = ask(address, &sent);
        drop(server);
        drop(closing);
        (answers, asked.join().expect("the origin has not failed"))
    });

    // Every request line names a version, in any case that the parser takes.
    let most = count(&sent, b"HTTP/1.");
    assert!(asked.len() <= most, "{} of {most} requests", asked.len());
    for request in &asked {
        check_request(request, &sent, origin);
    }
    // An answer to `HEAD` looks as if its body were missing.
    if find(&sent, b"HEAD").is_none() {
        let (mut rest, mut read) = (&answers[..], 0);
        while let Some(after) = read_answer(rest) {
            rest = after;
            read += 1;
        }
        assert!(read <= most, "{read} answers to {most} requests");
    }
}

/// Once dropped, the origin takes the connections that have come by then, and waits for no more.
struct Closing<'l>(&'l TcpListener);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        let _ = self.0.set_nonblocking(true);
        // It wakes a listener that waits already.
        let _ = self.0.local_addr().and_then(TcpStream::connect);
    }
}

/// Answers one request of each connection, until no connection waits any more. The requests, as their bytes.
fn answer_all(listener: &TcpListener, answer: &[u8]) -> Vec<Vec<u8>> {
    thread::scope(|scope| {
        let mut exchanges = Vec::new();
        loop {
            match listener.accept() {
                Ok((stream, _)) => exchanges.push(scope.spawn(|| answer_one(stream, answer))),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // One that its client has closed already.
                Err(_) => {}
            }
        }
        let requests = exchanges.into_iter().filter_map(|exchange| {
            let request = exchange.join().expect("the exchange has not failed");
            (!request.is_empty()).then_some(request)
        });
        requests.collect()
    })
}

/// Takes one request, answers it, and closes. None where the connection was closed unused.
fn answer_one(mut stream: TcpStream, answer: &[u8]) -> Vec<u8> {
    // Some systems hand on how the listener waits.
    let _ = stream.set_nonblocking(false);
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let request = read_request(&mut stream);
    if request.is_empty() {
        return request;
    }
    // Whatever else is there came with the request, and is a second one.
    let _ = stream.set_nonblocking(true);
    let more = stream.peek(&mut [0]);
    assert!(!matches!(more, Ok(1..)), "more than one request at once");
    let _ = stream.set_nonblocking(false);
    let _ = stream.write_all(answer);
    let _ = stream.shutdown(Shutdown::Write);
    // What is closed with bytes unread is reset, and the answer with it.
    let _ = stream.read_to_end(&mut Vec::new());
    request
}

/// Sends these bytes, and reads what comes back until the server closes.
fn ask(server: SocketAddr, sent: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server).expect("the server takes connections");
    let _ = stream.set_read_timeout(Some(PATIENCE));
    // A server that has refused may close before it has read all.
    let _ = stream.write_all(sent);
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        let hangs = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        assert!(!hangs, "the server hangs");
    }
    answer
}
