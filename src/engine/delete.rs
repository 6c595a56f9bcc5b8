//! `delete`: the record is erased.

use super::Outcome;
use super::decision::{Current, Decision};
use super::draft::Plan;
use super::scene::Scene;
use crate::policy::settings::DeleteMode;
use crate::record::Precondition;

/// A hard deletion needs to know nothing; a tombstone is left only for somebody who was there.
pub(super) fn open(scene: &Scene<'_>) -> Decision<'static> {
    match scene.policy.delete.mode {
        DeleteMode::Hard => Decision::Remove,
        DeleteMode::Tombstone => Decision::Look,
    }
}

pub(super) fn decide(scene: &Scene<'_>, current: &Current) -> Decision<'static> {
    match current {
        Current::Absent if scene.believes_absence() => Decision::end(Outcome::NotFound),
        Current::Absent => Decision::MakeSure,
        // What is past its time counts as absent, and erased means erased; but only if nobody came in between.
        Current::Expired(generation) if scene.believes_absence() => Decision::Write(
            Plan::tombstone(Precondition::Generation(*generation)),
            Outcome::NotFound.into(),
        ),
        _ => blind(),
    }
}

/// Erases without having seen the record.
pub(super) fn blind() -> Decision<'static> {
    Decision::Write(Plan::tombstone(Precondition::None), Outcome::Deleted.into())
}
