//! What every store must do: one suite, run unchanged on each of them.

use crate::harness::redis;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use edge_cookie::clock::{Clock, ManualClock, Moment};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::Ttl;
use edge_cookie::store::{
    Consistency, Generation, Insert, KvStore, MemoryStore, PROBE_KEYS, Precondition, Removed,
    StoreError, Stored,
};
use edge_cookie_stores::{Awaited, EmbeddedStore};

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
    let name = &policy.stores.ec_store;
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

/// A record's past, by what a write may meet.
#[derive(Debug, Clone, Copy)]
enum Past {
    Absent,
    Present,
    Overwritten,
    Expired,
    Deleted,
}

/// Gives `key` its past; the generation is the last that a reader could have seen.
fn live_through(past: Past, store: &dyn KvStore, clock: &ManualClock, key: &str) -> Generation {
    match past {
        Past::Absent => put(store, "another", "another"),
        Past::Present => put(store, key, "old"),
        Past::Overwritten => {
            let seen = put(store, key, "older");
            put(store, key, "old");
            seen
        }
        Past::Expired => {
            let old = passing(write("old", Precondition::None));
            store.insert(key, old).unwrap();
            let seen = store.lookup(key).unwrap().unwrap().generation;
            pass(clock, TTL_MILLIS);
            seen
        }
        Past::Deleted => {
            let seen = put(store, key, "old");
            store.delete(key).unwrap();
            seen
        }
    }
}

fn preconditions(store: &dyn KvStore, clock: &ManualClock) {
    let cases = [
        // past, and whether these are written: no precondition, an add, a swap of what was seen
        (Past::Absent, [true, true, false]),
        (Past::Present, [true, false, true]),
        (Past::Overwritten, [true, false, false]),
        (Past::Expired, [true, true, false]),
        (Past::Deleted, [true, true, false]),
    ];
    for (past, written) in cases {
        for (which, written) in written.into_iter().enumerate() {
            let key = format!("precondition/{past:?}/{which}");
            let seen = live_through(past, store, clock, &key);
            let precondition = match which {
                0 => Precondition::None,
                1 => Precondition::Add,
                _ => Precondition::Generation(seen),
            };
            let before = store.lookup(&key).unwrap();
            let answer = store.insert(&key, write("new", precondition));
            let after = store.lookup(&key).unwrap();
            if written {
                assert_eq!(answer, Ok(()), "{key}");
                let after = after.unwrap();
                assert_eq!(after.body, b"new", "{key}");
                assert_ne!(after.generation, seen, "{key}");
            } else {
                assert_eq!(answer, Err(StoreError::PreconditionFailed), "{key}");
                assert_eq!(after, before, "{key}: a refused write changes nothing");
            }
        }
    }
}

fn refused_writes_leave_the_expiry_alone(store: &dyn KvStore, clock: &ManualClock) {
    let key = "refused/expiry";
    store
        .insert(key, passing(write("old", Precondition::Add)))
        .unwrap();
    let for_ever = store.insert(key, write("new", Precondition::Add));
    assert_eq!(for_ever, Err(StoreError::PreconditionFailed));
    pass(clock, TTL_MILLIS);
    assert_eq!(store.lookup(key).unwrap(), None);
}

fn time_to_live(store: &dyn KvStore, clock: &ManualClock) {
    for (after, kept) in [
        (0, true),
        (TTL_MILLIS - 1, true),
        (TTL_MILLIS, false),
        (TTL_MILLIS + 1, false),
    ] {
        let key = format!("ttl/{after}");
        let insert = passing(write("body", Precondition::Add));
        store.insert(&key, insert).unwrap();
        pass(clock, after);
        assert_eq!(store.lookup(&key).unwrap().is_some(), kept, "{key}");
        assert_eq!(store.exists(&key).unwrap(), kept, "{key}");
        let listed = store.list(&key, None, 1).unwrap();
        assert_eq!(listed.len(), usize::from(kept), "{key}");
        let removed = store.delete(&key).unwrap();
        assert_eq!(removed != Removed::Nothing, kept, "{key}");
    }
}

