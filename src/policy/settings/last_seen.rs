//! `[ec.last_seen]`: how often a visit is written down.

use crate::policy::setting::settings;
use crate::policy::types::Seconds;

settings! {
    /// How often a visit is written down.
    LastSeen in "last_seen." {
        /// Least time between two `last_seen` writes of one entry.
        ///
        /// Fastly takes one write a second to a key.
        debounce: Seconds = Seconds::new(300), shown "300s";
    }
}
