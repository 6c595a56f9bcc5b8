//! Partners in the environment and on the command line: numbered entries, as `TRUSTED_SERVER__EC__PARTNERS__0__RATE_LIMIT`.
//!
//! The number only says which variables are about one partner: which one that is, its `source_domain` says. Values need
//! no quotes; the environment of the trusted-server has the same form.

use std::collections::BTreeMap;

use super::{Override, in_table, read_value};
use crate::config::Source;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::layers::LayerName;
use crate::policy::node::{Key, Node, NodeValue};
use crate::policy::types::partner::{FieldKind, field_kind};

/// Begins the key of every override of a partner's field.
pub(super) const KEY_PREFIX: &str = "partners.";

/// The numbered entries as one layer's list of partners, in the order of their numbers; none where there are none.
pub(super) fn numbered(
    source: &Source,
    layer: &LayerName,
    overrides: &[&Override],
    findings: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let mut entries: BTreeMap<u32, Node> = BTreeMap::new();
    for one in overrides {
        let key = one.key.strip_prefix(KEY_PREFIX).unwrap_or_default();
        let (number, field) = key
            .split_once('.')
            .map_or((key, None), |(number, field)| (number, Some(field)));
        let Ok(number) = number.parse::<u32>() else {
            findings.push(without_number(source, layer, one, number));
            continue;
        };
        let place = source.place(one.key_at.clone());
        let kind = field.map_or(FieldKind::Toml, field_kind);
        let secret = kind == FieldKind::Secret;
        let value = read_value(source, one, kind != FieldKind::Toml, secret, findings);
        let names = field.into_iter().flat_map(|field| field.rsplit('.'));
        let entry = names.fold(value, |inner, name| in_table(name, inner, &place));
        match entries.get_mut(&number) {
            Some(known) => put(known, entry),
            None => {
                entries.insert(number, entry);
            }
        }
    }
    let first = entries.values().next()?.place.clone();
    let list = Node::new(
        NodeValue::List(entries.into_values().collect()),
        first.clone(),
    );
    Some(in_table("partners", list, &first))
}

/// Puts the members of one entry into what is known of it; what is no table replaces it.
fn put(known: &mut Node, new: Node) {
    let place = new.place.clone();
    match (&mut known.value, new.value) {
        (NodeValue::Table(members), NodeValue::Table(more)) => {
            for (key, node) in more {
                put_member(members, key, node);
            }
        }
        (value, new) => {
            *value = new;
            known.place = place;
        }
    }
}

fn put_member(members: &mut Vec<(Key, Node)>, key: Key, node: Node) {
    match members.iter_mut().find(|(known, _)| known.name == key.name) {
        // Any other table is one value: a reference.
        Some((_, known)) if key.name == "pull" => put(known, node),
        Some((_, known)) => *known = node,
        None => members.push((key, node)),
    }
}

fn without_number(source: &Source, layer: &LayerName, one: &Override, written: &str) -> Diagnostic {
    let example = match layer {
        LayerName::Environment => "TRUSTED_SERVER__EC__PARTNERS__0__SOURCE_DOMAIN=liveramp.com",
        _ => "--set ec.partners.0.source_domain=liveramp.com",
    };
    Diagnostic::error(
        Code::BadOverride,
        format!("`{written}` is not the number of a partner"),
    )
    .at(source.place(one.key_at.clone()))
    .with_help(format!(
        "number the partner and give its `source_domain`, as `{example}`: by it the entry is merged with what files declare"
    ))
}
