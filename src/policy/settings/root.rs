//! `[ec]` itself: the stores, the secrets and the declared partners.

use crate::policy::setting::settings;
use crate::policy::types::{Partners, Secret, StoreName};

settings! {
    /// The stores, the secrets and the declared partners.
    RootSettings in "" {
        /// KV store that holds the identity graph.
        ///
        /// A profile that is deployed states its own: two graphs in one store would share users and
        /// withdrawals.
        [own] [restart] ec_store: StoreName = StoreName::known("ec_identity_store");
        /// KV store that holds partner records.
        [own] [restart] partner_store: StoreName = StoreName::known("ec_partner_store");
        /// HMAC key for EC ids; a literal, `{ env = "NAME" }` or `{ secret_store = "S", key = "K" }`.
        ///
        /// Changing it changes every id that is made from then on; a visitor who comes back keeps the one in the
        /// cookie.
        [own] passphrase: Option<Secret> = None;
        /// Bearer token of the admin routes, written like the passphrase; without it and `admin.basic` those routes do not
        /// exist.
        [own] admin_token: Option<Secret> = None;
        /// Partners declared here; they override records in `partner_store`.
        ///
        /// A table each: `id`, `name`, `source_domain`, `openrtb_atype`, `api_token` or
        /// `api_token_sha256`, `rate_limit`, `enabled`, and for features to come `gvl_id`, `bidstream` and `pull`. Layers are
        /// merged by `source_domain`: a higher one overrides single fields, and `enabled = false` switches a partner off.
        [own] partners: Partners = Partners::default();
    }
}
