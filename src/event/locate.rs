//! Finds the column of an error in a line. Only lines with errors pay for it.

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

use super::EventError;
use super::line::{LineError, check_field};

impl LineError {
    pub(super) fn locate(self, line: &str) -> EventError {
        match self {
            Self::Field(field, message) => {
                let places = members(line);
                let offset = places
                    .iter()
                    .find(|member| member.name == field)
                    .map_or(0, |member| member.value_at);
                EventError::at(line, offset, message)
            }
            Self::Json(error) if error.is_data() => Self::wrong_shape(line, &error),
            Self::Json(error) => {
                // Its column is the last byte read, counted from 1.
                EventError::at(
                    line,
                    error.column().saturating_sub(1),
                    format!("not JSON: {}", without_place(&error)),
                )
            }
        }
    }

    /// Points at the first field that is invalid by itself, else at the start.
    fn wrong_shape(line: &str, error: &serde_json::Error) -> EventError {
        let refused = members(line).into_iter().find_map(|member| {
            let refused = check_field(&member.name, member.json).err()?;
            Some(
                if error.to_string().contains("unknown field")
                    && refused.to_string() == "not a field"
                {
                    (member.name_at, without_place(error))
                } else {
                    let inside = refused.column().saturating_sub(1);
                    let offset = if member.json.starts_with(['{', '[']) {
                        inside
                    } else {
                        0
                    };
                    (
                        member.value_at + offset,
                        format!("`{}`: {}", member.name, without_place(&refused)),
                    )
                },
            )
        });
        let refused = refused.or_else(|| Some((repeated(line)?, without_place(error))));
        let (offset, message) = refused.unwrap_or_else(|| (0, without_place(error)));
        EventError::at(line, offset, message)
    }
}

impl EventError {
    fn at(line: &str, offset: usize, message: String) -> Self {
        let before = line.get(..offset).unwrap_or(line);
        Self {
            column: before.chars().count() + 1,
            message,
        }
    }
}

/// The text of an error without ` at line 1 column 7`, which counts in bytes.
#[must_use]
pub fn without_place(error: &serde_json::Error) -> String {
    let full = error.to_string();
    match full.rfind(" at line ") {
        Some(end) => full.get(..end).unwrap_or(&full).to_owned(),
        None => full,
    }
}

/// The position of a field that the line has twice.
fn repeated(line: &str) -> Option<usize> {
    let members = members(line);
    let mut names = HashSet::new();
    let second = members.iter().find(|member| !names.insert(&member.name));
    second.map(|member| member.name_at)
}

/// A field of a line and its position in bytes.
struct JsonMember<'l> {
    name: String,
    name_at: usize,
    value_at: usize,
    json: &'l str,
}

/// The fields of a line, up to the first syntax error.
fn members(line: &str) -> Vec<JsonMember<'_>> {
    struct JsonMembers<'l>(&'l str);

    impl<'l> Visitor<'l> for JsonMembers<'l> {
        type Value = Vec<JsonMember<'l>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'l>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members: Vec<JsonMember<'l>> = Vec::new();
            while let Some(key) = map.next_key::<&'l RawValue>()? {
                let name_at = offset(self.0, key.get());
                let name = serde_json::from_str(key.get()).unwrap_or_default();
                let Ok(value) = map.next_value::<&'l RawValue>() else {
                    break;
                };
                members.push(JsonMember {
                    name,
                    name_at,
                    value_at: offset(self.0, value.get()),
                    json: value.get(),
                });
            }
            while map
                .next_entry::<IgnoredAny, IgnoredAny>()
                .is_ok_and(|entry| entry.is_some())
            {}
            Ok(members)
        }
    }

    serde_json::Deserializer::from_str(line)
        .deserialize_map(JsonMembers(line))
        .unwrap_or_default()
}

/// The offset of `part` in `line`.
fn offset(line: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize)
}
