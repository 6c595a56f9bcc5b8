//! What the README says runs, and its table of settings is the code's own.
#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed test should stop"
)]

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

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
            Value::List(items) if !items.is_empty() => format!("{} entries", items.len()),
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

const SERVICE: &str = "<!-- service: run by tests/readme.rs -->\n```sh\n";

/// The lines that readers paste are run by a shell, one for one, against a server of the test's own.
#[test]
fn the_lines_about_the_service_work_as_pasted() {
    let root = env!("CARGO_MANIFEST_DIR");
    let readme = std::fs::read_to_string(format!("{root}/README.md")).unwrap();
    let (_, rest) = readme.split_once(SERVICE).unwrap();
    let (lines, _) = rest.split_once("```\n<!-- end of service -->").unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_ec"))
        .args([
            "serve",
            "--geo",
            "US-CA",
            "--store",
            "memory",
            "--addr",
            "127.0.0.1:0",
        ])
        .current_dir(root)
        // A busy machine may take longer for a page's identity.
        .env("TRUSTED_SERVER__EC__ORGANIC__BUDGET", "60s")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut told)
        .unwrap();
    let address = told
        .split_whitespace()
        .find_map(|word| word.strip_prefix("http://"))
        .unwrap();
    let script = format!(
        "set -euo pipefail\n{}",
        lines.replace("127.0.0.1:7676", address)
    );
    let output = Command::new("bash").arg("-c").arg(script).output().unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for said in [
        r#"{"accepted":1,"rejected":0}"#,
        r#""uid":"abc123""#,
        "Max-Age=0",
        r#""state":"tombstone""#,
        r#""key":"ec.tombstone.ttl""#,
        r#""status":"ok""#,
    ] {
        assert!(out.contains(said), "{said} is not in {out}");
    }
}
