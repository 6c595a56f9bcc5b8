//! `create`: a new entry where there is none.

use super::Outcome;
use super::context::OperationContext;
use super::current::Current;
use super::decision::Decision;
use super::planned_write::{Content, PlannedEntry};
use crate::record::{ConsentStrings, KvGeo, Precondition};

/// An add asks whether there is a record and writes one, in a single call.
pub(super) fn open<'p>(
    context: &OperationContext<'_>,
    consent: &'p ConsentStrings,
    geo: &'p KvGeo,
) -> Decision<'p> {
    write(context, consent, geo, Precondition::Add)
}

/// A refused add may have met an expired record, which counts as none.
pub(super) fn decide<'p>(
    context: &OperationContext<'_>,
    consent: &'p ConsentStrings,
    geo: &'p KvGeo,
    current: &Current,
) -> Decision<'p> {
    match current.insert_precondition() {
        Some(precondition) => write(context, consent, geo, precondition),
        None => Decision::end(Outcome::AlreadyExists),
    }
}

/// Writes a new entry where nothing counts as standing.
pub(super) fn write<'p>(
    context: &OperationContext<'_>,
    consent: &'p ConsentStrings,
    geo: &'p KvGeo,
    precondition: Precondition,
) -> Decision<'p> {
    let plan = PlannedEntry {
        content: Content::Consented(consent, geo),
        precondition,
    };
    context.write_within_limits(plan, Outcome::Created)
}
