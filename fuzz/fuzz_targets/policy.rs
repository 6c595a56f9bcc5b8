//! A policy file: whatever is accepted resolves, and what is shown of it reads back as the same policy.
#![no_main]

use std::path::PathBuf;

use edge_cookie::config::{Loaded, PolicyFiles, PolicySources};
use edge_cookie::policy::types::{PartnerToken, Secret};
use edge_cookie::policy::value::Value;
use libfuzzer_sys::fuzz_target;

fn load(text: &str) -> Loaded {
    let config = PathBuf::from("no-folder/trusted-server.toml");
    let sources = PolicySources {
        edited: vec![(config.clone(), text.to_owned())],
        policies: PathBuf::from("no-folder/policies"),
        config,
        ..PolicySources::default()
    };
    PolicyFiles::open(sources)
        .expect("nothing is read from disk")
        .load("development")
        .expect("that profile need not be there")
}

/// A literal is not shown, and so cannot be read back.
fn shows_all(loaded: &Loaded) -> bool {
    let stores = &loaded.resolved.policy.root;
    let literal = |secret: &Secret| matches!(secret, Secret::Literal(_));
    let mut tokens = stores
        .partners
        .iter()
        .filter_map(|partner| match &partner.token {
            Some(PartnerToken::Token(secret)) => Some(secret),
            _ => None,
        });
    !stores.passphrase.iter().any(literal)
        && !stores.admin_token.iter().any(literal)
        && !loaded
            .resolved
            .policy
            .admin_basic
            .password
            .iter()
            .any(literal)
        && !tokens.any(literal)
}

fuzz_target!(|text: &str| {
    let loaded = load(text);
    for finding in &loaded.resolved.findings {
        assert!(!finding.message.is_empty());
    }
    if !loaded.resolved.is_usable() || !shows_all(&loaded) {
        return;
    }
    let shown: String = loaded
        .resolved
        .values
        .iter()
        .filter(|value| value.value != Value::Nothing)
        .map(|value| format!("ec.{} = {}\n", value.key, value.value))
        .collect();
    let again = load(&shown);
    assert_eq!(
        again.resolved.policy.digest, loaded.resolved.policy.digest,
        "{shown}"
    );
});
