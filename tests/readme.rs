//! What the README says runs, and its table of settings is the code's own.
#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed test should stop"
)]

use std::fmt::Write;

use edge_cookie::policy::known_settings;
use edge_cookie::policy::value::Value;

const BEGIN: &str =
    "<!-- settings: generated from the code by `UPDATE_README=1 cargo test --test readme` -->\n";
const END: &str = "<!-- end of settings -->";

/// The table of settings, from the code's own documentation.
fn settings_table() -> String {
    let mut table = String::from("| key | default | meaning |\n| --- | --- | --- |\n");
    for setting in known_settings() {
        let default = match &setting.default {
            Value::List(items) if !items.is_empty() => format!("{} codes", items.len()),
            Value::Nothing => "none".to_owned(),
            shown => format!("`{shown}`"),
        };
        writeln!(
            table,
            "| `{}` | {default} | {} |",
            setting.key,
            setting.summary()
        )
        .unwrap();
    }
    table
}

#[test]
fn the_table_of_settings_is_the_codes_own() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_README").is_some() {
        let updated = [before, BEGIN, &settings_table(), END, after].concat();
        std::fs::write(path, updated).unwrap();
        return;
    }
    assert_eq!(
        table,
        settings_table(),
        "run `UPDATE_README=1 cargo test --test readme`"
    );
}

#[test]
fn what_the_readme_shows_is_what_happens() {
    trycmd::TestCases::new()
        .case("README.md")
        .case("tests/cmd/*.md");
}
