//! What an operation decided to write.

use super::answer::Record;
use crate::clock::Timestamp;
use crate::record::{ConsentStrings, KvEntry, KvGeo, Precondition};

/// What is to be written, and what must hold for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedWrite<C> {
    /// What is to be written.
    pub content: C,
    /// What must hold for it.
    pub precondition: Precondition,
}

/// The write of an entry.
pub(super) type PlannedEntry<'p> = PlannedWrite<Content<'p>>;

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'p> {
    /// A tombstone from now on.
    Tombstone,
    /// The tombstone of a withdrawal that was made then.
    TombstoneOf(Timestamp),
    /// The entry of a user who consents now.
    Consented(&'p ConsentStrings, &'p KvGeo),
    /// This new entry, whose retention begins now.
    New(Box<KvEntry>),
    /// What was read, brought up to date.
    Rewritten(Box<Record>),
}

impl PlannedEntry<'static> {
    pub(super) const fn tombstone(precondition: Precondition) -> Self {
        Self {
            content: Content::Tombstone,
            precondition,
        }
    }
}