fn a_write_starts_its_own_time_to_live(store: &dyn KvStore, clock: &ManualClock) {
    let again = || passing(write("body", Precondition::None));
    store.insert("again", again()).unwrap();
    pass(clock, TTL_MILLIS - 1);
    store.insert("again", again()).unwrap();
    pass(clock, TTL_MILLIS - 1);
    assert!(store.exists("again").unwrap());
    store
        .insert("again", write("kept", Precondition::None))
        .unwrap();
    pass(clock, 1_000 * TTL_MILLIS);
    assert!(store.exists("again").unwrap(), "no time to live, no end");
}

fn bytes_come_back_as_they_went(store: &dyn KvStore, _: &ManualClock) {
    let all: Vec<u8> = (0..=255).collect();
    let large = all.repeat(64);
    for (case, (metadata, body)) in [
        (&[][..], &[][..]),
        (&[], b"{}"),
        (b"{}", &[]),
        (&[0], &[0]),
        (&all, &all),
        (&all, &large),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("bytes/{case}");
        let insert = Insert {
            body: body.to_vec(),
            metadata: metadata.to_vec(),
            ttl: None,
            precondition: Precondition::Add,
        };
        store.insert(&key, insert).unwrap();
        let stored = store.lookup(&key).unwrap().unwrap();
        assert_eq!(stored.body, body, "{key}");
        assert_eq!(stored.metadata, metadata, "{key}");
        assert_eq!(store.lookup(&key).unwrap(), Some(stored), "{key}");
    }
}

fn deletions_say_what_they_met(store: &dyn KvStore, clock: &ManualClock) {
    for (past, there) in [
        (Past::Absent, false),
        (Past::Present, true),
        (Past::Overwritten, true),
        (Past::Expired, false),
        (Past::Deleted, false),
    ] {
        let key = format!("delete/{past:?}");
        live_through(past, store, clock, &key);
        let stored = store.lookup(&key).unwrap();
        assert_eq!(stored.is_some(), there, "{key}");
        let met = stored.map_or(Removed::Nothing, |stored: Stored| {
            Removed::Record(Some(stored))
        });
        assert_eq!(store.delete(&key).unwrap(), met, "{key}");
        assert_eq!(store.lookup(&key).unwrap(), None, "{key}");
        assert!(!store.exists(&key).unwrap(), "{key}");
        assert_eq!(store.delete(&key).unwrap(), Removed::Nothing, "{key}");
    }
}

fn listings_are_sorted_and_bounded(store: &dyn KvStore, clock: &ManualClock) {
    for key in ["list/b", "list/a", "list/c", "list/ab", "lisz", "lis"] {
        put(store, key, "body");
    }
    // Records, but no one's.
    for key in ["0", "1"].map(|probe| format!("{PROBE_KEYS}{probe}")) {
        put(store, &key, "body");
    }
    let all = store.list("", None, usize::MAX).unwrap();
    assert!(
        all.iter().all(|key| !key.starts_with(PROBE_KEYS)),
        "{all:?}"
    );
    let gone = passing(write("body", Precondition::Add));
    store.insert("list/aa", gone).unwrap();
    pass(clock, TTL_MILLIS);
    for (prefix, after, limit, listed) in [
        (
            "list/",
            None,
            9,
            &["list/a", "list/ab", "list/b", "list/c"][..],
        ),
        ("list/", None, 2, &["list/a", "list/ab"]),
        ("list/", None, 0, &[]),
        ("list/", Some("list/a"), 9, &["list/ab", "list/b", "list/c"]),
        ("list/", Some("list/a"), 1, &["list/ab"]),
        ("list/", Some("list/aa"), 1, &["list/ab"]),
        ("list/", Some("list/c"), 9, &[]),
        ("list/", Some("a"), 1, &["list/a"]),
        ("list/", Some("lisz"), 9, &[]),
        ("list/a", None, 9, &["list/a", "list/ab"]),
        ("list/b", Some("list/a"), 9, &["list/b"]),
        ("none", None, 9, &[]),
        (PROBE_KEYS, None, 9, &[]),
        ("h", None, 9, &[]),
        // They take no place in a page.
        ("", Some("h"), 1, &["lis"]),
    ] {
        let keys = store.list(prefix, after, limit).unwrap();
        assert_eq!(keys, listed, "{prefix} after {after:?}, at most {limit}");
    }
}

