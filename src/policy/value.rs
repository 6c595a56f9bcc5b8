//! A setting's value as it is shown: to a reader, in JSON, in TOML and in the digest.
//!
//! ```
//! use edge_cookie::policy::value::Value;
//!
//! let value = Value::List(vec![Value::from("DE"), Value::from("FR")]);
//! assert_eq!(value.to_string(), r#"["DE", "FR"]"#);
//! ```

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::redact::passwords;

/// A shown value. Secrets never get here in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// The setting is not set, and has no default.
    Nothing,
    /// A string; durations are strings too.
    Text(String),
    /// A whole number.
    Integer(u64),
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    List(Vec<Value>),
    /// A table, in its own order.
    Table(Vec<(&'static str, Value)>),
}

impl Value {
    /// This value, with a mask over every password in an address.
    #[must_use]
    pub(crate) fn masked(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(passwords(&text).into_owned()),
            Self::List(items) => Self::List(items.into_iter().map(Self::masked).collect()),
            Self::Table(members) => {
                let masked = |(key, value): (_, Self)| (key, value.masked());
                Self::Table(members.into_iter().map(masked).collect())
            }
            other => other,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_u64(*number),
            Self::Boolean(truth) => serializer.serialize_bool(*truth),
            Self::List(items) => items.serialize(serializer),
            Self::Table(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// As TOML, on one line; a value that is not set shows as `<not set>`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("<not set>"),
            Self::Text(text) => write_quoted(f, text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Boolean(truth) => write!(f, "{truth}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{item}")?;
                }
                f.write_str("]")
            }
            Self::Table(members) => {
                f.write_str("{")?;
                for (index, (key, value)) in members.iter().enumerate() {
                    let separator = if index == 0 { " " } else { ", " };
                    write!(f, "{separator}{key} = {value}")?;
                }
                f.write_str(" }")
            }
        }
    }
}

/// A TOML basic string.
fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            control if control.is_control() => write!(f, "\\u{:04X}", u32::from(control))?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_show_as_toml_and_json() {
        let table = Value::Table(vec![
            ("id", Value::from("a\"b\\c\n\r\t\u{1}é")),
            ("on", Value::Boolean(true)),
            ("rate", Value::Integer(60)),
        ]);
        assert_eq!(
            table.to_string(),
            "{ id = \"a\\\"b\\\\c\\n\\r\\t\\u0001é\", on = true, rate = 60 }"
        );
        assert_eq!(
            serde_json::to_string(&Value::List(vec![table, Value::Nothing])).unwrap(),
            "[{\"id\":\"a\\\"b\\\\c\\n\\r\\t\\u0001é\",\"on\":true,\"rate\":60},null]"
        );
        assert_eq!(Value::Nothing.to_string(), "<not set>");
    }
}
