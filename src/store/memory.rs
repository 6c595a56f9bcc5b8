//! A store in memory, for tests, simulations and trying things out.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::generation::Generations;
use super::{Consistency, Insert, KvStore, Removed, StoreError, Stored, is_listed};
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
    generations: Generations,
    state: Mutex<MemoryState>,
}

/// How often each call was made, refused ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
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

#[derive(Debug, Default)]
struct MemoryState {
    records: BTreeMap<Box<str>, Slot>,
    calls: Calls,
    /// How many records make the store look for expired ones among them.
    sweep_at: usize,
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
            generations: Generations::fresh(),
            state: Mutex::default(),
        }
    }

    /// How often each call was made so far.
    pub fn calls(&self) -> Calls {
        self.state().calls
    }

    /// Records in memory, expired ones that were not swept yet included.
    pub fn held_records(&self) -> usize {
        self.state().records.len()
    }

    /// A panic elsewhere leaves no record half-written, so that a poisoned lock is as good as any.
    fn state(&self) -> MutexGuard<'_, MemoryState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryState {
    /// The record under `key`, unless its time is over.
    fn kept(&self, key: &str, now: Moment) -> Option<&Slot> {
        self.records.get(key).filter(|slot| slot.is_kept(now))
    }

    /// Drops what has expired whenever there are twice as many records as were kept the last time: so the
    /// store holds no more than that, and a new record pays for looking at two others, on average.
    fn sweep(&mut self, now: Moment) {
        if self.records.len() >= self.sweep_at {
            self.records.retain(|_, slot| slot.is_kept(now));
            self.sweep_at = self.records.len().saturating_mul(2);
        }
    }
}

impl<C: Clock> KvStore for MemoryStore<C> {
    fn consistency(&self) -> Consistency {
        Consistency::Strong
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let now = self.clock.now();
        let mut state = self.state();
        state.calls.lookups += 1;
        Ok(state.kept(key, now).map(|slot| slot.stored.clone()))
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut state = self.state();
        state.calls.exists += 1;
        Ok(state.kept(key, now).is_some())
    }

    fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut state = self.state();
        state.calls.inserts += 1;
        let place = state.records.get_mut(key);
        let current = place.as_ref().filter(|slot| slot.is_kept(now));
        let current = current.map(|slot| slot.stored.generation);
        if !insert.precondition.holds(current) {
            return Err(StoreError::PreconditionFailed);
        }
        let slot = Slot {
            expires: insert.expires(now),
            stored: Stored {
                body: insert.body,
                metadata: insert.metadata,
                generation: self.generations.next(),
            },
        };
        if let Some(place) = place {
            *place = slot;
        } else {
            state.sweep(now);
            state.records.insert(key.into(), slot);
        }
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        let now = self.clock.now();
        let mut state = self.state();
        state.calls.deletes += 1;
        let removed = state.records.remove(key).filter(|slot| slot.is_kept(now));
        Ok(removed.map_or(Removed::Nothing, |slot| Removed::Record(Some(slot.stored))))
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let now = self.clock.now();
        let mut state = self.state();
        state.calls.lists += 1;
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        Ok(state
            .records
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .filter(|(key, slot)| is_listed(key) && slot.is_kept(now))
            .map(|(key, _)| key.to_string())
            .take(limit)
            .collect())
    }
}
