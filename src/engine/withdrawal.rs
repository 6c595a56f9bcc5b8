//! `write_withdrawal_tombstone`: the user withdrew consent. Withdrawal must win.

use super::Outcome;
use super::answer::Record;
use super::decision::{Current, Decision};
use super::draft::Plan;
use super::scene::Scene;
use crate::policy::settings::{OnMissingWithdrawal, Repeat};
use crate::record::Precondition;

/// Reads first only where the policy needs to know what is there.
pub(super) fn open(scene: &Scene<'_>) -> Decision<'static> {
    let rules = &scene.policy.tombstone;
    match (rules.repeat, rules.on_missing) {
        (Repeat::Rewrite, OnMissingWithdrawal::Write) => blind(),
        _ => Decision::Look,
    }
}

pub(super) fn decide(scene: &Scene<'_>, current: Current) -> Decision<'static> {
    let rules = &scene.policy.tombstone;
    match (current, rules.on_missing, rules.repeat) {
        (Current::Absent | Current::Expired(_), OnMissingWithdrawal::Skip, _)
            if scene.believes_absence() =>
        {
            Decision::end(Outcome::NotFound)
        }
        (Current::Absent, OnMissingWithdrawal::Skip, _) => Decision::MakeSure,
        (Current::Tombstone(_), _, Repeat::Keep) if scene.believes_absence() => {
            Decision::end(Outcome::AlreadyWithdrawn)
        }
        (Current::Tombstone(record), _, Repeat::Keep) => keep(scene, record),
        _ => blind(),
    }
}

/// Puts the same tombstone back with the time it had left: where the lookup was stale, the swap says so.
fn keep(scene: &Scene<'_>, record: Box<Record>) -> Decision<'static> {
    Decision::Write(scene.again(record, false), Outcome::AlreadyWithdrawn.into())
}

/// Overwrites whatever is there.
pub(super) fn blind() -> Decision<'static> {
    Decision::Write(
        Plan::tombstone(Precondition::None),
        Outcome::Withdrawn.into(),
    )
}
