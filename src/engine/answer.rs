//! The engine's contract with whatever runs it: what it asks for, and what it accepts as an answer.

use std::time::Duration;

use crate::policy::settings::Jitter;
use crate::policy::types::Ttl;
use crate::record::{Generation, KvEntry, KvMetadata, Precondition, Unreadable};

/// Whether a lookup may be stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// A lookup sees every write that was acknowledged before it.
    Strong,
    /// A lookup may see an older record, or none, for a while after a write.
    Eventual,
}

/// What a store may answer instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The precondition does not hold; nothing was written.
    #[error("the record changed since it was read")]
    PreconditionFailed,
    /// Too many writes; nothing was written.
    #[error("the store takes no more writes for now")]
    RateLimited,
    /// The record is larger than the store takes; nothing was written.
    #[error("the record is larger than the store takes: {0}")]
    TooLarge(String),
    /// The store cannot be reached or cannot serve; nothing was written.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The answer did not arrive: the write may have happened.
    #[error("the store's answer was lost: {0}")]
    AnswerLost(String),
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The body.
    pub entry: KvEntry,
    /// The metadata.
    pub metadata: KvMetadata,
    /// The write that put it there.
    pub generation: Generation,
}

/// What a lookup found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<R = Record> {
    /// Nothing.
    Nothing,
    /// A record.
    Record(Box<R>),
    /// A record that cannot be read.
    Unreadable(Box<UnreadableRecord>),
}

/// A record that cannot be read, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableRecord {
    /// Why it cannot be read.
    pub why: Unreadable,
    /// The write that put it there.
    pub generation: Generation,
}

/// What a deletion met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted<R = Record> {
    /// Nothing was there.
    Nothing,
    /// Something was there; the store does not know what.
    Something,
    /// This was there.
    Was(Found<R>),
}

/// A write that the engine asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The body.
    pub entry: KvEntry,
    /// The metadata.
    pub metadata: KvMetadata,
    /// How long the store is to keep it.
    pub ttl: Ttl,
    /// What must hold for the write to happen.
    pub precondition: Precondition,
}

/// A pause before a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// The longest it may be.
    pub longest: Duration,
    /// How its length is drawn.
    pub jitter: Jitter,
}

impl Wait {
    /// The length of the pause, given a random number that is drawn only where it is needed.
    pub fn length(&self, random: impl FnOnce() -> u64) -> Duration {
        match self.jitter {
            Jitter::None => self.longest,
            Jitter::Full => {
                // Longer than any wait that can be counted in nanoseconds is none: five hundred years.
                let nanos = self.longest.as_nanos().min(u64::MAX.into());
                let share = (u128::from(random()) * nanos) >> u64::BITS;
                Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX))
            }
        }
    }
}

/// What a transaction asks for next; `W` is the write of its kind of record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step<W> {
    /// Look the record up.
    Lookup,
    /// Find out for certain whether there is a record.
    Exists,
    /// Write the record.
    Insert(W),
    /// Remove the record.
    Delete,
    /// Let time pass.
    Wait(Wait),
    /// Nothing: the operation has ended.
    End,
}

/// What a transaction receives: the answer to the step it asked for.
///
/// `elapsed` is the time since the operation started. It is needed only where something was refused, so
/// that an operation without conflicts reads the clock once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<R = Record> {
    /// To a lookup.
    Found(Found<R>),
    /// To the question whether there is a record.
    Exists(bool),
    /// To an insert: it was written.
    Written,
    /// To a deletion: it was done.
    Deleted(Deleted<R>),
    /// To a wait: it is over.
    Waited {
        /// Since the operation started.
        elapsed: Duration,
    },
    /// To any call of the store: it did not do it.
    Failed {
        /// Why.
        error: StoreError,
        /// Since the operation started.
        elapsed: Duration,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_jitter_draws_from_the_whole_wait() {
        let wait = |jitter| Wait {
            longest: Duration::from_millis(100),
            jitter,
        };
        assert_eq!(wait(Jitter::Full).length(|| 0), Duration::ZERO);
        assert_eq!(
            wait(Jitter::Full).length(|| 1 << 63),
            Duration::from_millis(50)
        );
        assert!(wait(Jitter::Full).length(|| u64::MAX) < Duration::from_millis(100));
        assert_eq!(wait(Jitter::None).length(|| 0), Duration::from_millis(100));
    }
}
