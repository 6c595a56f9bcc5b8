//! `[ec.store]`: limits of a single store call.

use crate::policy::setting::settings;
use crate::policy::types::Millis;

settings! {
    /// Limits of a single store call.
    Store in "store." {
        /// Longest single store call, where the platform lets us bound it.
        call_timeout: Millis = Millis::new(500), from Millis::new(1), to Millis::new(120_000);
    }
}
