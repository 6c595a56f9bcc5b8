//! What the engine promises to users and partners, under every policy that breaks none of the rules about promises
//! (`docs/semantics.md#promises`). The model checker, the simulator and the fault simulation check them.

use std::fmt;

use serde::{Serialize, Serializer};

/// A promise, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Promise {
    /// A withdrawn record becomes live by fresh consent only.
    NoResurrection = 1,
    /// An acknowledged partner id stays.
    NoLostUpdate = 2,
    /// A tombstone stays for its time.
    WithdrawalRemembered = 3,
    /// `last_seen` never goes back, and is debounced.
    LastSeen = 4,
    /// An operation makes a bounded number of calls.
    BoundedWork = 5,
    /// A partner changes its own id only.
    OwnNamespace = 6,
    /// What is unknown or unreadable survives.
    NothingLost = 7,
    /// No entry is read after its retention.
    Retention = 8,
    /// A visitor who keeps coming is kept.
    VisitorKept = 9,
    /// A uid that keeps coming is kept.
    UidKept = 10,
    /// A withdrawal that is delivered late is exact.
    LateWithdrawal = 11,
}

impl Promise {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::NoResurrection,
        Self::NoLostUpdate,
        Self::WithdrawalRemembered,
        Self::LastSeen,
        Self::BoundedWork,
        Self::OwnNamespace,
        Self::NothingLost,
        Self::Retention,
        Self::VisitorKept,
        Self::UidKept,
        Self::LateWithdrawal,
    ];

    /// Its number, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The promise in a few words, for tables and messages.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::NoResurrection => "no sync and no touch makes a record live after a withdrawal",
            Self::NoLostUpdate => "a uid whose write was acknowledged is kept",
            Self::WithdrawalRemembered => "a withdrawal is remembered until its tombstone expires",
            Self::LastSeen => {
                "last_seen never decreases, and is written at most once per debounce period"
            }
            Self::BoundedWork => "no operation sends more calls than its retries allow",
            Self::OwnNamespace => "a partner changes its own uid and nothing else",
            Self::NothingLost => "unknown fields and unreadable records survive",
            Self::Retention => "no read returns an entry past its retention",
            Self::VisitorKept => "a visit at the end of an entry's retention is written",
            Self::UidKept => "a uid that its partner keeps syncing is refreshed in time",
            Self::LateWithdrawal => "a withdrawal that is delivered late undoes no later consent",
        }
    }

    /// The whole promise, as `docs/semantics.md` states it: its name, then what holds.
    #[must_use]
    pub const fn statement(self) -> (&'static str, &'static str) {
        match self {
            Self::NoResurrection => (
                "No resurrection.",
                "After a withdrawal is acknowledged, no sync and no touch makes the record live; only a later `create` or `create_or_revive`, which is fresh consent, does",
            ),
            Self::NoLostUpdate => (
                "No lost update.",
                "A partner id whose write was acknowledged (`written`, `refreshed`, `created_minimal`) stays until a later acknowledged write for that partner, a withdrawal, a deletion or its expiry",
            ),
            Self::WithdrawalRemembered => (
                "A withdrawal is remembered for its time.",
                "A tombstone stays for `tombstone.ttl` unless it is revived or deleted, and no sync or touch moves its expiry",
            ),
            Self::LastSeen => (
                "`last_seen` never goes back,",
                "and within one life of a record two touches that write it are at least `last_seen.debounce` apart",
            ),
            Self::BoundedWork => (
                "Bounded work.",
                "No operation sends more than `2 + cas.max_retries` writes (a refused add is one), nor more reads than that",
            ),
            Self::OwnNamespace => (
                "Own namespace.",
                "A partner's request changes that partner's id and nothing else",
            ),
            Self::NothingLost => (
                "Nothing lost.",
                "Unknown fields survive, and an unreadable record survives everything but a withdrawal or a deletion",
            ),
            Self::Retention => (
                "Retention is a promise.",
                "No read returns a live entry older than the policy allows",
            ),
            Self::VisitorKept => (
                "A visitor who keeps coming is kept.",
                "A visit at the end of an entry's time is written",
            ),
            Self::UidKept => (
                "A uid that keeps coming is kept.",
                "Under `sync.unchanged = \"refresh\"` it is refreshed before its entry's time is over",
            ),
            Self::LateWithdrawal => (
                "A late withdrawal is exact.",
                "Delivered late, a withdrawal undoes no consent given since, and is never taken as done while the user is live",
            ),
        }
    }
}

/// Its number.
impl fmt::Display for Promise {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(formatter)
    }
}

/// As its number.
impl Serialize for Promise {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}
