//! `[ec.admin]`: how operators come in, other than by `admin_token`.

use crate::policy::setting::settings;
use crate::policy::types::{Secret, UserName};

settings! {
    /// A user name and password for the admin routes, as HTTP Basic has them (RFC 7617).
    AdminBasic in "admin.basic." {
        /// User name with which operators may come in instead of `admin_token`; it needs `admin.basic.password`.
        ///
        /// Written together: `[ec.admin] basic = { username = "ops", password = { env = "NAME" } }`. The admin token is
        /// accepted as well.
        [own] username: Option<UserName> = None;
        /// Password of that user; a literal, `{ env = "NAME" }` or `{ secret_store = "S", key = "K" }`.
        [own] password: Option<Secret> = None;
    }
}
