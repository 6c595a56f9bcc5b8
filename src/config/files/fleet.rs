//! The profiles that are deployed together.

use super::load::PolicyFiles;
use super::stores::STORES;
use crate::rules::{Deployed, Fleet};

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
