//! A Redis of a test's own: Debian's `redis-server`, on a free port, with a folder for what it keeps.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::StoreAddress;
use edge_cookie_stores::RedisServer;

use super::port;

/// Far longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Redis {
    process: Option<Child>,
    pub port: u16,
    options: Vec<String>,
    folder: tempfile::TempDir,
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks again and again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        std::thread::yield_now();
    }
}

impl Redis {
    /// One that keeps nothing; none where there is no `redis-server`, which in CI is a failure.
    pub fn start() -> Option<Self> {
        Self::start_with(&["--save", ""])
    }

    /// One that has every acknowledged write on disk.
    pub fn durable() -> Option<Self> {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    pub fn start_with(options: &[&str]) -> Option<Self> {
        let there = Command::new("redis-server")
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if there.is_err() {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "there is no `redis-server`, which CI must have"
            );
            eprintln!(
                "LEFT OUT: there is no `redis-server`: install it, as Debian's `redis-server`"
            );
            return None;
        }
        let mut redis = Self {
            process: None,
            port: port::free(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            folder: tempfile::tempdir().unwrap(),
        };
        redis.up();
        Some(redis)
    }

    /// Starts it where it is down, and waits until it answers.
    pub fn up(&mut self) {
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            // A replica need not wait for others to come along.
            .args(["--repl-diskless-sync-delay", "0"])
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.options)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        until("the server", || {
            (self.say("PING")? == "+PONG").then_some(())
        });
    }

    /// Sends it a signal, as `STOP` (it hangs) or `CONT` (it goes on).
    pub fn signal(&self, signal: &str) {
        let process = self.process.as_ref().unwrap().id().to_string();
        let sent = Command::new("kill")
            .args([format!("-{signal}"), process])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// The first line of its answer to a command of one line.
    pub fn say(&self, command: &str) -> Option<String> {
        say(self.port, command)
    }

    /// Where it keeps what it keeps.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

/// The first line of a server's answer to a command of one line.
pub fn say(port: u16, command: &str) -> Option<String> {
    say_all(port, &[command])?.pop()
}

/// The same for commands on one connection, each of which is answered with one line; the last is cut off there.
pub fn say_all(port: u16, commands: &[&str]) -> Option<Vec<String>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answers = Vec::new();
    for command in commands {
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut line = String::new();
        let mut byte = [0];
        while stream.read_exact(&mut byte).is_ok() && byte != *b"\n" {
            line.push(char::from(byte[0]));
        }
        answers.push(line.trim_end().to_owned());
    }
    Some(answers)
}

/// The Redis at `url`, under a policy.
pub fn connect(url: &str, policy: &EcPolicy) -> RedisServer {
    let place = StoreAddress::parse(url).unwrap();
    let call_timeout = policy.store.call_timeout.duration();
    RedisServer::new(place.redis().unwrap(), None, &policy.redis, call_timeout).unwrap()
}
