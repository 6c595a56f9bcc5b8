//! From the configuration of the IAB Tech Lab's trusted-server, in every layout that it has had, to ours: a function of texts.
//!
//! What becomes of each key is a table, [`rows`]. The report is drawn from the file as it was, so that no key is without a
//! line, whatever is done with it. Comments and order stay; a key without a counterpart becomes a comment.

mod consent;
mod notes;
mod partners;
mod profiles;
mod providers;
mod report;
mod rows;
mod secrets;
mod survey;
mod tables;
mod value;

use toml_edit::{Array, DocumentMut, Item, Key, Table, Value};

pub(crate) use notes::IdChange;
pub(crate) use profiles::{TRUSTED_SERVER, trusted_server};
pub(crate) use report::{Fate, MigrationReport};
use rows::{Becomes, ValueForm};
use secrets::Secrets;
pub(crate) use secrets::masked;
use tables::Rebuilt;

use crate::edit::{Edit, EditError};

/// A file that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewFile {
    /// Its name below the folder of the configuration.
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// The result of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Migration {
    /// The configuration.
    pub(crate) config: String,
    /// The profiles that go with it, where there are none of these names yet.
    pub(crate) profiles: Vec<NewFile>,
    /// The secrets that it held in clear.
    pub(crate) secrets: Option<NewFile>,
    /// Whose ids change; none where only the old table has its new name.
    pub(crate) ids: Option<IdChange>,
    /// What becomes of each key; none where only the old table has its new name.
    pub(crate) report: Option<MigrationReport>,
}

/// Why a file cannot be migrated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrateError {
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(
        "it has both `[{old}]` and `[{new}]`: move what is still wanted of the first into the second, and remove the first"
    )]
    Both {
        old: &'static str,
        new: &'static str,
    },
    #[error(
        "it says `{0}` twice, as a key of the trusted-server and as one of `ec`: remove one of them"
    )]
    Twice(String),
    #[error("`{key}` is not {expected}: write it in the way that the trusted-server takes it")]
    Value { key: String, expected: &'static str },
}

/// The tables that ids have been set up in, the latest first.
const LAYOUTS: [&str; 3] = [EC, EDGE_COOKIE, SYNTHETIC];
const EC: &str = "ec";
const EDGE_COOKIE: &str = "edge_cookie";
const SYNTHETIC: &str = "synthetic";
const CONSENT: &str = "consent";

/// The name of the file that secrets go to.
pub(crate) const SECRETS_FILE: &str = "ec-secrets.env";

const PASSPHRASE: &str = "EC_PASSPHRASE";

/// The table of the providers of ids, of branches of August 2026.
const PROVIDERS: &str = "ec.providers";

/// The table of the publisher until July 2025, and since.
const SERVER: &str = "server";
const PUBLISHER: &str = "publisher";

/// Migrates a configuration; none where there is nothing to do.
///
/// # Errors
///
/// Where it is not TOML, has two layouts at once, or a value that the trusted-server does not take either.
pub(crate) fn migrate(text: &str) -> Result<Option<Migration>, MigrateError> {
    let mut edit = Edit::of(text)?;
    let layouts: Vec<&'static str> = LAYOUTS.into_iter().filter(|name| edit.has(name)).collect();
    if let [new, old, ..] = layouts[..] {
        return Err(MigrateError::Both { old, new });
    }
    let layout = layouts.first().copied().unwrap_or(EC);
    let survey = survey::of(edit.document());
    // Tables of theirs count without keys, too.
    let is_theirs = survey.is_theirs() || edit.has(SYNTHETIC) || edit.has(CONSENT);
    if !is_theirs {
        edit.rename(EDGE_COOKIE, EC);
        return Ok((layout == EDGE_COOKIE).then(|| Migration {
            config: edit.text(),
            profiles: Vec::new(),
            secrets: None,
            ids: None,
            report: None,
        }));
    }
    let mut report = survey.report(layout)?;
    let ids = IdChange::of(edit.document(), layout);
    let mut secrets = Secrets::default();
    edit.rename(layout, EC);
    if !edit.has(PUBLISHER) {
        edit.rename(SERVER, PUBLISHER);
    }
    let document = edit.document_mut();
    rewrite_ec(document, layout, &mut secrets)?;
    consent::rewrite(document, &mut secrets)?;
    let profiles = profiles::of(document.get(EC));
    report.notes = notes::of(ids, document, &secrets);
    Ok(Some(Migration {
        config: edit.text(),
        profiles,
        secrets: secrets.file().map(|text| NewFile {
            name: SECRETS_FILE,
            text,
        }),
        ids: Some(ids),
        report: Some(report),
    }))
}

