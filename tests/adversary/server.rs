//! A server under attack: `ec serve` in a folder of its own, and requests written byte for byte.
#![allow(dead_code, reason = "each module takes what it needs")]

use std::io::{BufRead, Read, Write};
use std::net::TcpStream;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::running::Running;
use super::site::Site;

/// Far longer than anything here takes: what is not there by then hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The token of `CONFIG`'s operator.
pub const OPERATOR: &str = "operator-token-0123456789";

/// A plain publisher's policy.
pub const CONFIG: &str = r#"
[publisher]
domain = "publisher.example"
[ec]
passphrase = "a passphrase for the adversary's tests"
admin_token = "operator-token-0123456789"
[[ec.partners]]
source_domain = "a.com"
api_token = "token-of-a-0123456789"
"#;

/// What a command ends with, which it is to do by now.
pub fn finish(command: &mut Command) -> Output {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let process = child.id().to_string();
    let (sender, ended) = channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(ended) = ended.recv_timeout(PATIENCE) else {
        let _ = Command::new("kill").args(["-KILL", &process]).status();
        panic!("it does not end: {command:?}");
    };
    ended.unwrap()
}

pub struct Server {
    pub site: Site,
    pub running: Running,
    /// `HOST:PORT` of its main listener.
    pub address: String,
    /// `HOST:PORT` of that for metrics.
    pub metrics_address: String,
}

/// The arguments of a server on ports of its own, in California.
const SERVE: [&str; 7] = [
    "serve",
    "--addr",
    "127.0.0.1:0",
    "--metrics-addr",
    "127.0.0.1:0",
    "--geo",
    "US-CA",
];

impl Server {
    /// One with this configuration, in California, and these further arguments of `ec serve`.
    pub fn start(config: &str, args: &[&str]) -> Self {
        Self::start_in(Site::new(config), args)
    }

    /// The same, in a folder that is there already.
    pub fn start_in(site: Site, args: &[&str]) -> Self {
        Self::start_changed(site, args, |_| ())
    }

    /// The same, with its process changed before it starts.
    pub fn start_changed(site: Site, args: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let mut serve = site.command(&SERVE);
        change(&mut serve);
        Self::start_by(serve, site, args)
    }

    /// The same, after what these words of a shell do, such as set a limit.
    pub fn start_after(
        shell: &str,
        site: Site,
        args: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let mut serve = site.command_after(shell, &SERVE);
        change(&mut serve);
        Self::start_by(serve, site, args)
    }

    fn start_by(mut serve: Command, site: Site, args: &[&str]) -> Self {
        let mut running = Running::start(serve.args(args));
        let mut address = || {
            let url = running.url();
            url["http://".len()..].split('/').next().unwrap().to_owned()
        };
        Self {
            address: address(),
            metrics_address: address(),
            site,
            running,
        }
    }

    pub fn signal(&self, name: &str) {
        let process = self.running.process.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &process])
            .status();
        assert!(sent.unwrap().success());
    }

    /// How it ends, which it is to do by now.
    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(ended) = self.running.process.try_wait().unwrap() {
                return ended;
            }
            std::thread::yield_now();
        }
        panic!("the server does not end");
    }

    pub fn connect(&self) -> TcpStream {
        Self::connect_to(&self.address)
    }

    pub fn connect_to(address: &str) -> TcpStream {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends these bytes on a connection of their own, and reads until the server closes it.
    pub fn send(&self, bytes: &[u8]) -> String {
        send(self.connect(), bytes)
    }

    /// The value of a metric.
    pub fn metric(&self, name: &str) -> u64 {
        let get = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let metrics = send(Self::connect_to(&self.metrics_address), get);
        let mut lines = metrics.lines().filter_map(|line| line.split_once(' '));
        let (_, value) = lines
            .find(|(own, _)| *own == name)
            .unwrap_or_else(|| panic!("no {name} in {metrics}"));
        value.parse().unwrap()
    }

    /// A `GET` with these header lines (each with its line end), on a connection of its own.
    pub fn get(&self, path: &str, headers: &str) -> String {
        let host = "Host: publisher.example\r\nConnection: close\r\n";
        self.send(format!("GET {path} HTTP/1.1\r\n{host}{headers}\r\n").as_bytes())
    }
}

/// Sends these bytes, and reads until the server closes the connection.
pub fn send(mut stream: TcpStream, bytes: &[u8]) -> String {
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The next answer of a connection that stays open: its head, and its body where its length is stated.
pub fn read_answer(stream: &mut impl BufRead) -> String {
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\n") {
        let read = stream.read_line(&mut answer).unwrap();
        assert!(read > 0, "it ends in {answer:?}");
    }
    let lines = answer.lines().filter_map(|line| line.split_once(": "));
    let length = lines.rev().find(|(name, _)| *name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    answer + &String::from_utf8_lossy(&body)
}

/// Waits until it is so, which it is to be by now.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not so: {what}");
    }
}
