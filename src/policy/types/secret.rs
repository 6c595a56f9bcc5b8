//! Secrets: written in clear or by reference, shown by neither message nor log.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::diagnostic::{Code, Diagnostic};
use crate::policy::node::{Node, NodeValue};
use crate::policy::setting::{SettingValue, Shape, full_key, wrong_type};
use crate::policy::types::strength::{REDACTED, is_redacted};
use crate::policy::value::Value;

/// A secret, or where it is kept. A literal never shows.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The secret itself, written into the policy.
    Literal(String),
    /// The environment variable that holds it.
    Environment(String),
    /// A key of the platform's secret store.
    SecretStore {
        /// The store's name.
        store: String,
        /// The key in it.
        key: String,
    },
}

impl Secret {
    /// The secret itself, without the line end after it; `look_up` knows what a reference refers to.
    pub fn resolve(&self, look_up: impl Fn(&Self) -> Option<String>) -> Option<String> {
        let found = look_up(self)?;
        Some(super::strength::without_line_end(&found).to_owned())
    }

    /// Where it is kept, in words.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Literal(_) => "the policy itself".to_owned(),
            Self::Environment(variable) => format!("the environment variable `{variable}`"),
            Self::SecretStore { store, key } => format!("the secret store `{store}`, as `{key}`"),
        }
    }

    /// What the policy's digest holds of this secret: a reference as it is, of a literal its fingerprint.
    pub(crate) fn digested(&self) -> Value {
        match self {
            Self::Literal(secret) => {
                let fingerprint =
                    base16ct::lower::encode_string(&Sha256::digest(secret.as_bytes()));
                Value::Text(format!("sha256:{fingerprint}"))
            }
            _ => self.show(),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.show())
    }
}

/// Whether a name is that of a secret, nearly so, or ends with its last word, as `token` does for `api_token`.
pub(crate) fn is_like(name: &str, key: &str) -> bool {
    /// How many letters amiss still are a slip.
    const SLIPS: usize = 2;
    let word = key.rsplit('_').next().unwrap_or(key);
    // Each slip is a letter more at most, and comparing takes as long as both words multiplied.
    let comparable = name.len() <= key.len() + SLIPS;
    name.ends_with(word) || (comparable && strsim::osa_distance(name, key) <= SLIPS)
}

const HELP: &str = "write `{ env = \"NAME\" }` or `{ secret_store = \"STORE\", key = \"KEY\" }`";

impl SettingValue for Secret {
    const SHAPE: Shape = Shape::Secret;

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let refused = |message: String| {
            Diagnostic::error(Code::BadValue, message)
                .about(full_key(key))
                .at(node.place.clone())
                .with_help(HELP)
        };
        let members = match &node.value {
            NodeValue::Text(literal) if literal.is_empty() => {
                findings.push(refused(format!("`{key}` is empty")));
                return None;
            }
            NodeValue::Text(literal) if is_redacted(literal) => {
                findings.push(refused(format!(
                    "`{key}` holds `{}`, which is shown in the place of a secret and is none",
                    literal.trim()
                )));
                return None;
            }
            NodeValue::Text(literal) => return Some(Self::Literal(literal.clone())),
            NodeValue::Table(members) => members,
            _ => {
                findings.push(wrong_type(node, key, "a secret").with_help(HELP));
                return None;
            }
        };
        let text = |name: &str| node.member(name).and_then(Node::as_text).map(str::to_owned);
        match (
            members.len(),
            text("env"),
            text("secret_store"),
            text("key"),
        ) {
            (1, Some(variable), ..) if !variable.is_empty() => Some(Self::Environment(variable)),
            (2, _, Some(store), Some(key)) if !store.is_empty() && !key.is_empty() => {
                Some(Self::SecretStore { store, key })
            }
            _ => {
                findings.push(refused(format!("`{key}` is not a reference to a secret")));
                None
            }
        }
    }

    fn in_clear(&self) -> Value {
        match self {
            Self::Literal(secret) => Value::from(secret.as_str()),
            _ => self.show(),
        }
    }

    fn show(&self) -> Value {
        match self {
            Self::Literal(_) => Value::from(REDACTED),
            Self::Environment(variable) => {
                Value::Table(vec![("env", Value::from(variable.as_str()))])
            }
            Self::SecretStore { store, key } => Value::Table(vec![
                ("secret_store", Value::from(store.as_str())),
                ("key", Value::from(key.as_str())),
            ]),
        }
    }
}

impl SettingValue for Option<Secret> {
    const SHAPE: Shape = Shape::Secret;

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        Secret::read(node, key, findings).map(Some)
    }

    fn show(&self) -> Value {
        self.as_ref().map_or(Value::Nothing, Secret::show)
    }

    fn digested(&self) -> Value {
        self.as_ref().map_or(Value::Nothing, Secret::digested)
    }

    fn in_clear(&self) -> Value {
        self.as_ref().map_or(Value::Nothing, Secret::in_clear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_never_shows_and_still_distinguishes_policies() {
        let [one, other] = ["hunter2", "hunter3"].map(|text| Secret::Literal(text.to_owned()));
        assert_ne!(one.digested(), other.digested());
        for shown in [
            format!("{one:?}"),
            one.show().to_string(),
            one.digested().to_string(),
        ] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let reference = Secret::Environment("NAME".to_owned());
        for (secret, shown) in [(one, REDACTED), (reference, "NAME")] {
            assert!(format!("{secret:?}").contains(shown), "{secret:?}");
        }
    }
}
