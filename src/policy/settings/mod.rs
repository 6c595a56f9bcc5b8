//! Every setting of the policy, one file a group: documentation, type, default and limits on one place.
//!
//! ```
//! use edge_cookie::policy::EcPolicy;
//!
//! let policy = EcPolicy::default();
//! assert_eq!(policy.tombstone.ttl.seconds(), 24 * 60 * 60);
//! ```

mod admin;
mod cas;
mod cluster;
mod consent;
mod cookie;
mod delete;
mod edge;
mod entry;
mod id;
mod identify;
mod import;
mod last_seen;
mod local;
mod log;
mod organic;
mod pull;
mod redis;
mod root;
mod store;
mod sync;
mod tombstone;

pub use admin::AdminBasic;
pub use cas::{Cas, Jitter, OnRateLimited};
pub use cluster::Cluster;
pub use consent::{
    Consent, ConsentCookies, GpcInOptIn, HonourRefusals, TcfValidity, UsWithoutSignal,
};
pub use cookie::{Cookie, CookieRenewal, OnFailedWithdrawal, SameSite};
pub use delete::{Delete, DeleteMode};
pub use edge::Edge;
pub use entry::{Entry, Expiry, Renewal};
pub use id::{Ids, Ipv6Form};
pub use identify::Identify;
pub use import::{Import, UnknownAge};
pub use last_seen::LastSeen;
pub use local::Local;
pub use log::Log;
pub use organic::{IdentifyOn, Organic};
pub use pull::Pull;
pub use redis::Redis;
pub use root::RootSettings;
pub use store::Store;
pub use sync::{OnMissingSync, Sync, SyncOrder, SyncReasons, Unchanged};
pub use tombstone::{OnMissingWithdrawal, Repeat, Tombstone};
