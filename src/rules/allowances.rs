//! Allowances: findings that the author of a profile accepts, each with a reason.
//!
//! `[[ec.allow]]` is written in the profile it is for and applies to no other, not even one that inherits from it.

use super::{Find, Rule, Subject, rule};
use crate::diagnostic::{Code, Diagnostic, Severity, SourceLocation};
use crate::policy::layers::{Layer, LayerName};
use crate::policy::node::{Node, NodeValue};

pub(super) const RULES: [Rule; 2] = [
    Rule {
        code: Code::IdleAllowance,
        severity: Severity::Warning,
        reason: "an allowance that silences nothing",
        protects: "the next finding of that code: an allowance left behind would hide it",
        example: "[[ec.allow]]\ncode = \"EC0305\"\nreason = \"we used to have no retries\"\n",
        consequence: "nothing, until someone makes the mistake that it would hide",
        fix: "remove it",
        find: Find::Elsewhere,
    },
    Rule {
        code: Code::BadAllowance,
        severity: Severity::Error,
        reason: "an allowance that cannot be used",
        protects: "the reviewer: every accepted finding is named, for one profile, with a reason",
        example: "[[ec.allow]]\ncode = \"EC0201\"\n",
        consequence: "the policy cannot be used until it is fixed",
        fix: "write `code` and `reason`, and `severity = \"warning\"` to lower an error instead of hiding it",
        find: Find::Elsewhere,
    },
];

/// One allowance.
struct Allowance {
    code: Code,
    /// The finding is reported as a warning; otherwise it is not reported.
    lowers: bool,
    place: SourceLocation,
}

/// Takes out of `found` what the profile allows, and adds what is wrong with its allowances.
pub(super) fn apply(subject: &Subject<'_>, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let allowances: Vec<Allowance> = own_layer(subject, &mut findings)
        .and_then(|layer| layer.options.allow.as_ref())
        .map(|node| read(node, &mut findings))
        .unwrap_or_default();
    let mut used = vec![false; allowances.len()];
    for mut finding in found {
        let allowed = allowances.iter().zip(&mut used).find(|(allowance, _)| {
            allowance.code == finding.code
                && (!allowance.lowers || finding.severity > Severity::Warning)
        });
        if let Some((allowance, used)) = allowed {
            *used = true;
            if !allowance.lowers {
                continue;
            }
            finding.severity = Severity::Warning;
        }
        findings.push(finding);
    }
    for (allowance, _) in allowances.iter().zip(used).filter(|(_, used)| !used) {
        // What holds between profiles is checked on the whole fleet only.
        if allowance.code == Code::WeakerThanAncestor && subject.ancestors.is_empty() {
            continue;
        }
        let message = format!(
            "the allowance of `{}` matches no finding, and would hide the next one",
            allowance.code
        );
        findings.push(
            Diagnostic::warning(Code::IdleAllowance, message)
                .about("ec.allow")
                .at(allowance.place.clone())
                .with_help("remove it"),
        );
    }
    findings
}

/// The layer whose allowances hold: the profile's own, or the configuration's where the profile has no file.
fn own_layer<'s>(subject: &Subject<'s>, findings: &mut Vec<Diagnostic>) -> Option<&'s Layer> {
    let own =
        |layer: &&Layer| matches!(&layer.name, LayerName::Profile(name) if name == subject.profile);
    let config = subject
        .layers
        .iter()
        .find(|layer| layer.name == LayerName::Config);
    let Some(profile) = subject.layers.iter().find(own) else {
        return config;
    };
    if let Some(node) = config.and_then(|layer| layer.options.allow.as_ref()) {
        findings.push(bad(
            "an allowance in the configuration would hold for every profile",
            &node.place,
            "write it into the profile that it is for",
        ));
    }
    Some(profile)
}

fn read(node: &Node, findings: &mut Vec<Diagnostic>) -> Vec<Allowance> {
    let NodeValue::List(items) = &node.value else {
        findings.push(bad("`ec.allow` is a list of tables", &node.place, HELP));
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| allowance(item, findings))
        .collect()
}

const HELP: &str = "write `[[ec.allow]]`, `code = \"EC0207\"` and `reason = \"…\"`";
const FIELDS: [&str; 3] = ["code", "reason", "severity"];

fn allowance(item: &Node, findings: &mut Vec<Diagnostic>) -> Option<Allowance> {
    let text = |field: &str| item.member(field).and_then(Node::as_text).map(str::trim);
    let place = |field: &str| item.member(field).unwrap_or(item).place.clone();
    let before = findings.len();
    if let Some((key, _)) = item
        .members()
        .iter()
        .find(|(key, _)| !FIELDS.contains(&key.name.as_str()))
    {
        let message = format!("an allowance has no `{}`", key.name);
        findings.push(bad(&message, &key.place, HELP));
    }
    let written = text("code").unwrap_or_default();
    let code = Code::parse(written);
    match code.and_then(rule) {
        None => {
            let message =
                format!("`{written}` is no rule's code: the allowance would silence nothing");
            findings.push(bad(
                &message,
                &place("code"),
                "`ec explain` lists the codes",
            ));
        }
        Some(rule) if !may_be_allowed(rule.code) => {
            let message = format!("`{written}` cannot be allowed: {}", rule.reason);
            findings.push(bad(&message, &place("code"), rule.fix));
        }
        Some(_) => {}
    }
    if text("reason").is_none_or(str::is_empty) {
        let message =
            format!("the allowance of `{written}` gives no reason that a reviewer could weigh");
        findings.push(bad(&message, &place("reason"), "write `reason = \"…\"`"));
    }
    let lowers = match text("severity") {
        None if item.member("severity").is_none() => false,
        Some("warning") => true,
        _ => {
            let help = "write `severity = \"warning\"` to lower an error, or leave the line out to silence it";
            findings.push(bad(
                "the `severity` of an allowance can only be `warning`",
                &place("severity"),
                help,
            ));
            false
        }
    };
    (findings.len() == before).then_some(())?;
    Some(Allowance {
        code: code?,
        lowers,
        place: item.place.clone(),
    })
}

/// What reads the files cannot be argued with, nor can what the organisation decided, nor this list itself.
fn may_be_allowed(code: Code) -> bool {
    rule(code).is_some_and(|rule| matches!(rule.find, Find::By(_)))
}

fn bad(message: &str, place: &SourceLocation, help: &str) -> Diagnostic {
    Diagnostic::error(Code::BadAllowance, message)
        .about("ec.allow")
        .at(place.clone())
        .with_help(help)
}
