//! `update_last_seen`: the user was seen.

use super::Outcome;
use super::decision::{Current, Decision};
use super::scene::Scene;
use crate::clock::Timestamp;

pub(super) fn decide(scene: &Scene<'_>, timestamp: Timestamp, current: Current) -> Decision {
    let mut record = match current {
        Current::Live(record) => record,
        Current::Absent | Current::Expired(_) => return Decision::end(Outcome::NotFound),
        Current::Tombstone(_) => return Decision::end(Outcome::ConsentWithdrawn),
        Current::Corrupt(why) => return Decision::corrupt(why),
    };
    let seen = timestamp.min(scene.now);
    if let Some(last_seen) = record.entry.last_seen {
        if seen <= last_seen {
            return Decision::end(Outcome::Stale);
        }
        if seen.seconds_since(last_seen) < scene.policy.last_seen.debounce.seconds() {
            return Decision::end(Outcome::Debounced);
        }
    }
    record.entry.last_seen = Some(seen);
    let write = scene.rewrite(*record, true);
    if scene.metadata_fits(&write) {
        // An entry that a lowered limit finds too large is still touched: a touch does not make it grow.
        Decision::Write(write, Outcome::Touched.into())
    } else {
        scene.write_within_limits(write, Outcome::Touched)
    }
}
