//! The store that servers share, when things end badly: cut connections, restarts, writers in many processes.
#![cfg(feature = "redis")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test should stop"
)]

#[path = "support/cutter.rs"]
mod cutter;
#[path = "support/redis.rs"]
mod redis;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use edge_cookie::clock::{Clock, SystemClock};
use edge_cookie::engine::{Operation, Outcome, PartnerSync};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::resolve::resolve;
use edge_cookie::record::{ConsentStrings, EcId, KvGeo, PartnerId};
use edge_cookie::store::{
    AsyncKvStore, Awaited, Insert, KvStore, Precondition, RedisStore, StoreError,
};

use cutter::Cutter;
use redis::{Redis, engine, free_port, until};

fn insert(body: &str, precondition: Precondition) -> Insert {
    Insert {
        body: body.as_bytes().to_vec(),
        metadata: Vec::new(),
        ttl: None,
        precondition,
    }
}

fn store(url: &str, policy: &EcPolicy) -> Awaited<RedisStore> {
    Awaited::new(engine(url, policy).store(&policy.stores.ec_store)).unwrap()
}

#[test]
fn a_server_that_is_down_takes_no_write_and_loses_no_answer() {
    let Some(mut server) = Redis::start() else { return };
    let policy = EcPolicy::default();
    let store = store(&server.url(), &policy);
    server.kill();
    let unavailable = |answer: Result<(), StoreError>| {
        let Err(StoreError::Unavailable(why)) = answer else {
            panic!("{answer:?}");
        };
        assert!(why.starts_with("cannot connect: "), "{why}");
    };
    unavailable(store.insert("key", insert("1", Precondition::Add)));
    unavailable(store.lookup("key").map(drop));
    unavailable(store.delete("key").map(drop));
    unavailable(store.list("", None, 1).map(drop));
    server.up();
    until("the server", || {
        store.insert("key", insert("1", Precondition::None)).ok()
    });
    // A connection that ended while nobody used it costs nobody an answer.
    for round in 0..3 {
        server.kill();
        server.up();
        let written = store.insert("key", insert("2", Precondition::None));
        assert_eq!(written, Ok(()), "{round}");
    }
}

#[test]
fn a_connection_cut_in_a_write_loses_the_answer_and_one_cut_in_a_read_nothing() {
    let Some(server) = Redis::start() else { return };
    let policy = EcPolicy::default();
    let cutter = Cutter::start(server.port);
    let store = store(&cutter.url(), &policy);
    store.insert("key", insert("1", Precondition::Add)).unwrap();
    // The server gets the write, and its answer goes nowhere.
    cutter.cut_answers();
    let lost = store.insert("key", insert("2", Precondition::None));
    assert!(matches!(lost, Err(StoreError::AnswerLost(_))), "{lost:?}");
    assert_eq!(store.lookup("key").unwrap().unwrap().body, b"2");
    cutter.cut_answers();
    let lost = store.delete("key");
    assert!(matches!(lost, Err(StoreError::AnswerLost(_))), "{lost:?}");
    assert!(!store.exists("key").unwrap());
    cutter.cut_answers();
    let read = store.lookup("key");
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert_eq!(store.lookup("key"), Ok(None));
}

#[test]
fn what_the_server_refuses_was_not_written() {
    let Some(server) = Redis::start() else { return };
    let policy = EcPolicy::default();
    let store = store(&server.url(), &policy);
    store.insert("key", insert("old", Precondition::Add)).unwrap();
    for (refusing, willing, word) in [
        (
            "CONFIG SET min-replicas-to-write 1",
            "CONFIG SET min-replicas-to-write 0",
            "NOREPLICAS",
        ),
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "OOM"),
        (
            "REPLICAOF 127.0.0.1 1",
            "REPLICAOF NO ONE",
            "READONLY",
        ),
    ] {
        assert_eq!(server.say(refusing).unwrap(), "+OK");
        for precondition in [Precondition::None, Precondition::Add] {
            let key = if precondition == Precondition::None { "key" } else { "new" };
            let Err(StoreError::Unavailable(why)) = store.insert(key, insert("new", precondition))
            else {
                panic!("{word} was written");
            };
            assert!(why.contains(word), "{why}");
        }
        assert_eq!(server.say(willing).unwrap(), "+OK");
        assert_eq!(store.lookup("key").unwrap().unwrap().body, b"old", "{word}");
        assert!(!store.exists("new").unwrap(), "{word}");
    }
    // What is none of ours stays as it is.
    let name = &policy.stores.ec_store;
    server.say(&format!("SET {name}:theirs value")).unwrap();
    let Err(StoreError::Unavailable(why)) = store.insert("theirs", insert("", Precondition::None))
    else {
        panic!("it was overwritten");
    };
    assert!(why.contains("WRONGTYPE"), "{why}");
}

