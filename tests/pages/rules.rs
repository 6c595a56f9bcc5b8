//! `docs/rules.md`: every rule, as `ec explain` shows it.

use edge_cookie::diagnostic::Severity;
use edge_cookie::rules::{self, Rule};

use super::page::{self, anchor, capitalised, code, table};

/// What the first digits of a code say.
const FAMILIES: [(&str, &str); 9] = [
    ("EC00", "Reading"),
    ("EC01", "Values without effect, and limits of the platform"),
    ("EC02", "Promises to users"),
    ("EC03", "Cost and hygiene"),
    ("EC04", "Stores"),
    ("EC05", "Secrets and partners"),
    ("EC06", "Guardrails"),
    ("EC07", "Inheritance"),
    ("EC08", "Exceptions"),
];

#[test]
fn the_page_of_rules_is_the_codes_own() {
    page::check(
        "docs/rules.md",
        &[("overview", overview()), ("rules", details())],
    );
}

fn overview() -> String {
    let rows = rules::all_rules().map(|rule| {
        let link = format!("[`{}`](#{})", rule.code, anchor(&heading(rule)));
        vec![link, severity(rule).to_owned(), rule.reason.to_owned()]
    });
    table(&["code", "severity", "finding"], rows)
}

fn details() -> String {
    let mut text = String::new();
    let mut family = "";
    for rule in rules::all_rules() {
        let name = rule.code.to_string();
        let (prefix, title) = FAMILIES
            .iter()
            .find(|(prefix, _)| name.starts_with(prefix))
            .unwrap_or_else(|| panic!("no family of {name}"));
        if family != *prefix {
            text += &format!("\n## {title}\n");
            family = prefix;
        }
        text += &format!("\n### {}\n\n", heading(rule));
        text += &format!("{}: {}.\n\n", capitalised(severity(rule)), rule.reason);
        text += &format!("- **Protects**: {}\n", rule.protects);
        text += &format!("- **What follows**: {}\n", rule.consequence);
        text += &format!("- **How to fix**: {}\n", rule.fix);
        if !rule.example.is_empty() {
            text += &format!("\n```toml\n{}\n```\n", rule.example.trim_end());
        }
    }
    text + "\n"
}

fn heading(rule: &Rule) -> String {
    code(&rule.code.to_string())
}

const fn severity(rule: &Rule) -> &'static str {
    match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