/// The table of this name, made one where it is written in line, and made where it is missing.
fn table<'d>(document: &'d mut DocumentMut, name: &str) -> Option<&'d mut Table> {
    let item = document
        .entry(name)
        .or_insert_with(|| Item::Table(Table::new()));
    if !item.is_table() {
        *item = std::mem::take(item)
            .into_table()
            .map_or_else(|item| item, Item::Table);
    }
    item.as_table_mut()
}

fn rewrite_ec(
    document: &mut DocumentMut,
    layout: &str,
    secrets: &mut Secrets,
) -> Result<(), MigrateError> {
    let Some(ec) = table(document, EC) else {
        return Err(EditError::NoTable(EC.to_owned()).into());
    };
    let mut rebuilt = Rebuilt::default();
    for (key, item) in Rebuilt::entries(ec) {
        let name = format!("{layout}.{}", key.get());
        if key.get() == "partners" {
            let not_a_list = || MigrateError::Value {
                key: name.clone(),
                expected: "a list of partners",
            };
            let (own, written) = (key.clone(), item.clone());
            let (key, tables) = partners::as_tables(key, item);
            let mut tables = tables.ok_or_else(not_a_list)?;
            if tables.is_empty() {
                let none = Value::Array(Array::new());
                rebuilt.keep(&own, &written, "partners", none);
                continue;
            }
            for (index, partner) in tables.iter_mut().enumerate() {
                partners::rewrite(partner, &format!("{name}[{index}]"), secrets)?;
            }
            rebuilt.same(key, Item::ArrayOfTables(tables));
            continue;
        }
        if name == PROVIDERS {
            providers::rewrite(&key, item, &mut rebuilt, secrets)?;
            continue;
        }
        match rows::of(&name) {
            Some(Becomes::Secret(to)) if item.is_str() => {
                let reference = passphrase(&item, name, secrets)?;
                rebuilt.keep(&key, &item, to, reference);
            }
            Some(Becomes::To(to, form) | Becomes::Later(to, form, _)) => {
                let value = in_form(&item, form, to, &name)?;
                rebuilt.keep(&key, &item, to, value);
            }
            None if !survey::is_own(key.get()) => rebuilt.comment_out(layout, &key, &item, secrets),
            Some(Becomes::Secret(_) | Becomes::Same) | None => rebuilt.same(key, item),
            Some(_) => rebuilt.comment_out(layout, &key, &item, secrets),
        }
    }
    if ec.get("profile").is_none() {
        rebuilt.first(Key::new("profile"), Item::Value(profiles::NATIVE.into()));
    }
    rebuilt.finish(ec)
}

/// The reference that takes the place of a passphrase.
fn passphrase(item: &Item, key: String, secrets: &mut Secrets) -> Result<Value, MigrateError> {
    let secret = value::text(item).filter(|secret| !secret.trim().is_empty());
    let secret = secret.ok_or(MigrateError::Value {
        key,
        expected: "a secret: it is blank",
    })?;
    Ok(secrets.keep(PASSPHRASE, secret))
}

/// A value of theirs as it is written here, for a setting of ours: a number beyond its limits is cut to them.
fn in_form(item: &Item, form: ValueForm, to: &str, key: &str) -> Result<Value, MigrateError> {
    let wrong = |expected| MigrateError::Value {
        key: key.to_owned(),
        expected,
    };
    let number = |expected| {
        let number = value::whole(item).filter(|number| *number >= 0);
        number.ok_or_else(|| wrong(expected))
    };
    Ok(match form {
        ValueForm::Text => value::text(item).ok_or_else(|| wrong("a text"))?.into(),
        ValueForm::Whole => survey::within(to, number("a whole number")?).into(),
        ValueForm::Seconds => survey::length_of_seconds(number("a number of seconds")?).into(),
        ValueForm::Days => survey::length_of_days(number("a number of days")?).into(),
        ValueForm::List => {
            // A list in the file keeps its form.
            if let Some(array) = item.as_array() {
                return Ok(Value::Array(array.clone()));
            }
            let list = value::list(item).ok_or_else(|| wrong("a list of texts"))?;
            Value::Array(list.into_iter().collect())
        }
    })
}
