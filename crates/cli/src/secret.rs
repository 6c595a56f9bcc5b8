//! Reads secrets that this machine has.

use edge_cookie::policy::types::Secret;

/// The secret itself; none where it is in no place that this machine can look into.
pub(crate) fn reveal(secret: &Secret) -> Option<String> {
    match secret {
        Secret::Literal(secret) => Some(secret.clone()),
        Secret::Environment(variable) => std::env::var(variable).ok(),
        Secret::SecretStore { .. } => None,
    }
}
