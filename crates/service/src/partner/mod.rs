//! Partners: who may use the API, and what they authenticate with.
//!
//! A partner is declared in the policy, or kept as a record in `partner_store`; a declared one wins. Of a
//! token only its SHA-256 is kept.
//!
//! ```
//! use edge_cookie_service::partner::TokenHash;
//!
//! let hash = TokenHash::of("a token");
//! assert!(hash.is_of("a token"));
//! assert!(!hash.is_of("another"));
//! ```

mod change;
mod record;
mod registry;
mod token;

pub use change::{PartnerChange, PartnerOutcome};
pub use record::{NewPartner, PartnerRecord, RecordError};
pub use registry::{Registry, RegistryError, store_entries};
pub use token::{NewToken, NoRandomness, TokenHash};
