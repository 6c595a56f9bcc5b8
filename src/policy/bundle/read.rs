//! Reading a bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::layer::layer;
use super::{Bundle, BundleError, BundledValue, ENGINE, Sealed, broken, checksum, version};
use crate::diagnostic::Code;
use crate::policy::digest::PolicyDigest;
use crate::policy::layers::Layer;
use crate::policy::provenance::{EffectiveValue, Origin};
use crate::policy::publisher::{Domain, OriginUrl, Publisher};
use crate::policy::resolve::{Resolved, resolve};
use crate::policy::rollout::{Rollout, Share};
use crate::policy::setting::full_key;

/// A bundle that was read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Bundled {
    /// The profile it was written of.
    pub profile: String,
    /// The policy. Its origins are in the [`report`](Self::report) and in [`traced`](Self::traced): a caller
    /// that only runs the policy does not pay for them.
    pub resolved: Resolved,
    /// The policy that is tried on a share of the users, where there is one.
    pub rollout: Option<Rollout>,
    /// Why it was written though checks advised against it.
    pub forced: Option<String>,
    /// The publisher.
    pub publisher: Publisher,
    /// How many of its settings this engine does not know.
    pub unknown: usize,
    text: Arc<str>,
}

impl Bundled {
    /// Reads a bundle, and makes sure that it is the one that was written.
    ///
    /// Settings that a newer engine wrote are counted and left out; those that an older one did not know have
    /// their defaults. Either way the policy keeps the name that the bundle gives it.
    ///
    /// # Errors
    ///
    /// Every [`BundleError`] but [`BundleError::SecretInClear`] and [`BundleError::NotShared`].
    pub fn read(text: &str) -> Result<Self, BundleError> {
        let sealed: Sealed<'_> = serde_json::from_str(text).map_err(broken)?;
        if sealed.checksum != checksum(sealed.bundle) {
            return Err(BundleError::WrongChecksum);
        }
        let bundle: Bundle = serde_json::from_str(sealed.bundle.get()).map_err(broken)?;
        if version(&bundle.needs_engine) > version(ENGINE) {
            let needs = bundle.needs_engine;
            return Err(BundleError::NewerEngine { needs });
        }
        let set = (bundle.values.iter()).map(|value| (&value.key, &value.value));
        let all = bundle.defaults.iter().chain(set);
        let base = layer(all, &bundle.in_clear)?;
        let set = bundle.values.iter().map(|value| &value.key);
        let keys: BTreeSet<&String> = bundle.defaults.keys().chain(set).collect();
        let (mut resolved, unknown) = usable(std::slice::from_ref(&base), &keys, bundle.digest)?;
        resolved.deployed = bundle.deployed;
        let rollout = bundle.rollout.map(|candidate| {
            let set = (candidate.values.iter()).map(|value| (&value.key, &value.value));
            let layers = [base, layer(set, &bundle.in_clear)?];
            let (resolved, _) = usable(&layers, &keys, candidate.digest)?;
            let share =
                Share::parse(&candidate.percent).ok_or_else(|| broken("its percentage is none"))?;
            Ok(Rollout::new(&candidate.profile, resolved, share))
        });
        Ok(Self {
            profile: bundle.profile,
            resolved,
            rollout: rollout.transpose()?,
            forced: bundle.forced,
            publisher: Publisher {
                domain: bundle.domain.as_deref().and_then(Domain::parse),
                origin_url: bundle.origin_url.as_deref().and_then(OriginUrl::parse),
            },
            unknown,
            text: sealed.bundle.get().into(),
        })
    }

    /// The policy, with every value as it was written and where it came from.
    #[must_use]
    pub fn traced(&self) -> Resolved {
        let mut resolved = self.resolved.clone();
        let values = self.bundle().map(|bundle| bundle.values);
        trace(&mut resolved, &values.unwrap_or_default());
        resolved
    }

