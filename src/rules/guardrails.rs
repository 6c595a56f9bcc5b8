//! Guardrails: bounds that an organisation sets once, and that no layer exceeds.
//!
//! They stand in `[ec.guardrails]` of the configuration; a profile may add tighter ones.

use std::time::Duration;

use super::{Find, Rule, Subject};
use crate::diagnostic::{Code, Diagnostic, Severity, SourceLocation};
use crate::policy::layers::LayerName;
use crate::policy::node::{Node, NodeValue};
use crate::policy::provenance::EffectiveValue;
use crate::policy::setting::{SettingInfo, Shape, full_key};
use crate::policy::types::choice::nearest;
use crate::policy::types::parse_duration;
use crate::policy::value::Value;
use crate::policy::{known_setting, known_settings};

pub(super) const RULES: [Rule; 3] = [
    Rule {
        code: Code::BeyondGuardrail,
        severity: Severity::Error,
        reason: "a value beyond a guardrail",
        protects: "what the organisation decided once for every profile: no layer exceeds it, the command line included",
        example: "# file: trusted-server.toml\n[ec.guardrails]\n\"entry.ttl\" = { max = \"395d\" }\n# file: policies/sample.toml\n[ec.entry]\nttl = \"400d\"\n",
        consequence: "users would be kept for longer, or protected less, than the organisation allows",
        fix: "change the value, or ask the owner of the guardrail to change it where it is configured; no allowance hides this finding",
        find: Find::Elsewhere,
    },
    Rule {
        code: Code::LooseGuardrail,
        severity: Severity::Warning,
        reason: "a guardrail that is looser than one before it",
        protects: "readers of the profile: a profile may tighten a guardrail, never loosen it",
        example: "# file: trusted-server.toml\n[ec.guardrails]\n\"entry.ttl\" = { max = \"395d\" }\n# file: policies/sample.toml\n[ec.guardrails]\n\"entry.ttl\" = { max = \"500d\" }\n",
        consequence: "nothing changes: the tighter bound applies",
        fix: "remove it, or tighten it",
        find: Find::Elsewhere,
    },
    Rule {
        code: Code::BadGuardrail,
        severity: Severity::Error,
        reason: "a guardrail that cannot be used",
        protects: "everyone who relies on it: a misspelt guardrail would guard nothing",
        example: "[ec.guardrails]\n\"entry.tll\" = { max = \"395d\" }\n",
        consequence: "the policy cannot be used until it is fixed, because it is unclear what the guardrail should bound",
        fix: "write `\"entry.ttl\" = { max = \"395d\" }`: a setting's key in quotes, and `min`, `max` or `one_of`",
        find: Find::Elsewhere,
    },
];

/// What a bound compares: durations and numbers have an order, everything else only sameness.
#[derive(Debug, PartialEq)]
enum Measure {
    Length(Duration),
    /// A duration that is not set bounds nothing.
    Endless,
    Number(u64),
    Word(String),
}

impl Measure {
    fn exceeds(&self, bound: &Self) -> bool {
        match (self, bound) {
            (Self::Length(one), Self::Length(other)) => one > other,
            (Self::Endless, Self::Length(_)) => true,
            (Self::Number(one), Self::Number(other)) => one > other,
            _ => false,
        }
    }
}

/// One bound of one setting.
#[derive(Debug)]
struct Guardrail {
    key: &'static str,
    bound: Bound,
    /// The bound as it was written.
    written: String,
    layer: LayerName,
    place: SourceLocation,
}

#[derive(Debug)]
enum Bound {
    Min(Measure),
    Max(Measure),
    OneOf(Vec<Measure>),
}

impl Guardrail {
    fn permits(&self, value: &Measure) -> bool {
        match &self.bound {
            Bound::Min(least) => !least.exceeds(value),
            Bound::Max(greatest) => !value.exceeds(greatest),
            Bound::OneOf(values) => values.contains(value),
        }
    }

    /// Whether this one adds nothing to `before`.
    fn is_looser_than(&self, before: &Self) -> bool {
        if self.key != before.key {
            return false;
        }
        match (&self.bound, &before.bound) {
            (Bound::Min(own), Bound::Min(other)) => other.exceeds(own),
            (Bound::Max(own), Bound::Max(other)) => own.exceeds(other),
            (Bound::OneOf(own), Bound::OneOf(other)) => {
                own.iter().any(|value| !other.contains(value))
            }
            _ => false,
        }
    }
}

