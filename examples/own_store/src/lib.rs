//! A store of one's own: `docs/embedding.md` shows this file.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use edge_cookie::clock::{Clock, Moment};
use edge_cookie::store::{
    Consistency, Generation, Insert, KvStore, PROBE_KEYS, Removed, StoreError, Stored,
};

/// Records in a map, each until its time to live has passed on a clock.
pub struct MapStore<C> {
    clock: C,
    map: Mutex<Map>,
}

#[derive(Default)]
struct Map {
    records: BTreeMap<String, (Stored, Option<Moment>)>,
    writes: u64,
}

impl Map {
    /// The record under `key`, unless it has expired.
    fn get(&self, key: &str, now: Moment) -> Option<&Stored> {
        let (stored, expires) = self.records.get(key)?;
        expires
            .is_none_or(|expires| now < expires)
            .then_some(stored)
    }
}

impl<C: Clock> MapStore<C> {
    pub fn new(clock: C) -> Self {
        let map = Mutex::default();
        Self { clock, map }
    }

    fn map(&self) -> Result<MutexGuard<'_, Map>, StoreError> {
        self.map
            .lock()
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

impl<C: Clock> KvStore for MapStore<C> {
    fn consistency(&self) -> Consistency {
        Consistency::Strong
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        Ok(self.map()?.get(key, self.clock.now()).cloned())
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.map()?.get(key, self.clock.now()).is_some())
    }

    fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        let (mut map, now) = (self.map()?, self.clock.now());
        let current = map.get(key, now).map(|stored| stored.generation);
        if !insert.precondition.holds(current) {
            return Err(StoreError::PreconditionFailed);
        }
        map.writes += 1;
        let expires = insert.expires(now);
        let stored = Stored {
            body: insert.body,
            metadata: insert.metadata,
            generation: Generation::from_platform(map.writes),
        };
        map.records.insert(key.to_owned(), (stored, expires));
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        let (mut map, now) = (self.map()?, self.clock.now());
        let stored = map.get(key, now).cloned();
        map.records.remove(key);
        Ok(stored.map_or(Removed::Nothing, |stored| Removed::Record(Some(stored))))
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let (map, now) = (self.map()?, self.clock.now());
        let is_listed = |key: &&String| {
            key.starts_with(prefix)
                && after.is_none_or(|after| key.as_str() > after)
                && !key.starts_with(PROBE_KEYS)
                && map.get(key, now).is_some()
        };
        Ok(map
            .records
            .keys()
            .filter(is_listed)
            .take(limit)
            .cloned()
            .collect())
    }
}
