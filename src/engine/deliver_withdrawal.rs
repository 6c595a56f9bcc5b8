//! A withdrawal that is delivered late: it counts from the time at which the user made it.
//!
//! Consent given since then is not undone, so it reads before it writes, and never writes without a precondition. One
//! that cannot be written fails, and is to be delivered again.

use super::Outcome;
use super::decision::{Current, Decision};
use super::draft::{Content, Plan};
use super::scene::Scene;
use crate::clock::Timestamp;
use crate::policy::settings::{OnMissingWithdrawal, Repeat};
use crate::record::{KvEntry, Precondition};

pub(super) fn decide(scene: &Scene<'_>, at: Timestamp, current: Current) -> Decision<'static> {
    let at = at.min(scene.now);
    let rules = &scene.policy.tombstone;
    let skips = rules.on_missing == OnMissingWithdrawal::Skip;
    let over = scene.now > at.plus_seconds(rules.ttl.seconds());
    match current {
        Current::Absent | Current::Expired(_) if (skips || over) && scene.believes_absence() => {
            Decision::end(Outcome::NotFound)
        }
        Current::Absent if skips => Decision::MakeSure,
        Current::Absent => bury(at, Precondition::Add),
        Current::Expired(generation) => bury(at, Precondition::Generation(generation)),
        Current::Corrupt(record) => bury(at, Precondition::Generation(record.generation)),
        Current::Live(record) if is_later(scene, &record.entry, at) => {
            Decision::end(Outcome::Superseded)
        }
        Current::Tombstone(record)
            if record.entry.consent.updated >= at
                && !scene.is_ahead(record.entry.consent.updated) =>
        {
            Decision::end(Outcome::AlreadyWithdrawn)
        }
        Current::Tombstone(_) if rules.repeat == Repeat::Keep && scene.believes_absence() => {
            Decision::end(Outcome::AlreadyWithdrawn)
        }
        // Where the lookup was stale, the swap says so.
        Current::Tombstone(record) if rules.repeat == Repeat::Keep => {
            Decision::Write(scene.again(record, false), Outcome::AlreadyWithdrawn.into())
        }
        Current::Live(record) | Current::Tombstone(record) => {
            bury(at, Precondition::Generation(record.generation))
        }
    }
}

/// Whether the user of a live entry consented later. A time that no clock can have told says nothing.
fn is_later(scene: &Scene<'_>, entry: &KvEntry, at: Timestamp) -> bool {
    [entry.consent.updated, entry.created]
        .into_iter()
        .any(|consented| consented > at && !scene.is_ahead(consented))
}

/// Leaves the tombstone that a withdrawal at that time would have left. Where its time is over already, what it replaces
/// is gone all the same: it counts as absent, until the store collects it.
fn bury(at: Timestamp, precondition: Precondition) -> Decision<'static> {
    let plan = Plan {
        content: Content::TombstoneOf(at),
        precondition,
    };
    Decision::Write(plan, Outcome::Withdrawn.into())
}
