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

/// The text of the file that has a test, by the test's path as `cargo test` prints it.
pub fn source_of(test: &str) -> Option<String> {
    let (module, name) = test.rsplit_once("::")?;
    let file = root().join("tests").join(module.replace("::", "/"));
    [file.with_extension("rs"), file.join("mod.rs")]
        .into_iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .find(|source| source.contains(&format!("fn {name}(")))
}

/// Whether there is such a test, or such a file.
pub fn test_exists(test: &str) -> bool {
    source_of(test).is_some() || root().join(test).is_file()
}

/// Whether one of the test binaries has a module, as `NAME::`.
pub fn has_module(binary: &str, module: &str) -> bool {
    let declared = format!("mod {};", module.trim_end_matches("::"));
    fs::read_to_string(root().join(format!("tests/{binary}.rs")))
        .is_ok_and(|source| source.lines().any(|line| line == declared))
}
