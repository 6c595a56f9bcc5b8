//! `[ec.tombstone]`: how a withdrawal is remembered.

use crate::policy::setting::{choices, settings};
use crate::policy::types::Ttl;

choices! {
    /// What a withdrawal on a tombstone does.
    Repeat {
        /// It starts the tombstone's TTL again.
        Rewrite = "rewrite",
        /// It leaves the tombstone's expiry where it was.
        Keep = "keep",
    }
}

choices! {
    /// What a withdrawal for an unknown id does.
    OnMissingWithdrawal {
        /// It writes a tombstone.
        Write = "write",
        /// It writes nothing, so that forged ids leave no trace.
        Skip = "skip",
    }
}

settings! {
    /// How a withdrawal is remembered.
    Tombstone in "tombstone." {
        /// How long a withdrawal is remembered.
        ttl: Ttl = Ttl::from_hours(24), shown "24h", from Ttl::MIN, to Ttl::MAX;
        /// A withdrawal on a tombstone: `rewrite` starts its TTL again, `keep` leaves its expiry where it
        /// was.
        ///
        /// `keep` costs a read before each withdrawal.
        repeat: Repeat = Repeat::Rewrite;
        /// A withdrawal for an unknown id: `write` a tombstone, or `skip` (forged ids leave no trace).
        ///
        /// `skip` costs a read before each withdrawal.
        on_missing: OnMissingWithdrawal = OnMissingWithdrawal::Write;
    }
}
