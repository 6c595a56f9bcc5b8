//! A profile: a file under `policies/` with an `[ec]` table and a header before it.

use super::ec_table::{EC, ec_table};
use super::{Source, toml};
use crate::diagnostic::{Code, Diagnostic, SourceLocation};
use crate::policy::known_settings;
use crate::policy::layers::Options;
use crate::policy::node::{Node, NodeValue};
use crate::policy::setting::wrong_type;
use crate::policy::types::choice::nearest;

/// What a profile says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Header {
    /// The profile it inherits from, and where it says so.
    pub inherits: Option<(String, SourceLocation)>,
    /// What the profile is for.
    pub description: Option<String>,
    /// Whether it is meant to be deployed, and where it says so.
    pub deploy: Option<(bool, SourceLocation)>,
    /// The deployable profile whose stores it means to share.
    pub shares_stores_with: Option<(String, SourceLocation)>,
}

impl Header {
    /// Whether the profile is meant to be deployed.
    #[must_use]
    pub fn deploys(&self) -> bool {
        self.deploy.as_ref().is_some_and(|(deploy, _)| *deploy)
    }
}

/// A profile as its file says it.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    pub(super) header: Header,
    pub(super) options: Options,
    pub(super) findings: Vec<Diagnostic>,
}

const KEYS: [&str; 5] = [
    "inherits",
    "description",
    "deploy",
    "shares_stores_with",
    EC,
];

impl Profile {
    pub(super) fn read(source: &Source, text: &str) -> Self {
        let mut findings = Vec::new();
        let document = toml::document(source, text, &mut findings);
        for (key, _) in document.members() {
            if !KEYS.contains(&key.name.as_str()) {
                findings.push(unknown(&key.name, &key.place));
            }
        }
        let ec = ec_table(&document, &mut findings);
        let mut text = |name: &str| text_and_place(&document, name, &mut findings);
        let (inherits, description) = (text("inherits"), text("description"));
        let shares_stores_with = text("shares_stores_with");
        let deploy = match document.member("deploy") {
            Some(Node {
                value: NodeValue::Boolean(deploy),
                place,
            }) => Some((*deploy, place.clone())),
            Some(other) => {
                findings.push(header_type(
                    other,
                    "deploy",
                    "a boolean",
                    "write `true` or `false`, without quotes",
                ));
                None
            }
            None => None,
        };
        Self {
            header: Header {
                inherits,
                description: description.map(|(text, _)| text),
                deploy,
                shares_stores_with,
            },
            options: Options::of(ec),
            findings,
        }
    }
}

fn unknown(name: &str, place: &SourceLocation) -> Diagnostic {
    let mut settings = known_settings().iter().map(|setting| setting.key);
    let of_a_setting = settings.any(|key| key.split('.').next() == Some(name));
    let help = match nearest(name, KEYS) {
        _ if of_a_setting => {
            format!("a profile's settings are under `[ec]`: write it as `ec.{name}`")
        }
        Some(key) => format!("did you mean `{key}`?"),
        None => format!(
            "a profile has `{}`; settings stand under `[ec]`",
            KEYS.join("`, `")
        ),
    };
    Diagnostic::error(
        Code::UnknownKey,
        format!("unknown key `{name}` of a profile"),
    )
    .about(name)
    .at(place.clone())
    .with_help(help)
}

fn text_and_place(
    document: &Node,
    name: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<(String, SourceLocation)> {
    let node = document.member(name)?;
    let text = node
        .as_text()
        .map(|text| (text.to_owned(), node.place.clone()));
    if text.is_none() {
        findings.push(header_type(node, name, "a string", "write it in quotes"));
    }
    text
}

/// The finding for a header key of the wrong type, whose full key has no `ec.` before it.
fn header_type(node: &Node, name: &str, expected: &str, help: &str) -> Diagnostic {
    Diagnostic {
        key: Some(name.to_owned()),
        ..wrong_type(node, name, expected).with_help(help)
    }
}
