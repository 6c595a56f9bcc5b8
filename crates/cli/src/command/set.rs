//! `ec set`

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use edge_cookie::config::{Loaded, read_text};
use edge_cookie::diagnostic::{Diagnostic, Severity};
use edge_cookie::policy::known_setting;
use edge_cookie::printable::on_one_line;
use edge_cookie::redact::passwords;

use crate::edit::{Edit, replace, value};
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::{CliError, ExitStatus, FileArgs, render};

/// Writes a setting into a profile, or into `[ec]` of the configuration; comments and order stay.
///
/// Nothing is written if the policy would have an error that it did not have before.
#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// The setting, as `tombstone.ttl`.
    key: String,
    /// Its value; a text needs no quotes.
    #[arg(required_unless_present = "remove")]
    value: Option<String>,
    /// Remove the setting, so that a lower layer or the default applies again.
    #[arg(long, conflicts_with = "value")]
    remove: bool,
    /// The profile to write to; `[ec]` of the configuration by default.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl SetArgs {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<ExitStatus, CliError> {
        let key = self.key.strip_prefix("ec.").unwrap_or(&self.key);
        let (path, before) = self.loaded(args, Vec::new())?;
        let text = read_text(&path).map_err(|error| {
            CliError::because(format!("cannot read `{}`: {error}", path.display()))
        })?;
        let cannot = |why: &dyn std::fmt::Display| {
            CliError::because(format!("cannot edit `{}`: {why}", path.display()))
        };
        let mut edit = Edit::of(&text).map_err(|error| cannot(&error))?;
        let old = match &self.value {
            Some(written) => {
                let value = value(key, written).map_err(CliError::because)?;
                edit.set(key, value).map_err(|error| cannot(&error))?
            }
            None => edit.remove(key).map_err(|error| cannot(&error))?,
        };
        let edited = edit.text();
        let (_, after) = self.loaded(args, vec![(path.clone(), edited.clone())])?;
        let mut files =
            PolicyArgs::default().open_edited(args, vec![(path.clone(), edited.clone())])?;
        // Read once more, so that findings show the lines of the edited text.
        files.load(&after.profile).map_err(CliError::because)?;
        let new = brought(&before, &after);
        render::findings(new.iter().copied(), after.resolved.omitted, files.sources());
        if new
            .iter()
            .any(|finding| finding.severity == Severity::Error)
        {
            return Err(CliError::because(format!(
                "nothing is written to `{}`: the policy could not be used",
                path.display()
            )));
        }
        if edited != text {
            replace(&path, &edited).map_err(|error| {
                CliError::because(format!("cannot write `{}`: {error}", path.display()))
            })?;
        }
        let mut out = output();
        let summary = self.summary(key, &path, old.as_deref(), &after);
        writeln!(out, "{}", on_one_line(&summary))?;
        Ok(ExitStatus::Well)
    }

    /// The file that is edited, and the policy with its values.
    fn loaded(
        &self,
        args: &FileArgs,
        edited: Vec<(PathBuf, String)>,
    ) -> Result<(PathBuf, Loaded), CliError> {
        let policy = PolicyArgs {
            profile: self.profile.clone(),
            ..PolicyArgs::default()
        };
        let mut files = policy.open_edited(args, edited)?;
        let name = policy.choose(&files)?;
        let path = match &self.profile {
            Some(profile) => files.profile_file(profile),
            None => args.config.clone(),
        };
        Ok((path, files.load(&name).map_err(CliError::because)?))
    }

    /// What was done, on one line.
    fn summary(&self, key: &str, path: &Path, old: Option<&str>, after: &Loaded) -> String {
        let secret = known_setting(key).is_some_and(|setting| setting.shape.is_secret());
        let shown = |text: &str| {
            if secret {
                "\"…\"".to_owned()
            } else {
                passwords(text).into_owned()
            }
        };
        let path = path.display();
        let Some(written) = &self.value else {
            let Some(old) = old else {
                return format!("{path}: `{key}` does not stand there");
            };
            return format!("{path}: `{key}` is taken out (was {})", shown(old));
        };
        let effective = after.resolved.value(key);
        let place = effective
            .and_then(|value| value.origin.place.as_ref())
            .filter(|place| *place.file == *path.to_string());
        let Some(place) = place else {
            let origin = effective.map_or_else(String::new, |value| value.origin.to_string());
            return format!(
                "{path}: `{key}` is {} there, but {origin} overrides it",
                shown(written)
            );
        };
        let value = effective.map_or_else(String::new, |value| value.value.to_string());
        match old {
            Some(old) => format!(
                "{path}:{}: `{key}` is {value} (was {})",
                place.line,
                shown(old)
            ),
            None => format!("{path}:{}: `{key}` is {value} (new)", place.line),
        }
    }
}

/// The findings that an edit brings.
fn brought<'a>(before: &Loaded, after: &'a Loaded) -> Vec<&'a Diagnostic> {
    let had = |finding: &Diagnostic| {
        let mut old = before.resolved.findings.iter();
        old.any(|old| (old.code, &old.key) == (finding.code, &finding.key))
    };
    let findings = after.resolved.findings.iter();
    findings.filter(|finding| !had(finding)).collect()
}
