//! `[ec.pull]`: asking partners for their uids.

use crate::policy::setting::settings;

settings! {
    /// Asking partners for their uids. The values are checked and kept; this version asks no partner yet.
    Pull in "pull." {
        /// Most requests to partners that one page starts. Kept for pull sync, which this version does not have yet.
        concurrency: u32 = 3, from 0, to 1_024;
    }
}
