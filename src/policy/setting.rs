//! What every setting is made of: how its value is read, shown and described.
//!
//! A group of settings is declared with the [`settings!`](crate::policy::settings) files' macro: one line a setting, its
//! documentation, type, default and limits together. Everything else (resolving, origins, `docs/settings.md`) follows
//! from that line.
//!
//! ```
//! use edge_cookie::policy::known_setting;
//!
//! let ttl = known_setting("entry.ttl").unwrap();
//! assert_eq!(ttl.default.to_string(), "\"365d\"");
//! ```

use crate::diagnostic::{Code, Diagnostic};
use crate::policy::node::{Node, NodeValue};
use crate::policy::value::Value;

/// What kind of text a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextKind {
    /// In words, as `a store name`.
    pub words: &'static str,
    /// As a regular expression (ECMA-262), for editors.
    pub pattern: &'static str,
}

/// The kinds of values a setting may take, for messages, documentation and overrides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A duration with its unit.
    Duration,
    /// A duration, or `none`.
    OptionalDuration,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A text.
    Text(TextKind),
    /// A list of texts.
    TextList(TextKind),
    /// A list of texts, or a table of what to `add` to the shipped list and to `remove` from it.
    Amendable(TextKind),
    /// A secret, in clear or by reference.
    Secret,
    /// The declared partners.
    Partners,
}

impl Shape {
    /// Whether the value is a string in TOML, so that an override needs no quotes.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(
            self,
            Self::Duration
                | Self::OptionalDuration
                | Self::Choice(_)
                | Self::Text(_)
                | Self::Secret
        )
    }
}

/// What is known of a setting, apart from its type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SettingInfo {
    /// The key below `ec`, such as `entry.ttl`.
    pub key: &'static str,
    /// The documentation, one line an element.
    pub doc: &'static [&'static str],
    /// The built-in default.
    pub default: Value,
    /// The least and the greatest value, where there are limits.
    pub limits: Option<(Value, Value)>,
    /// What values it takes.
    pub shape: Shape,
    /// Whether a profile's ancestors supply it.
    pub inheritable: bool,
    /// Whether it is about the machine that runs the policy: an address, a folder, a limit of the native server. The
    /// policy's digest leaves it out, so that one policy has one digest on every machine.
    pub machine: bool,
    /// Whether a native server has to be restarted before a changed value is effective.
    pub restart: bool,
}

impl Shape {
    /// Whether values of this kind are secrets, or hold some, and so are never shown. Nothing else decides that.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::Partners)
    }
}

impl SettingInfo {
    /// The first paragraph of the documentation, on one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let lines: Vec<&str> = self
            .doc
            .iter()
            .map(|line| line.trim())
            .take_while(|line| !line.is_empty())
            .collect();
        lines.join(" ")
    }
}

/// The full key of a setting, as diagnostics and overrides name it.
#[must_use]
pub fn full_key(key: &str) -> String {
    format!("ec.{key}")
}

/// A type that a setting can have.
pub trait SettingValue: Clone + PartialEq {
    /// What values the type takes.
    const SHAPE: Shape;

    /// Parses the value written for `key`; what is wrong with it goes to `findings`.
    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self>;

    /// The value as it is shown where it was not written by anybody.
    fn show(&self) -> Value;

    /// The value as the policy's digest holds it: equal exactly where the values are.
    fn digested(&self) -> Value {
        self.show()
    }

    /// The value with its secrets in clear, for what carries a policy whole.
    fn in_clear(&self) -> Value {
        self.show()
    }

    /// The value as it is shown where `node` is what was written.
    fn show_as_written(&self, _node: &Node) -> Value {
        self.show()
    }
}

/// The finding for a value of the wrong type.
#[must_use]
pub fn wrong_type(node: &Node, key: &str, expected: &str) -> Diagnostic {
    Diagnostic::error(
        Code::WrongType,
        format!("`{key}` is {expected}, but {} was given", node.value.kind()),
    )
    .about(full_key(key))
    .at(node.place.clone())
}

impl SettingValue for bool {
    const SHAPE: Shape = Shape::Boolean;

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        if let NodeValue::Boolean(truth) = node.value {
            return Some(truth);
        }
        findings.push(
            wrong_type(node, key, "a boolean").with_help("write `true` or `false`, without quotes"),
        );
        None
    }

    fn show(&self) -> Value {
        Value::Boolean(*self)
    }
}

