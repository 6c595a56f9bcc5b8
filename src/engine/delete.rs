//! `delete`: the record is erased.

use super::Outcome;
use super::answer::Write;
use super::decision::{Current, Decision};
use super::scene::Scene;
use crate::policy::settings::DeleteMode;
use crate::record::Precondition;

/// A hard deletion needs to know nothing; a tombstone is left only for somebody who was there.
pub(super) fn open(scene: &Scene<'_>) -> Decision {
    match scene.policy.delete.mode {
        DeleteMode::Hard => Decision::Remove,
        DeleteMode::Tombstone => Decision::Look,
    }
}

pub(super) fn decide(scene: &Scene<'_>, current: &Current) -> Decision {
    match current {
        Current::Absent if scene.believes_absence() => Decision::end(Outcome::NotFound),
        Current::Absent => Decision::MakeSure,
        // What is past its time counts as absent, and erased means erased; but only if nobody came in between.
        Current::Expired(generation) if scene.believes_absence() => Decision::Write(
            Box::new(Write {
                precondition: Precondition::Generation(*generation),
                ..*scene.tombstone()
            }),
            Outcome::NotFound.into(),
        ),
        _ => blind(scene),
    }
}

/// Erases without having seen the record.
pub(super) fn blind(scene: &Scene<'_>) -> Decision {
    Decision::Write(scene.tombstone(), Outcome::Deleted.into())
}
