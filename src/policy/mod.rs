//! The policy: what somebody wrote, checked and made into what the engine reads.
//!
//! Layers ([`layers`]) hold what each source said and where; [`resolve`](resolve::resolve) turns them into an
//! [`EcPolicy`], every finding and the origin of every value.
//!
//! ```
//! use edge_cookie::policy::EcPolicy;
//!
//! let policy = EcPolicy::default();
//! assert_eq!(policy.cas.max_retries, 3);
//! assert_eq!(policy.stores.ec_store.as_str(), "ec_identity_store");
//! ```

pub mod bundle;
pub mod difference;
#[cfg(feature = "files")]
pub mod files;
pub mod laws;
pub mod layers;
pub mod node;
pub mod provenance;
pub mod publisher;
pub mod report;
pub mod resolve;
pub mod rollout;
pub mod schema;
pub mod setting;
pub mod settings;
pub mod types;
pub mod value;

use std::sync::LazyLock;

pub use digest::PolicyDigest;
#[cfg(feature = "service")]
pub(crate) use digest::{hex, is_sha256};
use setting::SettingInfo;
use settings::{
    Cas, Cluster, Consent, ConsentCookies, Cookie, Delete, Edge, Entry, Identify, Ids, LastSeen,
    Local, Log, Organic, Pull, Redis, Store, Sync, Tombstone, Top,
};

mod digest;

/// A complete, checked policy: every number and name that governs behaviour, in the engine's units.
///
/// Cheap to share behind an [`Arc`](std::sync::Arc); the engine borrows it for one operation at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct EcPolicy {
    /// `[ec]` itself: the stores, the passphrase and the declared partners.
    pub stores: Top,
    /// `[ec.id]`
    pub id: Ids,
    /// `[ec.entry]`
    pub entry: Entry,
    /// `[ec.tombstone]`
    pub tombstone: Tombstone,
    /// `[ec.delete]`
    pub delete: Delete,
    /// `[ec.last_seen]`
    pub last_seen: LastSeen,
    /// `[ec.cas]`
    pub cas: Cas,
    /// `[ec.sync]`
    pub sync: Sync,
    /// `[ec.cookie]`
    pub cookie: Cookie,
    /// `[ec.organic]`
    pub organic: Organic,
    /// `[ec.store]`
    pub store: Store,
    /// `[ec.consent]`
    pub consent: Consent,
    /// `[ec.consent.cookies]`
    pub consent_cookies: ConsentCookies,
    /// `[ec.identify]`
    pub identify: Identify,
    /// `[ec.log]`
    pub log: Log,
    /// `[ec.local]`
    pub local: Local,
    /// `[ec.redis]`
    pub redis: Redis,
    /// `[ec.edge]`
    pub edge: Edge,
    /// `[ec.pull]`
    pub pull: Pull,
    /// `[ec.cluster]`
    pub cluster: Cluster,
    /// Names this policy: equal exactly where all values are.
    pub digest: PolicyDigest,
}

/// The built-in defaults: what an empty `[ec]` says.
impl Default for EcPolicy {
    fn default() -> Self {
        resolve::resolve(&[]).policy
    }
}

/// Every setting there is, in the order of the documentation.
#[must_use]
pub fn known_settings() -> &'static [SettingInfo] {
    static KNOWN: LazyLock<Vec<SettingInfo>> = LazyLock::new(|| resolve::resolve(&[]).settings);
    &KNOWN
}
