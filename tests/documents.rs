//! What the documents promise is tested: each row of their tables names a test that exists.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test should stop"
)]

use std::fs;
use std::path::Path;

/// The tables, and the column of each that names tests.
const TABLES: [(&str, &str); 2] = [
    ("docs/reliability.md", "tested by"),
    ("SECURITY.md", "tested by"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The cells of a table's row.
fn cells(row: &str) -> Vec<&str> {
    let row = row.trim().trim_matches('|');
    row.split('|').map(str::trim).collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The source of a test binary: `tests/NAME.rs`, or all of `tests/NAME/`.
fn source(binary: &str) -> String {
    let file = root().join(format!("tests/{binary}.rs"));
    if file.is_file() {
        return fs::read_to_string(file).unwrap();
    }
    let folder = root().join("tests").join(binary);
    let files = fs::read_dir(&folder).unwrap_or_else(|_| panic!("no tests of `{binary}`"));
    files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap_or_default())
        .collect()
}

fn exists(test: &str) -> bool {
    match test.split_once("::") {
        Some((binary, name)) => source(binary).contains(&format!("fn {name}(")),
        None => root().join(test).is_file(),
    }
}

/// Whether a command is one of the repository's: a script, a test binary or `ec`.
fn runs(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["cargo", "test", "--test", binary, ..] => !source(binary).is_empty(),
        ["ec", ..] => true,
        [script, ..] => script.starts_with("scripts/") && root().join(script).is_file(),
        [] => false,
    }
}

#[test]
fn each_row_of_the_tables_names_a_test_that_exists() {
    let mut rows = 0;
    for (document, column) in TABLES {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let mut heads: Vec<&str> = Vec::new();
        for line in text.lines().filter(|line| line.starts_with('|')) {
            let row = cells(line);
            if row.contains(&column) {
                heads = row;
                continue;
            }
            let cell = |head: &str| Some(row[heads.iter().position(|of| *of == head)?]);
            let Some(tests) = cell(column).filter(|cell| !cell.starts_with("---")) else {
                continue;
            };
            assert!(quoted(tests).count() > 0, "{document}: no test in {line}");
            for test in quoted(tests) {
                assert!(exists(test), "{document}: there is no `{test}`");
            }
            for command in cell("command").into_iter().flat_map(quoted) {
                assert!(runs(command), "{document}: `{command}` does not run");
            }
            rows += 1;
        }
    }
    assert!(rows > 30, "{rows}");
}
