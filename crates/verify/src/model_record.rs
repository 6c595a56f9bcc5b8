//! A record of the model's store.

use std::sync::Arc;

use edge_cookie::clock::Timestamp;
use edge_cookie::record::{Generation, KvEntry, KvMetadata};

/// The content of a record; `None` if it is unreadable.
pub(super) type RecordContent = Option<(KvEntry, KvMetadata)>;

/// A record in the model's store.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ModelRecord {
    pub(super) content: Arc<RecordContent>,
    pub(super) generation: Generation,
    /// The time from which the store may collect it; `None` for the record at the start, which it never collects.
    pub(super) gone_from: Option<Timestamp>,
}
