//! An `ec serve` under way.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A server of its own process, stopped when the test is over.
pub struct Running {
    pub process: Child,
    out: Option<BufReader<ChildStdout>>,
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
        let out = process.stdout.take().map(BufReader::new);
        Self { process, out }
    }

    /// One that says nowhere where it listens.
    pub fn mute(process: Child) -> Self {
        Self { process, out: None }
    }

    /// The next address that it says it listens at.
    pub fn url(&mut self) -> String {
        let mut line = String::new();
        let out = self.out.as_mut().unwrap();
        out.read_line(&mut line).unwrap();
        let mut words = line.split_whitespace();
        let url = words.find(|word| word.starts_with("http"));
        url.unwrap().to_owned()
    }
}

/// The command that serves the repository's own configuration from memory, for the lines that a page shows.
pub fn serve_the_repository() -> Command {
    let mut serve = Command::new(env!("CARGO_BIN_EXE_ec"));
    serve
        .args(["serve", "--geo", "US-CA", "--store", "memory"])
        .args(["--addr", "127.0.0.1:0"])
        .current_dir(env!("REPOSITORY"))
        .env_remove("EC_PROFILE")
        // A busy machine may take longer for a page's identity.
        .env("TRUSTED_SERVER__EC__ORGANIC__BUDGET", "60s")
        .stderr(Stdio::null());
    serve
}
