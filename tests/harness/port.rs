//! Ports for servers that take no `0`, and for addresses at which nothing listens.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that systems give to connections of their own (from 32768 on Linux), so that none of those takes it
/// before the server does. A Redis of a cluster listens 10,000 further on as well.
const FIRST: u16 = 10_000;
const COUNT: u16 = 10_000;

/// A free port, which no other test of this process is given.
pub fn free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() * 61 % u32::from(COUNT)).unwrap();
    loop {
        let offset = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (own + offset) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
