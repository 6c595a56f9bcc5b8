//! The store that servers share, when things end badly: cut connections, restarts, writers in many processes.

use crate::harness::fault_proxy;
use crate::harness::redis;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use edge_cookie::clock::{Clock, SystemClock};
use edge_cookie::engine::{Operation, Outcome, PartnerSync};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::Millis;
use edge_cookie::record::{ConsentStrings, EcId, KvGeo, PartnerId};
use edge_cookie::store::{AsyncKvStore, Insert, KvStore, Precondition, StoreError};
use edge_cookie_stores::{BlockingStore, RedisStore};

use fault_proxy::FaultProxy;
use redis::{PATIENCE, Redis, connect, until};

/// A policy that differs from the defaults as `change` says.
fn policy(change: impl FnOnce(&mut EcPolicy)) -> EcPolicy {
    let mut policy = EcPolicy::default();
    change(&mut policy);
    policy
}

fn insert(body: &str, precondition: Precondition) -> Insert {
    Insert {
        body: body.as_bytes().to_vec(),
        metadata: Vec::new(),
        ttl: None,
        precondition,
    }
}

fn store(url: &str, policy: &EcPolicy) -> BlockingStore<RedisStore> {
    BlockingStore::new(connect(url, policy).store(&policy.root.ec_store)).unwrap()
}

#[test]
fn a_server_that_is_down_takes_no_write_and_loses_no_answer() {
    let Some(mut server) = Redis::start() else {
        return;
    };
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
    // A connection that ended while it was idle costs no caller an answer.
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
    let policy = policy(|policy| policy.redis.connections = 1);
    let lost = |answer| matches!(answer, Err(StoreError::AnswerLost(_)));
    for case in ["insert", "delete", "lookup"] {
        let proxy = FaultProxy::start(server.port);
        let store = store(&proxy.url(), &policy);
        store
            .insert("key", insert("1", Precondition::None))
            .unwrap();
        // The server knows the scripts from here on.
        store.delete("another").unwrap();
        // The look at the server's configuration is over: the next answer is the call's.
        until("the server's configuration", || {
            proxy.answered("min-replicas-to-write").then_some(())
        });
        proxy.cut_next_answer();
        match case {
            // The server has the write, and its answer goes nowhere.
            "insert" => {
                assert!(lost(store.insert("key", insert("2", Precondition::None))));
                assert_eq!(store.lookup("key").unwrap().unwrap().body, b"2");
            }
            "delete" => {
                assert!(lost(store.delete("key").map(drop)));
                assert_eq!(store.lookup("key"), Ok(None));
            }
            _ => {
                let read = store.lookup("key");
                assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
                assert_eq!(store.lookup("key").unwrap().unwrap().body, b"1");
            }
        }
    }
}

