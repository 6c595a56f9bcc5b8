//! A bundle: a resolved policy with its origins, to be carried where no policy file can be read.
//!
//! `ec bundle` writes it, the edge's build embeds it, and one in a config store replaces that at run time. It is
//! JSON: `{"checksum":"…","bundle":{…}}`, the checksum being the SHA-256 of the `bundle` as it stands there.
//!
//! ```
//! use edge_cookie::policy::bundle::{self, Bundled};
//! use edge_cookie::policy::publisher::Publisher;
//! use edge_cookie::policy::resolve::resolve;
//!
//! let resolved = resolve(&[]);
//! let written = bundle::write("development", &resolved, &Publisher::default(), false)?;
//! let read = Bundled::read(&written)?;
//! assert_eq!(read.resolved.policy, resolved.policy);
//! # Ok::<(), bundle::BundleError>(())
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest, Sha256};

use crate::diagnostic::{Code, Place};
use crate::policy::digest::{PolicyDigest, hex};
use crate::policy::layers::{Layer, LayerName, Options};
use crate::policy::node::{Key, Node, NodeValue};
use crate::policy::provenance::Origin;
use crate::policy::publisher::{Domain, OriginUrl, Publisher};
use crate::policy::resolve::{Resolved, resolve};
use crate::policy::setting::{SettingValue, full_key};
use crate::policy::types::Secret;
use crate::policy::value::Value;

/// This engine's version.
const ENGINE: &str = env!("CARGO_PKG_VERSION");

/// The oldest engine that understands what is written here; raised when the meaning of a bundle changes.
const NEEDS_ENGINE: &str = "0.1.0";

/// Why a bundle cannot be written or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// A secret in clear would travel with the bundle.
    #[error(
        "`{key}` is written in clear, and would be in the bundle of a profile that is deployed: refer to it by `{{ secret_store = \"STORE\", key = \"KEY\" }}`, or give a partner's `api_token_sha256`"
    )]
    SecretInClear {
        /// The setting.
        key: String,
    },
    /// It is not a bundle, or not whole.
    #[error("it is not a bundle: {0}")]
    Broken(String),
    /// Its bytes are not those that were written.
    #[error("its checksum is not that of its bytes: write it anew with `ec bundle`")]
    WrongChecksum,
    /// It says what this engine does not understand.
    #[error("it needs engine {needs}, and this is {ENGINE}: deploy that first")]
    NewerEngine {
        /// The version needed.
        needs: String,
    },
    /// Its values do not make a policy.
    #[error("its policy cannot be used: {0}")]
    BadPolicy(String),
    /// Its values are not those of the policy it names.
    #[error("its values do not make the policy {0} that it names: write it anew with `ec bundle`")]
    WrongDigest(String),
}

#[derive(Serialize, Deserialize)]
struct Sealed<'b> {
    checksum: String,
    #[serde(borrow)]
    bundle: &'b RawValue,
}

#[derive(Serialize, Deserialize)]
struct Bundle {
    engine: String,
    needs_engine: String,
    profile: String,
    digest: String,
    domain: Option<String>,
    origin_url: Option<String>,
    /// The settings that nobody set.
    defaults: BTreeMap<String, Box<RawValue>>,
    /// The settings that somebody set, as `ec show --format json` tells them.
    values: Vec<Told>,
    /// Secrets of a profile that is not deployed.
    in_clear: BTreeMap<String, Box<RawValue>>,
}

#[derive(Serialize, Deserialize)]
struct Told {
    key: String,
    value: Box<RawValue>,
    origin: Box<RawValue>,
    overrides: Box<RawValue>,
}

