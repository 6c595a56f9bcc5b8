//! `ec check`

use std::collections::HashSet;
use std::io::Write;

use clap::{Args, ValueEnum};
use edge_cookie::config::Loaded;
use edge_cookie::diagnostic::{Diagnostic, MAX_FINDINGS, Omitted, Severity, SourceLocation};
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::types::{PartnerToken, Secret};
use edge_cookie::printable::on_one_line;
use edge_cookie_review::new_ids;
use edge_cookie_service::check_secrets;
use serde::Serialize;

use crate::output::output;
use crate::policy::PolicyArgs;
use crate::secret::reveal;
use crate::{CliError, ExitStatus, FileArgs, render, sarif};

/// Checks policies: reports everything that is wrong with them, and where.
///
/// Exits with 0 if the policy is valid, perhaps with warnings; with 1 if it has problems; with 2 if it could not be checked.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Check every profile.
    #[arg(long, conflicts_with = "profile")]
    all: bool,
    /// The output format.
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    format: CheckFormat,
    /// Count warnings as problems.
    #[arg(long)]
    deny_warnings: bool,
    /// Look up the secrets that the policy refers to in the environment, and check them as literals are checked.
    #[arg(long)]
    resolve_secrets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// Text.
    Human,
    /// JSON.
    Json,
    /// Annotations of a GitHub workflow.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

#[derive(Serialize)]
struct CheckReport<'r> {
    profiles: Vec<ProfileReport<'r>>,
}

#[derive(Serialize)]
struct ProfileReport<'r> {
    profile: &'r str,
    ok: bool,
    digest: Option<&'r str>,
    diagnostics: &'r [Diagnostic],
    /// Which users get new ids by this profile; left out where none do.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_ids: Option<String>,
    /// Findings that are counted and not listed; left out where all are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    omitted: Option<Omitted>,
}

