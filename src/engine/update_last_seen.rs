//! `update_last_seen`: the user was seen.

use super::Outcome;
use super::context::OperationContext;
use super::current::Current;
use super::decision::Decision;
use crate::clock::Timestamp;

pub(super) fn decide(
    context: &OperationContext<'_>,
    timestamp: Timestamp,
    current: Current,
) -> Decision<'static> {
    let mut record = match current {
        Current::Live(record) => record,
        Current::Absent | Current::Expired(_) => return Decision::end(Outcome::NotFound),
        Current::Tombstone(_) => return Decision::end(Outcome::ConsentWithdrawn),
        Current::Corrupt(record) => return Decision::corrupt(*record),
        Current::UnknownAge(_) => return Decision::unknown_age(),
    };
    let seen = timestamp.min(context.now);
    // A stored time that no clock can have shown would refuse every later touch.
    let last_seen = (record.entry.last_seen).filter(|last_seen| !context.is_ahead(*last_seen));
    if let Some(last_seen) = last_seen {
        if seen <= last_seen {
            return Decision::end(Outcome::Stale);
        }
        if seen.seconds_since(last_seen) < context.policy.last_seen.debounce.seconds() {
            return Decision::end(Outcome::Debounced);
        }
    }
    record.entry.see(seen);
    let plan = context.rewrite(record, true);
    // An entry that a lowered limit finds too large is still touched: a touch does not make it grow.
    if context.metadata_fits(&plan) {
        Decision::Write(plan, Outcome::Touched.into())
    } else {
        context.too_large()
    }
}
