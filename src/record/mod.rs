//! The stored record of an EC id, and how it is read and written.
//!
//! The schema is that of `docs/semantics.md#the-stored-record`. Fields that this version does not know are kept on
//! rewrite, exactly as they were written.
//!
//! ```
//! use edge_cookie::record::KvEntry;
//!
//! let body = br#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"DE"},"ids":{},"next":1.10}"#;
//! let entry = KvEntry::from_body(body).unwrap();
//! assert_eq!(entry.last_seen, None);
//! assert!(entry.to_body().ends_with(br#""next":1.10}"#));
//! ```

mod consent;
mod entry;
mod extra;
mod generation;
mod id;
mod kept;
mod metadata;
mod object;
mod partner_ids;
mod tolerant;
mod unreadable;

pub use consent::{ConsentStrings, KvConsent, KvSignal};
pub use entry::{KvEntry, KvGeo};
pub use extra::{
    ExtraField, ExtraFieldError, GeoInfo, KvDevice, KvNetwork, KvPubProperties, MAX_SEEN_DOMAINS,
    MAX_STORED_DOMAIN_LENGTH, extra_fields,
};
pub use generation::{Generation, Precondition};
pub use id::{EcId, EcIdError, PartnerId, PartnerIdError};
pub use kept::Kept;
pub use metadata::KvMetadata;
pub use partner_ids::{KvPartnerId, PartnerIds};
pub use unreadable::Unreadable;
