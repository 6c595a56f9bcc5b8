//! What every store must do: one suite, run unchanged on each of them.

use crate::harness::redis;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use edge_cookie::clock::{Clock, ManualClock, Moment};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::Ttl;
use edge_cookie::store::{
    Consistency, Generation, Insert, KvStore, MemoryStore, Precondition, Removed, StoreError,
    conformance,
};
use edge_cookie_stores::{BlockingStore, EmbeddedStore};

/// Monday, 2 March 2026, noon.
const NOON: u64 = 1_772_452_800_000;
const TTL_SECONDS: u64 = 60;
const TTL_MILLIS: u64 = TTL_SECONDS * 1_000;

type Clocked = Arc<ManualClock>;

fn clock() -> Clocked {
    Arc::new(ManualClock::at(Moment::from_unix_millis(NOON)))
}

fn pass(clock: &ManualClock, millis: u64) {
    let now = clock.now().unix_millis();
    clock.set(Moment::from_unix_millis(now + millis));
}

fn embedded(path: &Path, clock: &Clocked) -> EmbeddedStore<Clocked> {
    let policy = EcPolicy::default();
    let name = &policy.root.ec_store;
    EmbeddedStore::open(path, name, &policy.local, Arc::clone(clock)).unwrap()
}

fn write(body: &str, precondition: Precondition) -> Insert {
    Insert {
        body: body.as_bytes().to_vec(),
        metadata: b"meta".to_vec(),
        ttl: None,
        precondition,
    }
}

fn passing(insert: Insert) -> Insert {
    Insert {
        ttl: Some(Ttl::from_seconds_clamped(TTL_SECONDS)),
        ..insert
    }
}

fn put(store: &dyn KvStore, key: &str, body: &str) -> Generation {
    store.insert(key, write(body, Precondition::None)).unwrap();
    store.lookup(key).unwrap().unwrap().generation
}

/// Deletes `key`; the generation is the last that it had.
fn deleted(store: &dyn KvStore, key: &str) -> Generation {
    let seen = put(store, key, "old");
    store.delete(key).unwrap();
    seen
}

/// Lets `key` expire; the generation is the last that it had.
fn expired(store: &dyn KvStore, clock: &ManualClock, key: &str) -> Generation {
    let old = passing(write("old", Precondition::None));
    store.insert(key, old).unwrap();
    let seen = store.lookup(key).unwrap().unwrap().generation;
    pass(clock, TTL_MILLIS);
    seen
}

/// What our own stores promise beyond the suite: no generation comes twice in a whole store, and no one reads an order
/// into them.
fn generations_mean_nothing(store: &dyn KvStore, clock: &ManualClock) {
    let mut seen = Vec::new();
    for round in 0..32 {
        let key = format!("generation/{}", round % 3);
        seen.push(put(store, &key, "body"));
        seen.push(expired(store, clock, &key));
        seen.push(deleted(store, &key));
    }
    unordered_and_once(&seen);
}

fn unordered_and_once(seen: &[Generation]) {
    let once: HashSet<_> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "a generation came twice");
    let markers: Vec<u64> = seen.iter().map(|seen| seen.to_platform()).collect();
    assert!(!markers.is_sorted(), "generations rise");
    assert!(!markers.iter().rev().is_sorted(), "generations fall");
}

/// The public suite, and what our own stores promise beyond it.
fn conforms(store: &dyn KvStore, clock: &Clocked) {
    assert_eq!(store.consistency(), Consistency::Strong);
    conformance::check(store, clock).unwrap();
    generations_mean_nothing(store, clock);
}

#[test]
fn the_memory_store_conforms() {
    let clock = clock();
    let store = MemoryStore::new(&clock);
    conforms(&store, &clock);
    conformance::check_threads(&store).unwrap();
}

#[test]
fn the_embedded_store_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let store = embedded(&folder.path().join("store"), &clock);
    conforms(&store, &clock);
    conformance::check_threads(&store).unwrap();
}

