//! The durable store's cache: what was read lately, for as long as the file holds it.

use crate::support;

use std::sync::Arc;

use edge_cookie::clock::{ManualClock, Timestamp};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::Ttl;
use edge_cookie::store::{Insert, KvStore, Precondition};
use edge_cookie_stores::EmbeddedStore;
use support::NOON;

type Store = EmbeddedStore<Arc<ManualClock>>;

/// Runs `test` on a store that caches about `records`.
fn store(records: u32, test: impl Fn(&Store, &ManualClock)) {
    let folder = tempfile::tempdir().unwrap();
    let mut policy = EcPolicy::default();
    policy.local.recent_records = records;
    let clock = Arc::new(ManualClock::default());
    clock.set(Timestamp::from_unix(NOON).into());
    let path = folder.path().join("store");
    let name = &policy.root.ec_store;
    let store = EmbeddedStore::open(&path, name, &policy.local, Arc::clone(&clock)).unwrap();
    test(&store, &clock);
}

fn insert(body: &str, precondition: Precondition) -> Insert {
    Insert {
        body: body.into(),
        metadata: b"{}".to_vec(),
        ttl: Some(Ttl::from_seconds_clamped(60)),
        precondition,
    }
}

fn put(store: &impl KvStore, key: &str, body: &str) {
    store.insert(key, insert(body, Precondition::None)).unwrap();
}

#[test]
fn what_was_read_is_cached_as_it_was_read() {
    store(1_000, |store, _| {
        assert_eq!(store.lookup("a"), Ok(None));
        assert_eq!(store.lookup_cached("a"), None);
        put(store, "a", "1");
        assert_eq!(store.lookup_cached("a"), None);
        let read = store.lookup("a").unwrap();
        assert_eq!(read.as_ref().unwrap().body, b"1");
        assert_eq!(store.lookup_cached("a"), read);
        assert_eq!(store.lookup_cached("b"), None);
    });
}

/// Each way to change a record, and what a lookup finds then.
#[test]
fn what_is_changed_is_not_cached_until_it_is_read_again() {
    type Change = fn(&Store);
    let changes: &[(&str, Change, Option<&[u8]>)] = &[
        ("overwritten", |store| put(store, "a", "2"), Some(b"2")),
        (
            "swapped",
            |store| {
                let generation = store.lookup("a").unwrap().unwrap().generation;
                let swap = insert("2", Precondition::Generation(generation));
                store.insert("a", swap).unwrap();
            },
            Some(b"2"),
        ),
        (
            "written in a batch",
            |store| store.batch(|batch| put(batch, "a", "2")).unwrap(),
            Some(b"2"),
        ),
        ("deleted", |store| drop(store.delete("a").unwrap()), None),
    ];
    for (how, change, then) in changes {
        store(1_000, |store, _| {
            put(store, "a", "1");
            store.lookup("a").unwrap();
            change(store);
            assert_eq!(store.lookup_cached("a"), None, "{how}");
            let read = store.lookup("a").unwrap();
            assert_eq!(read.as_ref().map(|read| &*read.body), *then, "{how}");
            assert_eq!(store.lookup_cached("a"), read, "{how}");
        });
    }
}

/// A batch that reads what is not on disk yet shows it to no one else.
#[test]
fn a_read_within_a_batch_caches_nothing() {
    store(1_000, |store, _| {
        store
            .batch(|batch| {
                put(batch, "a", "1");
                batch.lookup("a").unwrap();
                assert_eq!(store.lookup_cached("a"), None);
            })
            .unwrap();
        assert_eq!(store.lookup_cached("a"), None);
    });
}

#[test]
fn a_refused_write_takes_nothing_away() {
    store(1_000, |store, _| {
        put(store, "a", "1");
        let read = store.lookup("a").unwrap();
        store
            .insert("a", insert("2", Precondition::Add))
            .unwrap_err();
        assert_eq!(store.lookup_cached("a"), read);
    });
}

#[test]
fn a_record_is_cached_as_long_as_its_time_lasts() {
    store(1_000, |store, clock| {
        put(store, "a", "1");
        store.lookup("a").unwrap();
        clock.set(Timestamp::from_unix(NOON + 59).into());
        assert!(store.lookup_cached("a").is_some());
        clock.set(Timestamp::from_unix(NOON + 60).into());
        assert_eq!(store.lookup_cached("a"), None);
        assert_eq!(store.lookup("a"), Ok(None));
    });
}

/// As many as the policy says, except for uneven parts; those that are read again and again stay.
#[test]
fn no_more_are_kept_than_there_is_room_for() {
    const ROOM: u32 = 1_024;
    let key = |number: u32| format!("{number:04}");
    store(ROOM, |store, _| {
        store
            .batch(|batch| (0..10 * ROOM).for_each(|number| put(batch, &key(number), "1")))
            .unwrap();
        for number in 0..10 * ROOM {
            store.lookup(&key(number)).unwrap();
            assert!(store.lookup_cached(&key(number)).is_some());
            assert!(store.lookup_cached(&key(0)).is_some());
        }
        let cached = |number: &u32| store.lookup_cached(&key(*number)).is_some();
        let kept = (0..10 * ROOM).filter(cached).count();
        assert!(kept <= ROOM as usize, "{kept} cached");
        assert!(cached(&0));
    });
}
