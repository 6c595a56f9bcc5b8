//! `GET /_ts/health`: is the service well, and which policy is it under?

use http::StatusCode;
use serde::Serialize;

use super::answer::{Reply, json};
use super::{Home, Service};
use crate::store::AsyncKvStore;

#[derive(Serialize)]
struct Health<'h> {
    status: &'static str,
    profile: &'h str,
    digest: &'h str,
    /// The policy that is tried on a share of the users.
    #[serde(skip_serializing_if = "Option::is_none")]
    rollout: Option<RolloutHealth<'h>>,
    /// Why the policy is in force though checks advised against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    forced: Option<&'h str>,
    /// Why a newer policy is not the one in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'h str>,
    /// Settings of a newer engine, which this one does not know.
    #[serde(skip_serializing_if = "is_zero")]
    unknown_settings: usize,
    stores: Vec<StoreHealth<'h>>,
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
}

/// A key that nothing is kept under: what matters is that the store answers.
const NOTHING: &str = "health";

impl<H: Home> Service<H> {
    pub(super) async fn health(&self) -> Reply {
        let names = &self.setup.policy.stores;
        let store = async |name, store: &H::Store| StoreHealth {
            name,
            answers: store.lookup(NOTHING).await.is_ok(),
        };
        let stores = vec![
            store(names.ec_store.as_str(), self.home.graph().store()).await,
            store(names.partner_store.as_str(), self.home.partners()).await,
        ];
        let well = stores.iter().all(|store| store.answers);
        let status = if well {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let health = Health {
            status: if well { "ok" } else { "unavailable" },
            profile: &self.setup.profile,
            digest: self.setup.policy.digest.as_str(),
            rollout: self.setup.rollout().map(|rollout| RolloutHealth {
                profile: &rollout.profile,
                digest: rollout.resolved.policy.digest.as_str(),
                percent: rollout.share.to_string(),
            }),
            forced: self.setup.forced(),
            trouble: self.setup.trouble.as_deref(),
            unknown_settings: self.setup.unknown_settings(),
            stores,
            warnings: self.home.warnings(),
        };
        json(status, &health).into()
    }
}