/// The suite on a clock that is handed in, which the server's own knows nothing of.
#[test]
fn the_redis_store_conforms() {
    let Some(server) = redis::Redis::start() else {
        return;
    };
    let policy = EcPolicy::default();
    let shared = redis::connect(&server.url(), &policy);
    let clock = clock();
    let store = shared
        .store(&policy.root.ec_store)
        .on_clock(Arc::clone(&clock) as _);
    let store = BlockingStore::new(store).unwrap();
    conforms(&store, &clock);
    conformance::check_threads(&store).unwrap();
    // The same on a clock that is ahead of the server's.
    clock.set(Moment::from_unix_millis(4_000_000_000_000));
    let shared = redis::connect(&server.url(), &policy);
    let store = shared
        .store(&policy.root.partner_store)
        .on_clock(Arc::clone(&clock) as _);
    conforms(&BlockingStore::new(store).unwrap(), &clock);
}

/// What has no end or a far one, on the server's own clock.
#[test]
fn the_redis_store_expires_on_the_servers_clock() {
    let Some(server) = redis::Redis::start() else {
        return;
    };
    let policy = EcPolicy::default();
    let shared = redis::connect(&server.url(), &policy);
    let store = BlockingStore::new(shared.store(&policy.root.ec_store)).unwrap();
    let second = Insert {
        ttl: Some(Ttl::from_seconds_clamped(1)),
        ..write("passing", Precondition::Add)
    };
    store.insert("passing", second.clone()).unwrap();
    store
        .insert("staying", passing(write("body", Precondition::Add)))
        .unwrap();
    store.insert("prolonged", second).unwrap();
    store
        .insert("prolonged", write("body", Precondition::None))
        .unwrap();
    let seen = store.lookup("passing").unwrap().unwrap().generation;
    redis::until("the end of a second", || {
        (!store.exists("passing").unwrap()).then_some(())
    });
    assert_eq!(store.lookup("passing").unwrap(), None);
    assert_eq!(store.list("", None, 9).unwrap(), ["prolonged", "staying"]);
    let swap = store.insert("passing", write("late", Precondition::Generation(seen)));
    assert_eq!(swap, Err(StoreError::PreconditionFailed));
    assert_eq!(store.delete("passing").unwrap(), Removed::Nothing);
    // Redis itself has let go of it.
    redis::until("the expiry by Redis itself", || {
        (server.say("DBSIZE")? == ":2").then_some(())
    });
    for key in ["staying", "prolonged"] {
        assert!(store.exists(key).unwrap(), "{key}");
    }
}

/// A record whose time was over on a clock that ran behind is not shown by the server's, and is collected in time.
#[test]
fn both_clocks_hold_on_one_record() {
    let Some(server) = redis::Redis::start() else {
        return;
    };
    let policy = EcPolicy::default();
    let name = &policy.root.ec_store;
    let shared = redis::connect(&server.url(), &policy);
    let clock = clock();
    let past = BlockingStore::new(shared.store(name).on_clock(Arc::clone(&clock) as _)).unwrap();
    past.insert("old", passing(write("body", Precondition::Add)))
        .unwrap();
    assert!(past.exists("old").unwrap());
    let now = BlockingStore::new(shared.store(name)).unwrap();
    assert!(!now.exists("old").unwrap());
    assert_eq!(now.lookup("old").unwrap(), None);
    assert_eq!(now.list("", None, 9).unwrap(), [""; 0]);
    let left = server.say(&format!("PTTL {name}:old")).unwrap();
    let left: u64 = left.trim_start_matches(':').parse().unwrap();
    assert!((1..=TTL_MILLIS).contains(&left), "{left}");
    now.insert("old", write("new", Precondition::Add)).unwrap();
    assert_eq!(past.lookup("old").unwrap().unwrap().body, b"new");
}

