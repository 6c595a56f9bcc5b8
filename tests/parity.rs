//! What docs/migrating.md says of the trusted-server and of `ec` is so: each row names tests and settings that exist, its
//! constants are those of the profiles, and no row says of a key what the report of a migration does not.

use crate::harness::site;
use crate::support::rows;

use std::collections::{BTreeMap, BTreeSet};

use rows::{cells, quoted, test_exists};
use serde_json::Value;
use site::Site;

const PAGE: &str = include_str!("../docs/migrating.md");

/// A configuration in each layout of theirs.
const LAYOUTS: [&str; 4] = [
    include_str!("migrate/configs/ec.toml"),
    include_str!("migrate/configs/edge_cookie.toml"),
    include_str!("migrate/configs/synthetic.toml"),
    include_str!("migrate/configs/overlay.toml"),
];

/// The rows of a table of the page.
fn table(name: &str) -> Vec<Vec<&'static str>> {
    let begin = format!("<!-- {name}: checked by tests/parity.rs -->\n");
    let (_, rest) = PAGE.split_once(&begin).unwrap();
    let (table, _) = rest.split_once(&format!("<!-- end of {name} -->")).unwrap();
    table.lines().skip(2).map(cells).collect()
}

/// Values by key, and the defaults where they are others, under a shipped profile.
fn shown(profile: &str) -> BTreeMap<String, Value> {
    let root = concat!(env!("REPOSITORY"), "/trusted-server.toml");
    let policies = concat!(env!("REPOSITORY"), "/policies");
    let args = ["show", "--format", "json", "--profile", profile];
    let files = ["--config", root, "--policies", policies];
    let ran = Site::new("").ec(&[&args[..], &files].concat());
    assert!(ran.status.success(), "{ran:?}");
    let shown: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let values = shown["values"].as_array().unwrap().iter();
    values
        .map(|value| (value["key"].as_str().unwrap().to_owned(), value.clone()))
        .collect()
}

/// The default of a setting, whatever the profile says.
fn default_of(value: &Value) -> &Value {
    let overrides = value["overrides"].as_array().unwrap();
    let default = |of: &&Value| of["origin"]["layer"] == "default";
    overrides
        .iter()
        .find(default)
        .map_or(&value["value"], |default| &default["value"])
}

/// A value as the table has it.
fn cell(value: &Value) -> String {
    match value {
        Value::Array(entries) => format!("{} entries", entries.len()),
        Value::Object(_) => "a reference".to_owned(),
        Value::Null => "none".to_owned(),
        other => format!("`{other}`"),
    }
}

#[test]
fn its_constants_are_those_of_the_profiles() {
    let [theirs, production] = ["trusted-server", "production"].map(shown);
    let stated: BTreeSet<&str> = (theirs.values())
        .filter(|value| value["origin"]["layer"] == "profile")
        .map(|value| value["key"].as_str().unwrap().strip_prefix("ec.").unwrap())
        .collect();
    let mut rows = BTreeSet::new();
    for row in table("constants") {
        let key = quoted(row[0]).next().unwrap();
        let full = format!("ec.{key}");
        let (their, our) = (&theirs[&full], &production[&full]);
        let expected = [&their["value"], default_of(their), &our["value"]].map(cell);
        assert_eq!(row[1..4], expected, "{key}");
        let differs = their["value"] != our["value"];
        assert_eq!(
            differs,
            !row[4].is_empty(),
            "{key}: a difference has a reason"
        );
        assert!(rows.insert(key), "{key}: twice");
    }
    assert_eq!(rows, stated, "each constant of the profile has a row");
}

/// What the report of a migration says of each key, without the numbers of lists, in any layout.
fn fates() -> BTreeMap<String, BTreeSet<String>> {
    let mut fates: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for config in LAYOUTS {
        let site = Site::new(config);
        let ran = site.ec(&["migrate"]);
        let report = String::from_utf8(ran.stdout).unwrap();
        let mut fate = "";
        for line in report.lines() {
            match line.strip_prefix("  ") {
                None => fate = line,
                Some(said) => {
                    let key = said.split(": ").next().unwrap();
                    let named = |part: &str| part.split('[').next().unwrap().to_owned();
                    let key: Vec<String> = key.split('.').map(named).collect();
                    let known = fates.entry(key.join(".")).or_default();
                    known.insert(fate.to_owned());
                }
            }
        }
    }
    fates
}

/// What the report may say of a key of a row.
fn allowed(how: &str) -> &'static [&'static str] {
    match how {
        "same" => &["taken over", "alike by default"],
        "different" => &["means something else here"],
        "to come" => &["kept for a feature to come"],
        "not here" => &["ignored"],
        other => panic!("`{other}` is no word of the table"),
    }
}

#[test]
fn each_row_is_held_by_what_exists_and_says_what_the_report_says() {
    let settings = shown("production");
    let fates = fates();
    let rows = table("parity");
    for row in &rows {
        let [what, keys, _, _, how, held] = row[..] else {
            panic!("{row:?}");
        };
        assert!(quoted(held).next().is_some(), "{what}");
        for by in quoted(held) {
            let exists = settings.contains_key(by) || test_exists(by);
            assert!(exists, "{what}: there is no `{by}`");
        }
        for key in quoted(keys) {
            let below = format!("{key}.");
            let of = |known: &&String| *known == key || known.starts_with(&below);
            let mut said = fates
                .keys()
                .filter(of)
                .flat_map(|key| &fates[key])
                .peekable();
            assert!(said.peek().is_some(), "{what}: no report has `{key}`");
            let allowed = allowed(how);
            let said: Vec<_> = said.collect();
            assert!(
                said.iter().any(|said| allowed.contains(&said.as_str())),
                "{what}: `{key}` is {said:?}"
            );
        }
        allowed(how);
    }
    assert!(rows.len() > 30);
}
