//! Findings as SARIF 2.1.0, the format of code scanning (OASIS, static analysis results interchange format).

use edge_cookie::config::Sources;
use edge_cookie::diagnostic::{Diagnostic, Severity, SourceLocation};
use edge_cookie::rules::{self, Rule};
use serde_json::{Value, json};

/// The log of one run: every rule there is, and the findings.
///
/// Beside each finding is the file that it is shown in where it has no place of its own.
pub(crate) fn log(findings: &[(&Diagnostic, String)], sources: &Sources) -> Value {
    let rules: Vec<Value> = rules::all_rules().map(described).collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|(finding, file)| result(finding, file, sources))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ec",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn described(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "shortDescription": { "text": rule.reason },
        "fullDescription": { "text": format!("it protects {}", rule.protects) },
        "help": { "text": format!("{}. what happens otherwise: {}", rule.fix, rule.consequence) },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn result(finding: &Diagnostic, file: &str, sources: &Sources) -> Value {
    let index = rules::all_rules().position(|rule| rule.code == finding.code);
    let text = match &finding.help {
        Some(help) => format!("{}. help: {help}", finding.message),
        None => finding.message.clone(),
    };
    // A value of the environment or the command line is in no file that could be shown.
    let (files, elsewhere): (Vec<&SourceLocation>, Vec<&SourceLocation>) = finding
        .places
        .iter()
        .partition(|place| !place.file.starts_with('<'));
    let mut result = json!({
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": level(finding.severity),
        "message": { "text": text },
        "locations": [match files.first() {
            Some(place) => location(place, sources),
            None => whole(file),
        }],
        "relatedLocations": files.iter().skip(1).map(|place| location(place, sources)).collect::<Vec<_>>(),
        "properties": {
            "key": finding.key,
            "overrides": elsewhere.iter().map(ToString::to_string).collect::<Vec<_>>(),
        },
    });
    if index.is_none()
        && let Some(members) = result.as_object_mut()
    {
        members.remove("ruleIndex");
    }
    result
}

/// A file as a whole: code scanning shows no result without a place.
fn whole(file: &str) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(file) },
            "region": { "startLine": 1 },
        },
    })
}

fn location(place: &SourceLocation, sources: &Sources) -> Value {
    // The end is exclusive, counted in characters as the start is.
    let length = sources
        .get(&place.file)
        .and_then(|source| source.text().get(place.span.clone()))
        .map_or(0, |text| {
            text.lines().next().unwrap_or_default().chars().count()
        });
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&place.file) },
            "region": {
                "startLine": place.line,
                "startColumn": place.column,
                "endColumn": place.column.saturating_add(length.max(1)),
            },
        },
    })
}

/// A path as a relative reference (RFC 3986): what has a meaning there is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'\\' => uri.push('/'),
            b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            letter if letter.is_ascii_alphanumeric() => uri.push(char::from(letter)),
            _ => uri.extend(['%'].into_iter().chain(format!("{byte:02X}").chars())),
        }
    }
    uri
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