impl SettingValue for u32 {
    const SHAPE: Shape = Shape::Integer;

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let NodeValue::Integer(written) = node.value else {
            findings.push(
                wrong_type(node, key, "a whole number")
                    .with_help("write a number without quotes, as `64`"),
            );
            return None;
        };
        let number = Self::try_from(written).ok();
        if number.is_none() {
            findings.push(
                Diagnostic::error(
                    Code::OutOfRange,
                    format!("`{written}` is out of range for `{key}`"),
                )
                .about(full_key(key))
                .at(node.place.clone())
                .with_help(format!("write a number from 0 to {}", Self::MAX)),
            );
        }
        number
    }

    fn show(&self) -> Value {
        Value::Integer(u64::from(*self))
    }
}

/// Declares a group of settings: a struct whose fields carry their documentation, default and limits.
///
/// `[machine]` after the group's prefix says that its settings are about the machine that runs the policy. Before a field,
/// `[own]` keeps it from being inherited along a profile's chain, and `[restart]` says that a running native server refuses
/// a changed value; a field may have both. `shown` is the default as people write it, where that is not its largest exact
/// unit.
macro_rules! settings {
    (
        $(#[doc = $group_doc:literal])*
        $group:ident in $prefix:literal $([$machine:ident])? {
            $(
                $(#[doc = $doc:literal])*
                $([$fact:ident])*
                $field:ident : $type:ty = $default:expr $(, shown $shown:literal)? $(, from $least:expr, to $greatest:expr)? ;
            )*
        }
    ) => {
        $(#[doc = $group_doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $group {
            $( $(#[doc = $doc])* pub $field: $type, )*
        }

        impl $group {
            /// Whether its settings are about the machine.
            const MACHINE: bool = settings!(@machine $($machine)?);

            pub(in crate::policy) fn resolve(from: &mut $crate::policy::resolve::Resolver<'_>) -> Self {
                Self {
                    $( $field: from.value(
                        $crate::policy::resolve::About {
                            key: concat!($prefix, stringify!($field)),
                            doc: &[$($doc),*],
                            inheritable: settings!(@inheritable $($fact)*),
                            machine: Self::MACHINE,
                            restart: settings!(@restart $($fact)*),
                            shown: settings!(@shown $($shown)?),
                        },
                        $default,
                        settings!(@limits $($least, $greatest)?),
                    ), )*
                }
            }

            /// Every setting by its key below `ec`, and its value with secrets in clear.
            pub(in crate::policy) fn values(&self, to: &mut Vec<(&'static str, $crate::policy::value::Value)>) {
                use $crate::policy::setting::SettingValue;
                $( to.push((concat!($prefix, stringify!($field)), self.$field.in_clear())); )*
            }
        }
    };
    (@machine machine) => { true };
    (@machine) => { false };
    (@inheritable own $($fact:ident)*) => { false };
    (@inheritable restart $($fact:ident)*) => { settings!(@inheritable $($fact)*) };
    (@inheritable) => { true };
    (@restart restart $($fact:ident)*) => { true };
    (@restart own $($fact:ident)*) => { settings!(@restart $($fact)*) };
    (@restart) => { false };
    (@shown $shown:literal) => { Some($shown) };
    (@shown) => { None };
    (@limits $least:expr, $greatest:expr) => {
        Some($crate::policy::resolve::ValueRange::new($least, $greatest))
    };
    (@limits) => { None };
}

/// Declares a setting that takes one of a few words.
macro_rules! choices {
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $( $(#[doc = $choice_doc:literal])* $choice:ident = $word:literal, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[doc = $choice_doc])* $choice, )*
        }

        impl $name {
            /// The word as it is written in a policy.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$choice => $word, )* }
            }
        }

        impl $crate::policy::setting::SettingValue for $name {
            const SHAPE: $crate::policy::setting::Shape =
                $crate::policy::setting::Shape::Choice(&[$($word),*]);

            fn read(
                node: &$crate::policy::node::Node,
                key: &str,
                findings: &mut Vec<$crate::diagnostic::Diagnostic>,
            ) -> Option<Self> {
                match $crate::policy::types::choice::read_word(node, key, &[$($word),*], findings)? {
                    $( $word => Some(Self::$choice), )*
                    _ => None,
                }
            }

            fn show(&self) -> $crate::policy::value::Value {
                $crate::policy::value::Value::from(self.as_str())
            }
        }
    };
}

pub(crate) use {choices, settings};
