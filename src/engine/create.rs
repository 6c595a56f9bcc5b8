//! `create`: a new entry where there is none.

use super::Outcome;
use super::decision::{Current, Decision};
use super::draft::{Content, Plan};
use super::scene::Scene;
use crate::record::{ConsentStrings, KvGeo, Precondition};

/// An add asks whether there is a record and writes one, in a single call.
pub(super) fn open<'p>(
    scene: &Scene<'_>,
    consent: &'p ConsentStrings,
    geo: &'p KvGeo,
) -> Decision<'p> {
    write(scene, consent, geo, Precondition::Add)
}

/// A refused add may have met an expired record, which counts as none.
pub(super) fn decide<'p>(
    scene: &Scene<'_>,
    consent: &'p ConsentStrings,
    geo: &'p KvGeo,
    current: &Current,
) -> Decision<'p> {
    match current.vacancy() {
        Some(precondition) => write(scene, consent, geo, precondition),
        None => Decision::end(Outcome::AlreadyExists),
    }
}

/// Writes a new entry where nothing counts as standing.
pub(super) fn write<'p>(
    scene: &Scene<'_>,
    consent: &'p ConsentStrings,
    geo: &'p KvGeo,
    precondition: Precondition,
) -> Decision<'p> {
    let plan = Plan {
        content: Content::Consented(consent, geo),
        precondition,
    };
    scene.write_within_limits(plan, Outcome::Created)
}
