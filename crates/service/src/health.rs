//! `GET /_ts/health`: whether the service works, and which policy it runs.
//!
//! Anyone may ask whether it is. Why it is not, and what else operators look at, is for operators alone: the names of
//! stores and profiles, and what is wrong with a policy, help an attacker.

use http::StatusCode;
use http::request::Parts;
use serde::Serialize;

use super::answer::{Reply, json};
use super::{OutboxState, Platform, Service};
use edge_cookie::store::AsyncKvStore;

/// What anyone may read.
#[derive(Serialize)]
struct Health<'h> {
    status: &'static str,
    digest: &'h str,
}

/// What an operator may read.
#[derive(Serialize)]
struct HealthDetails<'h> {
    #[serde(flatten)]
    health: Health<'h>,
    profile: &'h str,
    /// The policy that is tried on a share of the users.
    #[serde(skip_serializing_if = "Option::is_none")]
    rollout: Option<RolloutHealth<'h>>,
    /// Why the policy is used although checks advised against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    forced: Option<&'h str>,
    /// Why a newer policy is not the effective one.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'h str>,
    /// When the policy was last read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    reloaded: Option<String>,
    /// Settings of a newer engine, which this one does not know.
    #[serde(skip_serializing_if = "is_zero")]
    unknown_settings: usize,
    stores: [StoreHealth<'h>; 2],
    /// Withdrawals that the store has not taken yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    outbox: Option<OutboxHealth>,
    /// In what the stores may lose what they acknowledged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[derive(Serialize)]
struct RolloutHealth<'h> {
    profile: &'h str,
    digest: &'h str,
    percent: String,
}

#[derive(Serialize)]
struct StoreHealth<'h> {
    name: &'h str,
    answers: bool,
    /// Whether a write could be read back; where the platform does not let it be tried, nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    writes: Option<bool>,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// What a store did when it was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreProbe {
    /// It answered a lookup.
    pub answers: bool,
    /// It took a write and gave it back; none where that was not tried.
    pub writes: Option<bool>,
    /// Why it did not.
    pub why: Option<String>,
}

impl StoreProbe {
    /// Tries whether `store` answers.
    pub async fn read(store: &impl AsyncKvStore) -> Self {
        let answered = store.lookup(NOTHING).await;
        Self {
            answers: answered.is_ok(),
            writes: None,
            why: answered.err().map(|error| error.to_string()),
        }
    }

    const fn is_well(&self) -> bool {
        self.answers && !matches!(self.writes, Some(false))
    }
}

/// What both stores did when they were tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The identity graph's.
    pub graph: StoreProbe,
    /// The partner records'.
    pub partners: StoreProbe,
}

#[derive(Serialize)]
struct OutboxHealth {
    withdrawals: usize,
    bound: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<String>,
    damaged: u32,
}

impl From<OutboxState> for OutboxHealth {
    fn from(state: OutboxState) -> Self {
        Self {
            withdrawals: state.withdrawals,
            bound: state.bound,
            oldest: state.oldest.map(|oldest| oldest.to_string()),
            damaged: state.damaged,
        }
    }
}

/// A key that nothing is kept under: what matters is that the store answers.
const NOTHING: &str = "health";

impl<H: Platform> Service<H> {
    pub(super) async fn health(&self, head: &Parts) -> Reply {
        let Probe { graph, partners } = self.platform.probe().await;
        let well = graph.is_well() && partners.is_well();
        let outbox = self.platform.outbox();
        let waiting = outbox.is_some_and(|outbox| outbox.withdrawals > 0);
        let (code, status) = if !well {
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        } else if waiting || self.setup.trouble.is_some() {
            (StatusCode::OK, "degraded")
        } else {
            (StatusCode::OK, "ok")
        };
        let health = Health {
            status,
            digest: self.setup.policy.digest.as_str(),
        };
        if !self.is_operator(head) {
            return json(code, &health).into();
        }
        let names = &self.setup.policy.root;
        let stores = [(&names.ec_store, graph), (&names.partner_store, partners)];
        let details = HealthDetails {
            health,
            profile: &self.setup.profile,
            rollout: self.setup.rollout().map(|rollout| RolloutHealth {
                profile: &rollout.profile,
                digest: rollout.resolved.policy.digest.as_str(),
                percent: rollout.share.to_string(),
            }),
            forced: self.setup.forced(),
            trouble: self.setup.trouble.as_deref(),
            unknown_settings: self.setup.unknown_settings(),
            reloaded: self.setup.reloaded.map(|at| at.to_string()),
            stores: stores.map(|(name, probe)| StoreHealth {
                name: name.as_str(),
                answers: probe.answers,
                writes: probe.writes,
                why: probe.why,
            }),
            outbox: outbox.map(OutboxHealth::from),
            warnings: self.platform.warnings(),
        };
        json(code, &details).into()
    }
}
