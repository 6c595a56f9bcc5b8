//! `ec check`

use std::io::{Write, stdout};

use clap::Args;
use edge_cookie::diagnostic::{Diagnostic, Severity};
use edge_cookie::policy::files::Loaded;
use serde::Serialize;

use super::Format;
use crate::policy::PolicyArgs;
use crate::{End, FileArgs, Stop, render};

/// Checks policies: tells everything that is wrong with them, and where.
///
/// Ends with 0 where a policy is clean or has warnings only, with 1 where it has problems, with 2 where it
/// could not be checked.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Check every profile there is.
    #[arg(long, conflicts_with = "profile")]
    all: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Count warnings as problems.
    #[arg(long)]
    deny_warnings: bool,
}

#[derive(Serialize)]
struct Report<'r> {
    profiles: Vec<ProfileReport<'r>>,
}

#[derive(Serialize)]
struct ProfileReport<'r> {
    profile: &'r str,
    ok: bool,
    digest: Option<&'r str>,
    diagnostics: &'r [Diagnostic],
}

impl Check {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<End, Stop> {
        let mut files = self.policy.open(args)?;
        // Where there are no profiles, what stands in `[ec]` is checked alone.
        let names = if self.all && !files.names().is_empty() {
            files.names().to_vec()
        } else {
            vec![self.policy.choose(&files)?]
        };
        let mut loaded = Vec::with_capacity(names.len());
        for name in names {
            loaded.push(files.load(&name).map_err(Stop::because)?);
        }
        match self.format {
            Format::Human => {
                let mut told: Vec<&Diagnostic> = Vec::new();
                for finding in loaded.iter().flat_map(|loaded| &loaded.resolved.findings) {
                    // What stands in a shared file is told once.
                    if !told.contains(&finding) {
                        render::findings(std::slice::from_ref(finding), files.sources());
                        told.push(finding);
                    }
                }
                let mut out = stdout().lock();
                for loaded in &loaded {
                    writeln!(out, "{}", summary(loaded))?;
                }
            }
            Format::Json => {
                let profiles = loaded.iter().map(|loaded| self.report(loaded)).collect();
                let mut out = stdout().lock();
                serde_json::to_writer(&mut out, &Report { profiles })
                    .map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
        }
        let well = loaded.iter().all(|loaded| self.is_well(loaded));
        Ok(if well { End::Well } else { End::Problems })
    }

    fn is_well(&self, loaded: &Loaded) -> bool {
        loaded.resolved.is_usable() && (loaded.resolved.findings.is_empty() || !self.deny_warnings)
    }

    fn report<'r>(&self, loaded: &'r Loaded) -> ProfileReport<'r> {
        let resolved = &loaded.resolved;
        ProfileReport {
            profile: &loaded.profile,
            ok: self.is_well(loaded),
            digest: resolved
                .is_usable()
                .then(|| resolved.policy.digest.as_str()),
            diagnostics: &resolved.findings,
        }
    }
}

fn summary(loaded: &Loaded) -> String {
    let resolved = &loaded.resolved;
    let errors = resolved
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let warnings = resolved.findings.len() - errors;
    let count = |number: usize, word: &str| match number {
        0 => format!("no {word}s"),
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    let counts = format!("{}, {}", count(errors, "error"), count(warnings, "warning"));
    if errors > 0 {
        format!("{}: {counts}", loaded.profile)
    } else {
        format!(
            "{}: {counts} (policy {})",
            loaded.profile,
            resolved.policy.digest.mark()
        )
    }
}
