//! The records of the simulated store, kept as types: nothing is serialized.

use edge_cookie::clock::Moment;
use edge_cookie::engine::{
    Answer, Deleted, Finished, Found, Record, Step, StoreError, Transaction, Write,
};
use edge_cookie::record::{EcId, Generation, KvEntry, KvMetadata};
use edge_cookie::store::Insert;

/// A record in the simulated store.
#[derive(Debug, Clone)]
pub(crate) struct StoredRecord {
    pub(crate) entry: KvEntry,
    pub(crate) metadata: KvMetadata,
    pub(crate) generation: Generation,
    /// The time from which the store no longer has it.
    pub(crate) expires: Moment,
    /// The size of key, body and metadata.
    pub(crate) bytes: u64,
}

impl StoredRecord {
    /// The record after `write` at `now`. `known_bytes` is its size if it has not changed, as after a touch.
    pub(crate) fn new(
        write: Write,
        now: Moment,
        generation: Generation,
        known_bytes: Option<u64>,
    ) -> Self {
        let bytes = known_bytes.unwrap_or_else(|| {
            (EcId::BYTES + write.entry.to_body().len() + write.metadata.to_bytes().len()) as u64
        });
        Self {
            entry: write.entry,
            metadata: write.metadata,
            generation,
            expires: Insert::expires_after(write.ttl, now),
            bytes,
        }
    }

    pub(crate) fn is_stored(&self, now: Moment) -> bool {
        now < self.expires
    }

    pub(crate) fn found(&self) -> Found {
        Found::Record(Box::new(Record {
            entry: self.entry.clone(),
            metadata: self.metadata.clone(),
            generation: self.generation,
        }))
    }
}

/// The record that the store returns at `now`.
pub(crate) fn readable(slot: Option<&StoredRecord>, now: Moment) -> Option<&StoredRecord> {
    slot.filter(|record| record.is_stored(now))
}

/// Counts generations: each is used once.
#[derive(Debug, Default)]
pub(crate) struct GenerationCounter(u64);

impl GenerationCounter {
    /// A counter whose generations no record of the main run has.
    pub(crate) const fn separate() -> Self {
        Self(1 << (u64::BITS - 1))
    }

    pub(crate) const fn next(&mut self) -> Generation {
        self.0 += 1;
        Generation::from_platform(self.0)
    }
}

/// The record before a write, if there was one; perhaps one that the store no longer returned.
#[derive(Debug)]
pub(crate) struct ReplacedRecord(pub(crate) Option<StoredRecord>);

/// The result of an operation that ran without contention.
pub(crate) struct RunResult {
    pub(crate) finished: Finished,
    /// The previous record, if the operation wrote.
    pub(crate) replaced: Option<ReplacedRecord>,
}

/// Runs `transaction` to its end on `slot` at `now`, without concurrent operations.
pub(crate) fn run_uncontended(
    mut transaction: Transaction<'_>,
    now: Moment,
    slot: &mut Option<StoredRecord>,
    generations: &mut GenerationCounter,
    is_touch: bool,
) -> RunResult {
    let mut replaced = None;
    loop {
        let answer = match transaction.step() {
            Step::End => break,
            Step::Lookup => Answer::Found(
                readable(slot.as_ref(), now).map_or(Found::Nothing, StoredRecord::found),
            ),
            Step::Exists => Answer::Exists(readable(slot.as_ref(), now).is_some()),
            Step::Insert(pending) => {
                let write = pending.write();
                let current = readable(slot.as_ref(), now);
                if write
                    .precondition
                    .holds(current.map(|record| record.generation))
                {
                    let bytes = current.filter(|_| is_touch).map(|record| record.bytes);
                    let record = StoredRecord::new(write, now, generations.next(), bytes);
                    replaced = Some(ReplacedRecord(slot.replace(record)));
                    Answer::Written
                } else {
                    precondition_failed()
                }
            }
            Step::Delete => {
                let gone = slot.take();
                let was = readable(gone.as_ref(), now).map(StoredRecord::found);
                replaced = Some(ReplacedRecord(gone));
                Answer::Deleted(was.map_or(Deleted::Nothing, Deleted::Was))
            }
            // Without contention there is nothing to wait for.
            Step::Wait(_) => Answer::Waited {
                elapsed: std::time::Duration::ZERO,
            },
        };
        transaction.resume(answer);
    }
    RunResult {
        finished: transaction.finish(),
        replaced,
    }
}

const fn precondition_failed() -> Answer {
    Answer::Failed {
        error: StoreError::PreconditionFailed,
        elapsed: std::time::Duration::ZERO,
    }
}