fn generations_never_repeat(store: &dyn KvStore, clock: &ManualClock) {
    let mut seen = Vec::new();
    for round in 0..32 {
        let key = format!("generation/{}", round % 3);
        for past in [
            Past::Present,
            Past::Overwritten,
            Past::Expired,
            Past::Deleted,
        ] {
            seen.push(live_through(past, store, clock, &key));
        }
        seen.push(put(store, &key, "body"));
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

/// All of it.
fn conforms(store: &dyn KvStore, clock: &ManualClock) {
    assert_eq!(store.consistency(), Consistency::Strong);
    for promise in [
        preconditions,
        refused_writes_leave_the_expiry_alone,
        time_to_live,
        a_write_starts_its_own_time_to_live,
        bytes_come_back_as_they_went,
        deletions_say_what_they_met,
        listings_are_sorted_and_bounded,
        generations_never_repeat,
    ] {
        promise(store, clock);
    }
}

#[test]
fn the_memory_store_conforms() {
    let clock = clock();
    conforms(&MemoryStore::new(&clock), &clock);
}

#[test]
fn the_embedded_store_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let store = embedded(&folder.path().join("store"), &clock);
    conforms(&store, &clock);
}

/// The suite on a clock that is handed in, which the server's own knows nothing of.
#[test]
fn the_redis_store_conforms() {
    let Some(server) = redis::Redis::start() else {
        return;
    };
    let policy = EcPolicy::default();
    let engine = redis::engine(&server.url(), &policy);
    let clock = clock();
    let store = engine
        .store(&policy.stores.ec_store)
        .on_clock(Arc::clone(&clock) as _);
    conforms(&Awaited::new(store).unwrap(), &clock);
    // The same on a clock that is ahead of the server's.
    clock.set(Moment::from_unix_millis(4_000_000_000_000));
    let engine = redis::engine(&server.url(), &policy);
    let store = engine
        .store(&policy.stores.partner_store)
        .on_clock(Arc::clone(&clock) as _);
    conforms(&Awaited::new(store).unwrap(), &clock);
}

/// What has no end or a far one, on the server's own clock.
#[test]
fn the_redis_store_expires_on_the_servers_clock() {
    let Some(server) = redis::Redis::start() else {
        return;
    };
    let policy = EcPolicy::default();
    let engine = redis::engine(&server.url(), &policy);
    let store = Awaited::new(engine.store(&policy.stores.ec_store)).unwrap();
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
    // The engine itself has let go of it.
    redis::until("the engine's own expiry", || {
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
    let name = &policy.stores.ec_store;
    let engine = redis::engine(&server.url(), &policy);
    let clock = clock();
    let past = Awaited::new(engine.store(name).on_clock(Arc::clone(&clock) as _)).unwrap();
    past.insert("old", passing(write("body", Precondition::Add)))
        .unwrap();
    assert!(past.exists("old").unwrap());
    let now = Awaited::new(engine.store(name)).unwrap();
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
        redis::engine(&format!("{}{database}", server.url()), &policy).store(name)
    };
    let stores = [
        store("", &policy.stores.ec_store),
        store("", &policy.stores.partner_store),
        store("/1", &policy.stores.ec_store),
    ];
    for store in stores {
        let store = Awaited::new(store).unwrap();
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

/// The engine forgets its scripts at every restart: they are loaded again.
#[test]
fn scripts_that_the_server_forgot_are_loaded_again() {
    let Some(server) = redis::Redis::start() else {
        return;
    };
    let policy = EcPolicy::default();
    let engine = redis::engine(&server.url(), &policy);
    let store = Awaited::new(engine.store(&policy.stores.ec_store)).unwrap();
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
        seen.push(live_through(Past::Deleted, &store, &clock, "deleted"));
        seen.push(live_through(Past::Expired, &store, &clock, "expired"));
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
