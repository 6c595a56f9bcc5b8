//! `create_or_revive`: fresh consent, whatever was there before.

use super::answer::Record;
use super::context::OperationContext;
use super::current::Current;
use super::decision::Decision;
use super::{Outcome, create};
use crate::record::{ConsentStrings, KvGeo};

pub(super) fn decide<'p>(
    context: &OperationContext<'_>,
    consent: &'p ConsentStrings,
    geo: &'p KvGeo,
    current: Current,
) -> Decision<'p> {
    if let Some(precondition) = current.insert_precondition() {
        return create::write(context, consent, geo, precondition);
    }
    match current {
        Current::Tombstone(record) => revive(context, consent, geo, record),
        Current::Corrupt(record) => Decision::corrupt(*record),
        Current::UnknownAge(_) => Decision::unknown_age(),
        _ => Decision::end(Outcome::AlreadyLive),
    }
}

/// Consent that is older than the withdrawal does not undo it, however often the write had to be retried.
fn revive(
    context: &OperationContext<'_>,
    consent: &ConsentStrings,
    geo: &KvGeo,
    mut record: Box<Record>,
) -> Decision<'static> {
    let withdrawn = record.entry.consent.updated;
    // A time that no clock can have shown does not keep the user from consenting again for ever.
    if withdrawn >= context.now && !context.is_ahead(withdrawn) {
        return Decision::end(Outcome::ConsentWithdrawn);
    }
    (record.entry).revive(consent.clone(), geo.clone(), context.now);
    context.write_within_limits(context.rewrite(record, true), Outcome::Revived)
}
