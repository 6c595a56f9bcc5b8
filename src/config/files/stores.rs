//! Which stores the profiles state, and whose they are.

use super::profile::Profile;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::layers::Layer;

/// The settings that name a profile's stores, which it states itself where it is deployed.
pub(super) const STORES: [&str; 2] = ["ec_store", "partner_store"];

/// The stores that a deployable profile does not state itself.
pub(super) fn missing(profile: &Profile, config: &Layer) -> Vec<Diagnostic> {
    let Some((true, deploy)) = &profile.header.deploy else {
        return Vec::new();
    };
    STORES
        .into_iter()
        .filter(|store| profile.options.ec.member(store).is_none())
        .map(|store| {
            Diagnostic::error(
                Code::MissingStore,
                format!("a profile with `deploy = true` does not state its `{store}`"),
            )
            .about(format!("ec.{store}"))
            .at(deploy.clone())
            .at(config
                .options
                .ec
                .member(store)
                .map(|node| node.place.clone()))
            .with_help(format!(
                "name its own store, as `{store} = \"…\"` under `[ec]` of this file"
            ))
        })
        .collect()
}
