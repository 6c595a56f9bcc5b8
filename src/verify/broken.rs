//! A promise that does not hold: which one, what becomes of whom, and by which settings.

/// How a user came to be live who should not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Return {
    /// A sync made a new record; a late one was made before the model began.
    Created { late: bool },
    /// An operation wrote back what it had read before.
    WrittenBack,
    /// Consent that is older than the withdrawal undid it.
    OldConsent,
}

/// A promise that does not hold, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Broken {
    /// The user is live again; `erased` tells whether nothing was left that remembers them.
    Returned { how: Return, erased: bool },
    /// A uid whose write was acknowledged is not what stands.
    Lost,
    /// A withdrawal is not remembered for its time.
    Forgotten,
    /// `last_seen` went back.
    SeenBefore,
    /// Two touches are nearer to each other than they may be.
    TouchedTooSoon,
    /// An operation made more calls than it may.
    TooManyCalls,
    /// A sync changed more than its partner's uid.
    Meddled,
    /// Something that is not the operation's to change was changed.
    Damaged,
    /// A live entry is read past its time: partners kept it, or the store did.
    Kept { by_syncs: bool },
    /// A visit at the end of an entry's time is not written.
    VisitLost,
    /// A uid is not refreshed before its entry's time is over.
    NotRefreshed,
    /// A withdrawal that was delivered late undid consent given since.
    ConsentUndone,
    /// A withdrawal was delivered late, and the user who withdrew is live.
    NotDelivered,
}

impl Broken {
    /// The promise: its number in `POLICY.md`, and after those, the three that are added (`docs/proofs.md`).
    pub(super) const fn promise(self) -> u8 {
        match self {
            Self::Returned { .. } => 1,
            Self::Lost => 2,
            Self::Forgotten => 3,
            Self::SeenBefore | Self::TouchedTooSoon => 4,
            Self::TooManyCalls => 5,
            Self::Meddled => 6,
            Self::Damaged => 7,
            Self::Kept { .. } => 8,
            Self::VisitLost => 9,
            Self::NotRefreshed => 10,
            Self::ConsentUndone | Self::NotDelivered => 11,
        }
    }

    /// Whether the same settings break the same promise.
    pub(super) fn has_cause_of(self, other: Self) -> bool {
        (self.promise(), self.keys()) == (other.promise(), other.keys())
    }

    /// What becomes of whom.
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Returned {
                how: Return::Created { late: false },
                ..
            } => "a user who is gone is live again: a partner's sync made a new record",
            Self::Returned {
                how: Return::Created { late: true },
                ..
            } => "a user who is gone is live again: a sync made before they left made a new record",
            Self::Returned {
                how: Return::WrittenBack,
                ..
            } => {
                "a user who is gone is live again: an operation that was under way wrote back what it had read"
            }
            Self::Returned {
                how: Return::OldConsent,
                ..
            } => "a user who is gone is live again: consent from before they left undid it",
            Self::Lost => "what a partner was told is written is not there",
            Self::Forgotten => "a withdrawal is not remembered for its time",
            Self::SeenBefore => "`last_seen` went back",
            Self::TouchedTooSoon => {
                "two touches were written nearer to each other than the policy allows"
            }
            Self::TooManyCalls => "an operation made more calls of the store than it may",
            Self::Meddled => "a partner's sync moved how long the user is kept",
            Self::Damaged => "an operation changed what is not its to change",
            Self::Kept { by_syncs: true } => {
                "a user who stays away is kept past their time, by partners' syncs"
            }
            Self::Kept { by_syncs: false } => {
                "a user is read past their time, until the store collects the record"
            }
            Self::VisitLost => {
                "a user who keeps coming is forgotten: their visit at the end of the entry's time is not written"
            }
            Self::NotRefreshed => {
                "a uid that its partner keeps syncing is not refreshed before its entry's time is over"
            }
            Self::ConsentUndone => {
                "a user who consented again is withdrawn: a late withdrawal undid later consent"
            }
            Self::NotDelivered => {
                "a user who withdrew is live: a late withdrawal was taken as done, and is not"
            }
        }
    }

    /// The settings that together cause it; none where a right engine keeps the promise under every policy.
    pub(super) const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Returned {
                how: Return::Created { .. },
                erased: true,
            } => &["delete.mode", "sync.on_missing"],
            Self::Returned {
                how: Return::Created { late: true },
                ..
            } => &["sync.on_missing", "tombstone.ttl", "sync.max_age"],
            Self::Returned {
                how: Return::Created { late: false },
                ..
            } => &["sync.on_missing", "tombstone.ttl"],
            Self::Returned { erased: true, .. } => &["delete.mode"],
            Self::Returned { .. } => &["tombstone.ttl", "cas.deadline", "store.call_timeout"],
            Self::Kept { by_syncs: true } => &["entry.renewal", "entry.ttl"],
            Self::Kept { by_syncs: false } => &["entry.expiry", "entry.ttl"],
            Self::VisitLost => &["last_seen.debounce", "entry.ttl"],
            Self::NotRefreshed => &["sync.refresh_after", "entry.ttl", "sync.unchanged"],
            _ => &[],
        }
    }
}
