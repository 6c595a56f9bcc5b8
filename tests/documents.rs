//! What the documents promise is tested: their tables name tests that exist, their examples run, what they name is in the code, and
//! every document that code or docs cite is in the repository, with the heading that is cited.

#[cfg(unix)]
use crate::harness::running;
use crate::support::rows;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};

use rows::{cells, has_module, quoted, root, test_exists};

/// The tables, and the column of each that names tests.
const TABLES: [(&str, &str); 2] = [
    ("docs/reliability.md", "tested by"),
    ("SECURITY.md", "tested by"),
];

/// Whether a command is one of the repository's: a script, tests of a binary, or `ec`.
fn runs(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["cargo", "test", "--test", binary, module] => has_module(binary, module),
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

/// Files whose text is searched for citations and names, by the end of their names.
const TEXTS: [&str; 11] = [
    "json", "lua", "md", "mjs", "patch", "py", "rs", "sh", "toml", "yaml", "yml",
];

/// A citation of a document: `PATH.md`, perhaps with `#HEADING`; an empty path means the citing document.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Citation {
    path: String,
    heading: Option<String>,
}

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

/// The heading after a `#`, where there is one.
fn heading_after(text: &str) -> Option<String> {
    let rest = text.strip_prefix('#')?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || "-_".contains(c)));
    let heading = &rest[..end.unwrap_or(rest.len())];
    (!heading.is_empty()).then(|| heading.to_owned())
}

/// The documents that a text cites. Addresses of other sites and patterns such as `*.md` are none.
fn citations(text: &str) -> BTreeSet<Citation> {
    let in_path = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    let mut found = BTreeSet::new();
    for (at, end) in text.match_indices(".md") {
        let (before, after) = (&text[..at], &text[at + end.len()..]);
        let start = before.rfind(|c| !in_path(c)).map_or(0, |last| last + 1);
        let name = &before[start..];
        let is_path = name.chars().last().is_some_and(char::is_alphanumeric)
            && !name.contains("//")
            && !before[..start].ends_with(['*', '}', '$', '~'])
            && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if is_path {
            found.insert(Citation {
                path: format!("{name}.md"),
                heading: heading_after(after),
            });
        }
    }
    for (at, link) in text.match_indices("](#") {
        let heading = heading_after(&text[at + link.len() - 1..]);
        let path = String::new();
        found.insert(Citation { path, heading });
    }
    found
}

/// The anchors of a document's headings, as GitHub and mdBook make them.
fn anchors(document: &str) -> BTreeSet<String> {
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut in_code = false;
    let mut found = BTreeSet::new();
    for line in document.lines() {
        in_code ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        if in_code || title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
        let anchor: String = title.trim().chars().filter(kept).collect();
        let anchor = anchor.to_lowercase().replace(' ', "-");
        let before = taken.entry(anchor.clone()).or_default();
        found.insert(match *before {
            0 => anchor,
            again => format!("{anchor}-{again}"),
        });
        *before += 1;
    }
    found
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            named => plain.push(named),
        }
    }
    plain
}

#[test]
fn every_document_that_is_cited_exists_and_has_the_heading() {
    let mut files = Vec::new();
    texts(root(), &mut files);
    // The examples of citations in this file are of documents that there are not.
    files.retain(|file| !file.ends_with("tests/documents.rs"));
    let mut missing = Vec::new();
    let mut cited = 0;
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        let shown = file.strip_prefix(root()).unwrap();
        let is_document = file.extension().is_some_and(|end| end == "md");
        for Citation { path, heading } in citations(&text) {
            if path.is_empty() && !is_document {
                continue;
            }
            // Documents cite from where they are, code from the root or by the name of a page.
            let path = path.trim_start_matches('/');
            let places = match path {
                "" => vec![file.clone()],
                WRITTEN_BY_A_TEST => continue,
                _ => vec![
                    plain(&file.with_file_name(path)),
                    root().join(path),
                    root().join("docs").join(path),
                ],
            };
            cited += 1;
            let Some(document) = places.iter().find(|place| place.is_file()) else {
                missing.push(format!("{}: there is no `{path}`", shown.display()));
                continue;
            };
            let headings = anchors(&fs::read_to_string(document).unwrap());
            if let Some(heading) = heading.filter(|heading| !headings.contains(heading)) {
                let place = shown.display();
                missing.push(format!("{place}: `{path}` has no heading `#{heading}`"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(cited > 100, "{cited}");
}

/// A document that a test writes.
const WRITTEN_BY_A_TEST: &str = ".git/summary.md";

#[test]
fn a_citation_is_a_path_with_the_heading_after_it() {
    let text = "see `docs/a.md#b-c`, [d](e/f.md) and [g](#h); not *.md, https://x.example/i.md, j.mdx or k.md2";
    let citation = |path: &str, heading: Option<&str>| Citation {
        path: path.to_owned(),
        heading: heading.map(str::to_owned),
    };
    let expected = [
        citation("", Some("h")),
        citation("docs/a.md", Some("b-c")),
        citation("e/f.md", None),
    ];
    assert_eq!(citations(text), BTreeSet::from(expected));
    let document = "# A `b` c\n```\n# no heading\n```\n## D, e: f?\n## D, e: f?\n#none\n";
    let expected = ["a-b-c", "d-e-f", "d-e-f-1"].map(str::to_owned);
    assert_eq!(anchors(document), BTreeSet::from(expected));
}

/// Documents that name types, functions and constants of the code.
const NAMING: [&str; 3] = [
    "docs/embedding.md",
    "docs/platforms.md",
    "docs/semantics.md",
];

/// The constants that a cell names.
fn constants(cell: &str) -> impl Iterator<Item = &str> {
    let is_constant = |name: &&str| {
        name.contains('_')
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit())
    };
    quoted(cell).filter(is_constant)
}

#[test]
fn the_facts_of_platforms_are_in_one_module_and_each_has_a_row() {
    let code = fs::read_to_string(root().join("src/platform_facts.rs")).unwrap();
    let facts: BTreeSet<&str> = code
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub const ")?.split(':').next())
        .collect();
    let document = fs::read_to_string(root().join("docs/platforms.md")).unwrap();
    let rows = document.lines().filter(|line| line.starts_with('|'));
    let of_platforms = rows.filter(|row| !row.contains("our own limit"));
    let named: BTreeSet<&str> = of_platforms.flat_map(constants).collect();
    assert_eq!(named, facts);
}

/// A document without its blocks of code, which are run or compiled.
fn prose(document: &str) -> String {
    document.split("```").step_by(2).collect()
}

#[test]
fn every_name_of_the_code_that_a_document_uses_is_in_the_code() {
    let mut files = Vec::new();
    for folder in ["src", "crates", "tests"] {
        texts(&root().join(folder), &mut files);
    }
    files.retain(|file| !file.ends_with("tests/documents.rs"));
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
#[cfg(unix)]
#[test]
fn the_examples_for_partners_work_as_pasted() {
    use std::process::Command;

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

    let mut server = running::Running::start(&mut running::serve_the_repository());
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
