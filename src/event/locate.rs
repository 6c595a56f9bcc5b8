//! Finds the column of an error in a line. Only lines with errors pay for it.

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};
use std::collections::HashSet;
use std::fmt;

use super::EventError;
use super::line::{EventLine, LineError};

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

    /// Points at the value that is invalid, else at the start.
    fn wrong_shape(line: &str, error: &serde_json::Error) -> EventError {
        let message = without_place(error);
        let place = invalid_value(line).and_then(|path| {
            let Some(Segment::Map { key }) = path.iter().next() else {
                return None;
            };
            let member = members(line)
                .into_iter()
                .find(|member| member.name == *key)?;
            Some((path, member))
        });
        let Some((path, member)) = place else {
            return EventError::at(line, repeated(line).unwrap_or_default(), message);
        };
        if path.iter().len() == 1 && message.starts_with("unknown field") {
            return EventError::at(line, member.name_at, message);
        }
        let offset = if member.json.starts_with(['{', '[']) {
            error.column().saturating_sub(1)
        } else {
            member.value_at
        };
        EventError::at(line, offset, format!("`{path}`: {message}"))
    }
}

/// The path of the value that is invalid. The line is read again for it: following the paths costs lines without errors
/// nothing so.
fn invalid_value(line: &str) -> Option<Path> {
    let mut json = serde_json::Deserializer::from_str(line);
    let read = serde_path_to_error::deserialize::<_, EventLine<'_>>(&mut json);
    read.err().map(|error| error.path().clone())
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
