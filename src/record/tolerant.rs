//! The second way to read a record, for one that its schema refuses: other writers' types cost no user their record.
//!
//! A number may be a string of digits, a value with a default may be `null`, and an optional field of another type is kept
//! as a field that is not known. Everything else must be as the schema has it. It is slower than the first way, and only
//! tried where that has failed.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::KvSignal;
use super::object::Name;
use crate::clock::Timestamp;

/// What can be read from what other writers made of it.
pub(super) trait Tolerant: Sized {
    /// Reads one JSON value.
    fn tolerant(json: &RawValue) -> Result<Self, serde_json::Error>;
}

/// Reads an object that was refused with this error, unless it is no JSON.
#[cold]
pub(super) fn object<T: Tolerant>(
    json: &str,
    error: serde_json::Error,
) -> Result<T, serde_json::Error> {
    if !error.is_data() {
        return Err(error);
    }
    T::tolerant(serde_json::from_slice(json.as_bytes())?)
}

/// Reads the fields of an object, which is that of `expected`, in their order.
pub(super) fn fields<'j>(
    json: &'j RawValue,
    expected: &'static str,
) -> Result<Vec<(Name<'j>, &'j RawValue)>, serde_json::Error> {
    struct FieldsVisitor(&'static str);

    impl<'de> Visitor<'de> for FieldsVisitor {
        type Value = Vec<(Name<'de>, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some(field) = map.next_entry()? {
                fields.push(field);
            }
            Ok(fields)
        }
    }

    serde_json::Deserializer::from_slice(json.get().as_bytes())
        .deserialize_map(FieldsVisitor(expected))
}

/// The error of a field, with its name; the parser's line and column would count from the field's value.
pub(super) fn within(field: &str, error: &serde_json::Error) -> serde_json::Error {
    let error = error.to_string();
    let (what, _) = error.rsplit_once(" at line ").unwrap_or((&error, ""));
    Error::custom(format!("`{field}`: {what}"))
}

/// Reads a value as the schema has it. From bytes: what reads a text is used by the first way alone, and so is inlined there.
fn strict<T: DeserializeOwned>(json: &RawValue) -> Result<T, serde_json::Error> {
    serde_json::from_slice(json.get().as_bytes())
}

/// Reads a number, or a string of digits.
fn number<T: DeserializeOwned>(json: &RawValue) -> Result<T, serde_json::Error> {
    let error = match strict(json) {
        Ok(number) => return Ok(number),
        Err(error) => error,
    };
    let digits: String = strict(json).unwrap_or_default();
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        serde_json::from_slice(digits.as_bytes()).map_err(|_| error)
    } else {
        Err(error)
    }
}

impl Tolerant for u64 {
    fn tolerant(json: &RawValue) -> Result<Self, serde_json::Error> {
        number(json)
    }
}

impl Tolerant for Timestamp {
    fn tolerant(json: &RawValue) -> Result<Self, serde_json::Error> {
        number(json)
    }
}

impl Tolerant for bool {
    fn tolerant(json: &RawValue) -> Result<Self, serde_json::Error> {
        strict(json)
    }
}

impl Tolerant for Box<str> {
    fn tolerant(json: &RawValue) -> Result<Self, serde_json::Error> {
        strict(json)
    }
}

impl Tolerant for Cow<'static, str> {
    fn tolerant(json: &RawValue) -> Result<Self, serde_json::Error> {
        strict(json)
    }
}

impl Tolerant for Box<[KvSignal]> {
    fn tolerant(json: &RawValue) -> Result<Self, serde_json::Error> {
        strict(json)
    }
}

impl<T: Tolerant> Tolerant for Option<T> {
    fn tolerant(json: &RawValue) -> Result<Self, serde_json::Error> {
        match json.get() {
            "null" => Ok(None),
            _ => T::tolerant(json).map(Some),
        }
    }
}
