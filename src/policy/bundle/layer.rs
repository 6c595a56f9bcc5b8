//! The values of a bundle as a layer.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{BundleError, broken};
use crate::policy::layers::{Layer, of_values};

/// Values by their full keys as one layer, secrets in clear where they are.
pub(super) fn layer<'v>(
    values: impl Iterator<Item = (&'v String, &'v Box<RawValue>)>,
    in_clear: &BTreeMap<String, Box<RawValue>>,
) -> Result<Layer, BundleError> {
    let mut read = Vec::new();
    for (key, value) in values {
        let value = in_clear.get(key).unwrap_or(value);
        let value: serde_json::Value = serde_json::from_str(value.get()).map_err(broken)?;
        read.push((key.strip_prefix("ec.").unwrap_or(key), value));
    }
    // A bundle has no lines: where its values were written is in its report.
    Ok(of_values(read, "<bundle>"))
}
