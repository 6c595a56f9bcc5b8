//! Tables of documents, and the tests that they name.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::path::Path;

pub fn root() -> &'static Path {
    Path::new(env!("REPOSITORY"))
}

/// The cells of a table's row.
pub fn cells(row: &str) -> Vec<&str> {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    let row = row.strip_suffix('|').unwrap_or(row);
    row.split('|').map(str::trim).collect()
}

/// What is between backticks.
pub fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The source of a test binary: `tests/NAME.rs`, and all of `tests/NAME/`.
pub fn source(binary: &str) -> String {
    let mut source =
        fs::read_to_string(root().join(format!("tests/{binary}.rs"))).unwrap_or_default();
    let files = fs::read_dir(root().join("tests").join(binary));
    for file in files.into_iter().flatten() {
        source.push_str(&fs::read_to_string(file.unwrap().path()).unwrap_or_default());
    }
    assert!(!source.is_empty(), "no tests of `{binary}`");
    source
}

/// Whether a test is there: `FILE::NAME`, or a file.
pub fn test_exists(test: &str) -> bool {
    match test.split_once("::") {
        Some((binary, name)) => source(binary).contains(&format!("fn {name}(")),
        None => root().join(test).is_file(),
    }
}
