//! The layers of a policy, lowest first: what each source said, and where.
//!
//! ```
//! use edge_cookie::policy::layers::LayerName;
//!
//! assert_eq!(LayerName::Profile("production".to_owned()).to_string(), "profile `production`");
//! ```

use std::fmt;

use crate::diagnostic::SourceLocation;
use crate::policy::node::{Key, Node, NodeValue};
use crate::printable::on_one_line;

/// Which source a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LayerName {
    /// The built-in default of the setting.
    Default,
    /// `[ec]` in the configuration file.
    Config,
    /// A profile of the chain.
    Profile(String),
    /// Environment variables.
    Environment,
    /// Overrides on the command line.
    CommandLine,
}

impl LayerName {
    /// The sort of layer, as JSON names it.
    #[must_use]
    pub const fn sort(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Config => "config",
            Self::Profile(_) => "profile",
            Self::Environment => "environment",
            Self::CommandLine => "command_line",
        }
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::Config => f.write_str("`[ec]`"),
            Self::Profile(name) => write!(f, "profile `{}`", on_one_line(name)),
            Self::Environment => f.write_str("the environment"),
            Self::CommandLine => f.write_str("the command line"),
        }
    }
}

/// What one source says: every field optional, every value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The `[ec]` table, without what is said about policies.
    pub ec: Node,
    /// `[ec.guardrails]`: bounds of settings.
    pub guardrails: Option<Node>,
    /// `[[ec.allow]]`: findings that the author accepts.
    pub allow: Option<Node>,
}

impl Options {
    /// Takes apart an `[ec]` table: the settings, and what is said about them.
    #[must_use]
    pub fn of(mut ec: Node) -> Self {
        Self {
            guardrails: ec.take_member("guardrails"),
            allow: ec.take_member("allow"),
            ec,
        }
    }
}

/// One source and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Which source it is.
    pub name: LayerName,
    /// What it says.
    pub options: Options,
    /// Whether it is an ancestor of the chosen profile, and so does not supply a profile's own keys.
    pub ancestor: bool,
}

impl Layer {
    /// What the layer says of a setting that it may supply.
    #[must_use]
    pub fn supplies(&self, key: &str, inheritable: bool) -> Option<&Node> {
        if self.ancestor && !inheritable {
            return None;
        }
        self.options.ec.at_key(key)
    }
}

/// Values by their keys below `ec` as one layer. They have no lines: findings name `source` as their file.
pub(crate) fn of_values<'k>(
    values: impl IntoIterator<Item = (&'k str, serde_json::Value)>,
    source: &str,
) -> Layer {
    let place = SourceLocation {
        file: source.into(),
        line: 1,
        column: 1,
        span: 0..0,
    };
    let mut ec = Node::new(NodeValue::Table(Vec::new()), place.clone());
    for (key, value) in values {
        if let Some(node) = node(value, &place) {
            put(&mut ec, key, node);
        }
    }
    Layer {
        name: LayerName::Config,
        options: Options::of(ec),
        ancestor: false,
    }
}

/// Puts a value into the tables that its dotted key names.
fn put(table: &mut Node, key: &str, value: Node) {
    let NodeValue::Table(members) = &mut table.value else {
        return;
    };
    let (own, rest) = match key.split_once('.') {
        Some((own, rest)) => (own, Some(rest)),
        None => (key, None),
    };
    let at = members.iter().position(|(key, _)| key.name == own);
    let at = at.unwrap_or_else(|| {
        let (name, place) = (own.to_owned(), table.place.clone());
        let empty = Node::new(NodeValue::Table(Vec::new()), place.clone());
        members.push((Key { name, place }, empty));
        members.len() - 1
    });
    if let Some((_, node)) = members.get_mut(at) {
        match rest {
            Some(rest) => put(node, rest, value),
            None => *node = value,
        }
    }
}

/// A JSON value as a user could have written it; none for `null`.
fn node(json: serde_json::Value, place: &SourceLocation) -> Option<Node> {
    use serde_json::Value as Json;

    let value = match json {
        Json::Null => return None,
        Json::Bool(truth) => NodeValue::Boolean(truth),
        Json::Number(number) => match number.as_i64() {
            Some(number) => NodeValue::Integer(number),
            None => NodeValue::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => NodeValue::Text(text),
        Json::Array(items) => {
            let items = items.into_iter().filter_map(|item| node(item, place));
            NodeValue::List(items.collect())
        }
        Json::Object(members) => {
            let members = members.into_iter().filter_map(|(name, value)| {
                let place = place.clone();
                let value = node(value, &place)?;
                Some((Key { name, place }, value))
            });
            NodeValue::Table(members.collect())
        }
    };
    Some(Node::new(value, place.clone()))
}
