//! What an operation found, as the policy sees it.

use super::answer::{Record, UnreadableRecord};
use crate::record::{Generation, Precondition};

/// What is stored under an id, as the policy sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Current {
    /// Nothing.
    Absent,
    /// A record past its time, which counts as nothing, though the store still holds it.
    Expired(Generation),
    /// A live entry.
    Live(Box<Record>),
    /// A tombstone that has not expired.
    Tombstone(Box<Record>),
    /// A live entry that the policy refuses for its unknown age: it counts as one that cannot be read.
    UnknownAge(Box<Record>),
    /// A record that cannot be read.
    Corrupt(Box<UnreadableRecord>),
}

impl Current {
    /// How to write where nothing counts as stored.
    pub(super) const fn insert_precondition(&self) -> Option<Precondition> {
        match self {
            Self::Absent => Some(Precondition::Add),
            Self::Expired(generation) => Some(Precondition::Generation(*generation)),
            _ => None,
        }
    }
}
