//! The types that settings have: durations, names, words, lists, secrets and partners.
//!
//! Each is parsed once, where a policy is read, and cannot hold a value that the engine or the platform
//! refuses.
//!
//! ```
//! use edge_cookie::policy::types::Ttl;
//!
//! assert_eq!(Ttl::from_days(365).to_string(), "365d");
//! assert_eq!(Ttl::from_hours(36).to_string(), "36h");
//! ```

pub mod choice;
mod client;
mod day;
pub mod duration;
mod iso;
pub(in crate::policy) mod length;
mod listed;
mod name;
mod parse_duration;
pub mod partner;
mod path;
mod regions;
pub mod secret;
mod sentinel;
mod store_address;
pub mod strength;
mod window;

pub use choice::nearest;
pub use client::{Locality, LocalityError, Proxies};
pub use duration::{Millis, Seconds, Ttl};
pub use listed::{ListChange, ListedLaw};
pub use name::{CookieName, CookieNames, DataDir, StoreName, UserName};
pub(in crate::policy) use name::{GPP_COOKIES, TCF_COOKIES, US_PRIVACY_COOKIES};
pub use parse_duration::{DurationError, parse_duration};
pub use partner::{
    DEFAULT_ATYPE, MAX_PARTNER_NAME_CHARS, Partner, PartnerFieldError, PartnerPull, PartnerToken,
    Partners, is_partner_field, parse_partner_name, parse_source_domain,
};
pub use path::TsPrefixes;
pub use regions::{OptInPlaces, OptInRegions, UsState, UsStates};
pub use secret::Secret;
pub use sentinel::Sentinels;
pub use store_address::{RedisAddress, StoreAddress, StoreAddressError};
pub use strength::{SecretFault, SecretUse, strong as check_strength};
pub use window::EdgeWindow;
