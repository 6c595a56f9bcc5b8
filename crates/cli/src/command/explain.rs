//! `ec explain`

use std::io::Write;

use clap::Args;
use edge_cookie::diagnostic::{Code, Severity};
use edge_cookie::rules::{self, Rule};

use crate::output::output;
use crate::{CliError, ExitStatus};

/// Explains a rule: what it protects, what breaks it, what follows, and how to fix it.
///
/// Without a code it lists every rule.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The rule's code, as `EC0207`.
    code: Option<String>,
}

impl ExplainArgs {
    pub(crate) fn run(&self) -> Result<ExitStatus, CliError> {
        let mut out = output();
        let Some(written) = &self.code else {
            for rule in rules::all_rules() {
                writeln!(
                    out,
                    "{}  {:7}  {}",
                    rule.code,
                    word(rule.severity),
                    rule.reason
                )?;
            }
            return Ok(ExitStatus::Well);
        };
        let rule = Code::parse(written).and_then(rules::rule);
        let rule = rule.ok_or_else(|| {
            CliError::because(format!(
                "there is no rule `{written}`: `ec explain` lists them"
            ))
        })?;
        explain(rule, &mut out)?;
        Ok(ExitStatus::Well)
    }
}

fn explain(rule: &Rule, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(
        out,
        "{} ({}): {}\n",
        rule.code,
        word(rule.severity),
        rule.reason
    )?;
    writeln!(out, "what it protects:\n  {}\n", rule.protects)?;
    if !rule.example.is_empty() {
        writeln!(out, "what breaks it:")?;
        for line in rule.example.lines() {
            writeln!(out, "  {line}")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "what then happens:\n  {}\n", rule.consequence)?;
    writeln!(out, "how to fix it:\n  {}", rule.fix)
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
