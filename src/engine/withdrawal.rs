//! `write_withdrawal_tombstone`: the user withdrew consent. Withdrawal must win.

use super::Outcome;
use super::answer::Record;
use super::decision::{Current, Decision};
use super::scene::Scene;
use crate::policy::settings::{OnMissingWithdrawal, Repeat};

/// Reads first only where the policy needs to know what is there.
pub(super) fn open(scene: &Scene<'_>) -> Decision {
    let rules = &scene.policy.tombstone;
    match (rules.repeat, rules.on_missing) {
        (Repeat::Rewrite, OnMissingWithdrawal::Write) => blind(scene),
        _ => Decision::Look,
    }
}

pub(super) fn decide(scene: &Scene<'_>, current: Current) -> Decision {
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
        (Current::Tombstone(record), _, Repeat::Keep) => keep(scene, *record),
        _ => blind(scene),
    }
}

/// Puts the same tombstone back with the time it had left: where the lookup was stale, the swap says so.
fn keep(scene: &Scene<'_>, record: Record) -> Decision {
    let write = scene.rewrite(record, false);
    Decision::Write(write, Outcome::AlreadyWithdrawn.into())
}

/// Overwrites whatever is there.
pub(super) fn blind(scene: &Scene<'_>) -> Decision {
    Decision::Write(scene.tombstone(), Outcome::Withdrawn.into())
}
