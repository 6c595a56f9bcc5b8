//! What a bundled value overrides: of a default its value alone, since a config store has little room.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::policy::layers::LayerName;
use crate::policy::provenance;

/// The origin of a default.
const DEFAULT: &str = r#"{"layer":"default"}"#;

#[derive(Serialize)]
struct OverriddenDefault {
    value: Box<RawValue>,
    origin: Box<RawValue>,
}

/// Reads both forms: no default is a table.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<RawValue>, D::Error> {
    full(Vec::deserialize(from)?).map_err(serde::de::Error::custom)
}

/// What is written into a bundle.
pub(super) fn short(overrides: &[provenance::Overridden]) -> serde_json::Result<Box<RawValue>> {
    let short = overrides.iter().map(|one| {
        let value = to_raw_value(&one.value)?;
        let of_default = one.origin.layer == LayerName::Default;
        if of_default && !value.get().starts_with('{') {
            return Ok(value);
        }
        to_raw_value(one)
    });
    to_raw_value(&short.collect::<serde_json::Result<Vec<_>>>()?)
}

fn full(overrides: Vec<Box<RawValue>>) -> serde_json::Result<Box<RawValue>> {
    let full = overrides.into_iter().map(|one| {
        if one.get().starts_with('{') {
            return Ok(one);
        }
        let origin = RawValue::from_string(DEFAULT.to_owned())?;
        to_raw_value(&OverriddenDefault { value: one, origin })
    });
    to_raw_value(&full.collect::<serde_json::Result<Vec<_>>>()?)
}
