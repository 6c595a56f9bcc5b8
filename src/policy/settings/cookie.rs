//! `[ec.cookie]`: the cookie that carries the EC id.

use crate::policy::setting::{choices, settings};
use crate::policy::types::{CookieName, Seconds};

choices! {
    /// The cookie's `SameSite` attribute.
    SameSite {
        /// Sent with top-level navigation from other sites.
        Lax = "Lax",
        /// Never sent from other sites.
        Strict = "Strict",
        /// Always sent; browsers then want `Secure`.
        None = "None",
    }
}

choices! {
    /// When the cookie of a returning visitor is set again.
    CookieRenewal {
        /// Never.
        Never = "never",
        /// When a touch is written.
        OnTouch = "on_touch",
    }
}

choices! {
    /// What becomes of the cookie when the tombstone could not be written.
    OnFailedWithdrawal {
        /// It is expired where the withdrawal is in the outbox, and kept where it is not.
        Auto = "auto",
        /// It is expired all the same.
        Expire = "expire",
        /// It is kept, so that the next request tries again.
        Keep = "keep",
    }
}

settings! {
    /// The cookie that carries the EC id.
    Cookie in "cookie." {
        /// Name of the EC cookie.
        name: CookieName = CookieName::known("ts-ec");
        /// How long the browser keeps it.
        ///
        /// Browsers cap a cookie's life at 400 days (RFC 6265bis, section 5.5).
        max_age: Seconds = Seconds::from_days(365);
        /// `Lax`, `Strict` or `None`.
        same_site: SameSite = SameSite::Lax;
        /// Whether page scripts are kept from it.
        http_only: bool = true;
        /// `never`; `on_touch`: a touch that is written also sets the cookie again.
        renewal: CookieRenewal = CookieRenewal::Never;
        /// The tombstone could not be written: `auto` expires the cookie once the withdrawal is in the outbox
        /// (`local.outbox_withdrawals`), and keeps it where it is not, so that the next request tries again;
        /// `expire`: expires it anyway; `keep`: keeps it.
        on_failed_withdrawal: OnFailedWithdrawal = OnFailedWithdrawal::Auto;
    }
}
