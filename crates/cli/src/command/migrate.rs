//! `ec migrate`

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use edge_cookie::config::read_text;
use edge_cookie::policy::layers::LayerName;
use edge_cookie::private_files;
use similar::TextDiff;

use crate::edit::replace;
use crate::migrate::{Migration, SECRETS_FILE, masked, migrate};
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::{CliError, ExitStatus, FileArgs};

/// Rewrites a configuration of the IAB Tech Lab's trusted-server, in any layout that it has had, to one of `ec`.
///
/// Comments and order stay. A report says what becomes of each key; nothing else is dropped. Secrets in the file are moved to
/// `ec-secrets.env`, and are not printed. If there is nothing to do, nothing is written.
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// The file to read; the one that `--config` names by default.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The folder to write to; by default the configuration's own, where the file is replaced.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show what would be written, as a diff without secrets, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What depends on a default that has changed.
const REFUSALS: &str = "note: it does not set `consent.honour_refusals`, which was `by_place` and is `everywhere` now: a user who refuses (GPC, \
US Privacy, GPP or TCF) outside the places with a law is withdrawn at their next page. To keep what was, write \
`honour_refusals = \"by_place\"` under `[ec.consent]`";

/// A file to write, and what is in its place now.
struct Target {
    path: PathBuf,
    text: String,
    before: Option<String>,
    secret: bool,
}

impl MigrateArgs {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<ExitStatus, CliError> {
        let from = self.from.as_ref().unwrap_or(&args.config);
        let path = from.display();
        let because = |why: &dyn std::fmt::Display| {
            CliError::because(format!("cannot migrate `{path}`: {why}"))
        };
        let text = read_text(from).map_err(|error| because(&error))?;
        let migrated = migrate(&text).map_err(|error| because(&error))?;
        let mut out = output();
        let Some(migration) = migrated else {
            writeln!(out, "{path}: there is nothing to do")?;
            return Ok(ExitStatus::Well);
        };
        let config = self.config_file(args);
        let targets = self.targets(args, &config, from, migration)?;
        let (targets, report) = targets;
        if let Some(report) = &report {
            writeln!(out, "{path}\n\n{report}")?;
        }
        if self.dry_run {
            for target in &targets {
                write!(out, "{}", target.difference())?;
            }
            return Ok(ExitStatus::Well);
        }
        for target in &targets {
            let cannot = |error: std::io::Error| {
                let path = target.path.display();
                CliError::because(format!("cannot write `{path}`: {error}"))
            };
            if target.write().map_err(cannot)? {
                writeln!(out, "wrote {}", target.path.display())?;
            }
        }
        if report.is_some() {
            return Ok(ExitStatus::Well);
        }
        writeln!(out, "{}: `[edge_cookie]` is `[ec]` now", config.display())?;
        check(args, &config)
    }

    /// The configuration that is written.
    fn config_file(&self, args: &FileArgs) -> PathBuf {
        let name = Path::new("trusted-server.toml");
        self.out
            .as_ref()
            .map_or_else(|| args.config.clone(), |folder| folder.join(name))
    }

    /// What is written, the configuration last: until it is there, the old one is whole, and a second run does the same.
    fn targets(
        &self,
        args: &FileArgs,
        config: &Path,
        from: &Path,
        migration: Migration,
    ) -> Result<(Vec<Target>, Option<crate::migrate::MigrationReport>), CliError> {
        let folder = config.parent().unwrap_or_else(|| Path::new(""));
        let mut targets = Vec::new();
        if let Some(secrets) = migration.secrets {
            let path = folder.join(secrets.name);
            let target = Target::of(path, secrets.text, true)?;
            target.only_where_new("keep what is in it, and move it away")?;
            targets.push(target);
        }
        for profile in migration.profiles {
            let named = Path::new(profile.name).file_name().unwrap_or_default();
            let path = match &self.out {
                Some(folder) => folder.join(profile.name),
                None => args.policies.join(named),
            };
            let target = Target::of(path, profile.text, false)?;
            // A profile that exists stays as it is.
            if target.before.is_none() {
                targets.push(target);
            }
        }
        let target = Target::of(config.to_owned(), migration.config, false)?;
        if from != config {
            target.only_where_new("name another folder with `--out DIR`")?;
        }
        targets.push(target);
        Ok((targets, migration.report))
    }
}

/// What the old table named otherwise is reported now, as by `ec check`.
fn check(args: &FileArgs, config: &Path) -> Result<ExitStatus, CliError> {
    let args = FileArgs {
        config: config.to_owned(),
        policies: args.policies.clone(),
    };
    let policy = PolicyArgs::default();
    let mut files = policy.open(&args)?;
    let name = policy.choose(&files)?;
    let loaded = files.load(&name).map_err(CliError::because)?;
    crate::render::findings_in_passing(&loaded.resolved, files.sources());
    // It depended on the default of its time, unless it said otherwise.
    let refusals = loaded.resolved.value("consent.honour_refusals");
    if refusals.is_some_and(|value| value.origin.layer == LayerName::Default) {
        writeln!(output(), "{REFUSALS}")?;
    }
    Ok(if loaded.resolved.is_usable() {
        ExitStatus::Well
    } else {
        ExitStatus::Problems
    })
}

impl Target {
    fn of(path: PathBuf, text: String, secret: bool) -> Result<Self, CliError> {
        let before = match fs::read_to_string(&path) {
            Ok(before) => Some(before),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let path = path.display();
                return Err(CliError::because(format!("cannot read `{path}`: {error}")));
            }
        };
        Ok(Self {
            path,
            text,
            before,
            secret,
        })
    }

    /// Refuses to write over what is there, unless it is the same.
    fn only_where_new(&self, advice: &str) -> Result<(), CliError> {
        if self
            .before
            .as_ref()
            .is_none_or(|before| *before == self.text)
        {
            return Ok(());
        }
        let path = self.path.display();
        Err(CliError::because(format!(
            "nothing is written, since `{path}` exists with another content: {advice}"
        )))
    }

    /// Writes it whole or not at all; whether there was anything to write.
    fn write(&self) -> std::io::Result<bool> {
        if self.before.as_ref() == Some(&self.text) {
            return Ok(false);
        }
        if self.before.is_some() {
            replace(&self.path, &self.text)?;
            return Ok(true);
        }
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = if self.secret {
            private_files::options()
        } else {
            fs::OpenOptions::new()
        };
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let beside = self
            .path
            .with_file_name(format!(".{name}.{}.new", std::process::id()));
        let mut file = options.write(true).create_new(true).open(&beside)?;
        let written = file
            .write_all(self.text.as_bytes())
            .and_then(|()| file.sync_all());
        let written = written.and_then(|()| fs::rename(&beside, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written.map(|()| true)
    }

    /// What changes, line by line. Of secrets only that they are there.
    fn difference(&self) -> String {
        let path = self.path.display().to_string();
        if self.secret {
            let names = self.text.lines().filter_map(|line| line.split_once('='));
            let names: Vec<&str> = names.map(|(name, _)| name).collect();
            return format!(
                "--- /dev/null\n+++ {path}\n({SECRETS_FILE}: {})\n",
                names.join(", ")
            );
        }
        let before = masked(self.before.as_deref().unwrap_or_default());
        let after = masked(&self.text);
        let from = if self.before.is_some() {
            path.as_str()
        } else {
            "/dev/null"
        };
        let difference = TextDiff::from_lines(&before, &after);
        difference.unified_diff().header(from, &path).to_string()
    }
}
