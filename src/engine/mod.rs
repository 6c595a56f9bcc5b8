//! The engine: what each operation does to a record, decided without any I/O.
//!
//! An [`Operation`] becomes a [`Transaction`], which asks for [`Step`]s (look up, write, wait) and receives
//! [`Answer`]s, until it ends in an [`Outcome`]. It reads no clock, no store and no random source, so that
//! whatever drives it (the edge, a server, a simulation) runs the same decisions.
//!
//! ```
//! use edge_cookie::clock::{Moment, Timestamp};
//! use edge_cookie::engine::{Answer, Consistency, Operation, Outcome, Step, Transaction};
//! use edge_cookie::policy::EcPolicy;
//!
//! let policy = EcPolicy::default();
//! let now = Timestamp::from_unix(1_772_409_600);
//! let mut withdrawal =
//!     Transaction::new(&policy, Operation::WriteWithdrawalTombstone, now, Consistency::Strong);
//! assert!(matches!(withdrawal.step(), Step::Insert(pending) if pending.write().entry.is_tombstone()));
//! withdrawal.resume(Answer::Written);
//! let finished = withdrawal.finish();
//! assert_eq!(finished.result.unwrap().outcome, Outcome::Withdrawn);
//! assert_eq!((finished.tally.reads, finished.tally.writes), (0, 1));
//! ```

mod answer;
mod context;
mod create;
mod create_or_revive;
mod current;
mod decision;
mod delete;
mod deliver_withdrawal;
mod operation;
mod outcome;
mod partner_sync;
mod pending_write;
mod planned_write;
mod transaction;
mod update_last_seen;
mod upsert_partner_ids;
mod withdrawal;

pub use answer::{
    Answer, Consistency, Deleted, Found, Record, Step, StoreError, UnreadableRecord, Wait, Write,
};
pub use context::OperationContext;
pub use context::{RecordState, expires_at, record_state};
pub use decision::RecordOperation;
pub use decision::{Intent, IntentOf, OnConflict};
pub use operation::Operation;
pub use outcome::{Done, Finished, OperationError, Outcome, Tally};
pub use partner_sync::PartnerSync;
pub use pending_write::{PendingWrite, WriteRef};
pub use planned_write::PlannedWrite;
pub use transaction::Transaction;
