//! The policy: the configuration as written, checked and resolved into what the engine reads.
//!
//! Layers ([`layers`]) hold what each source said and where; [`resolve`](resolve::resolve) turns them into an
//! [`EcPolicy`], every finding and the origin of every value.
//!
//! ```
//! use edge_cookie::policy::EcPolicy;
//!
//! let policy = EcPolicy::default();
//! assert_eq!(policy.cas.max_retries, 3);
//! assert_eq!(policy.root.ec_store.as_str(), "ec_identity_store");
//! ```

pub mod bundle;
pub mod difference;
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

pub use digest::{PolicyDigest, is_sha256};
use resolve::Resolver;
use setting::SettingInfo;
use settings::{
    AdminBasic, Cas, Cluster, Consent, ConsentCookies, Cookie, Delete, Edge, Entry, Identify, Ids,
    Import, LastSeen, Local, Log, Organic, Pull, Redis, RootSettings, Store, Sync, Tombstone,
};
use value::Value;

mod digest;

/// Declares the policy: its groups of settings, in the order of the documentation.
macro_rules! policy {
    ($(#[doc = $doc:literal])* $policy:ident { $( $(#[doc = $group_doc:literal])* $field:ident: $group:ident, )* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $policy {
            $( $(#[doc = $group_doc])* pub $field: $group, )*
            /// Names this policy: equal exactly where all values are, but for those of the machine (`local.*`).
            pub digest: PolicyDigest,
        }

        impl $policy {
            /// Reads every group from layers; the digest is that of no setting.
            fn read(from: &mut Resolver<'_>) -> Self {
                Self {
                    $( $field: $group::resolve(from), )*
                    digest: PolicyDigest::of(&[]),
                }
            }

            /// Every setting by its key below `ec`, and its value with secrets in clear.
            pub fn values(&self) -> Vec<(&'static str, Value)> {
                let mut values = Vec::new();
                $( self.$field.values(&mut values); )*
                values
            }
        }
    };
}

policy! {
    /// A complete, checked policy: every number and name that governs behaviour, in the engine's units.
    ///
    /// Read one with [`EcPolicy::from_toml_str`] or [`EcPolicy::from_files`], or build one with [`EcPolicy::builder`].
    /// Cheap to share behind an [`Arc`](std::sync::Arc); the engine borrows it for one operation at a time.
    ///
    /// ```
    /// use edge_cookie::policy::EcPolicy;
    /// use edge_cookie::policy::types::Ttl;
    ///
    /// let policy = EcPolicy::builder()
    ///     .with(|policy| policy.tombstone.ttl = Ttl::from_hours(48))
    ///     .build()?;
    /// assert_eq!(policy.tombstone.ttl, Ttl::from_hours(48));
    /// assert_eq!(policy.entry, EcPolicy::default().entry);
    /// # Ok::<(), edge_cookie::config::PolicyError>(())
    /// ```
    EcPolicy {
        /// `[ec]` itself: the stores, the passphrase and the declared partners.
        root: RootSettings,
        /// `[ec.admin.basic]`
        admin_basic: AdminBasic,
        /// `[ec.id]`
        id: Ids,
        /// `[ec.entry]`
        entry: Entry,
        /// `[ec.tombstone]`
        tombstone: Tombstone,
        /// `[ec.delete]`
        delete: Delete,
        /// `[ec.last_seen]`
        last_seen: LastSeen,
        /// `[ec.import]`
        import: Import,
        /// `[ec.cas]`
        cas: Cas,
        /// `[ec.sync]`
        sync: Sync,
        /// `[ec.cookie]`
        cookie: Cookie,
        /// `[ec.organic]`
        organic: Organic,
        /// `[ec.store]`
        store: Store,
        /// `[ec.consent]`
        consent: Consent,
        /// `[ec.consent.cookies]`
        consent_cookies: ConsentCookies,
        /// `[ec.identify]`
        identify: Identify,
        /// `[ec.log]`
        log: Log,
        /// `[ec.local]`
        local: Local,
        /// `[ec.redis]`
        redis: Redis,
        /// `[ec.edge]`
        edge: Edge,
        /// `[ec.pull]`
        pull: Pull,
        /// `[ec.cluster]`
        cluster: Cluster,
    }
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

/// The setting with this key below `ec`, such as `tombstone.ttl`.
#[must_use]
pub fn known_setting(key: &str) -> Option<&'static SettingInfo> {
    known_settings().iter().find(|setting| setting.key == key)
}
