//! The layers of a policy, lowest first: what each source said, and where.
//!
//! ```
//! use edge_cookie::policy::layers::LayerName;
//!
//! assert_eq!(LayerName::Profile("production".to_owned()).to_string(), "profile `production`");
//! ```

use std::fmt;

use crate::policy::node::Node;
use crate::printable::on_one_line;

/// Which source a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
