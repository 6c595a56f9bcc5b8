//! Logs of JSON lines, with configurable field names.

use serde_json::Value;

use super::time::time;
use super::{BadLine, LogRequest};
use crate::log_rules::FieldMapping;
use edge_cookie::event::without_place;

/// Parses a line and passes its request to `take`. The default method is `GET`, the default agent is empty.
pub(super) fn request(
    line: &str,
    mapping: &FieldMapping,
    take: impl FnOnce(&LogRequest<'_>),
) -> Result<(), BadLine> {
    let read: Value = serde_json::from_str(line).map_err(|error| BadLine {
        at: error.column().saturating_sub(1),
        message: format!("not JSON: {}", without_place(&error)),
    })?;
    let at_start = |message: String| BadLine { at: 0, message };
    let field = |name: &str| {
        name.split('.')
            .try_fold(&read, |inside, name| inside.get(name))
    };
    let text = |name: &str| {
        let value = field(name).ok_or_else(|| at_start(format!("there is no field `{name}`")))?;
        value
            .as_str()
            .ok_or_else(|| at_start(format!("`{name}` is not a string")))
    };
    let optional = |name: &str, otherwise| field(name).and_then(Value::as_str).unwrap_or(otherwise);
    let at = field(&mapping.at).map(|value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    });
    let at = at.ok_or_else(|| at_start(format!("there is no field `{}`", mapping.at)))?;
    let status = field(&mapping.status).and_then(|value| match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    });
    take(&LogRequest {
        at: time(&at).map_err(at_start)?,
        address: text(&mapping.address)?,
        agent: optional(&mapping.agent, ""),
        method: optional(&mapping.method, "GET"),
        path: text(&mapping.path)?,
        status: status
            .ok_or_else(|| at_start(format!("there is no status in `{}`", mapping.status)))?,
    });
    Ok(())
}
