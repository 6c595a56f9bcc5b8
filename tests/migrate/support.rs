//! The configurations that are migrated, and what `ec` prints of them.

use std::collections::BTreeSet;
use std::process::Output;

use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::site::Site;

pub const EC: &str = include_str!("configs/ec.toml");
pub const EDGE_COOKIE: &str = include_str!("configs/edge_cookie.toml");
pub const SYNTHETIC: &str = include_str!("configs/synthetic.toml");
pub const OVERLAY: &str = include_str!("configs/overlay.toml");
pub const PROVIDERS: &str = include_str!("configs/providers.toml");
pub const SERVER: &str = include_str!("configs/server.toml");
pub const PARTS: &str = include_str!("configs/parts.toml");
pub const LAYOUTS: [&str; 7] = [
    EC,
    EDGE_COOKIE,
    SYNTHETIC,
    OVERLAY,
    PROVIDERS,
    SERVER,
    PARTS,
];

/// In every secret of the samples.
pub const SECRET: &str = "hunter2";

pub fn out(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

pub fn err(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

/// Everything that it printed.
pub fn printed(ran: &Output) -> String {
    format!("{}{}", out(ran), err(ran))
}

/// A folder with this configuration, migrated, and the report.
pub fn migrated(config: &str) -> (Site, String) {
    let site = Site::new(config);
    let ran = site.ec(&["migrate"]);
    assert!(ran.status.success(), "{config}\n{}", printed(&ran));
    (site, out(&ran))
}

/// Every key that a file has a value under, or a list or table without any; entries of lists by their number.
pub fn keys(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let document: DocumentMut = text.parse().unwrap();
    members("", document.as_table(), &mut found);
    found
}

/// A key as it is written after the table that it is in.
fn below(path: &str, key: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let key = if key.bytes().all(bare) {
        key.to_owned()
    } else {
        format!("\"{key}\"")
    };
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}

fn members(path: &str, table: &dyn TableLike, found: &mut BTreeSet<String>) {
    let mut members: Vec<(&str, &Item)> = table.iter().collect();
    // Partners as the environment overlay writes them: in the order of their numbers.
    let numbered = path == "ec.partners";
    members.sort_by_key(|(key, _)| numbered.then(|| key.parse::<u32>().unwrap()));
    for (index, (key, item)) in members.into_iter().enumerate() {
        let path = if numbered {
            format!("{path}[{index}]")
        } else {
            below(path, key)
        };
        collect(&path, item, found);
    }
}

fn collect(path: &str, item: &Item, found: &mut BTreeSet<String>) {
    let before = found.len();
    if let Some(tables) = item.as_array_of_tables() {
        for (index, table) in tables.iter().enumerate() {
            members(&format!("{path}[{index}]"), table, found);
        }
    } else if let Some(table) = item.as_table_like() {
        members(path, table, found);
    } else if let Some(array) = item.as_array()
        && array.iter().all(Value::is_inline_table)
    {
        for (index, table) in array.iter().enumerate() {
            let table = table.as_inline_table().unwrap();
            members(&format!("{path}[{index}]"), table, found);
        }
    }
    if found.len() == before {
        found.insert(path.to_owned());
    }
}

/// The keys that a report has a line for, in its order.
pub fn reported(report: &str) -> Vec<String> {
    let lines = report.lines().filter_map(|line| line.strip_prefix("  "));
    lines
        .map(|line| line.split(": ").next().unwrap().to_owned())
        .collect()
}

/// A value of the configuration under a key of ours.
pub fn value(site: &Site, key: &str) -> String {
    let document: DocumentMut = site.read("trusted-server.toml").parse().unwrap();
    let item = key
        .split('.')
        .fold(document.as_item(), |item, name| &item[name]);
    item.to_string().trim().to_owned()
}

/// Every key has one line in the report.
pub fn assert_keys(config: &str, report: &str) {
    let lines = reported(report);
    let each: BTreeSet<String> = lines.iter().cloned().collect();
    assert_eq!(each.len(), lines.len(), "{report}");
    assert_eq!(each, keys(config), "{config}\n{report}");
}

/// The result passes the checks, and a second run changes nothing.
pub fn assert_checked_and_done(site: &Site) {
    for args in [&["check"][..], &["check", "--all"], &["show"]] {
        let ran = site.ec(args);
        let config = site.read("trusted-server.toml");
        assert!(
            ran.status.success(),
            "{args:?}\n{config}\n{}",
            printed(&ran)
        );
    }
    let after = site.read("trusted-server.toml");
    let again = site.ec(&["migrate"]);
    assert!(
        again.status.success() && out(&again).contains("nothing to do"),
        "{after}\n{}",
        printed(&again)
    );
    assert_eq!(site.read("trusted-server.toml"), after);
}
