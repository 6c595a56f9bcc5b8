//! The moments that matter: where a policy decides otherwise than a second before.

use std::sync::Arc;

use super::act::Told;
use super::world::{Held, World};
use crate::clock::Timestamp;
use crate::policy::EcPolicy;
use crate::policy::settings::{Renewal, Unchanged};
use crate::rules::{LOOKUP_LAG, longest_under_way};

/// Every moment to which time may move next, in order.
///
/// While an operation is under way, a second is as good as two minutes: whatever ends, ends just after one of the
/// moments at which the operation may have started. Only where something begins and ends within one operation do the
/// longest delays matter as well.
pub(super) fn ahead(world: &World, policies: &[Arc<EcPolicy>], short: bool) -> Vec<Timestamp> {
    let mut moments = Vec::new();
    let current = world.current.as_ref();
    let live = |held: &Held| matches!(&*held.content, Some((entry, _)) if !entry.is_tombstone());
    if !world.running.is_empty() || !current.is_some_and(live) {
        moments.push(world.now.plus_seconds(1));
    }
    for policy in policies {
        matter(world, policy, &mut moments);
    }
    moments.extend(current.and_then(|current| current.gone_from));
    let mut last = None;
    for running in &world.running {
        let Some(policy) = policies.get(running.policy) else {
            continue;
        };
        let after = |seconds| running.start.plus_seconds(seconds);
        let end = after(longest_under_way(policy));
        last = Some(last.map_or(end, |last: Timestamp| last.min(end)));
        if running.told.iter().any(Told::is_retried) {
            moments.push(after(policy.cas.deadline.duration().as_secs()));
        }
    }
    if short {
        moments.extend(last);
        if world.stale().is_some() {
            moments.push(world.replaced.plus_seconds(LOOKUP_LAG.seconds()));
        }
    }
    moments.retain(|moment| *moment > world.now && last.is_none_or(|last| *moment <= last));
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// Whether a record that is written can be over before an operation that was under way has ended.
pub(super) fn forgets_within_an_operation(policy: &EcPolicy) -> bool {
    let shortest = policy.tombstone.ttl.min(policy.entry.ttl);
    shortest.seconds() <= longest_under_way(policy).saturating_add(LOOKUP_LAG.seconds())
}

/// The moments just before and after which `policy` sees the record otherwise.
fn matter(world: &World, policy: &EcPolicy, moments: &mut Vec<Timestamp>) {
    // Kept for so long: the last second in which it is, and the first in which it is not.
    let mut kept = |from: Timestamp, seconds: u64| {
        moments.extend([
            from.plus_seconds(seconds),
            from.plus_seconds(seconds.saturating_add(1)),
        ]);
    };
    if let Some(end) = world.watch.ends(policy) {
        kept(end, 0);
    }
    let Some((entry, metadata)) = world
        .current
        .as_ref()
        .and_then(|held| held.content.as_ref().as_ref())
    else {
        return;
    };
    if entry.is_tombstone() {
        kept(entry.consent.updated, policy.tombstone.ttl.seconds());
        return;
    }
    let from = match policy.entry.renewal {
        Renewal::FromCreation => Some(entry.created),
        Renewal::OnWrite | Renewal::OnVisit => metadata.t,
    };
    if let Some(from) = from {
        kept(from, policy.entry.ttl.seconds());
    }
    // Refused for so long: the last second in which it is, and the first in which it is not.
    let mut refused = |from: Timestamp, seconds: u64| {
        moments.extend([
            from.plus_seconds(seconds.saturating_sub(1)),
            from.plus_seconds(seconds),
        ]);
    };
    if let Some(seen) = entry.last_seen {
        refused(seen, policy.last_seen.debounce.seconds());
    }
    if policy.sync.unchanged == Unchanged::Refresh {
        for synced in entry.ids.iter().filter_map(|(_, id)| id.synced) {
            refused(synced, policy.sync.refresh_after.seconds());
        }
    }
}