/// Writes the bundle of a policy. `deployed` tells whether its profile is, and so may hold no secret in clear.
///
/// # Errors
///
/// [`BundleError::SecretInClear`].
pub fn write(
    profile: &str,
    resolved: &Resolved,
    publisher: &Publisher,
    deployed: bool,
) -> Result<String, BundleError> {
    let broken = |error: serde_json::Error| BundleError::Broken(error.to_string());
    let raw = |value: &Value| to_raw_value(value).map_err(broken);
    let mut bundle = Bundle {
        engine: ENGINE.to_owned(),
        needs_engine: NEEDS_ENGINE.to_owned(),
        profile: profile.to_owned(),
        digest: resolved.policy.digest.to_string(),
        domain: publisher.domain.as_ref().map(ToString::to_string),
        origin_url: publisher.origin_url.as_ref().map(ToString::to_string),
        defaults: BTreeMap::new(),
        values: Vec::new(),
        in_clear: BTreeMap::new(),
    };
    for value in &resolved.values {
        let key = full_key(value.key);
        if value.origin.layer == LayerName::Default {
            bundle.defaults.insert(key, raw(&value.value)?);
        } else {
            bundle.values.push(Told {
                key,
                value: raw(&value.value)?,
                origin: to_raw_value(&value.origin).map_err(broken)?,
                overrides: to_raw_value(&value.overrides).map_err(broken)?,
            });
        }
    }
    let stores = &resolved.policy.stores;
    let secret = |secret: &Option<Secret>| {
        secret
            .as_ref()
            .map(|secret| (secret.show(), secret.in_clear()))
    };
    for (key, secret) in [
        ("passphrase", secret(&stores.passphrase)),
        ("admin_token", secret(&stores.admin_token)),
        (
            "partners",
            Some((stores.partners.show(), stores.partners.in_clear())),
        ),
    ] {
        let Some((_, in_clear)) = secret.filter(|(shown, in_clear)| shown != in_clear) else {
            continue;
        };
        let key = full_key(key);
        if deployed {
            return Err(BundleError::SecretInClear { key });
        }
        bundle.in_clear.insert(key, raw(&in_clear)?);
    }
    let bundle = to_raw_value(&bundle).map_err(broken)?;
    let sealed = Sealed {
        checksum: checksum(&bundle),
        bundle: &bundle,
    };
    serde_json::to_string(&sealed).map_err(broken)
}

