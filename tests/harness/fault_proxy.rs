//! A proxy before a server, which cuts connections, holds them up, leads new ones elsewhere, and shows what it saw.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

#[derive(Default)]
struct ProxyState {
    /// The port that new connections lead to.
    server: u16,
    /// The next answer goes nowhere, and its connection is cut.
    cut_answer: bool,
    /// Every so many parts of the traffic, a connection is cut: requests in their middle, answers before they arrive.
    cut_every: Option<usize>,
    parts: usize,
    holding: bool,
    held: Vec<(TcpStream, Vec<u8>)>,
    answers: Vec<u8>,
    connections: usize,
    cuts: usize,
}

/// What happens to a part of the traffic.
enum Passed {
    /// It is held.
    Held,
    /// So much of it goes on; where that is not all, its connection is cut.
    First(usize),
}

#[derive(Clone)]
pub struct FaultProxy {
    state: Arc<Mutex<ProxyState>>,
    port: u16,
}

/// How much of the answers is kept.
const KEPT: usize = 1 << 20;

impl FaultProxy {
    pub fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            state: Arc::default(),
            port: listener.local_addr().unwrap().port(),
        };
        proxy.lead_to(server);
        let own = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let server = own.state().server;
                // A server that is down closes every connection.
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", server)))
                else {
                    continue;
                };
                own.state().connections += 1;
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let ways = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let (there, back) = (own.clone(), own.clone());
                thread::spawn(move || there.pass(ways.0, ways.1, FaultProxy::request));
                thread::spawn(move || back.pass(server, client, FaultProxy::answer));
            }
        });
        proxy
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn state(&self) -> MutexGuard<'_, ProxyState> {
        self.state.lock().unwrap()
    }

    fn pass(
        &self,
        mut from: TcpStream,
        mut to: TcpStream,
        decide: fn(&Self, &TcpStream, &[u8]) -> Passed,
    ) {
        let mut part = vec![0; 1 << 16];
        while let Ok(read) = from.read(&mut part) {
            if read == 0 {
                break;
            }
            let whole = &part[..read];
            if let Passed::First(most) = decide(self, &to, whole)
                && (to.write_all(&whole[..most]).is_err() || most < read)
            {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }

    fn request(&self, to: &TcpStream, part: &[u8]) -> Passed {
        let mut state = self.state();
        if state.holding {
            state.held.push((to.try_clone().unwrap(), part.to_vec()));
            return Passed::Held;
        }
        Passed::First(if state.is_cut() {
            part.len() / 2
        } else {
            part.len()
        })
    }

    fn answer(&self, _: &TcpStream, part: &[u8]) -> Passed {
        let mut state = self.state();
        if state.answers.len() < KEPT {
            state.answers.extend_from_slice(part);
        }
        let cut = std::mem::take(&mut state.cut_answer) || state.is_cut();
        Passed::First(if cut { 0 } else { part.len() })
    }

    /// Has new connections lead to another server; those that are open stay where they are.
    pub fn lead_to(&self, server: u16) {
        self.state().server = server;
    }

    pub fn cut_next_answer(&self) {
        self.state().cut_answer = true;
    }

    pub fn cut_every(&self, parts: usize) {
        self.state().cut_every = Some(parts);
    }

    pub fn hold(&self) {
        self.state().holding = true;
    }

    /// What is held, as text.
    pub fn held(&self) -> String {
        let state = self.state();
        let parts = state
            .held
            .iter()
            .map(|(_, part)| String::from_utf8_lossy(part));
        parts.collect()
    }

    pub fn release(&self) {
        let mut state = self.state();
        state.holding = false;
        for (mut to, part) in std::mem::take(&mut state.held) {
            // A client that gave up waiting has closed its connection by now: that is no failure here.
            let _ = to.write_all(&part);
        }
    }

    /// Whether the server has said this.
    pub fn answered(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.state().answers).contains(text)
    }

    pub fn connections(&self) -> usize {
        self.state().connections
    }

    pub fn cuts(&self) -> usize {
        self.state().cuts
    }
}

impl ProxyState {
    fn is_cut(&mut self) -> bool {
        self.parts += 1;
        let cut = self
            .cut_every
            .is_some_and(|every| self.parts.is_multiple_of(every));
        self.cuts += usize::from(cut);
        cut
    }
}
