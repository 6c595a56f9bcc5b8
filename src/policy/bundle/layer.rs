//! The values of a bundle as a layer.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{BundleError, broken};
use crate::diagnostic::Place;
use crate::policy::layers::{Layer, LayerName, Options};
use crate::policy::node::{Key, Node, NodeValue};

/// Values by their full keys as one layer, secrets in clear where they are.
pub(super) fn layer<'v>(
    values: impl Iterator<Item = (&'v String, &'v Box<RawValue>)>,
    in_clear: &BTreeMap<String, Box<RawValue>>,
) -> Result<Layer, BundleError> {
    let mut ec = Node::new(NodeValue::Table(Vec::new()), place());
    for (key, value) in values {
        let value = in_clear.get(key).unwrap_or(value);
        let value: serde_json::Value = serde_json::from_str(value.get()).map_err(broken)?;
        let key = key.strip_prefix("ec.").unwrap_or(key);
        // What is not set is not told to anybody.
        if let Some(node) = node(value) {
            put(&mut ec, key, node);
        }
    }
    Ok(Layer {
        name: LayerName::Config,
        options: Options::of(ec),
        ancestor: false,
    })
}

/// Puts a value into the tables that its dotted key names.
fn put(table: &mut Node, key: &str, value: Node) {
    let NodeValue::Table(members) = &mut table.value else {
        return;
    };
    let (own, rest) = match key.split_once('.') {
        Some((own, rest)) => (own, Some(rest)),
        None => (key, None),
    };
    let at = members.iter().position(|(key, _)| key.name == own);
    let at = at.unwrap_or_else(|| {
        let key = Key {
            name: own.to_owned(),
            place: place(),
        };
        members.push((key, Node::new(NodeValue::Table(Vec::new()), place())));
        members.len() - 1
    });
    if let Some((_, node)) = members.get_mut(at) {
        match rest {
            Some(rest) => put(node, rest, value),
            None => *node = value,
        }
    }
}

/// A JSON value as a user could have written it; none for `null`.
fn node(json: serde_json::Value) -> Option<Node> {
    let value = match json {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(truth) => NodeValue::Boolean(truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => NodeValue::Integer(number),
            None => NodeValue::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => NodeValue::Text(text),
        serde_json::Value::Array(items) => {
            NodeValue::List(items.into_iter().filter_map(node).collect())
        }
        serde_json::Value::Object(members) => NodeValue::Table(
            members
                .into_iter()
                .filter_map(|(name, value)| {
                    Some((
                        Key {
                            name,
                            place: place(),
                        },
                        node(value)?,
                    ))
                })
                .collect(),
        ),
    };
    Some(Node::new(value, place()))
}

/// A bundle has no lines: what its values' places were is in its report.
fn place() -> Place {
    Place {
        file: "<bundle>".into(),
        line: 1,
        column: 1,
        span: 0..0,
    }
}
