//! What the documents promise is tested: each row of their tables names a test that exists.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test should stop"
)]

#[path = "support/rows.rs"]
mod rows;

use std::fs;

use rows::{cells, quoted, root, source, test_exists};

/// The tables, and the column of each that names tests.
const TABLES: [(&str, &str); 2] = [
    ("docs/reliability.md", "tested by"),
    ("SECURITY.md", "tested by"),
];

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
                assert!(test_exists(test), "{document}: there is no `{test}`");
            }
            for command in cell("command").into_iter().flat_map(quoted) {
                assert!(runs(command), "{document}: `{command}` does not run");
            }
            rows += 1;
        }
    }
    assert!(rows > 30, "{rows}");
}
