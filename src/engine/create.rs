//! `create`: a new entry where there is none.

use super::Outcome;
use super::decision::{Current, Decision};
use super::scene::Scene;
use crate::record::{ConsentStrings, KvEntry, KvGeo, Precondition};

/// An add asks whether there is a record and writes one, in a single call.
pub(super) fn open(scene: &Scene<'_>, consent: &ConsentStrings, geo: &KvGeo) -> Decision {
    write(scene, consent, geo, Precondition::Add)
}

/// A refused add may have met an expired record, which counts as none.
pub(super) fn decide(
    scene: &Scene<'_>,
    consent: &ConsentStrings,
    geo: &KvGeo,
    current: &Current,
) -> Decision {
    match current.vacancy() {
        Some(precondition) => write(scene, consent, geo, precondition),
        None => Decision::end(Outcome::AlreadyExists),
    }
}

/// Writes a new entry where nothing counts as standing.
pub(super) fn write(
    scene: &Scene<'_>,
    consent: &ConsentStrings,
    geo: &KvGeo,
    precondition: Precondition,
) -> Decision {
    let entry = KvEntry::consented(consent.clone(), geo.clone(), scene.now);
    scene.write_within_limits(scene.new_entry(entry, precondition), Outcome::Created)
}
