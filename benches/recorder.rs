//! Whether the two ways of each pair do the same: the same reads of the clock and calls of the store, with the same bytes
//! and times to live. If they did not, their costs could not be compared.

use std::cell::RefCell;
use std::time::Duration;

use edge_cookie::clock::{Clock, ManualClock, Moment};
use edge_cookie::engine::{Consistency, StoreError};
use edge_cookie::record::KvMetadata;
use edge_cookie::store::{Insert, KvStore, MemoryStore, Removed, Stored};

use super::pairs::{Before, Fixture, Way, pairs};

const NOON: Moment = Moment::from_unix_millis(1_772_452_800_000);

/// A store in memory and a clock that does not move, which record every call.
struct CallRecorder {
    store: MemoryStore<ManualClock>,
    seen: RefCell<Vec<String>>,
}

/// Stops where the two ways of a pair differ.
pub fn check() {
    let recorder: &'static CallRecorder = Box::leak(Box::new(CallRecorder {
        store: MemoryStore::new(ManualClock::at(NOON)),
        seen: RefCell::default(),
    }));
    let fixture = Fixture::new(recorder, recorder);
    let of = |before: Before, way: Way<&'static CallRecorder, &'static CallRecorder>| {
        fixture.prepare(before);
        recorder.seen.take();
        way(&fixture);
        recorder.seen.take()
    };
    for (name, before, policy, constants) in pairs() {
        let seen = of(before, policy);
        assert!(!seen.is_empty(), "`{name}` does nothing");
        assert_eq!(
            seen,
            of(before, constants),
            "the two ways of `{name}` differ"
        );
    }
}

impl CallRecorder {
    fn record<T>(&self, call: String, answer: T) -> T {
        self.seen.borrow_mut().push(call);
        answer
    }
}

impl Clock for CallRecorder {
    fn now(&self) -> Moment {
        self.record("now".to_owned(), NOON)
    }

    fn wait(&self, length: Duration) {
        self.record(format!("wait {length:?}"), ());
    }
}

/// The metadata without the policy's mark, of which only the length is the same in both.
fn without_mark(metadata: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut metadata = KvMetadata::from_bytes(metadata)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    metadata.p = metadata.p.map(|mark| "-".repeat(mark.len()).into());
    Ok(metadata.to_bytes())
}

impl KvStore for CallRecorder {
    fn consistency(&self) -> Consistency {
        self.store.consistency()
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.record(format!("lookup {key}"), self.store.lookup(key))
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.record(format!("exists {key}"), self.store.exists(key))
    }

    fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        let body = String::from_utf8_lossy(&insert.body).into_owned();
        let metadata = without_mark(&insert.metadata)?;
        let metadata = String::from_utf8_lossy(&metadata).into_owned();
        let ttl = insert.ttl;
        let answer = self.store.insert(key, insert);
        let call = format!("insert {key} {body} {metadata} {ttl:?}: {answer:?}");
        self.record(call, answer)
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        self.record(format!("delete {key}"), self.store.delete(key))
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let call = format!("list {prefix} {after:?} {limit}");
        self.record(call, self.store.list(prefix, after, limit))
    }
}
