//! From the configuration of the IAB Tech Lab's trusted-server, in every layout that it has had, to ours: a function of texts.
//!
//! What becomes of each key is a table, [`rows`]. The report is drawn from the file as it was, so that no key is without a
//! line, whatever is done with it. Comments and order stay; a key without a counterpart becomes a comment.

mod partners;
mod profiles;
mod report;
mod rows;
mod secrets;
mod survey;
mod tables;
mod value;

use toml_edit::{DocumentMut, Item, Key, Table, Value};

pub(crate) use report::Report;
use rows::{Becomes, Form};
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
    /// What becomes of each key; none where only the old table has its new name.
    pub(crate) report: Option<Report>,
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
            report: None,
        }));
    }
    let mut report = survey.report(layout)?;
    let mut secrets = Secrets::default();
    edit.rename(layout, EC);
    let document = edit.document_mut();
    let has_partners = rewrite_ec(document, layout, &mut secrets)?;
    rewrite_consent(document)?;
    let store = document.get(EC).and_then(|ec| ec.get("ec_store"));
    let store = store.and_then(Item::as_str).map(str::to_owned);
    report.notes.extend(notes(layout, has_partners, &secrets));
    Ok(Some(Migration {
        config: edit.text(),
        profiles: profiles::of(store.as_deref()),
        secrets: secrets.file().map(|text| NewFile {
            name: SECRETS_FILE,
            text,
        }),
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

/// Whether there are partners.
fn rewrite_ec(
    document: &mut DocumentMut,
    layout: &str,
    secrets: &mut Secrets,
) -> Result<bool, MigrateError> {
    let Some(ec) = table(document, EC) else {
        return Err(EditError::NoTable(EC.to_owned()).into());
    };
    let mut has_partners = false;
    let mut rebuilt = Rebuilt::default();
    for (key, item) in Rebuilt::entries(ec) {
        let name = format!("{layout}.{}", key.get());
        if key.get() == "partners" {
            has_partners = true;
            let not_a_list = || MigrateError::Value {
                key: name.clone(),
                expected: "a list of partners",
            };
            let (key, tables) = partners::as_tables(key, item);
            let mut tables = tables.ok_or_else(not_a_list)?;
            for (index, partner) in tables.iter_mut().enumerate() {
                partners::rewrite(partner, &format!("{name}[{index}]"), secrets)?;
            }
            rebuilt.same(key, Item::ArrayOfTables(tables));
            continue;
        }
        match rows::of(&name) {
            Some(Becomes::Secret(to)) if item.is_str() => {
                let secret = value::text(&item).filter(|secret| !secret.trim().is_empty());
                let secret = secret.ok_or(MigrateError::Value {
                    key: name,
                    expected: "a secret: it is blank",
                })?;
                let reference = secrets.keep(PASSPHRASE.to_owned(), secret);
                rebuilt.keep(&key, &item, to, reference);
            }
            Some(Becomes::To(to, form) | Becomes::Later(to, form, _)) => {
                let value = in_form(&item, form, &name)?;
                rebuilt.keep(&key, &item, to, value);
            }
            Some(Becomes::Ignored(_) | Becomes::Other { .. } | Becomes::Fixed { .. }) => {
                rebuilt.comment_out(&key, &item);
            }
            Some(Becomes::Secret(_) | Becomes::Same) | None => rebuilt.same(key, item),
        }
    }
    if ec.get("profile").is_none() {
        rebuilt.first(Key::new("profile"), Item::Value(profiles::NATIVE.into()));
    }
    rebuilt.finish(ec)?;
    Ok(has_partners)
}

/// Moves `[consent]` and the tables in it to `[ec.consent]`.
fn rewrite_consent(document: &mut DocumentMut) -> Result<(), MigrateError> {
    if document.get(CONSENT).is_none() {
        return Ok(());
    }
    let Some(old) = table(document, CONSENT) else {
        return Err(EditError::NoTable(CONSENT.to_owned()).into());
    };
    let position = first_position(old);
    let mut old = std::mem::take(old);
    document.remove(CONSENT);
    let forever = old.get("check_expiration").and_then(value::flag) == Some(false);
    let mut rebuilt = Rebuilt::default();
    let header = (!old.is_implicit()).then(|| old.decor().clone());
    consent_keys(&mut old, CONSENT, forever, &mut rebuilt)?;
    let mut new = Table::new();
    new.set_position(position);
    if let Some(header) = header {
        *new.decor_mut() = header;
    }
    let Some(ec) = table(document, EC) else {
        return Err(EditError::NoTable(EC.to_owned()).into());
    };
    if let Some(own) = ec.get_mut(CONSENT).and_then(Item::as_table_mut) {
        return rebuilt.finish(own);
    }
    rebuilt.finish(&mut new)?;
    ec.insert(CONSENT, Item::Table(new));
    Ok(())
}

/// Where a table begins in the file: that of its first table where it has no header.
fn first_position(table: &Table) -> Option<isize> {
    let inner = table.iter().filter_map(|(_, item)| item.as_table());
    table
        .position()
        .or_else(|| inner.filter_map(first_position).min())
}

fn consent_keys(
    table: &mut Table,
    path: &str,
    forever: bool,
    rebuilt: &mut Rebuilt,
) -> Result<(), MigrateError> {
    for (key, item) in Rebuilt::entries(table) {
        let name = format!("{path}.{}", key.get());
        if item.is_table_like() && rows::of(&name).is_none() {
            let mut inner = item
                .into_table()
                .map_err(|_| EditError::NoTable(name.clone()))?;
            rebuilt.header(&inner);
            consent_keys(&mut inner, &name, forever, rebuilt)?;
            continue;
        }
        match rows::of(&name) {
            Some(Becomes::To(..)) if forever && name == survey::MAX_AGE => {
                rebuilt.comment_out(&key, &item);
            }
            Some(Becomes::To(to, form)) => {
                let value = in_form(&item, form, &name)?;
                let own = to.strip_prefix("consent.").unwrap_or(to);
                rebuilt.keep(&key, &item, own, value);
            }
            None if forever && name == survey::CHECK_EXPIRATION => {
                rebuilt.keep(&key, &item, "tcf_max_age", "none".into());
            }
            _ => rebuilt.comment_out(&key, &item),
        }
    }
    Ok(())
}

/// A value of theirs as it is written here.
fn in_form(item: &Item, form: Form, key: &str) -> Result<Value, MigrateError> {
    let wrong = |expected| MigrateError::Value {
        key: key.to_owned(),
        expected,
    };
    let number = |expected| {
        let number = value::whole(item).filter(|number| *number >= 0);
        number.ok_or_else(|| wrong(expected))
    };
    Ok(match form {
        Form::Text => value::text(item).ok_or_else(|| wrong("a text"))?.into(),
        Form::Whole => number("a whole number")?.into(),
        Form::Seconds => survey::length_of_seconds(number("a number of seconds")?).into(),
        Form::Days => survey::length_of_days(number("a number of days")?).into(),
        Form::List => {
            // A list in the file keeps its form.
            if let Some(array) = item.as_array() {
                return Ok(Value::Array(array.clone()));
            }
            let list = value::list(item).ok_or_else(|| wrong("a list of texts"))?;
            Value::Array(list.into_iter().collect())
        }
    })
}

/// What else there is to know on the day of the move.
fn notes(layout: &str, has_partners: bool, secrets: &Secrets) -> Vec<String> {
    let mut notes = vec![match layout {
        SYNTHETIC => "every user gets a new id: `[synthetic]` made ids from a template of headers and kept them in the cookie `synthetic_id`; here they are made from the address, and kept in `ts-ec`",
        EDGE_COOKIE => "users keep the ids in their cookies. An IPv6 visitor without a cookie gets an id of another hash than before: `[edge_cookie]` hashed the network as `2001:db8:85a3:0::`, the trusted-server since `[ec]` and this program as `20010db885a30000`",
        _ => "users keep their ids: they are made from the same passphrase and address, and kept in the same cookie and store",
    }.to_owned()];
    if has_partners {
        notes.push(partners::DEFAULT_ATYPE_NOTE.to_owned());
        notes.push("a token stays with its partner: the file keeps its SHA-256 in `api_token_sha256`, and needs no more".to_owned());
    }
    let names: Vec<&str> = secrets.names().collect();
    if !names.is_empty() {
        notes.push(format!(
            "the secrets of the file are in `{SECRETS_FILE}`, which only its owner can read: keep them in a safe place and out of version control. To serve here: `set -a; . ./{SECRETS_FILE}; set +a; ec serve`"
        ));
        notes.push(format!(
            "for the edge, store the passphrase where the profile `production` looks for it: `. ./{SECRETS_FILE} && printf %s \"${PASSPHRASE}\" | fastly secret-store-entry create --store-id=ID --name=passphrase --stdin`, ID being that of the secret store `ec_secrets`"
        ));
    }
    notes.push("a refusal (Global Privacy Control, US Privacy, GPP or TCF) counts wherever the user is; the trusted-server asks for the law of the place first. To keep that, write `honour_refusals = \"by_place\"` under `[ec.consent]`".to_owned());
    notes.push(
        "see what the move changes: `ec plan --deployed trusted-server --candidate production`"
            .to_owned(),
    );
    notes
}