/// Policies that differ in one setting, and a listener that hangs up on whoever comes: how often one comes tells.
fn attempts(sets: &[(&str, &str)]) -> usize {
    let policy = policy(sets);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let store = store(&format!("redis://127.0.0.1:{port}"), &policy);
    for _ in 0..4 {
        assert!(store.lookup("key").is_err());
    }
    drop(store);
    came.load(Ordering::SeqCst)
}

fn policy(sets: &[(&str, &str)]) -> EcPolicy {
    let layers: Vec<_> = sets.iter().map(|(key, value)| redis::set(key, value)).collect();
    let resolved = resolve(&layers);
    assert!(resolved.is_usable(), "{:?}", resolved.findings);
    resolved.policy
}

/// Witnesses of `redis.backoff`, `redis.max_backoff`, `redis.connections` and `redis.connect_timeout`.
#[test]
fn a_server_that_cannot_be_reached_is_left_alone_as_the_policy_says() {
    let one = ("redis.connections", "1");
    let (long, none) = (("redis.backoff", "60s"), ("redis.backoff", "0ms"));
    let cap = |most| ("redis.max_backoff", most);
    assert_eq!(attempts(&[one, long, cap("60s")]), 1);
    assert_eq!(attempts(&[one, none, cap("60s")]), 4);
    assert_eq!(attempts(&[one, long, cap("0ms")]), 4);
    // Each connection is tried by itself.
    assert_eq!(attempts(&[("redis.connections", "3"), long, cap("60s")]), 3);

    // One that takes the connection and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    for (timeout, call, says) in [
        ("40ms", "60s", "cannot connect: no answer within 40ms"),
        ("60s", "30ms", "no connection within 30ms"),
    ] {
        let policy = policy(&[
            one,
            ("redis.connect_timeout", timeout),
            ("store.call_timeout", call),
        ]);
        let answer = store(&url, &policy).lookup("key");
        assert_eq!(answer, Err(StoreError::Unavailable(says.to_owned())));
    }
}

/// Calls that are under way together on one connection are sent together: the server sees all of them before the
/// first is answered.
#[test]
fn calls_on_one_connection_are_pipelined() {
    const CALLS: usize = 16;
    let Some(server) = Redis::start() else { return };
    let policy = policy(&[("redis.connections", "1")]);
    let cutter = Cutter::start(server.port);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = engine(&cutter.url(), &policy).store(&policy.stores.ec_store);
    runtime.block_on(async {
        // The script is known from here on.
        assert_eq!(store.lookup("key").await, Ok(None));
        cutter.hold();
        let calls: Vec<_> = (0..CALLS)
            .map(|call| {
                let store = store.clone();
                tokio::spawn(async move { store.lookup(&format!("key/{call}")).await })
            })
            .collect();
        until("all of the calls", || {
            (cutter.held().matches("EVALSHA").count() == CALLS).then_some(())
        });
        cutter.release();
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(None));
        }
    });
    assert_eq!(cutter.connections(), 1);
}

const WRITERS: u64 = 16;
const IDENTITIES: u64 = 50;
const PARTNERS: u64 = 320;

/// Where a writer's process finds its work.
const URL_OF_CHILD: &str = "EDGE_COOKIE_TEST_REDIS";
const WRITER_OF_CHILD: &str = "EDGE_COOKIE_TEST_WRITER";
const ACKNOWLEDGED: &str = "acknowledged ";

fn identity(number: u64) -> EcId {
    format!("{number:064x}.Writer").parse().unwrap()
}

/// Room for everybody, and retries for as long as they are needed.
fn crowded() -> EcPolicy {
    policy(&[
        ("entry.max_partner_ids", "1000"),
        ("entry.max_body_bytes", "1000000"),
        ("cas.max_retries", "1000"),
        ("cas.backoff", "1ms"),
        ("cas.max_backoff", "50ms"),
        ("cas.deadline", "60s"),
        ("store.call_timeout", "60s"),
        ("redis.max_backoff", "20ms"),
    ])
}

#[test]
#[ignore = "a process of its own for the tests of many writers"]
fn child_syncs_its_partners() {
    let Ok(url) = std::env::var(URL_OF_CHILD) else { return };
    let writer: u64 = std::env::var(WRITER_OF_CHILD).unwrap().parse().unwrap();
    let policy = crowded();
    let graph = KvIdentityGraph::new(store(&url, &policy), SystemClock);
    for partner in (0..PARTNERS).filter(|partner| partner % WRITERS == writer) {
        for user in 0..IDENTITIES {
            let name = PartnerId::parse(&format!("partner-{partner}.com")).unwrap();
            let uid = format!("uid-{partner}-{user}");
            let syncs = [PartnerSync {
                partner: &name,
                uid: &uid,
                timestamp: SystemClock.now().timestamp(),
            }];
            let operation = Operation::UpsertPartnerIds { syncs: &syncs };
            until("a write", || {
                let done = graph.run(&policy, &identity(user), operation).result.ok()?;
                assert!(matches!(done.outcome, Outcome::Written), "{:?}", done.outcome);
                Some(())
            });
            println!("{ACKNOWLEDGED}{partner} {user}");
        }
    }
}
