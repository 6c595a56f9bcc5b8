//! `delete`: the record is erased.

use super::Outcome;
use super::context::OperationContext;
use super::current::Current;
use super::decision::Decision;
use super::planned_write::PlannedEntry;
use crate::policy::settings::DeleteMode;
use crate::record::Precondition;

/// A hard deletion needs to know nothing; a tombstone is left only for a user who was there.
pub(super) fn open(context: &OperationContext<'_>) -> Decision<'static> {
    match context.policy.delete.mode {
        DeleteMode::Hard => Decision::Remove,
        DeleteMode::Tombstone => Decision::Lookup,
    }
}

pub(super) fn decide(context: &OperationContext<'_>, current: &Current) -> Decision<'static> {
    match current {
        Current::Absent if context.trusts_absence() => Decision::end(Outcome::NotFound),
        Current::Absent => Decision::ConfirmExists,
        // What is past its time counts as absent, and erased means erased; but only if no other write came in between.
        Current::Expired(generation) if context.trusts_absence() => Decision::Write(
            PlannedEntry::tombstone(Precondition::Generation(*generation)),
            Outcome::NotFound.into(),
        ),
        _ => unconditional_fallback(),
    }
}

/// Erases without having seen the record.
pub(super) fn unconditional_fallback() -> Decision<'static> {
    Decision::Write(
        PlannedEntry::tombstone(Precondition::None),
        Outcome::Deleted.into(),
    )
}
