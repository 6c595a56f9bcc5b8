//! The defaults of a bundle, in the tables of their keys: a config store has little room, and the names of tables repeat.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

type Values = BTreeMap<String, Box<RawValue>>;

/// What a full key begins with.
const EC: &str = "ec.";

/// A table of values, or a value.
#[derive(Serialize)]
#[serde(untagged)]
enum Tree<'v> {
    Table(BTreeMap<&'v str, Self>),
    Value(&'v RawValue),
}

impl<'v> Tree<'v> {
    fn insert(&mut self, key: &'v str, value: &'v RawValue) {
        let Self::Table(members) = self else { return };
        match key.split_once('.') {
            None => {
                members.insert(key, Tree::Value(value));
            }
            Some((table, rest)) => {
                let empty = || Tree::Table(BTreeMap::new());
                members
                    .entry(table)
                    .or_insert_with(empty)
                    .insert(rest, value);
            }
        }
    }
}

pub(super) fn serialize<S: Serializer>(values: &Values, to: S) -> Result<S::Ok, S::Error> {
    let mut tree = Tree::Table(BTreeMap::new());
    for (key, value) in values {
        tree.insert(key.strip_prefix(EC).unwrap_or(key), value);
    }
    tree.serialize(to)
}

/// Reads tables, and full keys as bundles had them before.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Values, D::Error> {
    let mut values = Values::new();
    flatten("", Values::deserialize(from)?, &mut values).map_err(serde::de::Error::custom)?;
    Ok(values)
}

fn flatten(table: &str, members: Values, values: &mut Values) -> Result<(), serde_json::Error> {
    for (name, value) in members {
        let key = match name.starts_with(EC) {
            true => name,
            false if table.is_empty() => format!("{EC}{name}"),
            false => format!("{table}.{name}"),
        };
        // No default is a table.
        if value.get().starts_with('{') {
            flatten(&key, serde_json::from_str(value.get())?, values)?;
        } else {
            values.insert(key, value);
        }
    }
    Ok(())
}
