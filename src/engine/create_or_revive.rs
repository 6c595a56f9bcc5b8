//! `create_or_revive`: fresh consent, whatever was there before.

use super::answer::Record;
use super::decision::{Current, Decision};
use super::scene::Scene;
use super::{Outcome, create};
use crate::record::{ConsentStrings, KvGeo};

pub(super) fn decide(
    scene: &Scene<'_>,
    consent: &ConsentStrings,
    geo: &KvGeo,
    current: Current,
) -> Decision {
    if let Some(precondition) = current.vacancy() {
        return create::write(scene, consent, geo, precondition);
    }
    match current {
        Current::Tombstone(record) => revive(scene, consent, geo, *record),
        Current::Corrupt(why) => Decision::corrupt(why),
        _ => Decision::end(Outcome::AlreadyLive),
    }
}

/// Consent that is older than the withdrawal does not undo it, however often the write had to be retried.
fn revive(scene: &Scene<'_>, consent: &ConsentStrings, geo: &KvGeo, record: Record) -> Decision {
    if record.entry.consent.updated >= scene.now {
        return Decision::end(Outcome::ConsentWithdrawn);
    }
    let revived = Record {
        entry: record
            .entry
            .revived(consent.clone(), geo.clone(), scene.now),
        ..record
    };
    scene.write_within_limits(scene.rewrite(revived, true), Outcome::Revived)
}