impl CheckArgs {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<ExitStatus, CliError> {
        let mut files = self.policy.open(args)?;
        // Without profiles, only the values of `[ec]` are checked.
        let loaded = if self.all && !files.names().is_empty() {
            files.load_all().map_err(CliError::because)?
        } else {
            let name = self.policy.choose(&files)?;
            vec![files.load(&name).map_err(CliError::because)?]
        };
        let mut loaded = loaded;
        if self.resolve_secrets {
            loaded.iter_mut().for_each(judge_secrets);
            for (loaded, key) in loaded.iter().flat_map(of_secret_stores) {
                render::warning(&format!(
                    "`{key}` of `{}` is not looked up: a platform's secret store is not on this machine",
                    loaded.profile
                ));
            }
        }
        let mut out = output();
        match self.format {
            CheckFormat::Human => {
                render::findings(each_once(&loaded), omitted(&loaded), files.sources());
                for loaded in &loaded {
                    if let Some(new_ids) = new_ids(&loaded.resolved) {
                        render::note(&format!("{}: {new_ids}", loaded.profile));
                    }
                    writeln!(out, "{}", summary(loaded))?;
                }
            }
            CheckFormat::Json => {
                let profiles = loaded.iter().map(|loaded| self.report(loaded)).collect();
                serde_json::to_writer(&mut out, &CheckReport { profiles })
                    .map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
            CheckFormat::Github => {
                let found = each_once(&loaded);
                for finding in found.iter().take(MAX_FINDINGS) {
                    writeln!(out, "{}", annotation(finding))?;
                }
                for loaded in &loaded {
                    if let Some(new_ids) = new_ids(&loaded.resolved) {
                        let profile = on_one_line(&loaded.profile);
                        writeln!(out, "::notice::{profile}: {new_ids}")?;
                    }
                }
                let more = found.len().saturating_sub(MAX_FINDINGS) + omitted(&loaded).all();
                if more > 0 {
                    writeln!(out, "::notice::{more} more findings are not shown")?;
                }
            }
            CheckFormat::Sarif => {
                let own = |profile: &str| {
                    let file = files.profile_file(profile);
                    let file = if file.is_file() {
                        file
                    } else {
                        args.config.clone()
                    };
                    file.display().to_string()
                };
                let found = each_once(&loaded).into_iter().take(MAX_FINDINGS);
                let found = found.map(|finding| {
                    let of = |loaded: &&Loaded| loaded.resolved.findings.contains(finding);
                    let profile = loaded.iter().find(of);
                    (finding, own(profile.map_or("", |loaded| &loaded.profile)))
                });
                let log = sarif::log(&found.collect::<Vec<_>>(), files.sources());
                serde_json::to_writer_pretty(&mut out, &log).map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        let well = loaded.iter().all(|loaded| self.is_well(loaded));
        Ok(if well {
            ExitStatus::Well
        } else {
            ExitStatus::Problems
        })
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
            new_ids: new_ids(resolved),
            omitted: Some(resolved.omitted).filter(|omitted| omitted.all() > 0),
        }
    }
}

/// Adds what is wrong with the secrets that this machine can look up; those of a platform's secret store it cannot.
fn judge_secrets(loaded: &mut Loaded) {
    let resolved = &mut loaded.resolved;
    // Literals are checked by the rules, and a platform's secret store is not on this machine.
    let here = |secret: &Secret| matches!(secret, Secret::Environment(_));
    for problem in check_secrets(&resolved.policy, resolved.deployed, here, reveal) {
        let setting = problem.key().strip_prefix("ec.").unwrap_or_default();
        let place = match setting.strip_prefix("partners.") {
            Some(field) => token_place(resolved, field),
            None => resolved
                .value(setting)
                .and_then(|value| value.origin.place.clone()),
        };
        let finding = Diagnostic::error(problem.code(), problem.to_string());
        let finding = finding.about(problem.key()).at(place);
        resolved.findings.push(finding);
    }
}

/// Where the token of a partner is configured, by its key below `partners`: the partner's id and the field.
fn token_place(resolved: &Resolved, key: &str) -> Option<SourceLocation> {
    let id = key.strip_suffix(".api_token")?;
    let mut partners = resolved.policy.root.partners.iter();
    let index = partners.position(|partner| partner.id.as_str() == id)?;
    let token = resolved.partner_origin(index)?.field("api_token")?;
    token.origin.place.clone()
}

/// The settings of a profile that refer to a platform's secret store.
fn of_secret_stores(loaded: &Loaded) -> Vec<(&Loaded, String)> {
    let policy = &loaded.resolved.policy;
    let own = [
        ("passphrase", policy.root.passphrase.as_ref()),
        ("admin_token", policy.root.admin_token.as_ref()),
        ("admin.basic.password", policy.admin_basic.password.as_ref()),
        ("redis.password", policy.redis.password.as_ref()),
    ];
    let own = own
        .into_iter()
        .map(|(key, secret)| (key.to_owned(), secret));
    let partners = policy.root.partners.iter().map(|partner| {
        let token = match &partner.token {
            Some(PartnerToken::Token(secret)) => Some(secret),
            _ => None,
        };
        (format!("partners.{}.api_token", partner.id), token)
    });
    let elsewhere = own
        .chain(partners)
        .filter(|(_, secret)| matches!(secret, Some(Secret::SecretStore { .. })));
    elsewhere.map(|(key, _)| (loaded, key)).collect()
}

/// How many findings of all profiles are not kept.
fn omitted(loaded: &[Loaded]) -> Omitted {
    let each = loaded.iter().map(|loaded| loaded.resolved.omitted);
    each.fold(Omitted::default(), Omitted::plus)
}

/// The findings of all profiles; those of a shared file are reported once.
fn each_once(loaded: &[Loaded]) -> Vec<&Diagnostic> {
    let mut seen = HashSet::new();
    let all = loaded.iter().flat_map(|loaded| &loaded.resolved.findings);
    all.filter(|finding| seen.insert(*finding)).collect()
}

/// A finding as a workflow command, which GitHub draws beside the line (its documentation, workflow commands).
fn annotation(finding: &Diagnostic) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let text = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let property = |value: &str| text(value).replace(':', "%3A").replace(',', "%2C");
    let place = finding.places.first().map_or_else(String::new, |place| {
        format!(
            "file={},line={},col={},",
            property(&place.file),
            place.line,
            place.column
        )
    });
    let message = match &finding.help {
        Some(help) => format!("{}\nhelp: {help}", finding.message),
        None => finding.message.clone(),
    };
    format!(
        "::{level} {place}title={}::{}",
        finding.code,
        text(&message)
    )
}

fn summary(loaded: &Loaded) -> String {
    let resolved = &loaded.resolved;
    let errors = resolved
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let warnings = resolved.findings.len() - errors + resolved.omitted.warnings;
    let errors = errors + resolved.omitted.errors;
    let count = |number: usize, word: &str| match number {
        0 => format!("no {word}s"),
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    let counts = format!("{}, {}", count(errors, "error"), count(warnings, "warning"));
    let profile = on_one_line(&loaded.profile);
    if errors > 0 {
        format!("{profile}: {counts}")
    } else {
        format!(
            "{profile}: {counts} (policy {})",
            resolved.policy.digest.mark()
        )
    }
}
