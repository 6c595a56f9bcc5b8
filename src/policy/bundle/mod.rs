//! A bundle: a resolved policy with its origins, to be carried where no policy file can be read.
//!
//! `ec bundle` writes it, the edge's build embeds it, and one in a config store replaces that at run time. It is
//! JSON: `{"checksum":"…","bundle":{…}}`, the checksum being the SHA-256 of the `bundle` exactly as written. It may
//! carry a second policy, which a share of the users is under ([`Rollout`]).
//!
//! ```
//! use edge_cookie::policy::bundle::{self, Bundled, Contents};
//! use edge_cookie::policy::publisher::Publisher;
//! use edge_cookie::policy::resolve::resolve;
//!
//! let resolved = resolve(&[]);
//! let written = bundle::write(&Contents::of("development", &resolved, &Publisher::default()))?;
//! let read = Bundled::read(&written)?;
//! assert_eq!(read.resolved.policy, resolved.policy);
//! # Ok::<(), bundle::BundleError>(())
//! ```

mod defaults;
mod layer;
mod overrides;
mod read;
mod write;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

pub use read::Bundled;
pub use write::{Contents, write};

#[cfg(doc)]
use crate::policy::rollout::Rollout;

/// This engine's version.
const ENGINE: &str = env!("CARGO_PKG_VERSION");

/// The oldest engine that understands what is written here; raised when the meaning of a bundle changes.
const NEEDS_ENGINE: &str = "0.1.0";

/// Why a bundle cannot be written or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A secret in clear would travel with the bundle.
    #[error(
        "`{key}` is written in clear, and would be in the bundle of a profile that is deployed: refer to it by `{{ secret_store = \"STORE\", key = \"KEY\" }}`, or give a partner's `api_token_sha256`"
    )]
    SecretInClear {
        /// The setting.
        key: String,
    },
    /// The candidate differs in a setting that both policies share.
    #[error(
        "the candidate's `{key}` is not that of the profile it is tried beside: both are one service on one graph, so write the same value into the candidate"
    )]
    NotShared {
        /// The setting.
        key: String,
    },
    /// It is not a bundle, or not whole.
    #[error("it is not a bundle: {0}")]
    Broken(String),
    /// Its bytes are not those that were written.
    #[error("its checksum does not match its content: write it again with `ec bundle`")]
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
    #[error("its values do not give the policy {0} that it names: write it again with `ec bundle`")]
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
    /// Whether its profile is deployed, and no secret of it may be weak.
    #[serde(default)]
    deployed: bool,
    /// Why it was written though checks advised against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forced: Option<String>,
    domain: Option<String>,
    origin_url: Option<String>,
    /// The settings that no layer sets.
    #[serde(with = "defaults")]
    defaults: BTreeMap<String, Box<RawValue>>,
    /// The settings that a layer sets, as `ec show --format json` reports them.
    values: Vec<BundledValue>,
    /// Secrets of a profile that is not deployed.
    in_clear: BTreeMap<String, Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollout: Option<Candidate>,
}

#[derive(Clone, Serialize, Deserialize)]
struct BundledValue {
    key: String,
    value: Box<RawValue>,
    origin: Box<RawValue>,
    #[serde(deserialize_with = "overrides::deserialize")]
    overrides: Box<RawValue>,
    /// Of declared partners, the fields that one layer overrides in another: a config store has little room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partners: Option<Box<RawValue>>,
}

/// The policy that a share of the users is under.
#[derive(Serialize, Deserialize)]
struct Candidate {
    profile: String,
    digest: String,
    percent: String,
    /// What it says otherwise.
    values: Vec<BundledValue>,
}

fn checksum(bundle: &RawValue) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bundle.get().as_bytes()))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "errors are handed on by value"
)]
fn broken(error: impl ToString) -> BundleError {
    BundleError::Broken(error.to_string())
}

/// A version's numbers, for comparing; what is no number counts as the latest.
fn version(written: &str) -> Vec<u64> {
    let number = |part: &str| part.parse().unwrap_or(u64::MAX);
    written.split('.').map(number).collect()
}