/// Every value beyond a guardrail, and every guardrail that is none.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut guardrails: Vec<Guardrail> = Vec::new();
    for layer in subject.layers {
        let Some(table) = &layer.options.guardrails else {
            continue;
        };
        for own in read(table, &layer.name, &mut found) {
            if let Some(before) = guardrails.iter().find(|before| own.is_looser_than(before)) {
                found.push(loose(&own, before));
            }
            guardrails.push(own);
        }
    }
    for guardrail in &guardrails {
        let value = subject.resolved.value(guardrail.key);
        found.extend(value.and_then(|value| beyond(guardrail, value)));
    }
    found
}

fn beyond(guardrail: &Guardrail, value: &EffectiveValue) -> Option<Diagnostic> {
    let setting = known_setting(guardrail.key)?;
    if measure_of(&value.digested, setting.shape).is_some_and(|value| guardrail.permits(&value)) {
        return None;
    }
    let shown = value.value.to_string();
    let shown = shown.trim_matches('"');
    let (relation, help) = match guardrail.bound {
        Bound::Min(_) => ("is below", "raise it to that or more"),
        Bound::Max(_) => ("exceeds", "lower it to that or less"),
        Bound::OneOf(_) => ("is not among", "write one of those"),
    };
    let message = format!(
        "`{} = {shown}` ({}) {relation} what the guardrail of {} allows: `{}`",
        guardrail.key, value.origin.layer, guardrail.layer, guardrail.written
    );
    Some(
        Diagnostic::error(Code::BeyondGuardrail, message)
            .about(full_key(guardrail.key))
            .at(value.origin.place.clone())
            .at(guardrail.place.clone())
            .with_help(format!("{help}, or ask the owner of the guardrail")),
    )
}

fn loose(own: &Guardrail, before: &Guardrail) -> Diagnostic {
    let message = format!(
        "the guardrail `{}` of `{}` has no effect: {} allows only `{}`",
        own.written, own.key, before.layer, before.written
    );
    Diagnostic::warning(Code::LooseGuardrail, message)
        .about(format!("ec.guardrails.{}", own.key))
        .at(own.place.clone())
        .at(before.place.clone())
        .with_help("remove it, or tighten it")
}

/// Reads a table of guardrails; what is wrong with one goes to `found`.
fn read(table: &Node, layer: &LayerName, found: &mut Vec<Diagnostic>) -> Vec<Guardrail> {
    let mut guardrails: Vec<Guardrail> = Vec::new();
    if !matches!(table.value, NodeValue::Table(_)) {
        let message = "`ec.guardrails` is a table, but something else was given";
        found.push(bad(message, "guardrails", &table.place, HELP));
    }
    for (key, bounds) in flattened(table, "") {
        let own = format!("guardrails.{key}");
        let Some(setting) = known_setting(&key) else {
            let help = match nearest(&key, known_settings().iter().map(|setting| setting.key)) {
                Some(meant) => format!("did you mean `\"{meant}\"`?"),
                None => HELP.to_owned(),
            };
            let message =
                format!("a guardrail for `{key}` would guard nothing: there is no such setting");
            found.push(bad(&message, &own, &bounds.place, &help));
            continue;
        };
        for (name, node) in bounds.members() {
            match bound(setting, &name.name, node) {
                Ok(bound) => {
                    let guardrail = Guardrail {
                        key: setting.key,
                        written: format!("{} = {}", name.name, written(node)),
                        bound,
                        layer: layer.clone(),
                        place: node.place.clone(),
                    };
                    if let Some(before) =
                        guardrails.iter().find(|before| crossed(before, &guardrail))
                    {
                        let message = format!(
                            "no value of `{key}` can pass both `{}` and `{}`",
                            before.written, guardrail.written
                        );
                        found.push(bad(
                            &message,
                            &own,
                            &node.place,
                            "raise `max`, or lower `min`",
                        ));
                    }
                    guardrails.push(guardrail);
                }
                Err(why) => found.push(bad(&why, &own, &node.place, HELP)),
            }
        }
        if bounds.members().is_empty() {
            let message = format!("the guardrail for `{key}` has no limit");
            found.push(bad(&message, &own, &bounds.place, HELP));
        }
    }
    guardrails
}

