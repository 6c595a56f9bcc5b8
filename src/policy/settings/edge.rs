//! `[ec.edge]`: the platform's resources that the Fastly Compute service uses, beside its stores.

use crate::policy::setting::settings;
use crate::policy::types::StoreName;

settings! {
    /// The platform's resources that the Fastly Compute service uses, beside its stores.
    Edge in "edge." {
        /// Config store in which a bundle may replace the embedded one without a redeploy.
        config_store: StoreName = StoreName::known("ec_config");
        /// The bundle's key in that store.
        bundle_key: StoreName = StoreName::known("ec_bundle");
        /// Rate counter of the edge's rate limiter.
        rate_counter: StoreName = StoreName::known("ec_rate_counter");
    }
}
