//! More connections than there is room for, and clients that keep theirs and say nothing.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::server::{CONFIG, Server, read_answer, until};
use super::site::Site;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Far more bytes of log than a bad minute takes.
const MUCH_LOG: u64 = 256 * 1_024;

/// An answered request on a connection that stays open.
fn held(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    stream.write_all(GET).unwrap();
    let answer = read_answer(&mut BufReader::new(&stream));
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    stream
}

#[test]
fn idle_connections_beyond_the_handles_are_waited_out() {
    let site = Site::new(CONFIG);
    let log = site.path().join("log");
    let written = File::create(&log).unwrap();
    let args = [
        "--set",
        "ec.local.request_timeout=1s",
        "--set",
        "ec.organic.budget=10s",
    ];
    let server = Server::start_after("ulimit -n 64", site, &args, |serve| {
        serve.stderr(written);
    });
    let idle: Vec<TcpStream> = (0..120).map(|_| server.connect()).collect();
    // Metrics have room of their own.
    until("a connection is taken", || {
        server.metric("ec_connections") > 0
    });
    assert!(server.metric("ec_connections") < 64);
    let page = server.get("/_ts/health", "");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let page = server.get("/", "Accept: text/html\r\nCookie: us_privacy=1YNN\r\n");
    assert!(
        page.contains("set-cookie: ts-ec="),
        "the store has handles: {page}"
    );
    drop(idle);
    assert!(log.metadata().unwrap().len() < MUCH_LOG);
}

#[test]
fn the_soft_limit_of_handles_is_raised() {
    let site = Site::new(CONFIG);
    let server = Server::start_after("ulimit -Sn 48", site, &[], |_| ());
    let held: Vec<TcpStream> = (0..100).map(|_| held(&server)).collect();
    assert_eq!(server.metric("ec_connections"), held.len() as u64);
}

#[test]
fn no_more_connections_are_taken_than_the_policy_says() {
    let server = Server::start(CONFIG, &["--set", "ec.local.max_connections=3"]);
    let mut taken: Vec<TcpStream> = (0..3).map(|_| held(&server)).collect();
    let mut waiting = server.connect();
    waiting.write_all(GET).unwrap();
    assert_eq!(server.metric("ec_connections"), 3);
    waiting.set_nonblocking(true).unwrap();
    assert!(
        waiting.peek(&mut [0]).is_err(),
        "it is answered beyond the limit"
    );
    waiting.set_nonblocking(false).unwrap();
    taken.pop();
    let answer = read_answer(&mut BufReader::new(&waiting));
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
}

#[test]
fn every_listener_hangs_up_on_who_says_nothing() {
    let server = Server::start(CONFIG, &["--set", "ec.local.request_timeout=1s"]);
    for address in [&server.address, &server.metrics_address] {
        for sent in [
            &b""[..],
            b"GET / HT",
            b"GET / HTTP/1.1\r\nHost: x\r\n",
            // One that is answered, and kept open.
            GET,
        ] {
            let mut stream = Server::connect_to(address);
            stream.write_all(sent).unwrap();
            let ended = stream.read_to_end(&mut Vec::new());
            let sent = String::from_utf8_lossy(sent);
            assert!(ended.is_ok(), "{address} keeps {sent:?}: {ended:?}");
        }
    }
}

/// Where the system has no handle for one more, the server tries again after a while, and not at once.
#[cfg(target_os = "linux")]
#[test]
fn a_connection_that_cannot_be_taken_is_tried_again_after_a_while() {
    use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
    let mut server = Server::start_changed(Site::new(CONFIG), &[], |serve| {
        serve.stderr(Stdio::piped());
    });
    drop(held(&server));
    let mut log = BufReader::new(server.running.process.stderr.take().unwrap()).lines();
    let mut failures = 0;
    let mut await_failure = || {
        let failed = |line: String| line.contains("cannot take a connection");
        while !failed(log.next().unwrap().unwrap()) {}
        failures += 1;
    };
    let pid = Pid::from_child(&server.running.process);
    let own = getrlimit(Resource::Nofile);
    let few = Rlimit {
        current: Some(4),
        maximum: own.maximum,
    };
    let before = prlimit(Some(pid), Resource::Nofile, few).unwrap();
    let start = Instant::now();
    let mut waiting = server.connect();
    waiting.write_all(GET).unwrap();
    for _ in 0..6 {
        await_failure();
    }
    assert!(start.elapsed() > Duration::from_millis(100));
    prlimit(Some(pid), Resource::Nofile, before).unwrap();
    let answer = read_answer(&mut BufReader::new(&waiting));
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    server.signal("TERM");
    assert!(server.end().success());
    let more = log.map_while(Result::ok);
    let more = more.filter(|line| line.contains("cannot take a connection"));
    failures += more.count();
    assert!(failures < 20, "it was tried {failures} times");
}
