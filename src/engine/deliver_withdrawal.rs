//! A withdrawal that is delivered late: it counts from the time at which the user made it.
//!
//! Consent given since then is not undone, so it reads before it writes, and never writes without a precondition. One
//! that cannot be written fails, and is to be delivered again.

use super::Outcome;
use super::context::OperationContext;
use super::current::Current;
use super::decision::Decision;
use super::planned_write::{Content, PlannedEntry};
use crate::clock::Timestamp;
use crate::policy::settings::OnMissingWithdrawal;
use crate::record::{KvEntry, Precondition};

pub(super) fn decide(
    context: &OperationContext<'_>,
    at: Timestamp,
    current: Current,
) -> Decision<'static> {
    let at = at.min(context.now);
    let rules = &context.policy.tombstone;
    let skips = rules.on_missing == OnMissingWithdrawal::Skip;
    let over = context.now > at.plus_seconds(rules.ttl.seconds());
    match current {
        Current::Absent | Current::Expired(_) if (skips || over) && context.trusts_absence() => {
            Decision::end(Outcome::NotFound)
        }
        Current::Absent if skips => Decision::ConfirmExists,
        Current::Absent => write_tombstone_of(at, Precondition::Add),
        Current::Expired(generation) => {
            write_tombstone_of(at, Precondition::Generation(generation))
        }
        Current::Corrupt(record) => {
            write_tombstone_of(at, Precondition::Generation(record.generation))
        }
        Current::Live(record) | Current::UnknownAge(record)
            if is_later(context, &record.entry, at) =>
        {
            Decision::end(Outcome::Superseded)
        }
        Current::Tombstone(record) if covers(context, &record.entry, at) => {
            if context.suffices(&record) {
                return Decision::end(Outcome::AlreadyWithdrawn);
            }
            // Where the lookup was stale, the swap says so; another system's tombstone gets the time that this policy gives.
            Decision::Write(
                context.rewrite(record, false),
                Outcome::AlreadyWithdrawn.into(),
            )
        }
        // An earlier tombstone moves on, even where repeated withdrawals keep the first one's time: consent from between
        // the two must not undo this one.
        Current::Live(record) | Current::Tombstone(record) | Current::UnknownAge(record) => {
            write_tombstone_of(at, Precondition::Generation(record.generation))
        }
    }
}

/// Whether a tombstone is of that time or later.
fn covers(context: &OperationContext<'_>, tombstone: &KvEntry, at: Timestamp) -> bool {
    let updated = tombstone.consent.updated;
    updated >= at && !context.is_ahead(updated)
}

/// Whether the user of a live entry consented later. A time that no clock can have shown is ignored.
fn is_later(context: &OperationContext<'_>, entry: &KvEntry, at: Timestamp) -> bool {
    [entry.consent.updated, entry.created]
        .into_iter()
        .any(|consented| consented > at && !context.is_ahead(consented))
}

/// Leaves the tombstone that a withdrawal at that time would have left. Where its time is over already, what it replaces
/// is gone all the same: it counts as absent, until the store collects it.
fn write_tombstone_of(at: Timestamp, precondition: Precondition) -> Decision<'static> {
    let plan = PlannedEntry {
        content: Content::TombstoneOf(at),
        precondition,
    };
    Decision::Write(plan, Outcome::Withdrawn.into())
}
