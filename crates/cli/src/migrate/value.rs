//! Values as the trusted-server takes them: from its environment overlay, numbers and booleans come as strings, and lists
//! as strings or as tables of numbered entries.

use toml_edit::{Array, InlineTable, Item, TableLike, Value};

pub(super) fn text(item: &Item) -> Option<&str> {
    item.as_str()
}

pub(super) fn whole(item: &Item) -> Option<i64> {
    let of_text = || item.as_str()?.trim().parse().ok();
    item.as_integer().or_else(of_text)
}

pub(super) fn flag(item: &Item) -> Option<bool> {
    let of_text = || item.as_str()?.trim().parse().ok();
    item.as_bool().or_else(of_text)
}

/// A list of texts.
pub(super) fn list(item: &Item) -> Option<Vec<String>> {
    if let Some(array) = item.as_array() {
        return (array.iter())
            .map(|value| value.as_str().map(str::to_owned))
            .collect();
    }
    if let Some(table) = item.as_table_like() {
        let numbered = numbered(table)?.into_iter();
        return numbered
            .map(|(_, item)| item.as_str().map(str::to_owned))
            .collect();
    }
    let text = item.as_str()?.trim();
    if let Ok(list) = serde_json::from_str(text) {
        return Some(list);
    }
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let parts = inner.unwrap_or(text).split(',').map(str::trim);
    Some(
        parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

/// The entries of a table whose keys are numbers, in their order.
pub(super) fn numbered(table: &dyn TableLike) -> Option<Vec<(usize, &Item)>> {
    let entries = table
        .iter()
        .map(|(key, item)| Some((key.parse().ok()?, item)));
    let mut entries: Vec<(usize, &Item)> = entries.collect::<Option<_>>()?;
    entries.sort_by_key(|(number, _)| *number);
    Some(entries)
}

/// A list of tables that was written as JSON in a string.
pub(super) fn tables_of_json(text: &str) -> Option<Vec<InlineTable>> {
    let list: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(text).ok()?;
    let table = |members: serde_json::Map<String, serde_json::Value>| {
        let members = members.into_iter();
        members
            .map(|(key, value)| Some((key, of_json(value)?)))
            .collect::<Option<InlineTable>>()
    };
    list.into_iter().map(table).collect()
}

fn of_json(value: serde_json::Value) -> Option<Value> {
    match value {
        serde_json::Value::Bool(truth) => Some(truth.into()),
        serde_json::Value::Number(number) => number.as_i64().map(Into::into),
        serde_json::Value::String(text) => Some(text.into()),
        serde_json::Value::Array(items) => {
            let items: Option<Array> = items.into_iter().map(of_json).collect();
            items.map(Value::Array)
        }
        _ => None,
    }
}
