//! A store in memory, for tests, simulations and trying things out.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::generation::Generations;
use super::{Consistency, Insert, KvStore, Precondition, Removed, StoreError, Stored};
use crate::clock::{Clock, Moment};

/// A store in memory: true compare-and-swap under threads, and expiry on a handed-in clock.
///
/// ```
/// use edge_cookie::clock::ManualClock;
/// use edge_cookie::store::{Insert, KvStore, MemoryStore, Precondition, StoreError};
///
/// let clock = ManualClock::default();
/// let store = MemoryStore::new(&clock);
/// let add = Insert { body: b"1".to_vec(), metadata: vec![], ttl: None, precondition: Precondition::Add };
/// store.insert("key", add.clone()).unwrap();
/// assert_eq!(store.insert("key", add), Err(StoreError::PreconditionFailed));
/// assert_eq!(store.calls().inserts, 2);
/// ```
#[derive(Debug)]
pub struct MemoryStore<C> {
    clock: C,
    held: Mutex<Held>,
}

/// How often each call was made, refused ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Lookups.
    pub lookups: u64,
    /// Questions whether a record is there.
    pub exists: u64,
    /// Inserts.
    pub inserts: u64,
    /// Deletions.
    pub deletes: u64,
    /// Listings.
    pub lists: u64,
}

#[derive(Debug)]
struct Held {
    records: BTreeMap<Box<str>, Slot>,
    calls: Calls,
    generations: Generations,
    written: u64,
}

#[derive(Debug)]
struct Slot {
    stored: Stored,
    expires: Option<Moment>,
}

impl Slot {
    fn is_kept(&self, now: Moment) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

impl<C: Clock> MemoryStore<C> {
    /// An empty store on `clock`.
    pub fn new(clock: C) -> Self {
        Self {
            clock,
            held: Mutex::new(Held {
                records: BTreeMap::new(),
                calls: Calls::default(),
                generations: Generations::salted(Generations::fresh_salt()),
                written: 0,
            }),
        }
    }

    /// How often each call was made so far.
    pub fn calls(&self) -> Calls {
        self.held().calls
    }

    /// A panic elsewhere leaves no record half-written, so that a poisoned lock is as good as any.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The record under `key`, unless its time is over.
    fn kept(&self, key: &str, now: Moment) -> Option<&Slot> {
        self.records.get(key).filter(|slot| slot.is_kept(now))
    }
}

impl<C: Clock> KvStore for MemoryStore<C> {
    fn consistency(&self) -> Consistency {
        Consistency::Strong
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let now = self.clock.now();
        let mut held = self.held();
        held.calls.lookups += 1;
        Ok(held.kept(key, now).map(|slot| slot.stored.clone()))
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut held = self.held();
        held.calls.exists += 1;
        Ok(held.kept(key, now).is_some())
    }

    fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut held = self.held();
        held.calls.inserts += 1;
        let generation = held.generations.of(held.written + 1);
        let current = held.records.get_mut(key);
        let kept = current.as_ref().filter(|slot| slot.is_kept(now));
        let met = match (insert.precondition, kept) {
            (Precondition::None, _) | (Precondition::Add, None) => true,
            (Precondition::Generation(expected), Some(slot)) => slot.stored.generation == expected,
            (Precondition::Add, Some(_)) | (Precondition::Generation(_), None) => false,
        };
        if !met {
            return Err(StoreError::PreconditionFailed);
        }
        let slot = Slot {
            stored: Stored {
                body: insert.body,
                metadata: insert.metadata,
                generation,
            },
            expires: insert
                .ttl
                .map(|ttl| now.plus(Duration::from_secs(ttl.seconds()))),
        };
        match current {
            Some(current) => *current = slot,
            None => {
                held.records.insert(key.into(), slot);
            }
        }
        held.written += 1;
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        let now = self.clock.now();
        let mut held = self.held();
        held.calls.deletes += 1;
        let removed = held.records.remove(key).filter(|slot| slot.is_kept(now));
        Ok(removed.map_or(Removed::Nothing, |slot| Removed::Record(Some(slot.stored))))
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let now = self.clock.now();
        let mut held = self.held();
        held.calls.lists += 1;
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        Ok(held
            .records
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .filter(|(_, slot)| slot.is_kept(now))
            .map(|(key, _)| key.to_string())
            .take(limit)
            .collect())
    }
}
