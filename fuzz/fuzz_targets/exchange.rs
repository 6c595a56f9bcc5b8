//! The exchange between client, service and origin, over real connections: whatever a client sends and an origin
//! answers, neither gets one message more than there was, nor a header of ours that it wrote itself.
#![no_main]

mod exchange_case;
#[path = "service.rs"]
mod service;

use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use edge_cookie_server::{Listeners, Server, serve};
use libfuzzer_sys::{Corpus, fuzz_target};
use tokio::sync::oneshot;

/// A server of this process; once dropped, it has ended, and so have its connections.
struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        let thread = self.thread.take().expect("it is dropped once");
        thread.join().expect("the server has not failed");
    }
}

fn start(origin: SocketAddr) -> (Running, SocketAddr) {
    let setup = service::setup(&exchange_case::config(service::CONFIG, origin));
    let server = Server::new(setup, service::stores()).expect("a server");
    let (sender, address) = channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let listeners = Listeners::bind("127.0.0.1:0", None).await.expect("a port");
            let address = listeners.requests.local_addr().expect("an address");
            sender.send(address).expect("someone waits");
            let reload = || Err(edge_cookie_server::ReloadError::Interrupted);
            tokio::select! {
                _ = serve(server, listeners, reload) => {}
                _ = stopped => {}
            }
        });
    });
    let running = Running {
        stop: Some(stop),
        thread: Some(thread),
    };
    (running, address.recv().expect("the server runs"))
}

fuzz_target!(|case: &[u8]| -> Corpus {
    let begun = Instant::now();
    exchange_case::run(case, start);
    // A case that ends by a limit of time is sound, but too slow to make others of.
    if begun.elapsed() < Duration::from_secs(1) {
        Corpus::Keep
    } else {
        Corpus::Reject
    }
});
