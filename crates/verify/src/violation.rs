//! The ways in which a promise can fail: its number, what happens to the user, and the settings that cause it.

use edge_cookie::promise::Promise;

/// How a record became live that should not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ResurrectionCause {
    /// A sync created a new record. A late sync was made before the model began.
    Created { late: bool },
    /// An operation wrote back what it had read before.
    WrittenBack,
    /// Consent that is older than the withdrawal undid it.
    OldConsent,
}

/// What keeps a user after their retention ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum KeptBy {
    /// Partners' syncs.
    Syncs,
    /// A store that has not collected the record.
    Store,
    /// A policy that counts a record of unknown age from now.
    UnknownAge,
}

/// A promise that fails, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum InvariantViolation {
    /// The user is live again. `erased`: no tombstone was left to prevent it.
    Resurrected {
        cause: ResurrectionCause,
        erased: bool,
    },
    /// A uid whose write was acknowledged is not in the record.
    LostWrite,
    /// A withdrawal is forgotten before its time is over.
    WithdrawalForgotten,
    /// `last_seen` moved backwards.
    LastSeenDecreased,
    /// Two touches were written less than `last_seen.debounce` apart.
    TouchTooSoon,
    /// An operation made more store calls than its retries allow.
    TooManyCalls,
    /// A sync changed more than its partner's uid.
    SyncMovedRetention,
    /// An operation changed a field that it must not change.
    Corrupted,
    /// A live entry is read after its retention ended.
    KeptTooLong { by: KeptBy },
    /// A visit at the end of an entry's retention is not written.
    VisitLost,
    /// A uid is not refreshed before its entry's retention ends.
    NotRefreshed,
    /// A withdrawal that was delivered late undid consent that was given after it.
    ConsentUndone,
    /// A withdrawal was delivered late, and the user who withdrew is live.
    WithdrawalNotDelivered,
}

impl InvariantViolation {
    /// The promise that it breaks.
    pub(super) const fn promise(self) -> Promise {
        match self {
            Self::Resurrected { .. } => Promise::NoResurrection,
            Self::LostWrite => Promise::NoLostUpdate,
            Self::WithdrawalForgotten => Promise::WithdrawalRemembered,
            Self::LastSeenDecreased | Self::TouchTooSoon => Promise::LastSeen,
            Self::TooManyCalls => Promise::BoundedWork,
            Self::SyncMovedRetention => Promise::OwnNamespace,
            Self::Corrupted => Promise::NothingLost,
            Self::KeptTooLong { .. } => Promise::Retention,
            Self::VisitLost => Promise::VisitorKept,
            Self::NotRefreshed => Promise::UidKept,
            Self::ConsentUndone | Self::WithdrawalNotDelivered => Promise::LateWithdrawal,
        }
    }

    /// Whether both have the same promise and the same settings as their cause.
    pub(super) fn has_cause_of(self, other: Self) -> bool {
        (self.promise(), self.keys()) == (other.promise(), other.keys())
    }

    /// What happens to the user, for a reader.
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Resurrected {
                cause: ResurrectionCause::Created { late: false },
                ..
            } => {
                "a user who withdrew or was erased is live again: a partner's sync created a new record"
            }
            Self::Resurrected {
                cause: ResurrectionCause::Created { late: true },
                ..
            } => {
                "a user who withdrew or was erased is live again: a sync made before that created a new record"
            }
            Self::Resurrected {
                cause: ResurrectionCause::WrittenBack,
                ..
            } => {
                "a user who withdrew or was erased is live again: a concurrent operation wrote back what it had read"
            }
            Self::Resurrected {
                cause: ResurrectionCause::OldConsent,
                ..
            } => {
                "a user who withdrew or was erased is live again: consent from before that undid it"
            }
            Self::LostWrite => "a uid whose write was acknowledged is lost",
            Self::WithdrawalForgotten => "a withdrawal is forgotten before its time is over",
            Self::LastSeenDecreased => "`last_seen` moved backwards",
            Self::TouchTooSoon => "two touches were written closer together than the policy allows",
            Self::TooManyCalls => "an operation made more store calls than it may",
            Self::SyncMovedRetention => "a partner's sync changed how long the user is kept",
            Self::Corrupted => "an operation changed a field that it must not change",
            Self::KeptTooLong { by: KeptBy::Syncs } => {
                "an inactive user is kept too long, by partners' syncs"
            }
            Self::KeptTooLong { by: KeptBy::Store } => {
                "a user is read after their retention ended, until the store collects the record"
            }
            Self::KeptTooLong {
                by: KeptBy::UnknownAge,
            } => {
                "a user is read after their retention ended, until the record is first written here"
            }
            Self::VisitLost => {
                "an active user is forgotten: their visit at the end of the entry's retention is not written"
            }
            Self::NotRefreshed => {
                "a uid that its partner keeps syncing is not refreshed before its entry's retention ends"
            }
            Self::ConsentUndone => {
                "a user who consented again is withdrawn: a late withdrawal undid later consent"
            }
            Self::WithdrawalNotDelivered => {
                "a user who withdrew is live: a late withdrawal was reported as done, but is not"
            }
        }
    }

    /// The settings that together cause it. Empty where a correct engine keeps the promise under every policy.
    pub(super) const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Resurrected {
                cause: ResurrectionCause::Created { .. },
                erased: true,
            } => &["delete.mode", "sync.on_missing"],
            Self::Resurrected {
                cause: ResurrectionCause::Created { late: true },
                ..
            } => &["sync.on_missing", "tombstone.ttl", "sync.max_age"],
            Self::Resurrected {
                cause: ResurrectionCause::Created { late: false },
                ..
            } => &["sync.on_missing", "tombstone.ttl"],
            Self::Resurrected { erased: true, .. } => &["delete.mode"],
            Self::Resurrected { .. } => &["tombstone.ttl", "cas.deadline", "store.call_timeout"],
            Self::KeptTooLong { by: KeptBy::Syncs } => &["entry.renewal", "entry.ttl"],
            Self::KeptTooLong { by: KeptBy::Store } => &["entry.expiry", "entry.ttl"],
            Self::KeptTooLong {
                by: KeptBy::UnknownAge,
            } => &["import.unknown_age", "entry.ttl"],
            Self::VisitLost => &["last_seen.debounce", "entry.ttl"],
            Self::NotRefreshed => &["sync.refresh_after", "entry.ttl", "sync.unchanged"],
            _ => &[],
        }
    }
}
