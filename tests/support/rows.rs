//! Tables of documents, and the tests that they name.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::path::Path;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The cells of a table's row.
pub fn cells(row: &str) -> Vec<&str> {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    let row = row.strip_suffix('|').unwrap_or(row);
    row.split('|').map(str::trim).collect()
}

/// What stands between backticks.
pub fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The source of a test binary: `tests/NAME.rs`, or all of `tests/NAME/`.
pub fn source(binary: &str) -> String {
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

/// Whether a test is there: `FILE::NAME`, or a file.
pub fn test_exists(test: &str) -> bool {
    match test.split_once("::") {
        Some((binary, name)) => source(binary).contains(&format!("fn {name}(")),
        None => root().join(test).is_file(),
    }
}
