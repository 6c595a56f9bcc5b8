//! Logs that nothing takes: the server serves on, counts what it drops, and ends.

use std::fs::OpenOptions;
use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Instant;

use super::port;
use super::running::Running;
use super::server::{CONFIG, PATIENCE, Server, read_answer, send};
use super::site::Site;

/// Requests that leave more log lines than the system's pipe and the server's own queue hold, and so many at once.
const MANY: usize = 12_000;
const AT_ONCE: usize = 100;

/// A request id as long as one is taken over.
const LONG_ID: &str = "0123456789012345678901234567890123456789012345678901234567890123";

/// Sends many requests on one connection, and reads an answer to each.
fn make_log_lines(server: &Server) {
    let one = format!("GET /_ts/none HTTP/1.1\r\nHost: x\r\nX-Request-Id: {LONG_ID}\r\n\r\n");
    let mut stream = server.connect();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    for _ in 0..MANY / AT_ONCE {
        stream.write_all(one.repeat(AT_ONCE).as_bytes()).unwrap();
        for _ in 0..AT_ONCE {
            assert!(read_answer(&mut answers).starts_with("HTTP/1.1 404"));
        }
    }
}

#[test]
fn standard_error_that_takes_nothing_stops_no_server() {
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    // A pipe that nothing reads, and one whose reader is gone.
    let (unread, unread_in) = std::io::pipe().unwrap();
    let (gone, gone_in) = std::io::pipe().unwrap();
    drop(gone);
    for (name, stderr) in [
        ("full", full()),
        ("unread", unread_in.into()),
        ("gone", gone_in.into()),
    ] {
        let site = Site::new(CONFIG);
        let mut server = Server::start_changed(site, &["--store", "memory"], |serve| {
            serve.stderr(stderr);
        });
        make_log_lines(&server);
        assert!(server.metric("ec_log_dropped_total") > 0, "{name}");
        server.signal("HUP");
        let page = server.get("/", "");
        assert!(page.starts_with("HTTP/1.1 204"), "{name}: {page}");
        server.signal("TERM");
        assert!(server.end().success(), "{name}");
    }
    drop(unread);
}

#[test]
fn a_log_that_is_read_has_every_line_and_drops_none() {
    let site = Site::new(CONFIG);
    let path = site.path().join("log");
    let log = std::fs::File::create(&path).unwrap();
    let mut server = Server::start_changed(site, &["--store", "memory"], |serve| {
        serve.stderr(log);
    });
    let last = server.get("/", "X-Request-Id: the-last\r\n");
    assert!(last.starts_with("HTTP/1.1 204"), "{last}");
    assert_eq!(server.metric("ec_log_dropped_total"), 0);
    server.signal("TERM");
    assert!(server.end().success());
    let log = server.site.read("log");
    assert!(log.contains("the-last") && log.contains("stopped"), "{log}");
}

#[test]
fn standard_output_that_takes_nothing_stops_no_server() {
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let (gone, gone_in) = std::io::pipe().unwrap();
    drop(gone);
    for (name, stdout) in [("full", full()), ("gone", gone_in.into())] {
        let site = Site::new(CONFIG);
        let address = format!("127.0.0.1:{}", port::free());
        let mut serve = site.command(&["serve", "--addr", &address, "--store", "memory"]);
        let process = serve.stdout(stdout).spawn().unwrap();
        let mut running = Running::mute(process);
        let start = Instant::now();
        let stream = loop {
            if let Ok(stream) = TcpStream::connect(&address) {
                break stream;
            }
            assert_eq!(running.process.try_wait().unwrap(), None, "{name}");
            assert!(start.elapsed() < PATIENCE, "{name}");
        };
        let get = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let page = send(stream, get);
        assert!(page.starts_with("HTTP/1.1 204"), "{name}: {page}");
    }
}

/// A warning of the policy is shown before there is a log.
#[test]
fn findings_that_nothing_takes_stop_no_command() {
    let warned = format!("{CONFIG}\n[ec.tombstone]\nttl = \"1s\"\n");
    let site = Site::new(&warned);
    let shown = site.ec(&["check"]);
    assert!(!shown.stderr.is_empty(), "{shown:?}");
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let unshown = site.command(&["check"]).stderr(full).output().unwrap();
    assert_eq!(unshown.status.code(), shown.status.code(), "{unshown:?}");
}
