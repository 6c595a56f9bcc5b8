//! A record as the simulated store holds it, typed: no bytes are made on the way.

use crate::clock::Moment;
use crate::engine::{
    Answer, Deleted, Finished, Found, Record, Step, StoreError, Transaction, Write,
};
use crate::record::{EcId, Generation, KvEntry, KvMetadata};
use crate::store::Insert;

/// A record that was written.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) entry: KvEntry,
    pub(crate) metadata: KvMetadata,
    pub(crate) generation: Generation,
    /// From when the store has it no more.
    pub(crate) expires: Moment,
    /// Of key, body and metadata.
    pub(crate) bytes: u64,
}

impl Held {
    /// What `write` leaves at `now`. A touch changes no length: its size is that of the record before.
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

    pub(crate) fn is_kept(&self, now: Moment) -> bool {
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

/// The record that the store gives out at `now`.
pub(crate) fn kept(slot: Option<&Held>, now: Moment) -> Option<&Held> {
    slot.filter(|held| held.is_kept(now))
}

/// Generations, each handed out once.
#[derive(Debug, Default)]
pub(crate) struct Generations(u64);

impl Generations {
    /// Generations that no record of the simulation itself has.
    pub(crate) const fn apart() -> Self {
        Self(1 << (u64::BITS - 1))
    }

    pub(crate) const fn next(&mut self) -> Generation {
        self.0 += 1;
        Generation::from_platform(self.0)
    }
}

/// What stood there before a write: nothing, or a record that the store perhaps gave out no more.
#[derive(Debug)]
pub(crate) struct Before(pub(crate) Option<Held>);

/// An operation that ran on its own.
pub(crate) struct Ran {
    pub(crate) finished: Finished,
    /// What stood there before, where something was written.
    pub(crate) replaced: Option<Before>,
}

/// Runs `transaction` to its end on `slot` at `now`, with nobody else about.
pub(crate) fn run_alone(
    mut transaction: Transaction<'_>,
    now: Moment,
    slot: &mut Option<Held>,
    generations: &mut Generations,
    is_touch: bool,
) -> Ran {
    let mut replaced = None;
    loop {
        let answer = match transaction.step() {
            Step::End => break,
            Step::Lookup => {
                Answer::Found(kept(slot.as_ref(), now).map_or(Found::Nothing, Held::found))
            }
            Step::Exists => Answer::Exists(kept(slot.as_ref(), now).is_some()),
            Step::Insert(pending) => {
                let write = pending.write();
                let current = kept(slot.as_ref(), now);
                if write
                    .precondition
                    .holds(current.map(|held| held.generation))
                {
                    let bytes = current.filter(|_| is_touch).map(|held| held.bytes);
                    let held = Held::new(write, now, generations.next(), bytes);
                    replaced = Some(Before(slot.replace(held)));
                    Answer::Written
                } else {
                    refused()
                }
            }
            Step::Delete => {
                let gone = slot.take();
                let was = kept(gone.as_ref(), now).map(Held::found);
                replaced = Some(Before(gone));
                Answer::Deleted(was.map_or(Deleted::Nothing, Deleted::Was))
            }
            // Nobody is met, so that nothing is waited for.
            Step::Wait(_) => Answer::Waited {
                elapsed: std::time::Duration::ZERO,
            },
        };
        transaction.resume(answer);
    }
    Ran {
        finished: transaction.finish(),
        replaced,
    }
}

const fn refused() -> Answer {
    Answer::Failed {
        error: StoreError::PreconditionFailed,
        elapsed: std::time::Duration::ZERO,
    }
}
