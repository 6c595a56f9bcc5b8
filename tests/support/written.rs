//! Policies from overrides as a command line gives them.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use edge_cookie::config::{PolicyFiles, PolicySources};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::resolve::Resolved;
use tempfile::TempDir;

/// The policy of an empty configuration with these overrides (`tombstone.ttl=12h`), usable or not.
pub fn overridden<S: AsRef<str>>(sets: impl IntoIterator<Item = S>) -> Resolved {
    static EMPTY: OnceLock<TempDir> = OnceLock::new();
    let folder = EMPTY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("trusted-server.toml"), "").unwrap();
        folder
    });
    let mut files = PolicyFiles::open(PolicySources {
        config: folder.path().join("trusted-server.toml"),
        policies: folder.path().join("none"),
        environment: Vec::new(),
        sets: sets
            .into_iter()
            .map(|set| format!("ec.{}", set.as_ref()))
            .collect(),
        ..PolicySources::default()
    })
    .unwrap();
    files.load("development").unwrap().resolved
}

/// As [`overridden`]; it has to be usable.
pub fn with<S: AsRef<str>>(sets: impl IntoIterator<Item = S>) -> Resolved {
    let resolved = overridden(sets);
    assert!(resolved.is_usable(), "{:?}", resolved.findings);
    resolved
}

/// The shipped profiles by their names, under the shipped configuration.
pub fn shipped() -> Vec<(String, Arc<EcPolicy>)> {
    let root = Path::new(env!("REPOSITORY"));
    let mut files = PolicyFiles::open(PolicySources {
        config: root.join("trusted-server.toml"),
        policies: root.join("policies"),
        ..PolicySources::default()
    })
    .unwrap();
    let names = files.names().to_vec();
    let load = |name: String| {
        let policy = files.load(&name).unwrap().resolved.policy;
        (name, Arc::new(policy))
    };
    names.into_iter().map(load).collect()
}
