//! What the documents promise is tested: their tables name tests that exist, their examples run, and what they name is in the code.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test should stop"
)]

#[path = "support/rows.rs"]
mod rows;
#[cfg(all(feature = "cli", unix))]
#[path = "support/running.rs"]
mod running;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

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

/// Folders that hold no text of ours: builds, version control, and what tools install or write.
const LEFT_OUT: [&str; 5] = [".git", "target", "node_modules", "corpus", "artifacts"];

/// Files whose text is searched, by the end of their names.
const TEXTS: [&str; 11] = [
    "json", "lua", "md", "mjs", "patch", "py", "rs", "sh", "toml", "yaml", "yml",
];

fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !path.is_symlink() {
            if !LEFT_OUT.contains(&name.as_str()) {
                texts(&path, found);
            }
        } else if path
            .extension()
            .is_some_and(|end| TEXTS.iter().any(|text| end == *text))
        {
            found.push(path);
        }
    }
}

/// Documents that name types, functions and constants of the code.
const NAMING: [&str; 3] = [
    "docs/embedding.md",
    "docs/platforms.md",
    "docs/semantics.md",
];

/// A document without its blocks of code, which are run or compiled.
fn prose(document: &str) -> String {
    document.split("```").step_by(2).collect()
}

#[test]
fn every_name_of_the_code_that_a_document_uses_is_in_the_code() {
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        texts(&root().join(folder), &mut files);
    }
    files.retain(|file| !file.ends_with(file!()));
    let sources = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap_or_default());
    let code: String = sources.collect();
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: BTreeSet<&str> = code.split(|c| !in_name(c)).collect();
    let mut names = 0;
    for document in NAMING {
        let text = prose(&fs::read_to_string(root().join(document)).unwrap());
        for name in text
            .lines()
            .flat_map(quoted)
            .flat_map(|name| name.split("::"))
        {
            // A type's name or a constant's; what is written otherwise may be a setting, a header or a value.
            let begins = name.starts_with(|c: char| c.is_ascii_uppercase());
            if begins && name.len() > 3 && name.chars().all(in_name) {
                assert!(words.contains(name), "{document}: the code has no `{name}`");
                names += 1;
            }
        }
    }
    assert!(names > 50, "{names}");
}

/// The examples of `docs/partners.md` against a server: what is pasted into a shell, and both clients.
#[cfg(all(feature = "cli", unix))]
#[test]
fn the_examples_for_partners_work_as_pasted() {
    use std::process::{Command, Stdio};

    let guide = fs::read_to_string(root().join("docs/partners.md")).unwrap();
    let (_, guide) = guide
        .split_once("<!-- examples: run by tests/documents.rs -->")
        .unwrap();
    let blocks = |language: &str| {
        let begin = format!("```{language}\n");
        let parts: Vec<&str> = guide.split(&begin).skip(1).collect();
        let ends = parts
            .into_iter()
            .map(|part| part.split("```").next().unwrap().to_owned());
        ends.collect::<Vec<String>>()
    };
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("sync.py", &blocks("python")[0]);
    write("sync.mjs", blocks("js").last().unwrap());
    let is_there = |program: &str| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|version| version.status.success())
    };

    let mut serve = Command::new(env!("CARGO_BIN_EXE_ec"));
    serve
        .args([
            "serve",
            "--geo",
            "US-CA",
            "--store",
            "memory",
            "--addr",
            "127.0.0.1:0",
        ])
        .current_dir(root())
        .env_remove("EC_PROFILE")
        // A busy machine may take longer for a page's identity.
        .env("TRUSTED_SERVER__EC__ORGANIC__BUDGET", "60s")
        .stderr(Stdio::null());
    let mut server = running::Running::start(&mut serve);
    let mut script = format!("set -euo pipefail\n{}", blocks("sh").join("\n"));
    let mut expected = vec![
        r#"{"accepted":1,"rejected":0"#,
        r#""errors":[{"index":1,"reason":"invalid_partner_uid"},{"index":2,"reason":"invalid_timestamp"}]"#,
        r#""uid":"abc124""#,
    ];
    for (program, line, says) in [
        (
            "python3",
            "\npython3 sync.py \"$ID=abc125\" \"none=x\"\n",
            r#""uid":"abc125""#,
        ),
        (
            "node",
            "\nnode sync.mjs \"$ID=abc126\" \"none=x\"\n",
            r#""uid":"abc126""#,
        ),
    ] {
        if is_there(program) {
            script.push_str(line);
            script.push_str(blocks("sh").last().unwrap());
            expected.extend([says, "invalid_ec_id"]);
        } else {
            eprintln!("{program} is missing: its client is not run");
        }
    }
    let ran = Command::new("bash")
        .arg("-c")
        .arg(script)
        .current_dir(folder.path())
        .env("EC", server.url())
        .env("TOKEN", "development-partner")
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{ran:?}");
    for part in expected {
        assert!(out.contains(part), "{part} is not in {out}");
    }
}
