//! Merging the partners that layers state.
//!
//! A partner is known by its `source_domain`. Partners come in the order in which the lowest layer that states them has
//! them; a higher layer overrides single fields, and appends partners of its own. The two ways to state a token are one
//! field, and so is each member of `pull`; lists and references stay whole. Of an ancestor's partners a profile inherits
//! the fields, but no token, and only of those that another layer states as well: without its token a partner would be
//! shut out.

use std::collections::HashMap;

use super::fields::{FIELDS, PULL, PULL_TOKEN, TOKEN, TOKEN_HASH, TOKENS};
use super::read::check_layer;
use crate::diagnostic::{Diagnostic, SourceLocation};
use crate::policy::layers::{Layer, LayerName};
use crate::policy::node::{Key, Node, NodeValue};
use crate::policy::provenance::{FieldOrigin, Origin, PartnerOrigin};
use crate::policy::setting::SettingValue;
use crate::policy::types::Secret;
use crate::policy::value::Value;

/// The partners of all layers as one list, and where each comes from.
pub(in crate::policy) struct Merged<'l> {
    pub(in crate::policy) node: Node,
    pub(in crate::policy) origins: Vec<PartnerOrigin>,
    /// The highest layer that states any, ancestors aside.
    pub(in crate::policy) highest: &'l Layer,
}

/// Merges what layers state under `key`, lowest first; none where a layer states no list, or only ancestors state one.
///
/// An entry that is refused takes the place of one that is no table: the others are checked all the same.
pub(in crate::policy) fn merge<'l>(
    layers: &'l [Layer],
    key: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<Merged<'l>> {
    let mut merging = Merging::default();
    let mut highest = None;
    let mut lists = true;
    for layer in layers {
        let Some(stated) = layer.options.ec.at_key(key) else {
            continue;
        };
        let own;
        let node = if layer.ancestor {
            own = without_tokens(stated);
            &own
        } else {
            highest = Some((layer, stated));
            stated
        };
        let Some(domains) = check_layer(node, key, findings) else {
            lists = false;
            continue;
        };
        let NodeValue::List(items) = &node.value else {
            continue;
        };
        for (item, domain) in items.iter().zip(domains) {
            merging.add(item, domain, layer);
        }
    }
    let (highest, stated) = highest?;
    lists.then(|| merging.merged(highest, stated.place.clone()))
}

#[derive(Default)]
struct Merging {
    partners: Vec<MergedPartner>,
    by_domain: HashMap<String, usize>,
}

/// A partner as the layers so far make it together.
struct MergedPartner {
    node: Node,
    origin: PartnerOrigin,
    /// Whether a layer states it that is no ancestor.
    declared: bool,
}

impl Merging {
    fn add(&mut self, item: &Node, domain: Option<String>, layer: &Layer) {
        let refused = domain.is_none();
        let domain = domain.unwrap_or_default();
        let known = self.by_domain.get(&domain).copied();
        let index = known.unwrap_or(self.partners.len());
        if known.is_none() {
            if !refused {
                self.by_domain.insert(domain.clone(), index);
            }
            // What is no table is not read.
            let empty = if refused {
                NodeValue::List(Vec::new())
            } else {
                NodeValue::Table(Vec::new())
            };
            self.partners.push(MergedPartner {
                node: Node::new(empty, item.place.clone()),
                origin: PartnerOrigin::new(domain),
                declared: refused,
            });
        }
        if let Some(entry) = self.partners.get_mut(index) {
            entry.declared |= !layer.ancestor;
            entry.add(item, &layer.name);
        }
    }

    fn merged(self, highest: &Layer, place: SourceLocation) -> Merged<'_> {
        let declared = self.partners.into_iter().filter(|entry| entry.declared);
        let (items, origins) = declared
            .map(|entry| {
                (
                    entry.node,
                    entry.origin.in_order(&FIELDS.map(|(name, _)| name)),
                )
            })
            .unzip();
        Merged {
            node: Node::new(NodeValue::List(items), place),
            origins,
            highest,
        }
    }
}

impl MergedPartner {
    fn add(&mut self, item: &Node, layer: &LayerName) {
        let at = |place: &SourceLocation| Origin::of(layer.clone(), place.clone());
        self.origin.tables.push(at(&item.place));
        for (key, node) in item.members() {
            let NodeValue::Table(members) = &mut self.node.value else {
                return;
            };
            let name = key.name.as_str();
            if name == PULL {
                for (member, value) in node.members() {
                    let path = format!("{PULL}.{}", member.name);
                    self.origin.set(FieldOrigin {
                        value: shown(&path, value),
                        field: path,
                        origin: at(&value.place),
                        overrides: Vec::new(),
                    });
                }
                put_table(members, key, node);
                continue;
            }
            let replaced = match name {
                TOKEN => TOKEN_HASH,
                TOKEN_HASH => TOKEN,
                other => other,
            };
            if replaced != name {
                members.retain(|(key, _)| key.name != replaced);
                self.origin.rename(replaced, name);
            }
            self.origin.set(FieldOrigin {
                value: shown(name, node),
                field: name.to_owned(),
                origin: at(&node.place),
                overrides: Vec::new(),
            });
            put(members, key, node.clone());
        }
    }
}

/// Puts a member into a table, over the one that is there.
fn put(members: &mut Vec<(Key, Node)>, key: &Key, node: Node) {
    match members.iter_mut().find(|(known, _)| known.name == key.name) {
        Some(member) => *member = (key.clone(), node),
        None => members.push((key.clone(), node)),
    }
}

/// Puts the members of a table into the one that is there.
fn put_table(members: &mut Vec<(Key, Node)>, key: &Key, node: &Node) {
    let known = members.iter_mut().find(|(known, _)| known.name == key.name);
    let Some((_, known)) = known else {
        members.push((key.clone(), node.clone()));
        return;
    };
    known.place = node.place.clone();
    if let NodeValue::Table(known) = &mut known.value {
        for (key, node) in node.members() {
            put(known, key, node.clone());
        }
    }
}

/// The partners without what they authenticate with, here and at the partner.
fn without_tokens(node: &Node) -> Node {
    let mut node = node.clone();
    if let NodeValue::List(items) = &mut node.value {
        for item in items {
            for token in TOKENS {
                match token.split_once('.') {
                    Some((table, own)) => item
                        .member_mut(table)
                        .and_then(|table| table.take_member(own)),
                    None => item.take_member(token),
                };
            }
        }
    }
    node
}

/// A field's value as it is shown: as it was written, secrets masked.
fn shown(field: &str, node: &Node) -> Value {
    let value = if [TOKEN, PULL_TOKEN].contains(&field) {
        Secret::read(node, field, &mut Vec::new()).map(|secret| secret.show())
    } else {
        of_node(node)
    };
    value.unwrap_or(Value::Nothing).masked()
}

fn of_node(node: &Node) -> Option<Value> {
    Some(match &node.value {
        NodeValue::Text(text) => Value::from(text.as_str()),
        NodeValue::Integer(number) => Value::Integer(u64::try_from(*number).ok()?),
        NodeValue::Boolean(truth) => Value::Boolean(*truth),
        NodeValue::List(items) => Value::List(items.iter().filter_map(of_node).collect()),
        NodeValue::Float(_) | NodeValue::Datetime(_) | NodeValue::Table(_) => return None,
    })
}
