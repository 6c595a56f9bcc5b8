//! Overrides in the environment and on the command line.

mod partners;

use super::{Source, toml};
use crate::diagnostic::{Code, Diagnostic, SourceLocation};
use crate::policy::layers::{Layer, LayerName, Options};
use crate::policy::node::{Key, MAX_DEPTH, Node, NodeValue};
use crate::policy::setting::Shape;
use crate::policy::types::choice::nearest;
use crate::policy::{known_setting, known_settings};

/// The sources' names, which no file has.
const ENVIRONMENT: &str = "<environment>";
const COMMAND_LINE: &str = "<command line>";

/// Begins every variable that overrides a setting (`docs/policies.md#where-values-come-from`).
const VARIABLE_PREFIX: &str = "TRUSTED_SERVER__EC__";
const VARIABLE_SEPARATOR: &str = "__";

/// May begin a key on the command line.
const KEY_PREFIX: &str = "ec.";
const SET: &str = "--set ";

/// Overrides as layers, lowest first, with the source they point into.
pub(super) struct Overrides {
    pub(super) source: Source,
    pub(super) layers: Vec<Layer>,
    pub(super) findings: Vec<Diagnostic>,
}

/// One override: where its key and value stand in the source.
struct Override {
    key: String,
    key_at: std::ops::Range<usize>,
    value_at: usize,
    value: String,
}

/// The variables that override settings, in the order of their names.
pub(super) fn of_environment(variables: &[(String, String)]) -> Overrides {
    let mut variables: Vec<_> = variables
        .iter()
        .filter(|(name, _)| name.starts_with(VARIABLE_PREFIX) || meant(name).is_some())
        .collect();
    variables.sort();
    let mut text = String::new();
    let mut overrides = Vec::new();
    let mut misses = Vec::new();
    for (name, value) in variables {
        if let Some(meant) = meant(name) {
            misses.push((text.len()..text.len() + name.len(), name, meant));
            // Its value may be a secret, under a name that does not say so.
            text.push_str(name);
            text.push_str("=…\n");
            continue;
        }
        let start = text.len();
        text.push_str(name);
        let key_at = start..text.len();
        text.push('=');
        let own = name.strip_prefix(VARIABLE_PREFIX).unwrap_or_default();
        overrides.push(Override {
            key: own.to_lowercase().replace(VARIABLE_SEPARATOR, "."),
            key_at,
            value_at: text.len(),
            value: value.clone(),
        });
        text.push_str(value);
        text.push('\n');
    }
    let source = Source::new(ENVIRONMENT, &text);
    let findings = misses
        .into_iter()
        .map(|(span, name, meant)| {
            Diagnostic::error(
                Code::BadOverride,
                format!("no one reads the variable `{name}`"),
            )
            .at(source.place(span))
            .with_help(format!("did you mean `{meant}`?"))
        })
        .collect();
    layers(&source, &LayerName::Environment, &overrides, findings)
}

/// The variables that the command line reads itself.
const OWN_VARIABLES: [&str; 2] = ["EC_PROFILE", "EC_LOG"];

/// The variable that was probably meant by one that nothing reads: one underscore for two, or a letter amiss.
fn meant(name: &str) -> Option<String> {
    if name.starts_with(VARIABLE_PREFIX) || OWN_VARIABLES.contains(&name) {
        return None;
    }
    if name.starts_with("EC_") {
        return nearest(name, OWN_VARIABLES).map(str::to_owned);
    }
    // The names that sound alike, however many underscores they have and in whatever case.
    let plain = |name: &str| {
        let words = name.split('_').filter(|word| !word.is_empty());
        words
            .map(str::to_ascii_uppercase)
            .collect::<Vec<_>>()
            .join("_")
    };
    let variable = |key: &str| {
        let key = key.to_ascii_uppercase().replace('.', VARIABLE_SEPARATOR);
        format!("{VARIABLE_PREFIX}{key}")
    };
    let written = plain(name);
    let mut of_publisher = PUBLISHER_VARIABLES.iter().map(|(variable, _)| *variable);
    if let Some(meant) = of_publisher.find(|variable| plain(variable) == written) {
        return (meant != name).then(|| meant.to_owned());
    }
    if !written.starts_with(&plain(VARIABLE_PREFIX)) {
        return None;
    }
    let mut known = known_settings().iter().map(|setting| variable(setting.key));
    let same = known.find(|known| plain(known) == written);
    Some(same.unwrap_or_else(|| format!("{VARIABLE_PREFIX}…")))
}

/// The publisher's table as the environment overrides it, with the source its values are in.
pub(super) fn of_publisher(variables: &[(String, String)]) -> (Source, Vec<(Key, Node)>) {
    let mut text = String::new();
    let mut spans = Vec::new();
    for (variable, member) in PUBLISHER_VARIABLES {
        let Some((_, value)) = variables.iter().find(|(name, _)| name == variable) else {
            continue;
        };
        let start = text.len();
        text.push_str(variable);
        text.push('=');
        spans.push((member, start..start + variable.len(), text.len(), value));
        text.push_str(value);
        text.push('\n');
    }
    let source = Source::new(PUBLISHER_ENVIRONMENT, &text);
    let members = spans.into_iter().map(|(member, key_at, value_at, value)| {
        let key = Key {
            name: member.to_owned(),
            place: source.place(key_at),
        };
        let place = source.place(value_at..value_at + value.len());
        (key, Node::new(NodeValue::Text(value.clone()), place))
    });
    let members = members.collect();
    (source, members)
}

