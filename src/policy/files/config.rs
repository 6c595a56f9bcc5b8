//! `trusted-server.toml`: of the whole server's configuration, `[ec]`, and who the publisher is.

use super::{Source, toml};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::layers::{Layer, LayerName, Options};
use crate::policy::node::{Node, NodeValue};
use crate::policy::publisher::Publisher;
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
    pub(super) fn read(source: &Source, text: &str) -> Self {
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
        let mut ec = ec_table(&document, &mut findings);
        let profile = take_profile(&mut ec, &mut findings);
        let publisher = Publisher::read(document.member(PUBLISHER), &mut findings);
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
