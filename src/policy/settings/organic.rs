//! `[ec.organic]`: which page requests get an id, and what one may spend on identity.

use crate::policy::setting::{choices, settings};
use crate::policy::types::{Millis, TsPrefixes};

choices! {
    /// Which page requests may get a new id.
    IdentifyOn {
        /// Those that can be a page view.
        Navigations = "navigations",
        /// Every one.
        All = "all",
    }
}

settings! {
    /// Which page requests get an id, and what one may spend on identity.
    Organic in "organic." {
        /// What a page request may spend on identity before it goes on without.
        budget: Millis = Millis::new(100);
        /// Which requests may get a new id: `navigations` (a `GET` of a page by a browser, as its fetch metadata or its
        /// `Accept` shows, that is no prefetch and no robot's), or `all`.
        ///
        /// A font, a picture or a script that gets an id writes a record for no user. Visits with an id and withdrawals
        /// count on every request.
        identify: IdentifyOn = IdentifyOn::Navigations;
        /// Whether a page in a frame (`Sec-Fetch-Dest: iframe`) may get a new id under `navigations`.
        identify_frames: bool = false;
        /// Paths below `/_ts/` that the origin serves itself; it gets their requests without `Authorization`.
        ///
        /// Every other path below `/_ts/` belongs to the service, and never reaches the origin.
        ts_prefixes: TsPrefixes = TsPrefixes::default();
        /// Longest that a connection to the origin may take to be made, TLS included.
        origin_connect_timeout: Millis = Millis::new(5_000), from Millis::new(1), to Millis::new(600_000);
        /// Longest that the origin may take to begin its answer, from the last byte of the request that went out.
        ///
        /// An upload that makes progress is not cut off.
        origin_head_timeout: Millis = Millis::new(30_000), from Millis::new(1), to Millis::new(3_600_000);
        /// Longest that the origin may pause within an answer. A client that reads slowly does not count.
        origin_progress_timeout: Millis = Millis::new(30_000), from Millis::new(1), to Millis::new(3_600_000);
    }
}
