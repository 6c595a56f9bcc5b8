//! What an operation found, and what it makes of it.

use super::answer::{Record, UnreadableRecord, Wait};
use super::draft::Plan;
use super::{Done, OperationError, Outcome};
use crate::record::{Generation, Precondition};

/// What stands under an id, as the policy sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Current {
    /// Nothing.
    Absent,
    /// A record past its time, which counts as nothing, though the store still holds it.
    Expired(Generation),
    /// A live entry.
    Live(Box<Record>),
    /// A standing tombstone.
    Tombstone(Box<Record>),
    /// A record that cannot be read.
    Corrupt(Box<UnreadableRecord>),
}

impl Current {
    /// How to write where nothing counts as standing.
    pub(super) const fn vacancy(&self) -> Option<Precondition> {
        match self {
            Self::Absent => Some(Precondition::Add),
            Self::Expired(generation) => Some(Precondition::Generation(*generation)),
            _ => None,
        }
    }

    /// What a read makes of it.
    pub(super) fn read(self) -> Decision<'static> {
        match self {
            Self::Absent | Self::Expired(_) => Decision::end(Outcome::NotFound),
            Self::Live(record) | Self::Tombstone(record) => Decision::End(Ok(Done {
                record: Some(record),
                ..Outcome::Found.into()
            })),
            Self::Corrupt(record) => Decision::corrupt(*record),
        }
    }
}

/// How an operation ends where its write succeeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) outcome: Outcome,
    /// How each partner id ends, in the order given; empty for other operations.
    pub(super) each: Vec<Outcome>,
}

impl From<Outcome> for Ends {
    #[inline]
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            each: Vec::new(),
        }
    }
}

impl Ends {
    /// How it ends; what stays here is of no further use.
    #[inline]
    pub(super) fn take(&mut self) -> Done {
        Done {
            outcome: self.outcome,
            each: std::mem::take(&mut self.each),
            record: None,
        }
    }
}

/// What an operation wants next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision<'p> {
    /// To end.
    End(Result<Done, OperationError>),
    /// To look the record up.
    Look,
    /// To know for certain whether a record is there, since the lookup may be stale.
    MakeSure,
    /// To write, and to end so where that succeeds.
    Write(Plan<'p>, Ends),
    /// To remove the record.
    Remove,
    /// To let time pass first.
    Wait(Wait, Box<Decision<'p>>),
}

impl Decision<'_> {
    pub(super) fn end(outcome: Outcome) -> Self {
        Self::End(Ok(outcome.into()))
    }

    pub(super) fn corrupt(record: UnreadableRecord) -> Self {
        Self::End(Err(OperationError::Unreadable(record.why)))
    }
}
