//! `create_or_revive`: fresh consent, whatever was there before.

use super::answer::Record;
use super::decision::{Current, Decision};
use super::scene::Scene;
use super::{Outcome, create};
use crate::record::{ConsentStrings, KvGeo};

pub(super) fn decide<'p>(
    scene: &Scene<'_>,
    consent: &'p ConsentStrings,
    geo: &'p KvGeo,
    current: Current,
) -> Decision<'p> {
    if let Some(precondition) = current.vacancy() {
        return create::write(scene, consent, geo, precondition);
    }
    match current {
        Current::Tombstone(record) => revive(scene, consent, geo, record),
        Current::Corrupt(record) => Decision::corrupt(*record),
        _ => Decision::end(Outcome::AlreadyLive),
    }
}

/// Consent that is older than the withdrawal does not undo it, however often the write had to be retried.
fn revive(
    scene: &Scene<'_>,
    consent: &ConsentStrings,
    geo: &KvGeo,
    mut record: Box<Record>,
) -> Decision<'static> {
    let withdrawn = record.entry.consent.updated;
    // A time that no clock can have told does not keep the user from consenting anew for ever.
    if withdrawn >= scene.now && !scene.is_ahead(withdrawn) {
        return Decision::end(Outcome::ConsentWithdrawn);
    }
    (record.entry).revive(consent.clone(), geo.clone(), scene.now);
    scene.write_within_limits(scene.again(record, true), Outcome::Revived)
}
