//! The cases that fuzzing the exchange has left, against the server as it is shipped.

use std::net::SocketAddr;

use super::exchange_case::{config, run};
use super::server::{CONFIG, Server};

#[test]
fn no_kept_case_splits_a_message_or_forges_a_header() {
    let start = |origin: SocketAddr| {
        let server = Server::start(&config(CONFIG, origin), &["--store", "memory"]);
        let address = server.address.parse().unwrap();
        (server, address)
    };
    let corpus = concat!(env!("REPOSITORY"), "/fuzz/corpus/exchange");
    let mut replayed = 0;
    for case in std::fs::read_dir(corpus).unwrap() {
        let path = case.unwrap().path();
        eprintln!("{}", path.display());
        run(&std::fs::read(path).unwrap(), start);
        replayed += 1;
    }
    assert!(replayed >= 30, "{replayed} cases");
}