#[test]
fn what_the_server_refuses_was_not_written() {
    let Some(server) = Redis::start() else { return };
    let policy = EcPolicy::default();
    let store = store(&server.url(), &policy);
    store
        .insert("key", insert("old", Precondition::Add))
        .unwrap();
    for (refusing, willing, word) in [
        (
            "CONFIG SET min-replicas-to-write 1",
            "CONFIG SET min-replicas-to-write 0",
            "NOREPLICAS",
        ),
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "OOM"),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "READONLY"),
    ] {
        assert_eq!(server.say(refusing).unwrap(), "+OK");
        for precondition in [Precondition::None, Precondition::Add] {
            let key = if precondition == Precondition::None {
                "key"
            } else {
                "new"
            };
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
    let name = &policy.root.ec_store;
    server.say(&format!("SET {name}:theirs value")).unwrap();
    let Err(StoreError::Unavailable(why)) = store.insert("theirs", insert("", Precondition::None))
    else {
        panic!("it was overwritten");
    };
    assert!(why.contains("WRONGTYPE"), "{why}");
}

/// How often a server that hangs up at once is tried in four calls.
fn attempts(policy: &EcPolicy) -> usize {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let store = store(&url, policy);
    for _ in 0..4 {
        assert!(store.lookup("key").is_err());
    }
    came.load(Ordering::SeqCst)
}

#[test]
fn a_server_that_cannot_be_reached_is_left_alone_as_the_policy_says() {
    for (connections, backoff, max_backoff, tried) in [
        (1, 60_000, 60_000, 1),
        (1, 0, 60_000, 4),
        (1, 60_000, 0, 4),
        // Each connection is tried by itself.
        (3, 60_000, 60_000, 3),
    ] {
        let policy = policy(|policy| {
            policy.redis.connections = connections;
            policy.redis.connect_timeout = Millis::new(60_000);
            policy.redis.backoff = Millis::new(backoff);
            policy.redis.max_backoff = Millis::new(max_backoff);
            policy.store.call_timeout = Millis::new(60_000);
        });
        assert_eq!(
            attempts(&policy),
            tried,
            "{backoff}ms up to {max_backoff}ms"
        );
    }
}

#[test]
fn a_server_that_says_nothing_is_waited_for_as_long_as_the_policy_says() {
    // It takes the connection, and that is all.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    for (connect, call, says) in [
        (40, 60_000, "cannot connect: no answer within 40ms"),
        (60_000, 30, "no connection within 30ms"),
    ] {
        let policy = policy(|policy| {
            policy.redis.connections = 1;
            policy.redis.connect_timeout = Millis::new(connect);
            policy.store.call_timeout = Millis::new(call);
        });
        let answer = store(&url, &policy).lookup("key");
        assert_eq!(answer, Err(StoreError::Unavailable(says.to_owned())));
    }
    // A policy that came later waits as long as it says itself, by the same connections.
    let before = policy(|policy| policy.redis.connect_timeout = Millis::new(60_000));
    let later = connect(&url, &before).with_call_timeout(Duration::from_millis(30));
    let store_later = BlockingStore::new(later.store(&before.root.ec_store)).unwrap();
    assert_eq!(
        store_later.lookup("key"),
        Err(StoreError::Unavailable(
            "no connection within 30ms".to_owned()
        ))
    );
    // One that is connected, and then says nothing: a write may have happened.
    let Some(server) = Redis::start() else { return };
    let proxy = FaultProxy::start(server.port);
    let policy = policy(|policy| {
        policy.redis.connections = 1;
        policy.store.call_timeout = Millis::new(50);
    });
    let store = store(&proxy.url(), &policy);
    until("a connection", || store.lookup("key").ok());
    proxy.hold();
    let late = "no answer within 50ms".to_owned();
    let read = until("a late answer", || match store.lookup("key") {
        Err(StoreError::Unavailable(why)) => Some(why),
        _ => None,
    });
    assert_eq!(read, late);
    proxy.release();
    until("a connection", || store.lookup("key").ok());
}

/// Calls that are under way together on one connection are sent together: the server sees all of them before the
/// first is answered.
#[test]
fn calls_on_one_connection_are_pipelined() {
    const CALLS: usize = 16;
    let Some(server) = Redis::start() else { return };
    let policy = policy(|policy| policy.redis.connections = 1);
    let proxy = FaultProxy::start(server.port);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = connect(&proxy.url(), &policy).store(&policy.root.ec_store);
    runtime.block_on(async {
        // The script is known from here on.
        assert_eq!(store.lookup("key").await, Ok(None));
        proxy.hold();
        let calls: Vec<_> = (0..CALLS)
            .map(|call| {
                let store = store.clone();
                tokio::spawn(async move { store.lookup(&format!("key/{call}")).await })
            })
            .collect();
        until("all of the calls", || {
            (proxy.held().matches("EVALSHA").count() == CALLS).then_some(())
        });
        proxy.release();
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(None));
        }
    });
    assert_eq!(proxy.connections(), 1);
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

/// Room for every writer, and retries for as long as they are needed.
fn crowded() -> EcPolicy {
    policy(|policy| {
        policy.entry.max_partner_ids = 1_000;
        policy.entry.max_body_bytes = 1_000_000;
        policy.cas.max_retries = 100;
        policy.cas.backoff = Millis::new(1);
        policy.cas.max_backoff = Millis::new(50);
        policy.cas.deadline = Millis::new(60_000);
        policy.store.call_timeout = Millis::new(30_000);
        policy.redis.connect_timeout = Millis::new(30_000);
        policy.redis.connections = 1;
    })
}

fn uid(partner: u64, user: u64) -> String {
    format!("uid-{partner}-{user}")
}

fn partner(number: u64) -> PartnerId {
    PartnerId::parse(&format!("partner-{number}.com")).unwrap()
}