/// The variables that override what `[publisher]` says: the server that the file is for takes every table from its
/// environment.
const PUBLISHER_VARIABLES: [(&str, &str); 2] = [
    ("TRUSTED_SERVER__PUBLISHER__DOMAIN", "domain"),
    ("TRUSTED_SERVER__PUBLISHER__ORIGIN_URL", "origin_url"),
];
const PUBLISHER_ENVIRONMENT: &str = "<environment of the publisher>";

/// The overrides of the command line, in the order given: the last wins.
pub(super) fn of_command_line(sets: &[String]) -> Overrides {
    let mut text = String::new();
    let mut overrides = Vec::new();
    let mut refused = Vec::new();
    for set in sets {
        let start = text.len() + SET.len();
        text.push_str(SET);
        text.push_str(set);
        text.push('\n');
        let split = set
            .split_once('=')
            .map(|(key, value)| (key.trim_end(), value, key.len()));
        match split {
            Some((key, value, equals)) => overrides.push(Override {
                key: key.strip_prefix(KEY_PREFIX).unwrap_or(key).to_owned(),
                key_at: start..start + key.len(),
                value_at: start + equals + 1,
                value: value.to_owned(),
            }),
            None => refused.push((
                start..start + set.len(),
                set.split('=').next().unwrap_or_default(),
            )),
        }
    }
    let source = Source::new(COMMAND_LINE, &text);
    let findings = refused
        .into_iter()
        .map(|(span, key)| {
            Diagnostic::error(
                Code::BadOverride,
                format!("`--set` of `{key}` names no value of a setting"),
            )
            .at(source.place(span))
            .with_help("write the key and its value, as `--set tombstone.ttl=12h`")
        })
        .collect();
    layers(&source, &LayerName::CommandLine, &overrides, findings)
}

/// A layer for each override, so that none can hide another's mistakes; one for all numbered partners together.
fn layers(
    source: &Source,
    name: &LayerName,
    overrides: &[Override],
    mut findings: Vec<Diagnostic>,
) -> Overrides {
    let (of_partners, others): (Vec<_>, Vec<_>) = overrides
        .iter()
        .filter(|one| shallow(source, one, &mut findings))
        .partition(|one| one.key.starts_with(partners::KEY_PREFIX));
    let mut tables = others
        .into_iter()
        .map(|one| under_its_key(source, one, &mut findings))
        .collect::<Vec<_>>();
    tables.extend(partners::numbered(
        source,
        name,
        &of_partners,
        &mut findings,
    ));
    let layers = tables.into_iter().map(|ec| Layer {
        name: name.clone(),
        options: Options {
            ec,
            guardrails: None,
            allow: None,
        },
        ancestor: false,
    });
    let layers = layers.collect();
    Overrides {
        source: source.clone(),
        layers,
        findings,
    }
}

/// Whether a key has so few names that tables can be made of it; one of another may be made to fill the stack.
fn shallow(source: &Source, one: &Override, findings: &mut Vec<Diagnostic>) -> bool {
    let names = one.key.split('.').count();
    if names <= MAX_DEPTH {
        return true;
    }
    let message = format!("the key has {names} names, and no setting has more than {MAX_DEPTH}");
    findings.push(
        Diagnostic::error(Code::BadOverride, message)
            .at(source.place(one.key_at.clone()))
            .with_help("`ec show` lists every setting: write its key, as `tombstone.ttl`"),
    );
    false
}

/// The value inside the tables that its dotted key names.
fn under_its_key(source: &Source, one: &Override, findings: &mut Vec<Diagnostic>) -> Node {
    let place = source.place(one.key_at.clone());
    let value = value(source, one, findings);
    one.key
        .rsplit('.')
        .fold(value, |inner, name| in_table(name, inner, &place))
}

/// A value as the one member of a table.
fn in_table(name: &str, value: Node, place: &SourceLocation) -> Node {
    let key = Key {
        name: name.to_owned(),
        place: place.clone(),
    };
    Node::new(NodeValue::Table(vec![(key, value)]), place.clone())
}

/// A text needs no quotes; anything else is TOML, or refused by its setting as the text it is.
fn value(source: &Source, one: &Override, findings: &mut Vec<Diagnostic>) -> Node {
    let shape = known_setting(&one.key).map(|setting| setting.shape);
    let secret = shape == Some(Shape::Secret);
    read_value(
        source,
        one,
        shape.is_some_and(Shape::is_text),
        secret,
        findings,
    )
}

/// A value of which it is known whether it is a text, and whether it may be a reference to a secret.
fn read_value(
    source: &Source,
    one: &Override,
    text: bool,
    secret: bool,
    findings: &mut Vec<Diagnostic>,
) -> Node {
    let quoted = one.value.starts_with(['"', '\'']);
    let reference = secret && one.value.starts_with('{');
    let plain = text && !quoted && !reference;
    let parsed = if plain {
        None
    } else {
        toml::value(source, &one.value, one.value_at, findings)
    };
    parsed.unwrap_or_else(|| {
        let place = source.place(one.value_at..one.value_at + one.value.len());
        Node::new(NodeValue::Text(one.value.clone()), place)
    })
}
