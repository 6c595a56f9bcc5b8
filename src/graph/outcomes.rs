//! How each operation of the graph can end.

use crate::engine::Outcome;

/// Declares the outcomes of one operation: those of [`Outcome`] that it can end in.
macro_rules! outcomes_of {
    ($( $(#[doc = $doc:literal])* $name:ident { $( $(#[doc = $each:literal])* $outcome:ident, )* } )*) => { $(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[doc = $each])* $outcome, )*
        }

        impl $name {
            /// The outcome's name, as logs and partners see it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$outcome => Outcome::$outcome.as_str(), )* }
            }
        }

        impl TryFrom<Outcome> for $name {
            /// An outcome that the operation does not have.
            type Error = Outcome;

            fn try_from(outcome: Outcome) -> Result<Self, Outcome> {
                match outcome {
                    $( Outcome::$outcome => Ok(Self::$outcome), )*
                    other => Err(other),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )* };
}

outcomes_of! {
    /// How `create` ends.
    CreateOutcome {
        /// A new entry was written.
        Created,
        /// There is an entry, a tombstone or an unreadable record already; nothing was written.
        AlreadyExists,
    }
    /// How `create_or_revive` ends.
    CreateOrReviveOutcome {
        /// A new entry was written.
        Created,
        /// A tombstone was turned back into a live entry.
        Revived,
        /// There is a live entry already; nothing was written.
        AlreadyLive,
        /// The user withdrew consent after the consent of this operation was given; nothing was written.
        ConsentWithdrawn,
    }
    /// How `update_last_seen` ends.
    UpdateLastSeenOutcome {
        /// `last_seen` was written.
        Touched,
        /// `last_seen` was written less than `last_seen.debounce` ago; nothing was written.
        Debounced,
        /// The time is not later than the stored one; nothing was written.
        Stale,
        /// Another write came first; nothing was written.
        Superseded,
        /// There is no entry.
        NotFound,
        /// The user has withdrawn consent; nothing was written.
        ConsentWithdrawn,
    }
    /// How `upsert_partner_id` ends, and each id of `upsert_partner_ids`.
    UpsertPartnerIdOutcome {
        /// The partner id was written.
        Written,
        /// The partner id is stored already; nothing was written.
        Unchanged,
        /// The partner id was stored already, and was written again for its age.
        Refreshed,
        /// The sync created a minimal entry with the partner id.
        CreatedMinimal,
        /// The sync is older than the stored one, or than `sync.max_age` accepts.
        Stale,
        /// The entry holds `entry.max_partner_ids` already.
        TooManyPartners,
        /// The entry would exceed `entry.max_body_bytes` or `entry.max_metadata_bytes`.
        EntryTooLarge,
        /// The uid is blank, a placeholder of `sync.sentinels`, or longer than `entry.max_uid_bytes`.
        InvalidUid,
        /// The sync's timestamp is further in the future than `sync.max_future`.
        InvalidTimestamp,
        /// There is no entry, and `sync.on_missing` is `reject`.
        NotFound,
        /// The user has withdrawn consent; nothing was written.
        ConsentWithdrawn,
    }
    /// How `write_withdrawal_tombstone` ends.
    WithdrawalOutcome {
        /// The tombstone was written.
        Withdrawn,
        /// A tombstone was there already.
        AlreadyWithdrawn,
        /// There is no record, and `tombstone.on_missing` is `skip`.
        NotFound,
    }
    /// How `delete` ends.
    DeleteOutcome {
        /// The record is gone.
        Deleted,
        /// There was no record.
        NotFound,
    }
}