#[test]
#[ignore = "a process of its own for the tests of many writers"]
fn child_syncs_its_partners() {
    let Ok(url) = std::env::var(URL_OF_CHILD) else {
        return;
    };
    let writer: u64 = std::env::var(WRITER_OF_CHILD).unwrap().parse().unwrap();
    let policy = crowded();
    let graph = KvIdentityGraph::new(store(&url, &policy), SystemClock);
    for number in (0..PARTNERS).filter(|number| number % WRITERS == writer) {
        for user in 0..IDENTITIES {
            let sync = PartnerSync {
                partner: partner(number),
                uid: uid(number, user).into(),
                timestamp: SystemClock.now().timestamp(),
            };
            let outcome = until("a write", || {
                let run = graph.run(&policy, &identity(user), Operation::UpsertPartnerId(&sync));
                Some(run.result.ok()?.outcome)
            });
            assert_eq!(outcome, Outcome::Written);
            println!("{ACKNOWLEDGED}{number} {user}");
        }
    }
}

/// Writers in processes of their own, and what they say was acknowledged.
struct Writers {
    processes: Vec<Child>,
    acknowledged: Receiver<String>,
}

impl Writers {
    fn start(url: &str) -> Self {
        let (sender, acknowledged) = channel();
        let process = |writer: u64| {
            let mut process = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--ignored",
                    "--exact",
                    "store_redis::child_syncs_its_partners",
                    "--nocapture",
                ])
                .env(URL_OF_CHILD, url)
                .env(WRITER_OF_CHILD, writer.to_string())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(process.stdout.take().unwrap()).lines();
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    if let Some((_, what)) = line.split_once(ACKNOWLEDGED) {
                        let _ = sender.send(what.to_owned());
                    }
                }
            });
            process
        };
        Self {
            processes: (0..WRITERS).map(process).collect(),
            acknowledged,
        }
    }

    /// Waits for so many acknowledged writes more.
    fn wait_for(&self, writes: u64) -> Vec<String> {
        let next = |_| self.acknowledged.recv_timeout(PATIENCE).unwrap();
        (0..writes).map(next).collect()
    }
}

/// Runs the writers, `meanwhile` after each tenth of their work but the last, and counts what is there at the end.
fn nothing_is_lost(url: &str, server: &mut Redis, mut meanwhile: impl FnMut(&mut Redis)) {
    let policy = crowded();
    let direct = server.url();
    let graph = KvIdentityGraph::new(store(&direct, &policy), SystemClock);
    let (consent, geo) = (ConsentStrings::default(), KvGeo::known("DE", None).unwrap());
    for user in 0..IDENTITIES {
        let create = Operation::Create {
            consent: &consent,
            geo: &geo,
        };
        let run = graph.run(&policy, &identity(user), create);
        assert_eq!(run.result.unwrap().outcome, Outcome::Created);
    }
    let mut writers = Writers::start(url);
    let all = PARTNERS * IDENTITIES;
    let mut acknowledged = BTreeSet::new();
    for tenth in 1..=10 {
        acknowledged.extend(writers.wait_for(all / 10));
        if tenth < 10 {
            meanwhile(server);
        }
    }
    for process in &mut writers.processes {
        assert!(process.wait().unwrap().success());
    }
    assert_eq!(
        acknowledged.len() as u64,
        all,
        "each write is acknowledged once"
    );
    let graph = KvIdentityGraph::new(store(&direct, &policy), SystemClock);
    for user in 0..IDENTITIES {
        let read = graph.run(&policy, &identity(user), Operation::Get);
        let ids = read.result.unwrap().record.unwrap().entry.ids;
        assert_eq!(ids.iter().count() as u64, PARTNERS, "of user {user}");
        for number in 0..PARTNERS {
            let id = ids.get(&partner(number)).unwrap();
            assert_eq!(*id.uid, uid(number, user));
        }
    }
}

#[test]
fn writers_in_many_processes_lose_nothing() {
    let Some(mut server) = Redis::start() else {
        return;
    };
    let url = server.url();
    nothing_is_lost(&url, &mut server, |_| {});
}

#[test]
fn writers_lose_nothing_when_the_server_crashes_and_comes_back() {
    let Some(mut server) = Redis::durable() else {
        return;
    };
    let url = server.url();
    nothing_is_lost(&url, &mut server, |server| {
        server.kill();
        server.up();
    });
}

#[test]
fn writers_lose_nothing_when_connections_are_cut_in_their_writes() {
    let Some(mut server) = Redis::start() else {
        return;
    };
    let proxy = FaultProxy::start(server.port);
    proxy.cut_every(101);
    nothing_is_lost(&proxy.url(), &mut server, |_| {});
    assert!(proxy.cuts() > 100, "{} cuts", proxy.cuts());
}
