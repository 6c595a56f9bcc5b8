//! `[ec.import]`: records that another system wrote.

use crate::policy::setting::{choices, settings};

choices! {
    /// From when retention counts where a record does not state it.
    UnknownAge {
        /// From the latest of `created` and `consent.updated`.
        Created = "created",
        /// From now, until the first write here.
        Now = "now",
        /// It does not count: the record is refused.
        Reject = "reject",
    }
}

settings! {
    /// Records that another system wrote.
    Import in "import." {
        /// From when retention counts where a record has neither `t` nor `last_seen`, as the trusted-server of the IAB
        /// Tech Lab writes it: `created` from the latest of `created` and `consent.updated`; `now` from now, until the
        /// record is first written here; `reject`: such a record is unreadable.
        ///
        /// `created` counts a user who keeps coming, but has never been written here, from when they first came: one of
        /// more than `entry.ttl` ago is absent. `now` loses no one, and keeps those who never come back for as long as
        /// the store does. `reject` leaves the record as it is until it is withdrawn or deleted. A tombstone stays a
        /// tombstone under each of them: it counts from `consent.updated`. Under `entry.renewal = "from_creation"`
        /// retention counts from `created`, whatever this says.
        unknown_age: UnknownAge = UnknownAge::Created;
    }
}
