//! The profiles that a migrated configuration is served under.

use toml_edit::{DocumentMut, Item, Value};

use super::NewFile;

/// The profile of the native server: the rules of `production`, and the secrets of the configuration.
pub(super) const NATIVE: &str = "native";

const NATIVE_PROFILE: &str = r#"# The rules of `production` on this machine's server. Its secrets are those that `trusted-server.toml` refers to, since a
# profile inherits none.

inherits = "production"
description = "production's rules, served by `ec serve`"
"#;

/// The trusted-server's behaviour.
pub(crate) const TRUSTED_SERVER: &str = "trusted-server";

/// The profile of it that is shipped.
pub(crate) const fn trusted_server() -> &'static str {
    include_str!("../../../../policies/trusted-server.toml")
}

/// The stores that a deployed profile names itself.
const STORES: [&str; 2] = ["ec_store", "partner_store"];

/// The profiles, with the stores that `[ec]` names.
pub(super) fn of(ec: Option<&Item>) -> Vec<NewFile> {
    vec![
        NewFile {
            name: "policies/production.toml",
            text: with_stores(include_str!("../../../../policies/production.toml"), ec),
        },
        NewFile {
            name: "policies/native.toml",
            text: NATIVE_PROFILE.to_owned(),
        },
        NewFile {
            name: "policies/trusted-server.toml",
            text: with_stores(trusted_server(), ec),
        },
    ]
}

fn with_stores(profile: &str, ec: Option<&Item>) -> String {
    // The folder has no schemas.
    let profile = profile
        .trim_start_matches(|first| first != '\n')
        .trim_start();
    let Ok(mut document) = profile.parse::<DocumentMut>() else {
        return profile.to_owned();
    };
    for key in STORES {
        let store = ec.and_then(|ec| ec.get(key)).and_then(Item::as_str);
        let own = document.get_mut("ec").and_then(|ec| ec.get_mut(key));
        if let (Some(store), Some(own)) = (store, own.and_then(Item::as_value_mut)) {
            let decor = own.decor().clone();
            *own = Value::from(store);
            *own.decor_mut() = decor;
        }
    }
    document.to_string()
}