const HELP: &str = "write a setting's key in quotes and its bounds, as `\"entry.ttl\" = { max = \"395d\" }`: there are `min`, `max` and `one_of`";

/// Whether a `min` of a setting is above a `max` of it.
fn crossed(one: &Guardrail, other: &Guardrail) -> bool {
    if one.key != other.key {
        return false;
    }
    match (&one.bound, &other.bound) {
        (Bound::Min(min), Bound::Max(max)) | (Bound::Max(max), Bound::Min(min)) => min.exceeds(max),
        _ => false,
    }
}

/// The guardrails by key: `"entry.ttl"` in quotes, or as the tables that TOML makes of it without them.
fn flattened<'n>(table: &'n Node, prefix: &str) -> Vec<(String, &'n Node)> {
    let mut all = Vec::new();
    for (name, node) in table.members() {
        let key = format!("{prefix}{}", name.name);
        let holds_bounds = node
            .members()
            .iter()
            .any(|(name, _)| BOUNDS.contains(&name.name.as_str()));
        if known_setting(&key).is_none() && !holds_bounds && !node.members().is_empty() {
            all.extend(flattened(node, &format!("{key}.")));
        } else {
            all.push((key, node));
        }
    }
    all
}

const BOUNDS: [&str; 3] = ["min", "max", "one_of"];

fn bound(setting: &SettingInfo, name: &str, node: &Node) -> Result<Bound, String> {
    let key = setting.key;
    let ordered = matches!(
        setting.shape,
        Shape::Duration | Shape::OptionalDuration | Shape::Integer
    );
    let one = |node: &Node| {
        measure(node, setting.shape).ok_or_else(|| {
            format!(
                "`{}` cannot be compared with `{key}`",
                written(node).trim_matches('"')
            )
        })
    };
    match name {
        "min" | "max" if !ordered => Err(format!(
            "`{key}` has no order, so that no value is its `{name}`: list what it may be in `one_of`"
        )),
        "min" => one(node).map(Bound::Min),
        "max" => one(node).map(Bound::Max),
        "one_of" => match &node.value {
            NodeValue::List(items) if !items.is_empty() => items
                .iter()
                .map(one)
                .collect::<Result<_, _>>()
                .map(Bound::OneOf),
            _ => Err(format!("`one_of` of `{key}` is not a list of values")),
        },
        _ => Err(format!("a guardrail has no `{name}`")),
    }
}

/// A bound as it was written, as TOML.
fn written(node: &Node) -> String {
    match &node.value {
        NodeValue::Text(text) => Value::from(text.as_str()).to_string(),
        NodeValue::Integer(number) => number.to_string(),
        NodeValue::Boolean(truth) => truth.to_string(),
        NodeValue::List(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.kind().to_owned(),
    }
}

fn measure(node: &Node, shape: Shape) -> Option<Measure> {
    let value = match &node.value {
        NodeValue::Text(text) => Value::from(text.as_str()),
        NodeValue::Integer(number) => Value::Integer(u64::try_from(*number).ok()?),
        NodeValue::Boolean(truth) => Value::Boolean(*truth),
        _ => return None,
    };
    measure_of(&value, shape)
}

fn measure_of(value: &Value, shape: Shape) -> Option<Measure> {
    match (shape, value) {
        (Shape::OptionalDuration, Value::Text(text)) if text == "none" => Some(Measure::Endless),
        (Shape::Duration | Shape::OptionalDuration, Value::Text(text)) => {
            parse_duration(text).ok().map(Measure::Length)
        }
        (Shape::Integer, Value::Integer(number)) => Some(Measure::Number(*number)),
        (Shape::Choice(_) | Shape::Text(_), Value::Text(text)) => Some(Measure::Word(text.clone())),
        (Shape::Boolean, Value::Boolean(truth)) => Some(Measure::Word(truth.to_string())),
        _ => None,
    }
}

fn bad(message: &str, key: &str, place: &SourceLocation, help: &str) -> Diagnostic {
    Diagnostic::error(Code::BadGuardrail, message)
        .about(full_key(key))
        .at(place.clone())
        .with_help(help)
}
