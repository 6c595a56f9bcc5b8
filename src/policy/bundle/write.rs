//! Writing a bundle.

use std::collections::BTreeMap;

use serde_json::value::to_raw_value;

use super::{
    Bundle, BundleError, BundledValue, Candidate, ENGINE, NEEDS_ENGINE, Sealed, broken, checksum,
    overrides,
};
use crate::policy::difference::between;
use crate::policy::known_setting;
use crate::policy::layers::LayerName;
use crate::policy::provenance::EffectiveValue;
use crate::policy::publisher::Publisher;
use crate::policy::resolve::Resolved;
use crate::policy::rollout::Rollout;
use crate::policy::setting::full_key;
use crate::policy::value::Value;

/// What two policies have in common where both are effective at once: one service, one graph, one cookie.
const SHARED: [&str; 9] = [
    "ec_store",
    "partner_store",
    "passphrase",
    "admin_token",
    "admin.basic.username",
    "admin.basic.password",
    "partners",
    "cookie.name",
    "id.ipv6_form",
];

/// What a bundle carries.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'c> {
    /// The profile.
    pub profile: &'c str,
    /// Its policy.
    pub resolved: &'c Resolved,
    /// The publisher.
    pub publisher: &'c Publisher,
    /// Whether the profile is deployed, and so may hold no secret in clear.
    pub deployed: bool,
    /// The policy that is tried on a share of the users.
    pub rollout: Option<&'c Rollout>,
    /// Why it is written though checks advise against it.
    pub forced: Option<&'c str>,
}

impl<'c> Contents<'c> {
    /// A policy alone, of a profile that is not deployed.
    #[must_use]
    pub const fn of(profile: &'c str, resolved: &'c Resolved, publisher: &'c Publisher) -> Self {
        Self {
            profile,
            resolved,
            publisher,
            deployed: false,
            rollout: None,
            forced: None,
        }
    }

    /// Whether the bundle has secrets in clear: only who may know them may read it.
    #[must_use]
    pub fn holds_secrets(&self) -> bool {
        secrets_in_clear(self.resolved).next().is_some()
    }
}

/// Writes a bundle.
///
/// # Errors
///
/// [`BundleError::SecretInClear`] and [`BundleError::NotShared`].
pub fn write(contents: &Contents<'_>) -> Result<String, BundleError> {
    let Contents {
        resolved,
        publisher,
        ..
    } = contents;
    let mut bundle = Bundle {
        engine: ENGINE.to_owned(),
        needs_engine: NEEDS_ENGINE.to_owned(),
        profile: contents.profile.to_owned(),
        digest: resolved.policy.digest.to_string(),
        deployed: contents.deployed,
        forced: contents.forced.map(str::to_owned),
        domain: publisher.domain.as_ref().map(ToString::to_string),
        origin_url: publisher.origin_url.as_ref().map(ToString::to_string),
        defaults: BTreeMap::new(),
        values: Vec::new(),
        in_clear: BTreeMap::new(),
        rollout: contents
            .rollout
            .map(|rollout| candidate(resolved, rollout))
            .transpose()?,
    };
    for value in &resolved.values {
        if value.origin.layer == LayerName::Default {
            // Of the machine that reads it, its own defaults count: a config store has little room.
            if value.machine {
                continue;
            }
            let key = full_key(value.key);
            let value = to_raw_value(&value.value).map_err(broken)?;
            bundle.defaults.insert(key, value);
        } else {
            bundle.values.push(bundled_value(value)?);
        }
    }
    for (key, in_clear) in secrets_in_clear(resolved) {
        if contents.deployed {
            return Err(BundleError::SecretInClear { key });
        }
        let in_clear = to_raw_value(in_clear).map_err(broken)?;
        bundle.in_clear.insert(key, in_clear);
    }
    let bundle = to_raw_value(&bundle).map_err(broken)?;
    let sealed = Sealed {
        checksum: checksum(&bundle),
        bundle: &bundle,
    };
    serde_json::to_string(&sealed).map_err(broken)
}

fn bundled_value(value: &EffectiveValue) -> Result<BundledValue, BundleError> {
    let mut partners = value.partners.clone();
    for partner in &mut partners {
        partner.fields.retain(|field| !field.overrides.is_empty());
    }
    partners.retain(|partner| !partner.fields.is_empty());
    let partners = (!partners.is_empty()).then(|| to_raw_value(&partners).map_err(broken));
    Ok(BundledValue {
        key: full_key(value.key),
        value: to_raw_value(&value.value).map_err(broken)?,
        origin: to_raw_value(&value.origin).map_err(broken)?,
        overrides: overrides::short(&value.overrides).map_err(broken)?,
        partners: partners.transpose()?,
    })
}

fn candidate(deployed: &Resolved, rollout: &Rollout) -> Result<Candidate, BundleError> {
    let differences = between(deployed, &rollout.resolved);
    let apart = differences
        .iter()
        .find(|difference| SHARED.contains(&difference.key()));
    if let Some(difference) = apart {
        let key = full_key(difference.key());
        return Err(BundleError::NotShared { key });
    }
    let values = differences
        .iter()
        .map(|difference| bundled_value(difference.to));
    Ok(Candidate {
        profile: rollout.profile.clone(),
        digest: rollout.resolved.policy.digest.to_string(),
        percent: rollout.share.to_string(),
        values: values.collect::<Result<_, _>>()?,
    })
}

/// The settings whose values are reported masked, and their values.
fn secrets_in_clear(resolved: &Resolved) -> impl Iterator<Item = (String, &Value)> {
    let hidden = |value: &&EffectiveValue| {
        let in_clear = &value.in_clear.0;
        let masked = || in_clear.clone().masked() != *in_clear;
        value.value != *in_clear && (is_secret(value.key) || masked())
    };
    let hidden = resolved.values.iter().filter(hidden);
    hidden.map(|value| (full_key(value.key), &value.in_clear.0))
}

/// Whether the setting's declaration says that it is a secret, or holds some.
fn is_secret(key: &str) -> bool {
    known_setting(key).is_some_and(|setting| setting.shape.is_secret())
}
