//! An `ec serve` under way.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A server of its own process, stopped when the test is over.
pub struct Running {
    pub process: Child,
    out: BufReader<ChildStdout>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Running {
    pub fn start(serve: &mut Command) -> Self {
        let mut process = serve.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        Self { process, out }
    }

    /// The next address that it says it listens at.
    pub fn url(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        let mut words = line.split_whitespace();
        let url = words.find(|word| word.starts_with("http"));
        url.unwrap().to_owned()
    }
}
