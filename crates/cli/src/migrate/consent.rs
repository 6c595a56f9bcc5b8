//! `[consent]` of the trusted-server, as `[ec.consent]`.

use toml_edit::{DocumentMut, Item, Table};

use super::rows::{self, Becomes};
use super::secrets::Secrets;
use super::tables::Rebuilt;
use super::{CONSENT, EC, MigrateError, in_form, survey, table, value};
use crate::edit::EditError;

/// Moves `[consent]` and the tables in it to `[ec.consent]`.
pub(super) fn rewrite(
    document: &mut DocumentMut,
    secrets: &mut Secrets,
) -> Result<(), MigrateError> {
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
    keys(&mut old, CONSENT, forever, &mut rebuilt, secrets)?;
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

fn keys(
    table: &mut Table,
    path: &str,
    forever: bool,
    rebuilt: &mut Rebuilt,
    secrets: &mut Secrets,
) -> Result<(), MigrateError> {
    for (key, item) in Rebuilt::entries(table) {
        let name = format!("{path}.{}", key.get());
        if item.is_table_like() && rows::of(&name).is_none() {
            let mut inner = item
                .into_table()
                .map_err(|_| EditError::NoTable(name.clone()))?;
            rebuilt.header(&inner);
            keys(&mut inner, &name, forever, rebuilt, secrets)?;
            continue;
        }
        match rows::of(&name) {
            Some(Becomes::To(..)) if forever && name == survey::MAX_AGE => {
                rebuilt.comment_out(path, &key, &item, secrets);
            }
            Some(Becomes::To(to, form)) => {
                let value = in_form(&item, form, to, &name)?;
                let own = to.strip_prefix("consent.").unwrap_or(to);
                rebuilt.keep(&key, &item, own, value);
            }
            None if forever && name == survey::CHECK_EXPIRATION => {
                rebuilt.keep(&key, &item, "tcf_max_age", "none".into());
            }
            _ => rebuilt.comment_out(path, &key, &item, secrets),
        }
    }
    Ok(())
}
