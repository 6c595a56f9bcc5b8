//! The times to which the model moves: those at which a policy decides differently than one second before.

use std::sync::Arc;

use super::actor::StoreReply;
use super::model_record::ModelRecord;
use super::state::ModelState;
use edge_cookie::clock::Timestamp;
use edge_cookie::platform_facts::fastly::LOOKUP_LAG;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Renewal, Unchanged};
use edge_cookie::rules::longest_under_way;

/// Every time to which the clock may move next, in order.
///
/// While an operation is pending, one second is as good as two minutes: every deadline ends just after one of the times at
/// which the operation may have started. The longest delays matter only where a record is written and expires within one
/// operation.
pub(super) fn next_times(
    state: &ModelState,
    policies: &[Arc<EcPolicy>],
    short_lived: bool,
) -> Vec<Timestamp> {
    let mut moments = Vec::new();
    let current = state.current.as_ref();
    let live = |record: &ModelRecord| matches!(&*record.content, Some((entry, _)) if !entry.is_tombstone());
    if !state.pending.is_empty() || !current.is_some_and(live) {
        moments.push(state.now.plus_seconds(1));
    }
    for policy in policies {
        push_policy_times(state, policy, &mut moments);
    }
    moments.extend(current.and_then(|current| current.gone_from));
    let mut last = None;
    for pending in &state.pending {
        let Some(policy) = policies.get(pending.policy) else {
            continue;
        };
        let after = |seconds| pending.start.plus_seconds(seconds);
        let end = after(longest_under_way(policy));
        last = Some(last.map_or(end, |last: Timestamp| last.min(end)));
        if pending.replies.iter().any(StoreReply::is_retried) {
            moments.push(after(policy.cas.deadline.duration().as_secs()));
        }
    }
    if short_lived {
        moments.extend(last);
        if state.stale_record().is_some() {
            moments.push(state.replaced.plus_seconds(LOOKUP_LAG.as_secs()));
        }
    }
    moments.retain(|moment| *moment > state.now && last.is_none_or(|last| *moment <= last));
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// Whether a record can expire before an operation that was pending when it was written has ended.
pub(super) fn expires_within_operation(policy: &EcPolicy) -> bool {
    let shortest = policy.tombstone.ttl.min(policy.entry.ttl);
    shortest.seconds() <= longest_under_way(policy).saturating_add(LOOKUP_LAG.as_secs())
}

/// The times just before and after which `policy` decides differently about the record.
fn push_policy_times(state: &ModelState, policy: &EcPolicy, moments: &mut Vec<Timestamp>) {
    // The last second in which the record is kept, and the first in which it is not.
    let mut kept = |from: Timestamp, seconds: u64| {
        moments.extend([
            from.plus_seconds(seconds),
            from.plus_seconds(seconds.saturating_add(1)),
        ]);
    };
    if let Some(end) = state.monitor.kept_until(policy) {
        kept(end, 0);
    }
    let Some((entry, metadata)) = state
        .current
        .as_ref()
        .and_then(|record| record.content.as_ref().as_ref())
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
    // The last second in which a write is skipped, and the first in which it is not.
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
