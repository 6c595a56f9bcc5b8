//! Compares the store that servers share with the same commands sent by `redis-benchmark`, and with the embedded store:
//! `scripts/redis.sh measure` starts the server.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement that fails should stop"
)]

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use edge_cookie::clock::SystemClock;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::{Millis, StoreAddress, Ttl};
use edge_cookie::store::{AsyncKvStore, Insert, KvStore, Precondition};
use edge_cookie_stores::{EmbeddedStore, RedisServer, RedisStore};

/// Calls under way at once: the default of `redis-benchmark`.
const CLIENTS: u64 = 50;
const CALLS: u64 = 100_000;
const KEYS: u64 = 10_000;

/// As large as an entry of ten partners.
const BODY: usize = 800;
const METADATA: &str = r#"{"ok":true,"country":"DE","v":1,"t":1772409600,"p":"0123abcd"}"#;

fn main() {
    // Run as a test it has no server, and shows nothing.
    let Some(url) = std::env::args().find(|argument| argument.starts_with("redis://")) else {
        return;
    };
    let port = url.rsplit(':').next().unwrap();
    let mut policy = EcPolicy::default();
    policy.store.call_timeout = Millis::new(10_000);
    println!("{CALLS} calls, {CLIENTS} at once, records of {BODY} bytes, {KEYS} keys\n");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (write, read) = runtime.block_on(async {
        for connections in [1, policy.redis.connections, 8] {
            policy.redis.connections = connections;
            let store = open(&url, &policy);
            print_rates(
                &format!("our store, {connections} connections"),
                measure(&store).await,
            );
        }
        let store = open(&url, &policy);
        cli(port, &["CONFIG", "SET", "slowlog-log-slower-than", "0"]);
        store.insert("0", record()).await.unwrap();
        let write = last_script(port);
        store.lookup("0").await.unwrap();
        let read = last_script(port);
        cli(port, &["CONFIG", "SET", "slowlog-log-slower-than", "-1"]);
        (write, read)
    });
    let (body, key) = (
        "x".repeat(BODY),
        format!("{}:__rand_int__", policy.root.ec_store),
    );
    let ttl = (policy.entry.ttl.seconds() * 1_000).to_string();
    let generation = "0123456789abcdef";
    let write = [
        "EVALSHA", &write, "1", &key, "", generation, &ttl, METADATA, &body,
    ];
    let read = ["EVALSHA", &read, "1", &key, ""];
    for (name, options) in [
        ("redis-benchmark, 50 connections", &["-c", "50"][..]),
        (
            "redis-benchmark, 2 connections of 25 calls each",
            &["-c", "2", "-P", "25"],
        ),
    ] {
        let measured = (
            benchmark(port, options, &write),
            benchmark(port, options, &read),
        );
        print_rates(name, measured);
    }
    print_rates("the embedded store, 50 threads", embedded(&policy));
}

fn print_rates(name: &str, (writes, reads): (f64, f64)) {
    println!("{name:50} {writes:>9.0} writes a second  {reads:>9.0} lookups a second");
}

fn record() -> Insert {
    Insert {
        body: vec![b'x'; BODY],
        metadata: METADATA.into(),
        ttl: Some(Ttl::from_days(365)),
        precondition: Precondition::None,
    }
}

fn open(url: &str, policy: &EcPolicy) -> RedisStore {
    let place = StoreAddress::parse(url).unwrap();
    let call_timeout = policy.store.call_timeout.duration();
    let server = RedisServer::new(place.redis().unwrap(), None, &policy.redis, call_timeout);
    server.unwrap().store(&policy.root.ec_store)
}

/// Keys in an order that is not that of their numbers.
fn key(call: u64) -> String {
    (call.wrapping_mul(0x9e37_79b9_7f4a_7c15) % KEYS).to_string()
}

fn rate(took: Duration) -> f64 {
    f64::from(u32::try_from(CALLS).unwrap()) / took.as_secs_f64()
}

async fn measure(store: &RedisStore) -> (f64, f64) {
    let run = async |write: bool| {
        let next = Arc::new(AtomicU64::new(0));
        let start = Instant::now();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (store, next) = (store.clone(), Arc::clone(&next));
                tokio::spawn(async move {
                    loop {
                        let call = next.fetch_add(1, Ordering::Relaxed);
                        if call >= CALLS {
                            break;
                        }
                        if write {
                            store.insert(&key(call), record()).await.unwrap();
                        } else {
                            store.lookup(&key(call)).await.unwrap();
                        }
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        rate(start.elapsed())
    };
    (run(true).await, run(false).await)
}

fn cli(port: &str, words: &[&str]) -> String {
    let ran = Command::new("redis-cli")
        .args(["-p", port])
        .args(words)
        .output();
    String::from_utf8(ran.unwrap().stdout).unwrap()
}

/// The script that the server ran last, by its digest; it must note every call as a slow one.
fn last_script(port: &str) -> String {
    let noted = cli(port, &["SLOWLOG", "GET", "9"]);
    let mut lines = noted.lines();
    lines.find(|line| *line == "EVALSHA").unwrap();
    lines.next().unwrap().to_owned()
}

fn benchmark(port: &str, options: &[&str], command: &[&str]) -> f64 {
    let ran = Command::new("redis-benchmark")
        .args([
            "-p",
            port,
            "-n",
            &CALLS.to_string(),
            "-r",
            &KEYS.to_string(),
            "--csv",
        ])
        .args(options)
        .args(command)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    let last = text.lines().last().unwrap_or_default();
    let fields: Vec<&str> = last.rsplit("\",\"").collect();
    // The rate comes after the command, before six latencies.
    fields[6]
        .parse()
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn embedded(policy: &EcPolicy) -> (f64, f64) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let file = folder.path().join("graph.redb");
    let name = &policy.root.ec_store;
    let store = EmbeddedStore::open(&file, name, &policy.local, SystemClock).unwrap();
    let run = |write: bool| {
        let next = AtomicU64::new(0);
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    loop {
                        let call = next.fetch_add(1, Ordering::Relaxed);
                        if call >= CALLS {
                            break;
                        }
                        if write {
                            store.insert(&key(call), record()).unwrap();
                        } else {
                            store.lookup(&key(call)).unwrap();
                        }
                    }
                });
            }
        });
        rate(start.elapsed())
    };
    (run(true), run(false))
}
