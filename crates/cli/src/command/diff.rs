//! `ec diff`

use std::io::Write;

use clap::Args;
use edge_cookie::policy::difference::{Difference, DifferenceReport, between};
use edge_cookie::policy::provenance::Origin;
use serde::Serialize;

use super::ReviewFormat;
use crate::markdown;
use crate::output::output;
use crate::policy_ref::ComparedPolicy;
use crate::{CliError, ExitStatus, FileArgs};

/// Shows which effective values differ between two policies, and where each is configured.
///
/// Each is a profile, or a bundle as `file:PATH`. Values are compared by meaning, not by text: `24h` and `1d` are the same.
/// Exits with 0 if nothing differs, with 1 if something does, with 2 if the policies could not be compared.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The first profile, or the bundle as `file:PATH`.
    from: String,
    /// The second profile, or the bundle as `file:PATH`.
    to: String,
    /// The output format.
    #[arg(long, value_enum, default_value_t = ReviewFormat::Human)]
    format: ReviewFormat,
}

#[derive(Serialize)]
struct DiffReport<'r> {
    from: &'r str,
    to: &'r str,
    changes: Vec<DifferenceReport<'r>>,
}

impl DiffArgs {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<ExitStatus, CliError> {
        let from = ComparedPolicy::read(&self.from, args)?;
        let to = ComparedPolicy::read(&self.to, args)?;
        let differences = between(&from.resolved, &to.resolved);
        let mut out = output();
        match self.format {
            ReviewFormat::Human => human(&from, &to, &differences, &mut out)?,
            ReviewFormat::Json => {
                let report = DiffReport {
                    from: &from.name,
                    to: &to.name,
                    changes: differences.iter().map(Difference::report).collect(),
                };
                serde_json::to_writer(&mut out, &report).map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
            ReviewFormat::Markdown => markdown(&from, &to, &differences, &mut out)?,
        }
        out.flush()?;
        Ok(if differences.is_empty() {
            ExitStatus::Well
        } else {
            ExitStatus::Problems
        })
    }
}

/// How many settings differ, in words.
fn count(differences: &[Difference<'_>]) -> String {
    match differences.len() {
        0 => "no settings differ".to_owned(),
        1 => "1 setting differs".to_owned(),
        several => format!("{several} settings differ"),
    }
}

/// A value that differs, as people read it.
struct ValueDifference {
    key: String,
    before: String,
    after: String,
    from: Origin,
    to: Origin,
}

/// A difference: declared partners field by field.
fn lines(difference: &Difference<'_>) -> Vec<ValueDifference> {
    let partners = difference.partners();
    if partners.is_empty() {
        let (before, after) = difference.shown();
        return vec![ValueDifference {
            key: difference.key().to_owned(),
            before,
            after,
            from: difference.from.origin.clone(),
            to: difference.to.origin.clone(),
        }];
    }
    let each = partners.into_iter().map(|partner| {
        let (before, after) = partner.shown();
        ValueDifference {
            key: partner.key(),
            before,
            after,
            from: partner.from_origin,
            to: partner.to_origin,
        }
    });
    each.collect()
}

fn human(
    from: &ComparedPolicy,
    to: &ComparedPolicy,
    differences: &[Difference<'_>],
    out: &mut impl Write,
) -> std::io::Result<()> {
    writeln!(
        out,
        "{} -> {}: {}",
        from.label,
        to.label,
        count(differences)
    )?;
    for line in differences.iter().flat_map(lines) {
        writeln!(out, "\n{}", line.key)?;
        writeln!(out, "  - {}  # {}", line.before, line.from)?;
        writeln!(out, "  + {}  # {}", line.after, line.to)?;
    }
    Ok(())
}

fn markdown(
    from: &ComparedPolicy,
    to: &ComparedPolicy,
    differences: &[Difference<'_>],
    out: &mut impl Write,
) -> std::io::Result<()> {
    let (before, after) = (markdown::code(&from.label), markdown::code(&to.label));
    writeln!(
        out,
        "### Policy: {before} to {after}\n\n{}",
        count(differences)
    )?;
    if differences.is_empty() {
        return Ok(());
    }
    markdown::table(&["setting", &before, &after], out)?;
    for line in differences.iter().flat_map(lines) {
        let value = |shown: &str, origin: &Origin| {
            let origin = markdown::text(&origin.to_string());
            format!("{}<br>{origin}", markdown::code(shown))
        };
        markdown::row(
            &[
                markdown::code(&line.key),
                value(&line.before, &line.from),
                value(&line.after, &line.to),
            ],
            out,
        )?;
    }
    Ok(())
}
