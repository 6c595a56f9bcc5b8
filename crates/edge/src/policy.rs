//! The policy of a request: the bundle in the config store, if it is valid, or the embedded one.

use fastly::{ConfigStore, SecretStore};

use edge_cookie::policy::bundle::Bundled;
use edge_cookie::policy::settings::Edge;
use edge_cookie::policy::types::Secret;
use edge_cookie_service::{Setup, SetupError};

/// Why there is nothing to serve under.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPolicy {
    /// The build embedded something else.
    #[error("the embedded bundle cannot be used: {0}")]
    Embedded(#[from] edge_cookie::policy::bundle::BundleError),
    /// A secret is missing.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

/// The setup of the effective policy.
pub(super) fn effective_setup(embedded: &str) -> Result<Setup, NoPolicy> {
    let embedded = Bundled::read(embedded)?;
    let names = &embedded.resolved.policy.edge;
    let trouble = match replacing(names) {
        None => None,
        Some(replacing) => {
            match replacing.and_then(|bundle| setup(&bundle).map_err(|error| error.to_string())) {
                Ok(setup) => return Ok(setup),
                Err(why) => {
                    let store = &names.config_store;
                    let why = format!("the bundle in `{store}` is not used: {why}");
                    println!(
                        "{}",
                        serde_json::json!({ "level": "error", "message": why })
                    );
                    Some(why)
                }
            }
        }
    };
    let setup = setup(&embedded)?;
    Ok(match trouble {
        Some(why) => setup.with_trouble(why),
        None => setup,
    })
}

/// The bundle in the config store; none where there is no such store or nothing in it.
fn replacing(names: &Edge) -> Option<Result<Bundled, String>> {
    let store = ConfigStore::try_open(names.config_store.as_str()).ok()?;
    match store.try_get(names.bundle_key.as_str()) {
        Ok(None) => None,
        Ok(Some(text)) => Some(Bundled::read(&text).map_err(|error| error.to_string())),
        Err(error) => Some(Err(error.to_string())),
    }
}

fn setup(bundle: &Bundled) -> Result<Setup, SetupError> {
    Setup::of_bundle(bundle, reveal)
}

fn reveal(secret: &Secret) -> Option<String> {
    match secret {
        Secret::Literal(secret) => Some(secret.clone()),
        Secret::Environment(variable) => std::env::var(variable).ok(),
        Secret::SecretStore { store, key } => {
            let secret = SecretStore::open(store).ok()?.try_get(key).ok()??;
            String::from_utf8(secret.try_plaintext().ok()?.into()).ok()
        }
    }
}
