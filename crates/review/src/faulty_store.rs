//! The store of an example.

use std::cell::Cell;
use std::sync::Arc;

use edge_cookie::clock::ManualClock;
use edge_cookie::engine::{Consistency, StoreError};
use edge_cookie::platform_facts::fastly::COLLECTION_DELAY;
use edge_cookie::policy::types::Ttl;
use edge_cookie::store::{Insert, KvStore, MemoryStore, Removed, Stored};

/// A store in memory that may refuse writes, and collect late.
#[derive(Debug)]
pub(super) struct FaultyStore {
    pub(super) records: MemoryStore<Arc<ManualClock>>,
    /// How many writes it refuses from now on.
    pub(super) refusals: Cell<u32>,
    /// Whether it collects what has expired only later.
    pub(super) late: bool,
}

impl KvStore for FaultyStore {
    fn consistency(&self) -> Consistency {
        self.records.consistency()
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.records.lookup(key)
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.records.exists(key)
    }

    fn insert(&self, key: &str, mut insert: Insert) -> Result<(), StoreError> {
        let refusals = self.refusals.get();
        if refusals > 0 {
            self.refusals.set(refusals - 1);
            return Err(StoreError::RateLimited);
        }
        if self.late {
            let late = |ttl: Ttl| ttl.seconds().saturating_add(COLLECTION_DELAY.as_secs());
            insert.ttl = insert.ttl.map(|ttl| Ttl::from_seconds_clamped(late(ttl)));
        }
        self.records.insert(key, insert)
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        self.records.delete(key)
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.records.list(prefix, after, limit)
    }
}
