//! An origin that a test plays: what it is sent comes byte for byte, and it answers whatever the test says.
#![allow(dead_code, reason = "each module takes what it needs")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::server::{CONFIG, PATIENCE, Server};

/// A page that leaves its connection open.
pub const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage";

pub struct Origin {
    pub address: String,
    /// The head of every request that came, in order.
    pub asked: Receiver<String>,
}

impl Origin {
    /// One whose connections, counted from 0, are served so: each in a thread of its own.
    pub fn start(serve: impl Fn(usize, &mut Exchange) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, asked) = channel();
        let serve = Arc::new(serve);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
                let (serve, asked) = (Arc::clone(&serve), sender.clone());
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                let mut exchange = Exchange {
                    stream: BufReader::new(stream),
                    asked,
                };
                std::thread::spawn(move || serve(number, &mut exchange));
            }
        });
        Self { address, asked }
    }

    /// One that answers every request with this, and leaves the connection open.
    pub fn answering(answer: &'static str) -> Self {
        Self::start(
            move |_, exchange| while exchange.request().is_some() && exchange.answer(answer) {},
        )
    }

    /// A server whose pages come from here, with these further arguments.
    pub fn server(&self, args: &[&str]) -> Server {
        let origin = format!("[publisher]\norigin_url = \"http://{}\"", self.address);
        let config = CONFIG.replace("[publisher]", &origin);
        Server::start(&config, &[&["--store", "memory"], args].concat())
    }

    /// The heads that have come.
    pub fn heads(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }

    /// The next head that comes.
    pub fn head(&self) -> String {
        self.asked.recv_timeout(PATIENCE).unwrap()
    }
}

/// A connection to the origin.
pub struct Exchange {
    pub stream: BufReader<TcpStream>,
    asked: Sender<String>,
}

impl Exchange {
    /// The head of the next request, whose body is read as well; none once the server has gone.
    pub fn request(&mut self) -> Option<String> {
        let head = self.head()?;
        if let [length] = values(&head, "content-length")[..] {
            self.body(length.parse().unwrap());
        }
        if !values(&head, "transfer-encoding").is_empty() {
            let mut body = Vec::new();
            while !body.ends_with(b"0\r\n\r\n") {
                if self.stream.read_until(b'\n', &mut body).unwrap_or(0) == 0 {
                    return None;
                }
            }
        }
        let _ = self.asked.send(head.clone());
        Some(head)
    }

    /// The head of the next request.
    pub fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if self.stream.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
                return None;
            }
        }
        Some(String::from_utf8_lossy(&head).into_owned())
    }

    /// The next bytes of a body.
    pub fn body(&mut self, length: usize) -> Vec<u8> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        body
    }

    /// Whether these bytes could be sent.
    pub fn answer(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.get_mut().write_all(bytes.as_ref()).is_ok()
    }
}

/// The request target of a head.
pub fn target(head: &str) -> &str {
    let line = head.lines().next().unwrap();
    let target = line.split_once(' ').unwrap().1;
    target.strip_suffix(" HTTP/1.1").unwrap()
}

/// The values of a header, in the order of its lines.
pub fn values<'h>(head: &'h str, name: &str) -> Vec<&'h str> {
    let head = head.split("\r\n\r\n").next().unwrap();
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let named = fields.filter(|(own, _)| own.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.trim()).collect()
}
