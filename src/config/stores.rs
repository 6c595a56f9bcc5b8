//! Which stores the profiles state, and whose they are.

use super::load::PolicyFiles;
use super::profile::Profile;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::layers::Layer;
use crate::rules::{Deployed, Fleet};

/// The settings that name a profile's stores, which it states itself where it is deployed.
const STORES: [&str; 2] = ["ec_store", "partner_store"];

impl PolicyFiles {
    /// Every profile that says it is deployed, with the stores it states.
    pub(super) fn fleet(&mut self) -> Fleet {
        let mut members = Vec::new();
        for name in self.names.clone() {
            self.read_profile(&name);
            let Some(own) = self.profiles.get(&name).filter(|own| own.header.deploys()) else {
                continue;
            };
            let shares = own.header.shares_stores_with.as_ref();
            members.push(Deployed {
                profile: name,
                shares_stores_with: shares.map(|(name, _)| name.clone()),
                stores: STORES
                    .into_iter()
                    .filter_map(|key| own.options.ec.member(key))
                    .filter_map(|node| {
                        let name = node.as_text()?.to_owned();
                        Some((name, Some(node.place.clone())))
                    })
                    .collect(),
            });
        }
        Fleet::of(members)
    }
}

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
