//! The profiles that a migrated configuration is served under.

use toml_edit::{DocumentMut, Value};

use super::NewFile;

/// The profile of the native server: the rules of `production`, and the secrets of the configuration.
pub(super) const NATIVE: &str = "native";

const NATIVE_PROFILE: &str = r#"# The rules of `production` on this machine's server. Its secrets are those that `trusted-server.toml` refers to, since a
# profile inherits none.

inherits = "production"
description = "production's rules, served by `ec serve`"
"#;

/// The profiles, the deployed one with this store.
pub(super) fn of(store: Option<&str>) -> Vec<NewFile> {
    let shipped = include_str!("../../../../policies/production.toml");
    vec![
        NewFile {
            name: "policies/production.toml",
            text: with_store(shipped, store),
        },
        NewFile {
            name: "policies/native.toml",
            text: NATIVE_PROFILE.to_owned(),
        },
        NewFile {
            name: "policies/trusted-server.toml",
            text: with_store(
                include_str!("../../../../policies/trusted-server.toml"),
                store,
            ),
        },
    ]
}

fn with_store(profile: &str, store: Option<&str>) -> String {
    // There are no schemas beside it.
    let profile = profile
        .trim_start_matches(|first| first != '\n')
        .trim_start();
    let (Some(store), Ok(mut document)) = (store, profile.parse::<DocumentMut>()) else {
        return profile.to_owned();
    };
    let own = document.get_mut("ec").and_then(|ec| ec.get_mut("ec_store"));
    if let Some(own) = own.and_then(|own| own.as_value_mut()) {
        let decor = own.decor().clone();
        *own = Value::from(store);
        *own.decor_mut() = decor;
    }
    document.to_string()
}