    /// The candidate's policy in the same way.
    #[must_use]
    pub fn traced_candidate(&self) -> Option<Resolved> {
        let mut resolved = self.rollout.as_ref()?.resolved.clone();
        let bundle = self.bundle()?;
        let mut values = bundle.rollout?.values;
        values.extend(bundle.values);
        trace(&mut resolved, &values);
        Some(resolved)
    }

    /// What was read before, from the same text.
    fn bundle(&self) -> Option<Bundle> {
        serde_json::from_str(&self.text).ok()
    }

    /// What `ec show --format json` reported when the bundle was written.
    #[must_use]
    pub fn report(&self) -> String {
        #[derive(Serialize)]
        struct BundleReport<'r> {
            profile: &'r str,
            digest: &'r str,
            values: Vec<BundledValue>,
            #[serde(skip_serializing_if = "Option::is_none")]
            rollout: Option<super::Candidate>,
            #[serde(skip_serializing_if = "Option::is_none")]
            forced: Option<String>,
        }
        let Some(bundle) = self.bundle() else {
            return String::new();
        };
        let raw = |json: &str| RawValue::from_string(json.to_owned()).ok();
        let mut values = bundle.values;
        let of_the_machine = self.resolved.values.iter().filter(|value| value.machine);
        let of_the_machine = of_the_machine
            .map(|value| (full_key(value.key), &value.value))
            .filter(|(key, _)| !bundle.defaults.contains_key(key))
            .filter(|(key, _)| !values.iter().any(|value| value.key == *key));
        let of_the_machine: BTreeMap<_, _> = of_the_machine
            .filter_map(|(key, value)| Some((key, to_raw_value(value).ok()?)))
            .collect();
        for (key, value) in bundle.defaults.into_iter().chain(of_the_machine) {
            if let (Some(origin), Some(overrides)) = (raw(r#"{"layer":"default"}"#), raw("[]")) {
                values.push(BundledValue {
                    key,
                    value,
                    origin,
                    overrides,
                    partners: None,
                });
            }
        }
        let place = |bundled: &BundledValue| {
            let known = |value: &EffectiveValue| full_key(value.key) == bundled.key;
            self.resolved.values.iter().position(known)
        };
        values.sort_by_key(|bundled| place(bundled).unwrap_or(usize::MAX));
        let report = BundleReport {
            profile: &bundle.profile,
            digest: &bundle.digest,
            values,
            rollout: bundle.rollout,
            forced: bundle.forced,
        };
        serde_json::to_string(&report).unwrap_or_default()
    }
}

/// Resolves the layers of a bundle into the policy that it names, with the number of settings that are not known here.
fn usable(
    layers: &[Layer],
    keys: &BTreeSet<&String>,
    digest: String,
) -> Result<(Resolved, usize), BundleError> {
    let mut resolved = resolve(layers);
    let found = resolved.findings.len();
    resolved
        .findings
        .retain(|finding| finding.code != Code::UnknownKey);
    let unknown = found - resolved.findings.len();
    if let Some(finding) = resolved.findings.first() {
        return Err(BundleError::BadPolicy(finding.message.clone()));
    }
    let named = PolicyDigest::named(&digest).ok_or_else(|| broken("its digest is none"))?;
    let mut of_the_policy = resolved.values.iter().filter(|value| !value.machine);
    let whole = of_the_policy.all(|value| keys.contains(&full_key(value.key)));
    if unknown == 0 && whole && named != resolved.policy.digest {
        return Err(BundleError::WrongDigest(digest));
    }
    resolved.policy.digest = named;
    Ok((resolved, unknown))
}

/// Gives each value the origin that the bundle reports for it; the first one counts.
fn trace(resolved: &mut Resolved, values: &[BundledValue]) {
    for value in &mut resolved.values {
        let bundled = (values.iter()).find(|bundled| full_key(value.key) == bundled.key);
        let origin = bundled
            .and_then(|bundled| serde_json::from_str(bundled.origin.get()).ok())
            .and_then(|json| Origin::from_json(&json));
        value.origin = origin.unwrap_or_else(Origin::default_value);
        value.overrides.clear();
        value.partners.clear();
    }
}
