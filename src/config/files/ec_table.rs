//! `trusted-server.toml`: of the whole server's configuration, `[ec]`, and who the publisher is.

use super::{Source, toml};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::layers::{Layer, LayerName, Options};
use crate::policy::node::{Key, Node, NodeValue};
use crate::policy::publisher::Publisher;
use crate::policy::schema::MEANT_AS_EC;
use crate::policy::setting::wrong_type;

/// The table that policies stand in.
pub(super) const EC: &str = "ec";

/// The table that says who the publisher is.
const PUBLISHER: &str = "publisher";

/// The table that `[ec]` replaced.
const OLD_TABLE: &str = "edge_cookie";

/// What the configuration says of policies.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) layer: Layer,
    /// The profile it chooses.
    pub(super) profile: Option<String>,
    pub(super) publisher: Publisher,
    pub(super) findings: Vec<Diagnostic>,
}

impl Config {
    /// Reads it; `publisher` is what the environment says of the publisher instead.
    pub(super) fn read(source: &Source, text: &str, publisher: Vec<(Key, Node)>) -> Self {
        let mut findings = Vec::new();
        let document = toml::document(source, text, &mut findings);
        if let Some((key, _)) = document
            .members()
            .iter()
            .find(|(key, _)| key.name == OLD_TABLE)
        {
            findings.push(
                Diagnostic::error(Code::OldTable, "`[edge_cookie]` is now `[ec]`")
                    .about(OLD_TABLE)
                    .at(key.place.clone())
                    .with_help("`ec migrate` rewrites it, and keeps comments and order"),
            );
        }
        findings.extend(near_misses(&document));
        let mut ec = ec_table(&document, &mut findings);
        let profile = take_profile(&mut ec, &mut findings);
        let publisher = publisher_table(document.member(PUBLISHER), publisher);
        let publisher = Publisher::read(publisher.as_ref(), &mut findings);
        Self {
            layer: Layer {
                name: LayerName::Config,
                options: Options::of(ec),
                ancestor: false,
            },
            profile,
            publisher,
            findings,
        }
    }
}

/// The publisher's table, its members overridden by those of the environment.
fn publisher_table(table: Option<&Node>, overriding: Vec<(Key, Node)>) -> Option<Node> {
    let Some((first, _)) = overriding.first() else {
        return table.cloned();
    };
    let place = first.place.clone();
    let overridden = |key: &Key| overriding.iter().any(|(own, _)| own.name == key.name);
    let kept = table.map_or(&[][..], Node::members).iter();
    let kept: Vec<_> = kept.filter(|(key, _)| !overridden(key)).cloned().collect();
    let members = kept.into_iter().chain(overriding);
    Some(Node::new(NodeValue::Table(members.collect()), place))
}

/// Tables that nothing reads, and that were probably meant as `[ec]`: in other letters, or near the old name.
fn near_misses(document: &Node) -> impl Iterator<Item = Diagnostic> {
    let tables = document.members().iter();
    let meant = tables.filter(|(key, _)| {
        let plain = key.name.to_ascii_lowercase().replace('-', "_");
        let known = [EC, OLD_TABLE, PUBLISHER].contains(&key.name.as_str());
        !known && MEANT_AS_EC.contains(&plain.as_str())
    });
    meant.map(|(key, _)| {
        let message = format!("no one reads `[{}]`", key.name);
        Diagnostic::error(Code::UnknownKey, message)
            .about(key.name.clone())
            .at(key.place.clone())
            .with_help("did you mean `[ec]`?")
    })
}

/// The `[ec]` table of a document; an empty one where there is none.
pub(super) fn ec_table(document: &Node, findings: &mut Vec<Diagnostic>) -> Node {
    match document.member(EC) {
        Some(table) if matches!(table.value, NodeValue::Table(_)) => return table.clone(),
        Some(other) => {
            let mut finding =
                wrong_type(other, EC, "a table").with_help("write its settings under `[ec]`");
            finding.key = Some(EC.to_owned());
            findings.push(finding);
        }
        None => {}
    }
    Node::new(NodeValue::Table(Vec::new()), document.place.clone())
}

/// Takes `profile` out of `[ec]`: it chooses a policy, and is not part of one.
fn take_profile(ec: &mut Node, findings: &mut Vec<Diagnostic>) -> Option<String> {
    let node = ec.take_member("profile")?;
    if node.as_text().is_none() {
        findings.push(
            wrong_type(&node, "profile", "a string")
                .with_help("name a profile, as `\"production\"`"),
        );
    }
    node.as_text().map(str::to_owned)
}
