//! What an operation found, and what it makes of it.

use std::fmt::Debug;

use super::answer::{Found, UnreadableRecord, Wait};
use super::context::OperationContext;
use super::current::Current;
use super::planned_write::{Content, PlannedEntry, PlannedWrite};
use super::{Done, OperationError, Outcome};
use crate::record::Unreadable;

impl Current {
    /// What a read makes of it.
    pub(super) fn read(self) -> Decision<'static> {
        match self {
            Self::Absent | Self::Expired(_) => Decision::end(Outcome::NotFound),
            Self::Live(record) | Self::Tombstone(record) => Decision::End(Ok(Done {
                record: Some(record),
                ..Outcome::Found.into()
            })),
            Self::Corrupt(record) => Decision::corrupt(*record),
            Self::UnknownAge(_) => Decision::unknown_age(),
        }
    }
}

/// How an operation ends where its write succeeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnSuccess {
    pub(super) outcome: Outcome,
    /// How each partner id ends, in the order given; empty for other operations.
    pub(super) each: Vec<Outcome>,
}

impl From<Outcome> for OnSuccess {
    #[inline]
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            each: Vec::new(),
        }
    }
}

impl OnSuccess {
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

/// What an operation wants next: it writes a content `C`, and ends in a `D`, which an `E` becomes where its write succeeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent<C, E, D> {
    /// To end.
    End(Result<D, OperationError>),
    /// To look the record up.
    Lookup,
    /// To know for certain whether a record is there, since the lookup may be stale.
    ConfirmExists,
    /// To write, and to end so where that succeeds.
    Write(PlannedWrite<C>, E),
    /// To remove the record.
    Remove,
    /// To let time pass first.
    Wait(Wait, Box<Intent<C, E, D>>),
}

/// What an operation on an entry wants next.
pub(super) type Decision<'p> = Intent<Content<'p>, OnSuccess, Done>;

/// What a [`RecordOperation`] wants next.
pub type IntentOf<O> = Intent<
    <O as RecordOperation>::Content,
    <O as RecordOperation>::OnSuccess,
    <O as RecordOperation>::Done,
>;

/// What a conflict of a write means to an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnConflict<D> {
    /// Try again.
    Retry,
    /// Look what is there; the write was a way of asking.
    Lookup,
    /// It ends: the write that won has the same meaning.
    End(D),
}

/// One operation on one record, as a [`Transaction`](super::Transaction) runs it: what it decides. The transaction asks
/// the store, and tries again what a conflict or a lost answer stopped.
pub trait RecordOperation {
    /// What a lookup finds.
    type Record: Debug;
    /// What is written.
    type Content: Clone + Debug;
    /// How it ends where a write succeeds, kept with that write.
    type OnSuccess: Clone + Debug;
    /// How it ends.
    type Done: Clone + Debug;
    /// The write as it is asked for.
    type Write<'t>: Copy
    where
        Self: 't;

    /// The first step, before anything is known of the record.
    fn open(&self, context: &OperationContext<'_>) -> IntentOf<Self>;

    /// The next step, given what was found; `write_uncertain` where an answer was lost, so that a write may have happened.
    fn decide(
        &self,
        context: &OperationContext<'_>,
        found: Found<Self::Record>,
        write_uncertain: bool,
    ) -> IntentOf<Self>;

    /// The write that this operation falls back on where nothing can be known of the record, if it must not be lost for
    /// that.
    fn unconditional_fallback(&self) -> Option<IntentOf<Self>>;

    /// Whether this is tried again whatever stops it.
    fn must_succeed(&self) -> bool;

    /// What a conflict means; `looked` is true if the record was looked up before.
    fn on_conflict(&self, looked: bool) -> OnConflict<Self::Done>;

    /// The write that `plan` comes to.
    fn write<'t>(
        context: &'t OperationContext<'_>,
        plan: &'t PlannedWrite<Self::Content>,
    ) -> Self::Write<'t>
    where
        Self: 't;

    /// Whether `record` shows that the write of `plan` was done.
    fn leaves(
        &self,
        context: &OperationContext<'_>,
        plan: &PlannedWrite<Self::Content>,
        record: &Self::Record,
    ) -> bool;

    /// How it ends where its write succeeded; what stays in `on_success` is of no further use.
    fn succeeded(on_success: &mut Self::OnSuccess) -> Self::Done;

    /// How it ends where no record is left; `was_there` is true if there was one before.
    fn removed(was_there: bool) -> Self::Done;

    /// Whether what a deletion met counts as a record that was there.
    fn was_there(context: &OperationContext<'_>, found: Found<Self::Record>) -> bool;
}

impl Decision<'_> {
    pub(super) fn end(outcome: Outcome) -> Self {
        Self::End(Ok(outcome.into()))
    }

    pub(super) fn corrupt(record: UnreadableRecord) -> Self {
        Self::End(Err(OperationError::Unreadable(record.why)))
    }

    #[cold]
    pub(super) fn unknown_age() -> Self {
        Self::End(Err(OperationError::Unreadable(Unreadable::UnknownAge)))
    }
}

impl OperationContext<'_> {
    /// The decision to write, or the failure where the write breaks a limit.
    pub(super) fn write_within_limits<'p>(
        &self,
        plan: PlannedEntry<'p>,
        outcome: Outcome,
    ) -> Decision<'p> {
        if self.pending_write(&plan).fits() {
            return Decision::Write(plan, outcome.into());
        }
        self.too_large()
    }

    /// The failure where a write breaks a limit.
    #[cold]
    pub(super) fn too_large(&self) -> Decision<'static> {
        let limits = &self.policy.entry;
        Decision::End(Err(OperationError::TooLarge(format!(
            "`entry.max_body_bytes` is {}, `entry.max_metadata_bytes` is {}",
            limits.max_body_bytes, limits.max_metadata_bytes
        ))))
    }
}
