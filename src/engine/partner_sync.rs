//! What a partner sends to be stored.

use crate::clock::Timestamp;
use crate::record::PartnerId;

/// A partner's uid for a user, as the partner sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerSync {
    /// Whose uid it is.
    pub partner: PartnerId,
    /// The uid.
    pub uid: Box<str>,
    /// When the partner says it was synced; one in the future counts as now, up to `sync.max_future`.
    pub timestamp: Timestamp,
}
