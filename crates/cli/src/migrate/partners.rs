//! The partners of the trusted-server, as partners are declared here.

use edge_cookie::policy::types::{DEFAULT_ATYPE, Seconds, is_partner_field};
use toml_edit::{Array, ArrayOfTables, InlineTable, Item, Key, RawString, Table, Value};

use super::MigrateError;
use super::secrets::{Secrets, hash, variable};
use super::tables::Rebuilt;
use super::value::{flag, list, numbered, tables_of_json, text, whole};

/// What it did not say in a partner's table and means all the same.
pub(super) const DEFAULT_ATYPE_NOTE: &str = "a partner without `openrtb_atype` gets `openrtb_atype = 3`, which the trusted-server takes where nothing is written";

const PULL: &str = "pull_sync_";
const PULL_TOKEN: &str = "ts_pull_token";

/// The declared partners as a list of tables, whatever they were written as, and their key; none where they are no list.
pub(super) fn as_tables(key: Key, item: Item) -> (Key, Option<ArrayOfTables>) {
    if let Item::ArrayOfTables(tables) = item {
        return (key, Some(tables));
    }
    // The comments of a key with a value are not those of a header.
    let above = comment(key.leaf_decor().prefix());
    let mut tables = to_tables(&item);
    if let Some(first) = tables.as_mut().and_then(|tables| tables.get_mut(0)) {
        let own = comment(first.decor().prefix());
        first.decor_mut().set_prefix(format!("\n{above}{own}"));
    }
    (Key::new(key.get()), tables)
}

/// The lines of a comment, without blanks around them.
fn comment(written: Option<&RawString>) -> String {
    let written = written.and_then(RawString::as_str).unwrap_or_default();
    let lines = written
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn to_tables(item: &Item) -> Option<ArrayOfTables> {
    let mut tables = ArrayOfTables::new();
    match item {
        Item::Value(Value::Array(array)) => {
            let trailing = comment(Some(array.trailing()));
            let last = array.len().saturating_sub(1);
            for (index, value) in array.iter().enumerate() {
                let mut table = value.as_inline_table()?.clone().into_table();
                let mut comments = comment(value.decor().prefix());
                comments.push_str(&comment(value.decor().suffix()));
                if index == last {
                    comments.push_str(&trailing);
                }
                table.decor_mut().set_prefix(format!("\n{comments}"));
                tables.push(table);
            }
        }
        Item::Value(Value::String(json)) => {
            for table in tables_of_json(json.value())? {
                tables.push(table.into_table());
            }
        }
        other => {
            let entries = numbered(other.as_table_like()?)?.into_iter();
            let entries = entries.map(|(_, item)| item.clone().into_table().ok());
            let mut entries: Vec<Table> = entries.collect::<Option<_>>()?;
            // The places in the file go to the entries in the order of their numbers.
            let mut positions: Vec<_> = entries.iter().map(Table::position).collect();
            positions.sort_unstable();
            for (table, position) in entries.iter_mut().zip(positions) {
                table.set_position(position);
                table.set_implicit(false);
                table.set_dotted(false);
            }
            tables.extend(entries);
        }
    }
    Some(tables)
}

/// Rewrites one partner; `key` is its name in messages.
pub(super) fn rewrite(
    table: &mut Table,
    key: &str,
    secrets: &mut Secrets,
) -> Result<(), MigrateError> {
    let wrong = |field: &str, expected: &'static str| MigrateError::Value {
        key: format!("{key}.{field}"),
        expected,
    };
    let domain = (table.get("source_domain").and_then(text))
        .map(|domain| domain.trim_end_matches('.').to_ascii_lowercase());
    let domain = domain.ok_or_else(|| wrong("source_domain", "the domain of the partner"))?;
    let mut pull =
        pull_of(table, &domain, secrets).map_err(|(field, expected)| wrong(field, expected))?;
    let has_atype = table.get("openrtb_atype").is_some();
    let mut rebuilt = Rebuilt::default();
    for (own, item) in Rebuilt::entries(table) {
        let name = own.get().to_owned();
        let number = |item: &Item| whole(item).ok_or_else(|| wrong(&name, "a whole number"));
        match name.as_str() {
            "source_domain" => rebuilt.keep(&own, &item, "source_domain", domain.as_str().into()),
            "openrtb_atype" => {
                let atype = number(&item)?;
                rebuilt.keep(&own, &item, "openrtb_atype", atype.into());
            }
            "batch_rate_limit" => {
                let limit = number(&item)?;
                rebuilt.keep(&own, &item, "rate_limit", limit.into());
            }
            "bidstream_enabled" => {
                let enabled = flag(&item).ok_or_else(|| wrong(&name, "`true` or `false`"))?;
                rebuilt.keep(&own, &item, "bidstream", enabled.into());
            }
            "api_token" if item.is_str() => {
                let token = text(&item).filter(|token| !token.trim().is_empty());
                let token = hash(token.ok_or_else(|| wrong(&name, "a token"))?);
                rebuilt.keep(&own, &item, "api_token_sha256", token);
            }
            other if other.starts_with(PULL) || other == PULL_TOKEN => match pull.take() {
                Some(table) => rebuilt.keep(&own, &item, "pull", Value::InlineTable(table)),
                None => rebuilt.merge(&own),
            },
            _ if is_partner_field(&name) => rebuilt.same(own, item),
            _ => rebuilt.comment_out(key, &own, &item, secrets),
        }
    }
    if !has_atype {
        rebuilt.same(
            Key::new("openrtb_atype"),
            Item::Value(i64::from(DEFAULT_ATYPE).into()),
        );
    }
    rebuilt.finish(table)
}

