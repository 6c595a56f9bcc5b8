//! The two policies of a change, and what follows from both.

use super::Deployment;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::publisher::Publisher;
use edge_cookie::policy::settings::OnMissingSync;

/// A policy that is deployed, and the one that is to replace it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'p> {
    pub(super) deployed: &'p EcPolicy,
    pub(super) candidate: &'p EcPolicy,
    /// Whose pages they are, under each.
    pub(super) publishers: [&'p Publisher; 2],
}

impl<'p> Pair<'p> {
    pub(super) const fn of(deployed: Deployment<'p>, candidate: Deployment<'p>) -> Self {
        Self {
            deployed: &deployed.resolved.policy,
            candidate: &candidate.resolved.policy,
            publishers: [deployed.publisher, candidate.publisher],
        }
    }
}

impl Pair<'_> {
    /// Whether the two keep the graph in different places.
    pub(super) fn moves(&self) -> bool {
        let place = |policy: &EcPolicy| {
            let local = &policy.local;
            let folder = local.store.is_none().then(|| local.data_dir.clone());
            (policy.root.ec_store.clone(), local.store.clone(), folder)
        };
        place(self.deployed) != place(self.candidate)
    }

    /// Whether a sync can create a user while machines of both run.
    pub(super) fn creates(&self) -> bool {
        creates(self.deployed) || creates(self.candidate)
    }

    /// Whether a sync can create a user only on machines that still run the deployed policy.
    pub(super) fn only_the_deployed_creates(&self) -> bool {
        creates(self.deployed) && !creates(self.candidate)
    }
}

/// Whether a partner's sync for an unknown id makes a user.
pub(super) fn creates(policy: &EcPolicy) -> bool {
    policy.sync.on_missing == OnMissingSync::CreateMinimal
}

/// The age, in seconds, of the oldest sync that `policy` accepts; the greatest number where it accepts any.
pub(super) fn oldest_sync(policy: &EcPolicy) -> u64 {
    policy
        .sync
        .max_age
        .map_or(u64::MAX, edge_cookie::policy::types::Seconds::seconds)
}
