//! `[ec.entry]`: how long a live entry is kept, and how large it may grow.

use crate::platform_facts::fastly::{MAX_METADATA_BYTES, MAX_VALUE_BYTES};
use crate::policy::setting::{choices, settings};
use crate::policy::types::Ttl;

choices! {
    /// What starts an entry's retention again.
    Renewal {
        /// Every write does.
        OnWrite = "on_write",
        /// Only creation, revival and touches do: a partner's syncs do not prolong a user who stays away.
        OnVisit = "on_visit",
        /// Nothing does: retention counts from the entry's `created`.
        FromCreation = "from_creation",
    }
}

choices! {
    /// Who decides that an entry has expired.
    Expiry {
        /// An entry past its TTL is treated as absent even if the store still returns it.
        Engine = "engine",
        /// The store is trusted to return nothing past its TTL.
        Store = "store",
    }
}

settings! {
    /// How long a live entry is kept, and how large it may grow.
    Entry in "entry." {
        /// How long a live entry is kept.
        ///
        /// Stores take whole seconds in 32 bits; a TTL of zero would expire at once.
        ttl: Ttl = Ttl::from_days(365), from Ttl::MIN, to Ttl::MAX;
        /// `on_write`: every write starts the TTL again; `on_visit`: only creation, revival and touches do
        /// (a partner's syncs do not prolong a user who stays away); `from_creation`: retention counts
        /// from `created`.
        renewal: Renewal = Renewal::OnWrite;
        /// `engine`: an entry past its TTL is treated as absent even if the store still returns it (stores
        /// may collect late); `store`: trust the store.
        ///
        /// Fastly collects expired keys within 24 hours, not at once.
        expiry: Expiry = Expiry::Engine;
        /// Partner ids one entry may hold; one more is refused, and no stored one is dropped.
        max_partner_ids: u32 = 64, from 1, to 10_000;
        /// Longest partner uid, in bytes.
        max_uid_bytes: u32 = 512, from 1, to 65_536;
        /// Largest serialised entry, in bytes.
        ///
        /// At least what a tombstone needs, at most what a Fastly KV value takes (25 MiB).
        max_body_bytes: u32 = 8_192, from 256, to MAX_VALUE_BYTES;
        /// Largest serialised metadata, in bytes (the platform makes a record with more than 2000
        /// unreadable).
        ///
        /// At least what a record of this version needs.
        max_metadata_bytes: u32 = 1_900, from 128, to MAX_METADATA_BYTES;
    }
}
