//! Many calls in one commit.

use std::cell::{Cell, RefCell};
use std::ops::Bound;

use redb::{ReadableTable, Table};

use super::error::unavailable;
use super::layout::{self, RecordSlot};
use edge_cookie::clock::Clock;
use edge_cookie::store::Generations;
use edge_cookie::store::{
    Consistency, Insert, KvStore, Precondition, Removed, StoreError, Stored, is_listed,
};

/// A store whose writes all become durable in one commit, when the batch ends. It sees its own writes.
pub struct WriteBatch<'b> {
    pub(super) records: RefCell<Table<'b, &'static str, &'static [u8]>>,
    pub(super) clock: &'b dyn Clock,
    pub(super) generations: &'b Generations,
    /// Writes and deletions done in this batch.
    pub(super) changes: Cell<u64>,
    /// The keys of what was changed, where the cache needs them.
    pub(super) changed: Option<RefCell<Vec<String>>>,
}

impl WriteBatch<'_> {
    /// Counts a change of what is under `key`.
    fn note(&self, key: &str) {
        self.changes.set(self.changes.get() + 1);
        if let Some(changed) = &self.changed {
            changed.borrow_mut().push(key.to_owned());
        }
    }

    /// Looks at up to `most` records after `cursor`, removes those whose time is over, and says where it
    /// came to; none at the end.
    pub(super) fn sweep(
        &self,
        cursor: Option<&str>,
        most: u64,
    ) -> Result<Option<String>, StoreError> {
        let now = self.clock.now();
        let from = cursor.map_or(Bound::Unbounded, Bound::Excluded);
        let mut over = Vec::new();
        let mut last = None;
        {
            let records = self.records.borrow();
            let mut looked = 0;
            for record in records
                .range::<&str>((from, Bound::Unbounded))
                .map_err(unavailable)?
            {
                if looked == most {
                    break;
                }
                looked += 1;
                let (key, value) = record.map_err(unavailable)?;
                if RecordSlot::read(key.value(), value.value())
                    .is_some_and(|slot| !slot.is_kept(now))
                {
                    over.push(key.value().to_owned());
                }
                last = Some(key.value().to_owned());
            }
            if looked < most {
                last = None;
            }
        }
        let mut records = self.records.borrow_mut();
        for key in over {
            records.remove(key.as_str()).map_err(unavailable)?;
        }
        Ok(last)
    }
}

fn damaged_record() -> StoreError {
    StoreError::Unavailable("its record is damaged: write it again, or delete it".to_owned())
}

/// What `records` holds under `key`, given to `read` unless its time is over.
pub(super) fn look<T>(
    records: &impl ReadableTable<&'static str, &'static [u8]>,
    clock: &dyn Clock,
    key: &str,
    read: impl FnOnce(RecordSlot<'_>) -> T,
) -> Result<Option<T>, StoreError> {
    let Some(found) = records.get(key).map_err(unavailable)? else {
        return Ok(None);
    };
    let slot = RecordSlot::read(key, found.value()).ok_or_else(damaged_record)?;
    Ok(slot.is_kept(clock.now()).then(|| read(slot)))
}

/// Up to `limit` keys of `records` that begin with `prefix`, after `after`.
pub(super) fn keys(
    records: &impl ReadableTable<&'static str, &'static [u8]>,
    clock: &dyn Clock,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let from = match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    };
    let now = clock.now();
    let mut keys = Vec::new();
    for record in records
        .range::<&str>((from, Bound::Unbounded))
        .map_err(unavailable)?
    {
        let (key, value) = record.map_err(unavailable)?;
        if keys.len() == limit || !key.value().starts_with(prefix) {
            break;
        }
        if !is_listed(key.value()) {
            continue;
        }
        // A damaged record is listed: looking it up says what is wrong with it.
        if RecordSlot::read(key.value(), value.value()).is_none_or(|slot| slot.is_kept(now)) {
            keys.push(key.value().to_owned());
        }
    }
    Ok(keys)
}

impl KvStore for WriteBatch<'_> {
    fn consistency(&self) -> Consistency {
        Consistency::Strong
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        look(&*self.records.borrow(), self.clock, key, |slot| {
            slot.to_stored()
        })
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        Ok(look(&*self.records.borrow(), self.clock, key, |_| ())?.is_some())
    }

    fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        let mut records = self.records.borrow_mut();
        // Overwriting needs no read, and so mends a damaged record, too.
        if insert.precondition != Precondition::None {
            let current = look(&*records, self.clock, key, |slot| slot.generation())?;
            if !insert.precondition.holds(current) {
                return Err(StoreError::PreconditionFailed);
            }
        }
        let slot = layout::write(key, &insert, self.generations.next(), self.clock.now())
            .ok_or_else(|| StoreError::TooLarge("its metadata has over 4 GiB".to_owned()))?;
        records.insert(key, slot.as_slice()).map_err(unavailable)?;
        self.note(key);
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        let mut records = self.records.borrow_mut();
        let Some(removed) = records.remove(key).map_err(unavailable)? else {
            return Ok(Removed::Nothing);
        };
        self.note(key);
        Ok(match RecordSlot::read(key, removed.value()) {
            None => Removed::Record(None),
            Some(slot) if slot.is_kept(self.clock.now()) => Removed::Record(Some(slot.to_stored())),
            Some(_) => Removed::Nothing,
        })
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        keys(&*self.records.borrow(), self.clock, prefix, after, limit)
    }
}
