//! Both sides of a move from the trusted-server: what its configuration means here, and the policy that takes its place.
//!
//! The deployed side is the profile `trusted-server`, which has its constants, under what the old configuration sets. It is
//! migrated in memory; nothing is written.

use std::path::{Path, PathBuf};

use edge_cookie::config::{PolicyFiles, PolicySources, read_text};
use edge_cookie::policy::types::Secret;
use edge_cookie_review::{DataKind, Loss};
use serde::Serialize;
use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::migrate::{
    Fate, IdChange, Migration, MigrationReport, TRUSTED_SERVER, migrate, trusted_server,
};
use crate::policy::PolicyArgs;
use crate::policy_ref::ComparedPolicy;
use crate::{CliError, FileArgs, render};

/// A move, to be planned.
pub(crate) struct Move {
    pub(crate) deployed: ComparedPolicy,
    pub(crate) candidate: ComparedPolicy,
    pub(crate) ids: IdChange,
    report: MigrationReport,
}

/// Keys of the trusted-server that mean something else here, all of them alike.
#[derive(Debug, Serialize)]
pub(crate) struct OtherMeaning<'m> {
    pub(crate) keys: Vec<&'m str>,
    /// Both meanings.
    pub(crate) meaning: &'m str,
}

/// What a configuration is migrated to.
struct Migrated {
    migration: Migration,
    ids: IdChange,
    report: MigrationReport,
}

impl Move {
    /// Reads the old configuration, and the candidate from `--config` and `--policies`. Where those have not been migrated
    /// yet, or are missing, the old configuration's own migration takes their place.
    pub(crate) fn read(old: &Path, candidate: &str, args: &FileArgs) -> Result<Self, CliError> {
        let moved = Migrated::read(old)?;
        let text = read_text(&args.config).ok();
        let is_migrated = text.is_some_and(|text| matches!(migrate(&text), Ok(None)));
        let candidate = if is_migrated {
            ComparedPolicy::read(candidate, args)?
        } else {
            let files = PolicyArgs::default().open_edited(args, moved.files(args))?;
            ComparedPolicy::of_profile(candidate, files)?
        };
        let passphrase = candidate.resolved.policy.root.passphrase.as_ref();
        let deployed = moved.deployed(old, args, passphrase)?;
        Ok(Self {
            deployed,
            candidate,
            ids: moved.ids,
            report: moved.report,
        })
    }

    /// What means something else here, and is no setting that a plan compares.
    pub(crate) fn other_meanings(&self) -> Vec<OtherMeaning<'_>> {
        let mut others: Vec<OtherMeaning<'_>> = Vec::new();
        for line in &self.report.lines {
            if line.fate != Fate::Different {
                continue;
            }
            let alike = others.iter_mut().find(|other| other.meaning == line.words);
            if let Some(alike) = alike {
                alike.keys.push(&line.key);
            } else {
                others.push(OtherMeaning {
                    keys: vec![&line.key],
                    meaning: &line.words,
                });
            }
        }
        others
    }

    /// Who gets another id, whatever the settings are.
    pub(crate) fn loss(&self) -> Option<Loss> {
        let (key, who, avoid) = self.ids.loss()?;
        Some(Loss {
            key: key.to_owned(),
            what: DataKind::Users,
            who: who.to_owned(),
            avoid: avoid.to_owned(),
        })
    }
}

impl Migrated {
    fn read(old: &Path) -> Result<Self, CliError> {
        let path = old.display();
        let because = |why: &dyn std::fmt::Display| {
            CliError::because(format!("cannot migrate `{path}`: {why}"))
        };
        let text = read_text(old).map_err(|error| because(&error))?;
        let migration = migrate(&text).map_err(|error| because(&error))?;
        let of_theirs = migration.and_then(|mut migration| {
            let (ids, report) = (migration.ids?, migration.report.take()?);
            Some(Self {
                migration,
                ids,
                report,
            })
        });
        of_theirs.ok_or_else(|| {
            because(
                &"it has nothing of the trusted-server: name the file as it was before `ec migrate`",
            )
        })
    }

    /// The files that a migration would write, where they are missing.
    fn files(&self, args: &FileArgs) -> Vec<(PathBuf, String)> {
        let profiles = self.migration.profiles.iter().map(|profile| {
            let name = Path::new(profile.name).file_name().unwrap_or_default();
            (args.policies.join(name), profile.text.clone())
        });
        let mut files: Vec<(PathBuf, String)> =
            profiles.filter(|(path, _)| !path.exists()).collect();
        files.push((args.config.clone(), self.migration.config.clone()));
        files
    }

    /// The trusted-server under its old configuration. The environment is another program's. A move keeps the passphrase,
    /// wherever the candidate has it.
    fn deployed(
        &self,
        old: &Path,
        args: &FileArgs,
        passphrase: Option<&Secret>,
    ) -> Result<ComparedPolicy, CliError> {
        let path = args.policies.join(format!("{TRUSTED_SERVER}.toml"));
        let shipped = || trusted_server().to_owned();
        let profile = read_text(&path).unwrap_or_else(|_| shipped());
        let mut files = PolicyFiles::open(PolicySources {
            config: old.to_owned(),
            policies: args.policies.clone(),
            edited: vec![
                (old.to_owned(), self.migration.config.clone()),
                (path, self.profile(&profile, passphrase)?),
            ],
            ..PolicySources::default()
        })
        .map_err(CliError::because)?;
        let loaded = files.load(TRUSTED_SERVER).map_err(CliError::because)?;
        if !loaded.resolved.is_usable() {
            render::findings_in_passing(&loaded.resolved, files.sources());
            return Err(CliError::BadPolicy);
        }
        Ok(ComparedPolicy {
            name: old.display().to_string(),
            label: format!("trusted-server under {}", old.display()),
            resolved: loaded.resolved,
            publisher: loaded.publisher,
        })
    }

    /// The profile without what the old configuration sets, so that this counts.
    fn profile(&self, profile: &str, passphrase: Option<&Secret>) -> Result<String, CliError> {
        let parse = |text: &str| text.parse::<DocumentMut>().map_err(CliError::because);
        let (mut profile, config) = (parse(profile)?, parse(&self.migration.config)?);
        let ec = profile
            .entry("ec")
            .or_insert_with(|| Item::Table(Table::new()));
        let own = config.get("ec").and_then(Item::as_table_like);
        if let (Some(ec), Some(own)) = (ec.as_table_like_mut(), own) {
            without(ec, own);
            ec.remove("passphrase");
            if let Some(passphrase) = passphrase {
                ec.insert("passphrase", Item::Value(reference(passphrase)));
            }
        }
        Ok(profile.to_string())
    }
}

/// Takes out of a table every key that another has a value for.
fn without(table: &mut dyn TableLike, other: &dyn TableLike) {
    for (key, item) in other.iter() {
        let inner = item.as_table_like().filter(|_| !item.is_value());
        match (table.get_mut(key).and_then(Item::as_table_like_mut), inner) {
            (Some(table), Some(other)) => without(table, other),
            _ => drop(table.remove(key)),
        }
    }
}

/// A secret as a file has it.
fn reference(secret: &Secret) -> Value {
    let table = |members: &[(&str, &str)]| {
        let members = members
            .iter()
            .map(|(key, value)| (*key, Value::from(*value)));
        Value::InlineTable(members.collect::<InlineTable>())
    };
    match secret {
        Secret::Literal(secret) => secret.as_str().into(),
        Secret::Environment(variable) => table(&[("env", variable)]),
        Secret::SecretStore { store, key } => table(&[("secret_store", store), ("key", key)]),
    }
}
