//! The event stream: graph operations as JSON lines, each with its time.
//!
//! ```
//! use edge_cookie::event::{EventAction, Event};
//!
//! let user = format!("{}.Ab3xY9", "0f".repeat(32));
//! let line = format!(r#"{{"at":1772409600,"op":"write_withdrawal_tombstone","ec_id":"{user}"}}"#);
//! let event = Event::parse(&line).unwrap();
//! assert_eq!(event.at.timestamp().to_string(), "2026-03-02T00:00:00Z");
//! assert!(matches!(event.action, EventAction::Withdraw));
//!
//! let problem = Event::parse(r#"{"at":1,"op":"forget"}"#).unwrap_err();
//! assert_eq!(problem.column, 14);
//! ```

mod line;
mod locate;

pub use line::OPERATION_NAMES;
pub use locate::without_place;

use crate::clock::Moment;
use crate::engine::{Operation, PartnerSync};
use crate::policy::types::Ttl;
use crate::record::{ConsentStrings, EcId, KvGeo};

/// One event: an operation on a record at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The time of the operation's clock.
    pub at: Moment,
    /// The id of the record.
    pub ec_id: EcId,
    /// The operation.
    pub action: EventAction,
}

/// The action of an event: an [`Operation`] that owns its arguments, or raw bytes for the store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventAction {
    /// `get`
    Get,
    /// `get_metadata`
    GetMetadata,
    /// `create`
    Create(ConsentStrings, KvGeo),
    /// `create_or_revive`
    CreateOrRevive(ConsentStrings, KvGeo),
    /// `upsert_partner_id`
    UpsertPartnerId(PartnerSync),
    /// `upsert_partner_ids`
    UpsertPartnerIds(Vec<PartnerSync>),
    /// `update_last_seen`, with the time of the visit
    UpdateLastSeen(crate::clock::Timestamp),
    /// `write_withdrawal_tombstone`
    Withdraw,
    /// `write_withdrawal_tombstone` with the time of a late withdrawal
    DeliverWithdrawal(crate::clock::Timestamp),
    /// `delete`
    Delete,
    /// `put_raw`
    PutRaw {
        /// The body's bytes.
        body: String,
        /// The metadata's bytes.
        metadata: String,
        /// The time to live in the store.
        ttl: Option<Ttl>,
    },
}

/// An error in a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EventError {
    /// The column, in characters from 1.
    pub column: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

impl EventAction {
    /// The value of `op`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::GetMetadata => "get_metadata",
            Self::Create(..) => "create",
            Self::CreateOrRevive(..) => "create_or_revive",
            Self::UpsertPartnerId(_) => "upsert_partner_id",
            Self::UpsertPartnerIds(_) => "upsert_partner_ids",
            Self::UpdateLastSeen(_) => "update_last_seen",
            Self::Withdraw | Self::DeliverWithdrawal(_) => "write_withdrawal_tombstone",
            Self::Delete => "delete",
            Self::PutRaw { .. } => "put_raw",
        }
    }

    /// The operation on the graph; `None` for `put_raw`, which bypasses it.
    #[must_use]
    pub fn operation(&self) -> Option<Operation<'_>> {
        Some(match self {
            Self::Get => Operation::Get,
            Self::GetMetadata => Operation::GetMetadata,
            Self::Create(consent, geo) => Operation::Create { consent, geo },
            Self::CreateOrRevive(consent, geo) => Operation::CreateOrRevive { consent, geo },
            Self::UpsertPartnerId(sync) => Operation::UpsertPartnerId(sync),
            Self::UpsertPartnerIds(syncs) => Operation::UpsertPartnerIds(syncs),
            Self::UpdateLastSeen(timestamp) => Operation::UpdateLastSeen {
                timestamp: *timestamp,
            },
            Self::Withdraw => Operation::WriteWithdrawalTombstone,
            Self::DeliverWithdrawal(at) => Operation::DeliverWithdrawal { at: *at },
            Self::Delete => Operation::Delete,
            Self::PutRaw { .. } => return None,
        })
    }
}

/// A text without the byte order mark that some programs write at its start (Unicode, section 23.8).
#[must_use]
pub fn without_byte_order_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

impl Event {
    /// Parses one line of an event stream.
    ///
    /// # Errors
    ///
    /// If it is not JSON or not an event: with the column, and what to do.
    pub fn parse(line: &str) -> Result<Self, EventError> {
        line::parse(line).map_err(|fault| fault.locate(line))
    }

    /// The error `message` about a field of a line that parses.
    #[must_use]
    pub fn problem_at(line: &str, field: &'static str, message: String) -> EventError {
        line::LineError::Field(field, message).locate(line)
    }
}