/// What the keys of pull sync say together; none where they switch off what was never set up.
fn pull_of(
    table: &Table,
    domain: &str,
    secrets: &mut Secrets,
) -> Result<Option<InlineTable>, (&'static str, &'static str)> {
    let mut pull = InlineTable::new();
    let enabled = match table.get("pull_sync_enabled") {
        Some(item) => flag(item).ok_or(("pull_sync_enabled", "`true` or `false`"))?,
        None => false,
    };
    if let Some(item) = table.get("pull_sync_url") {
        let url = text(item).ok_or(("pull_sync_url", "an address"))?;
        pull.insert("url", url.into());
    }
    if let Some(item) = table.get("pull_sync_allowed_domains") {
        let hosts = list(item).ok_or(("pull_sync_allowed_domains", "a list of hosts"))?;
        let hosts = hosts.into_iter();
        let hosts: Array = hosts
            .map(|host| host.trim_end_matches('.').to_ascii_lowercase())
            .collect();
        pull.insert("hosts", Value::Array(hosts));
    }
    if let Some(item) = table.get("pull_sync_ttl_sec") {
        let seconds = whole(item).and_then(|seconds| u64::try_from(seconds).ok());
        let seconds = seconds.ok_or(("pull_sync_ttl_sec", "a number of seconds"))?;
        pull.insert("ttl", Seconds::new(seconds).to_string().into());
    }
    if let Some(item) = table.get(PULL_TOKEN) {
        let token = match text(item) {
            Some(token) => secrets.keep(&variable("EC_PULL_TOKEN", domain), token),
            None => (item.as_value().cloned()).ok_or((PULL_TOKEN, "a token"))?,
        };
        pull.insert("token", token);
    }
    if let Some(item) = table.get("pull_sync_rate_limit") {
        let limit = whole(item).ok_or(("pull_sync_rate_limit", "a whole number"))?;
        pull.insert("rate_limit", limit.into());
    }
    if pull.is_empty() && !enabled {
        return Ok(None);
    }
    if !enabled {
        pull.insert("enabled", false.into());
    }
    Ok(Some(pull))
}
