//! `[ec.identify]`: the route on which a partner reads its own uid.

use crate::policy::setting::settings;
use crate::policy::types::Seconds;

settings! {
    /// The route on which a partner reads its own uid.
    Identify in "identify." {
        /// How long a browser may cache the preflight.
        cors_max_age: Seconds = Seconds::new(600), shown "600s";
    }
}
