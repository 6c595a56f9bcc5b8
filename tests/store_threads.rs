//! Compare-and-swap under threads: no update is lost, and an add has one winner.

use crate::harness::redis;

use std::sync::{Arc, Barrier};
use std::thread;

use edge_cookie::clock::{ManualClock, SystemClock};
use edge_cookie::policy::EcPolicy;
use edge_cookie::store::{Insert, KvStore, MemoryStore, Precondition, Removed, StoreError};
use edge_cookie_stores::{BlockingStore, EmbeddedStore};

const THREADS: u64 = 16;
const INCREMENTS: u64 = 25;
const KEYS: [&str; 3] = ["a", "b", "c"];

fn number(number: u64, precondition: Precondition) -> Insert {
    Insert {
        body: number.to_string().into_bytes(),
        metadata: Vec::new(),
        ttl: None,
        precondition,
    }
}

fn increment(store: &impl KvStore, key: &str) {
    loop {
        let (count, precondition) = match store.lookup(key).unwrap() {
            None => (0, Precondition::Add),
            Some(stored) => {
                let count: u64 = str::from_utf8(&stored.body).unwrap().parse().unwrap();
                (count, Precondition::Generation(stored.generation))
            }
        };
        match store.insert(key, number(count + 1, precondition)) {
            Ok(()) => return,
            Err(error) => assert_eq!(error, StoreError::PreconditionFailed),
        }
    }
}

/// What each thread's `work` gave, all of them starting at once.
fn at_once<R: Send>(work: impl Fn(u64) -> R + Sync) -> Vec<R> {
    let start = Barrier::new(usize::try_from(THREADS).unwrap());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (work, start) = (&work, &start);
                scope.spawn(move || {
                    start.wait();
                    work(thread)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn no_update_is_lost(store: &(impl KvStore + Sync)) {
    at_once(|_| {
        for _ in 0..INCREMENTS {
            for key in KEYS {
                increment(store, key);
            }
        }
    });
    for key in KEYS {
        let stored = store.lookup(key).unwrap().unwrap();
        let count = (THREADS * INCREMENTS).to_string();
        assert_eq!(stored.body, count.as_bytes(), "{key}");
    }
}

fn one_add_and_one_delete_win(store: &(impl KvStore + Sync)) {
    for round in 0..20 {
        let key = format!("race/{round}");
        let added = at_once(|thread| store.insert(&key, number(thread, Precondition::Add)));
        let winners: Vec<usize> = (0..added.len()).filter(|at| added[*at].is_ok()).collect();
        let [winner] = winners[..] else {
            panic!("{key} was added by {winners:?}");
        };
        let stored = store.lookup(&key).unwrap().unwrap();
        assert_eq!(stored.body, winner.to_string().as_bytes());

        let removed = at_once(|_| store.delete(&key).unwrap());
        let met = removed.iter().filter(|met| **met != Removed::Nothing);
        assert_eq!(met.count(), 1, "{key}");
    }
}

#[test]
fn the_memory_store_loses_nothing() {
    let store = MemoryStore::new(ManualClock::default());
    no_update_is_lost(&store);
    one_add_and_one_delete_win(&store);
}

#[test]
fn the_embedded_store_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let policy = EcPolicy::default();
    let path = folder.path().join("store");
    let store =
        EmbeddedStore::open(&path, &policy.root.ec_store, &policy.local, SystemClock).unwrap();
    no_update_is_lost(&store);
    one_add_and_one_delete_win(&store);
}

#[test]
fn the_redis_store_loses_nothing() {
    let Some(server) = redis::Redis::start() else {
        return;
    };
    let policy = EcPolicy::default();
    let shared = redis::connect(&server.url(), &policy);
    let store = BlockingStore::new(shared.store(&policy.root.ec_store)).unwrap();
    no_update_is_lost(&store);
    one_add_and_one_delete_win(&store);
}

/// Batches and single writes take turns, and see each other's work.
#[test]
fn batches_and_single_writes_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let policy = EcPolicy::default();
    let path = folder.path().join("store");
    let clock = Arc::new(ManualClock::default());
    let store = EmbeddedStore::open(&path, &policy.root.ec_store, &policy.local, clock).unwrap();
    at_once(|thread| {
        if thread % 2 == 0 {
            store
                .batch(|batch| (0..INCREMENTS).for_each(|_| increment(batch, "shared")))
                .unwrap();
        } else {
            (0..INCREMENTS).for_each(|_| increment(&store, "shared"));
        }
    });
    let stored = store.lookup("shared").unwrap().unwrap();
    let count = (THREADS * INCREMENTS).to_string();
    assert_eq!(stored.body, count.as_bytes());
}
