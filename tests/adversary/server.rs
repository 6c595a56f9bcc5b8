//! A server under attack: `ec serve` in a folder of its own, and requests written byte for byte.
#![allow(dead_code, reason = "each module takes what it needs")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::running::Running;
use crate::site::Site;

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

pub struct Server {
    pub site: Site,
    pub running: Running,
    /// `HOST:PORT` of its main listener.
    pub address: String,
}

impl Server {
    /// One with this configuration, in California, and these further arguments of `ec serve`.
    pub fn start(config: &str, args: &[&str]) -> Self {
        Self::start_in(Site::new(config), args)
    }

    /// The same, in a folder that is there already.
    pub fn start_in(site: Site, args: &[&str]) -> Self {
        let mut serve = site.command(&["serve", "--addr", "127.0.0.1:0", "--geo", "US-CA"]);
        let mut running = Running::start(serve.args(args));
        let url = running.url();
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        Self {
            address: address.to_owned(),
            site,
            running,
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends these bytes on a connection of their own, and reads until the server closes it.
    pub fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A `GET` with these header lines (each with its line end), on a connection of its own.
    pub fn get(&self, path: &str, headers: &str) -> String {
        let host = "Host: publisher.example\r\nConnection: close\r\n";
        self.send(format!("GET {path} HTTP/1.1\r\n{host}{headers}\r\n").as_bytes())
    }
}
