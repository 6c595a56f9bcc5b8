//! How old a time may become before its age makes no more difference.

use std::sync::Arc;

use super::actor::lateness;
use edge_cookie::platform_facts::fastly::LOOKUP_LAG;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Renewal, SyncOrder, Unchanged};
use edge_cookie::rules::longest_under_way;

/// The age up to which a time makes a difference, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AgeBounds {
    /// For times that a pending operation is compared with.
    pub(super) recent: u64,
    /// If some policy counts from the creation.
    pub(super) created: Option<u64>,
    pub(super) seen: u64,
    pub(super) retained: u64,
    pub(super) withdrawn: u64,
    /// If some policy decides by it.
    pub(super) synced: Option<u64>,
}

impl AgeBounds {
    pub(super) fn for_policies(policies: &[Arc<EcPolicy>]) -> Self {
        let most = |of: fn(&EcPolicy) -> u64| {
            let all = policies.iter().map(|policy| of(policy).saturating_add(1));
            all.max().unwrap_or_default()
        };
        let recent = most(longest_under_way).saturating_add(LOOKUP_LAG.as_secs());
        let at_least = |of: fn(&EcPolicy) -> u64| most(of).max(recent);
        let kept = at_least(|policy| policy.entry.ttl.seconds());
        let synced = most(|policy| {
            let refreshes = policy.sync.unchanged == Unchanged::Refresh;
            let ordered = policy.sync.order == SyncOrder::Timestamp;
            let refresh = policy
                .sync
                .refresh_after
                .seconds()
                .max(policy.entry.ttl.seconds());
            let refresh = if refreshes { refresh } else { 0 };
            if ordered {
                refresh.max(lateness(policy))
            } else {
                refresh
            }
        });
        let counts_from_creation =
            |policy: &Arc<EcPolicy>| policy.entry.renewal == Renewal::FromCreation;
        Self {
            recent,
            created: (policies.iter().any(counts_from_creation)).then_some(kept),
            seen: at_least(|policy| policy.last_seen.debounce.seconds()),
            retained: kept,
            withdrawn: at_least(|policy| policy.tombstone.ttl.seconds()),
            synced: Some(synced)
                .filter(|synced| *synced > 1)
                .map(|synced| synced.max(recent)),
        }
    }
}
