//! `write_withdrawal_tombstone`: the user withdrew consent. Withdrawal must win.

use super::Outcome;
use super::answer::Record;
use super::context::OperationContext;
use super::current::Current;
use super::decision::Decision;
use super::planned_write::PlannedEntry;
use crate::policy::settings::{OnMissingWithdrawal, Repeat};
use crate::record::Precondition;

/// Reads first only where the policy needs to know what is there.
pub(super) fn open(context: &OperationContext<'_>) -> Decision<'static> {
    let rules = &context.policy.tombstone;
    match (rules.repeat, rules.on_missing) {
        (Repeat::Rewrite, OnMissingWithdrawal::Write) => unconditional_fallback(),
        _ => Decision::Lookup,
    }
}

pub(super) fn decide(context: &OperationContext<'_>, current: Current) -> Decision<'static> {
    let rules = &context.policy.tombstone;
    match (current, rules.on_missing, rules.repeat) {
        (Current::Absent | Current::Expired(_), OnMissingWithdrawal::Skip, _)
            if context.trusts_absence() =>
        {
            Decision::end(Outcome::NotFound)
        }
        (Current::Absent, OnMissingWithdrawal::Skip, _) => Decision::ConfirmExists,
        (Current::Tombstone(record), _, Repeat::Keep) if context.suffices(&record) => {
            Decision::end(Outcome::AlreadyWithdrawn)
        }
        (Current::Tombstone(record), _, Repeat::Keep) => keep(context, record),
        _ => unconditional_fallback(),
    }
}

/// Puts the same tombstone back with the time it had left: where the lookup was stale, the swap says so, and where another
/// system wrote it, the store keeps it as long as this policy does from now on.
fn keep(context: &OperationContext<'_>, record: Box<Record>) -> Decision<'static> {
    Decision::Write(
        context.rewrite(record, false),
        Outcome::AlreadyWithdrawn.into(),
    )
}

/// Overwrites whatever is there.
pub(super) fn unconditional_fallback() -> Decision<'static> {
    Decision::Write(
        PlannedEntry::tombstone(Precondition::None),
        Outcome::Withdrawn.into(),
    )
}
