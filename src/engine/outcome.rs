//! How an operation ends.

use std::fmt;

use super::answer::Record;
use crate::record::Unreadable;

macro_rules! outcomes {
    ($( $(#[doc = $doc:literal])* $name:ident = $word:literal, )*) => {
        /// How an operation ended that did not fail: a word of the operations table (`docs/semantics.md#operations`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Outcome {
            $( $(#[doc = $doc])* $name, )*
        }

        impl Outcome {
            /// The word, as logs and partners see it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$name => $word, )* }
            }
        }
    };
}

outcomes! {
    /// The entry or tombstone was read.
    Found = "found",
    /// There is no entry.
    NotFound = "not_found",
    /// A new entry was written.
    Created = "created",
    /// There is an entry or a tombstone, or something unreadable, already.
    AlreadyExists = "already_exists",
    /// There is a live entry already; nothing was written.
    AlreadyLive = "already_live",
    /// A tombstone was turned back into a live entry.
    Revived = "revived",
    /// A partner's sync created a minimal entry.
    CreatedMinimal = "created_minimal",
    /// The partner id was written.
    Written = "written",
    /// The same partner id is already stored; nothing was written.
    Unchanged = "unchanged",
    /// The same partner id was already stored, and was written again because of its age.
    Refreshed = "refreshed",
    /// The sync or touch is older than what is stored, or than the policy accepts.
    Stale = "stale",
    /// The entry holds as many partner ids as it may.
    TooManyPartners = "too_many_partners",
    /// The entry would grow larger than it may.
    EntryTooLarge = "entry_too_large",
    /// The uid is blank, a placeholder, or longer than it may be.
    InvalidUid = "invalid_uid",
    /// The sync's own timestamp is further in the future than the policy accepts.
    InvalidTimestamp = "invalid_timestamp",
    /// The user has withdrawn consent; nothing was written.
    ConsentWithdrawn = "consent_withdrawn",
    /// Every partner id was refused, for different reasons.
    Refused = "refused",
    /// `last_seen` was written.
    Touched = "touched",
    /// `last_seen` was written only just before; nothing was written.
    Debounced = "debounced",
    /// Another write came first, and says as much, or consent is later than a withdrawal delivered late; nothing was
    /// written.
    Superseded = "superseded",
    /// The withdrawal is written.
    Withdrawn = "withdrawn",
    /// The withdrawal was written before and is still stored.
    AlreadyWithdrawn = "already_withdrawn",
    /// The record is gone.
    Deleted = "deleted",
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an operation that did not fail gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// How it ended.
    pub outcome: Outcome,
    /// How each partner id ended, in the order given; empty for other operations.
    pub each: Vec<Outcome>,
    /// What a read found.
    pub record: Option<Box<Record>>,
}

impl From<Outcome> for Done {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            each: Vec::new(),
            record: None,
        }
    }
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The record cannot be read, and so is not touched.
    #[error("the stored record cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
    /// Every attempt that the policy allows met another write.
    #[error(
        "gave up at attempt {attempts}: other writers changed the record each time, and `cas.max_retries` allows no more; try again later"
    )]
    RetriesExhausted {
        /// The attempts made.
        attempts: u32,
    },
    /// The policy's time for retries is over.
    #[error(
        "gave up at attempt {attempts}: other writers changed the record each time, and `cas.deadline` has passed; try again later"
    )]
    DeadlinePassed {
        /// The attempts made.
        attempts: u32,
    },
    /// The store takes no more writes for now.
    #[error("the store takes no more writes for now, and `cas.on_rate_limited` is `fail`")]
    RateLimited,
    /// The entry or its metadata is larger than it may be.
    #[error("the entry is too large: {0}")]
    TooLarge(String),
    /// The store cannot be reached.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The operation ended in an outcome that it does not have: a fault of this library.
    #[error("the operation ended with `{0}`, which it never does: report this as a fault")]
    Unexpected(Outcome),
}

impl OperationError {
    /// The reason in a word, as logs and partners see it (`docs/semantics.md#errors`).
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable_entry",
            Self::RetriesExhausted { .. } | Self::DeadlinePassed { .. } => "retries_exhausted",
            Self::RateLimited => "rate_limited",
            Self::TooLarge(_) => "entry_too_large",
            Self::Unavailable(_) | Self::Unexpected(_) => "kv_unavailable",
        }
    }
}

/// What an operation cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Tally {
    /// Lookups, and questions whether a record is there.
    pub reads: u32,
    /// Inserts and deletions sent, refused ones included.
    pub writes: u32,
    /// Attempts after the first.
    pub retries: u32,
}

/// The end of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished<D = Done> {
    /// How it ended.
    pub result: Result<D, OperationError>,
    /// What it cost.
    pub tally: Tally,
}

impl Finished {
    /// The outcome, without what a read found.
    ///
    /// # Errors
    ///
    /// Why the operation failed.
    pub fn outcome(&self) -> Result<Outcome, &OperationError> {
        self.result.as_ref().map(|done| done.outcome)
    }

    /// The name of the outcome or of the error, as logs and metrics have it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match &self.result {
            Ok(done) => done.outcome.as_str(),
            Err(error) => error.as_str(),
        }
    }
}