/// Names are prefixes that no other name begins with, and patterns stand for themselves.
#[test]
fn stores_of_one_engine_share_nothing() {
    let Some(server) = redis::Redis::start() else {
        return;
    };
    let policy = EcPolicy::default();
    let store = |database: &str, name| {
        redis::connect(&format!("{}{database}", server.url()), &policy).store(name)
    };
    let stores = [
        store("", &policy.root.ec_store),
        store("", &policy.root.partner_store),
        store("/1", &policy.root.ec_store),
    ];
    for store in stores {
        let store = BlockingStore::new(store).unwrap();
        assert_eq!(store.list("", None, 9).unwrap(), [""; 0]);
        for key in ["a*", "ab", "a[b]", "a?", r"a\b"] {
            put(&store, key, key);
        }
        for (prefix, listed) in [
            ("a*", &["a*"][..]),
            ("a?", &["a?"]),
            ("a[", &["a[b]"]),
            (r"a\", &[r"a\b"]),
            ("ab", &["ab"]),
        ] {
            assert_eq!(store.list(prefix, None, 9).unwrap(), listed, "{prefix}");
        }
    }
}

/// Redis forgets its scripts at every restart: they are loaded again.
#[test]
fn scripts_that_the_server_forgot_are_loaded_again() {
    let Some(server) = redis::Redis::start() else {
        return;
    };
    let policy = EcPolicy::default();
    let shared = redis::connect(&server.url(), &policy);
    let store = BlockingStore::new(shared.store(&policy.root.ec_store)).unwrap();
    put(&store, "key", "body");
    assert_eq!(server.say("SCRIPT FLUSH").unwrap(), "+OK");
    put(&store, "key", "again");
    assert_eq!(store.lookup("key").unwrap().unwrap().body, b"again");
}

#[test]
fn a_batch_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let store = embedded(&folder.path().join("store"), &clock);
    let commits = store.commits();
    store.batch(|batch| conforms(batch, &clock)).unwrap();
    assert_eq!(store.commits(), commits + 1);
    // A batch over what an earlier one left.
    let stored = store.lookup("again").unwrap();
    assert!(stored.is_some());
    let seen = store.batch(|batch| batch.lookup("again")).unwrap();
    assert_eq!(seen.unwrap(), stored);
}

#[test]
fn generations_never_repeat_across_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let clock = clock();
    let mut seen = Vec::new();
    for round in 0..8 {
        let store = embedded(&path, &clock);
        seen.push(put(&store, "kept", "body"));
        seen.push(deleted(&store, "deleted"));
        seen.push(expired(&store, &clock, "expired"));
        if round % 2 == 0 {
            let batched = store.batch(|batch| put(batch, "batched", "body"));
            seen.push(batched.unwrap());
        }
    }
    unordered_and_once(&seen);
}

#[test]
fn the_memory_store_counts_its_calls() {
    let clock = clock();
    let store = MemoryStore::new(&clock);
    for _ in 0..2 {
        // The second add is refused, and counts.
        let _ = store.insert("key", write("body", Precondition::Add));
    }
    for _ in 0..3 {
        store.lookup("key").unwrap();
    }
    for _ in 0..4 {
        store.exists("key").unwrap();
    }
    for _ in 0..5 {
        store.delete("key").unwrap();
    }
    for _ in 0..6 {
        store.list("", None, 1).unwrap();
    }
    let calls = store.calls();
    assert_eq!((calls.inserts, calls.lookups), (2, 3));
    assert_eq!((calls.exists, calls.deletes, calls.lists), (4, 5, 6));
}

#[test]
fn expired_records_leave_the_memory_store() {
    let clock = clock();
    let store = MemoryStore::new(&clock);
    for count in 0..10_000 {
        let insert = passing(write("body", Precondition::Add));
        store.insert(&format!("passing/{count}"), insert).unwrap();
        // A thousand are kept at any time.
        pass(&clock, TTL_MILLIS / 1_000);
    }
    let held = store.held_records();
    assert!((1_000..=2_001).contains(&held), "{held} records are held");
}
