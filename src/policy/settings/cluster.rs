//! `[ec.cluster]`: how many ids share an address.

use crate::policy::setting::settings;
use crate::policy::types::Seconds;

settings! {
    /// How many ids share an address. The values are checked and kept; this version counts no clusters yet.
    Cluster in "cluster." {
        /// Most ids of one address that are taken for one household. Kept for cluster sizes, which this version does not
        /// count yet.
        max_trusted: u32 = 10, from 0, to 1_000_000;
        /// How long the size of a cluster is believed. Kept for cluster sizes, which this version does not count yet.
        recheck: Seconds = Seconds::new(3_600), shown "1h";
    }
}
