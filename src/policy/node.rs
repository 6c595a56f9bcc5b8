//! A value as written, with its place.
//!
//! TOML files, environment variables and overrides all become [`Node`]s, so that settings are read the
//! same way wherever they are written, and no setting needs to know a file format.
//!
//! ```
//! use edge_cookie::diagnostic::SourceLocation;
//! use edge_cookie::policy::node::{Node, NodeValue};
//!
//! let place = SourceLocation { file: "policy.toml".into(), line: 1, column: 7, span: 6..11 };
//! let node = Node::new(NodeValue::Text("24h".to_owned()), place);
//! assert_eq!(node.value.kind(), "a string");
//! ```

use crate::diagnostic::SourceLocation;

/// How deep tables and lists may be nested, and how many names a key may have: no setting has half as many.
pub const MAX_DEPTH: usize = 32;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What was written.
    pub value: NodeValue,
    /// Where the value is written.
    pub place: SourceLocation,
}

/// A key of a table and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key's own name, without its table's.
    pub name: String,
    /// Where the key is written.
    pub place: SourceLocation,
}

/// The values a user can write.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValue {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date or time, as written.
    Datetime(String),
    /// A list.
    List(Vec<Node>),
    /// A table, in the order written.
    Table(Vec<(Key, Node)>),
}

impl NodeValue {
    /// What this is, in the user's words.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Boolean(_) => "a boolean",
            Self::Datetime(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl Node {
    /// A value at its place.
    #[must_use]
    pub const fn new(value: NodeValue, place: SourceLocation) -> Self {
        Self { value, place }
    }

    /// The member of a table by its own name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        self.members()
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, node)| node)
    }

    /// The member of a table by its own name, to change it.
    pub fn member_mut(&mut self, name: &str) -> Option<&mut Self> {
        let NodeValue::Table(members) = &mut self.value else {
            return None;
        };
        let member = members.iter_mut().find(|(key, _)| key.name == name);
        member.map(|(_, node)| node)
    }

    /// Takes the member of a table out of it.
    pub fn take_member(&mut self, name: &str) -> Option<Self> {
        let NodeValue::Table(members) = &mut self.value else {
            return None;
        };
        let index = members.iter().position(|(key, _)| key.name == name)?;
        Some(members.remove(index).1)
    }

    /// The members of a table; none for anything else.
    #[must_use]
    pub fn members(&self) -> &[(Key, Self)] {
        match &self.value {
            NodeValue::Table(members) => members,
            _ => &[],
        }
    }

    /// The value under a dotted key, seen from this table.
    #[must_use]
    pub fn at_key(&self, dotted: &str) -> Option<&Self> {
        dotted
            .split('.')
            .try_fold(self, |table, name| table.member(name))
    }

    /// The text, where this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text(text) => Some(text),
            _ => None,
        }
    }
}