/// A bundle that was read.
#[derive(Debug, Clone)]
pub struct Bundled {
    /// The profile it was written of.
    pub profile: String,
    /// The policy. Its origins are in the [`report`](Self::report) and in [`traced`](Self::traced): whoever only
    /// runs the policy does not pay for them.
    pub resolved: Resolved,
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
    /// Every [`BundleError`] but [`BundleError::SecretInClear`].
    pub fn read(text: &str) -> Result<Self, BundleError> {
        let broken = |error: serde_json::Error| BundleError::Broken(error.to_string());
        let sealed: Sealed<'_> = serde_json::from_str(text).map_err(broken)?;
        if sealed.checksum != checksum(sealed.bundle) {
            return Err(BundleError::WrongChecksum);
        }
        let bundle: Bundle = serde_json::from_str(sealed.bundle.get()).map_err(broken)?;
        if version(&bundle.needs_engine) > version(ENGINE) {
            let needs = bundle.needs_engine;
            return Err(BundleError::NewerEngine { needs });
        }
        let mut resolved = resolve(&[bundle.layer()?]);
        let unknown = |code: Code| code == Code::UnknownKey;
        let found = resolved.findings.len();
        resolved.findings.retain(|finding| !unknown(finding.code));
        let unknown = found - resolved.findings.len();
        if let Some(finding) = resolved.findings.first() {
            return Err(BundleError::BadPolicy(finding.message.clone()));
        }
        let told = bundle.defaults.len() + bundle.values.len();
        let named = PolicyDigest::named(&bundle.digest)
            .ok_or_else(|| BundleError::Broken("its digest is none".to_owned()))?;
        if unknown == 0 && told == resolved.values.len() && named != resolved.policy.digest {
            return Err(BundleError::WrongDigest(bundle.digest));
        }
        resolved.policy.digest = named;
        Ok(Self {
            profile: bundle.profile,
            resolved,
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
        // It was read before, from the same text.
        let Ok(bundle) = serde_json::from_str::<Bundle>(&self.text) else {
            return resolved;
        };
        for value in &mut resolved.values {
            let told = bundle
                .values
                .iter()
                .find(|told| full_key(value.key) == told.key);
            let origin = told
                .and_then(|told| serde_json::from_str(told.origin.get()).ok())
                .and_then(|json| Origin::told(&json));
            value.origin = origin.unwrap_or(Origin {
                layer: LayerName::Default,
                place: None,
            });
            value.overrides.clear();
        }
        resolved
    }

    /// What `ec show --format json` told when the bundle was written.
    #[must_use]
    pub fn report(&self) -> String {
        #[derive(Serialize)]
        struct Report<'r> {
            profile: &'r str,
            digest: &'r str,
            values: Vec<Told>,
        }
        // It was read before, from the same text.
        let Ok(bundle) = serde_json::from_str::<Bundle>(&self.text) else {
            return String::new();
        };
        let raw = |json: &str| RawValue::from_string(json.to_owned()).ok();
        let mut values = bundle.values;
        for (key, value) in bundle.defaults {
            if let (Some(origin), Some(overrides)) = (raw(r#"{"layer":"default"}"#), raw("[]")) {
                values.push(Told {
                    key,
                    value,
                    origin,
                    overrides,
                });
            }
        }
        let place = |told: &Told| {
            let known = |value: &super::provenance::InForce| full_key(value.key) == told.key;
            self.resolved.values.iter().position(known)
        };
        values.sort_by_key(|told| place(told).unwrap_or(usize::MAX));
        let report = Report {
            profile: &bundle.profile,
            digest: &bundle.digest,
            values,
        };
        serde_json::to_string(&report).unwrap_or_default()
    }
}

impl Bundle {
    /// All values as one layer, secrets in clear where they are.
    fn layer(&self) -> Result<Layer, BundleError> {
        let told = self.values.iter().map(|told| (&told.key, &told.value));
        let mut ec = Node::new(NodeValue::Table(Vec::new()), place());
        for (key, value) in self.defaults.iter().chain(told) {
            let value = self.in_clear.get(key).unwrap_or(value);
            let value: serde_json::Value = serde_json::from_str(value.get())
                .map_err(|error| BundleError::Broken(error.to_string()))?;
            let key = key.strip_prefix("ec.").unwrap_or(key);
            // What is not set is not told to anybody.
            if let Some(node) = node(value) {
                put(&mut ec, key, node);
            }
        }
        Ok(Layer {
            name: LayerName::Config,
            options: Options::of(ec),
            ancestor: false,
        })
    }
}

/// Puts a value into the tables that its dotted key names.
fn put(table: &mut Node, key: &str, value: Node) {
    let NodeValue::Table(members) = &mut table.value else {
        return;
    };
    let (own, rest) = match key.split_once('.') {
        Some((own, rest)) => (own, Some(rest)),
        None => (key, None),
    };
    let at = members.iter().position(|(key, _)| key.name == own);
    let at = at.unwrap_or_else(|| {
        let key = Key {
            name: own.to_owned(),
            place: place(),
        };
        members.push((key, Node::new(NodeValue::Table(Vec::new()), place())));
        members.len() - 1
    });
    if let Some((_, node)) = members.get_mut(at) {
        match rest {
            Some(rest) => put(node, rest, value),
            None => *node = value,
        }
    }
}

/// A JSON value as a user could have written it; none for `null`.
fn node(json: serde_json::Value) -> Option<Node> {
    let value = match json {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(truth) => NodeValue::Boolean(truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => NodeValue::Integer(number),
            None => NodeValue::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => NodeValue::Text(text),
        serde_json::Value::Array(items) => {
            NodeValue::List(items.into_iter().filter_map(node).collect())
        }
        serde_json::Value::Object(members) => NodeValue::Table(
            members
                .into_iter()
                .filter_map(|(name, value)| {
                    Some((
                        Key {
                            name,
                            place: place(),
                        },
                        node(value)?,
                    ))
                })
                .collect(),
        ),
    };
    Some(Node::new(value, place()))
}

/// A bundle has no lines: what its values' places were is in its report.
fn place() -> Place {
    Place {
        file: "<bundle>".into(),
        line: 1,
        column: 1,
        span: 0..0,
    }
}

fn checksum(bundle: &RawValue) -> String {
    hex(&Sha256::digest(bundle.get().as_bytes()))
}

/// A version's numbers, for comparing; what is no number counts as the latest.
fn version(written: &str) -> Vec<u64> {
    let number = |part: &str| part.parse().unwrap_or(u64::MAX);
    written.split('.').map(number).collect()
}
