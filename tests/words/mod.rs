//! Plain words in every tracked text, and a unique name for each type of the library and the crates.

use crate::support::sources::{self, without_tests};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Words and phrases that plain technical English does without.
const BANNED: [&str; 19] = [
    "told",
    "tells",
    "tell",
    "mend",
    "anew",
    "afresh",
    "stands",
    "hears",
    "whoever",
    "nobody",
    "somebody",
    "way out",
    "comes of",
    "is to be had",
    "at hand",
    "none is",
    "said so",
    "beside it",
    "in force",
];

/// Names that machines read and that keep a banned word: a metric's label, a JSON field, and a user of the system.
const KEPT_NAMES: [&str; 4] = [
    "record_of_nobody",
    "\"way_out\"",
    "USER nobody",
    "-o nobody",
];

/// Files and folders that are not checked, and why.
const SKIPPED: [(&str, &str); 6] = [
    ("tests/words/", "has the words themselves"),
    ("CHANGELOG.md", "is history"),
    ("fuzz/corpus/", "is data"),
    (
        "crates/service/src/robots/patterns.txt",
        "is a list of another project",
    ),
    (".lock", "is generated"),
    ("-lock.json", "is generated"),
];

fn root() -> PathBuf {
    Path::new(env!("REPOSITORY")).to_path_buf()
}

fn tracked() -> Vec<String> {
    let listed = Command::new("git")
        .current_dir(root())
        .args(["ls-files", "-z"])
        .output()
        .unwrap();
    assert!(
        listed.status.success(),
        "run this test in a git work tree: it reads `git ls-files`"
    );
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.split_terminator('\0').map(str::to_owned).collect()
}

/// The words of a text in lower case, each with the characters before it. An underscore separates words, so that names in
/// code count as well.
fn words(text: &str) -> Vec<(&str, String)> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        let (gap, from) = rest.split_at(start);
        let end = from.find(|letter: char| !letter.is_alphanumeric());
        let (word, after) = from.split_at(end.unwrap_or(from.len()));
        words.push((gap, word.to_lowercase()));
        rest = after;
    }
    words
}

/// The banned words of a text. A phrase may continue on the next line of a comment.
fn banned_in(text: &str) -> Vec<&'static str> {
    let joins = |gap: &str| gap.chars().all(|letter| " _\n\t/!#*>".contains(letter));
    let words = words(text);
    let starts_at = |start: usize, banned: &str| {
        let mut here = words.iter().skip(start);
        banned.split(' ').enumerate().all(|(index, part)| {
            here.next()
                .is_some_and(|(gap, word)| word == part && (index == 0 || joins(gap)))
        })
    };
    (0..words.len())
        .flat_map(|start| {
            BANNED
                .into_iter()
                .filter(move |banned| starts_at(start, banned))
        })
        .collect()
}

/// The files that have banned words, each with these.
fn files_with_banned_words() -> Vec<String> {
    let mut files = Vec::new();
    for path in tracked() {
        let is_skipped = |(what, _): &(&str, &str)| path.starts_with(what) || path.ends_with(what);
        if SKIPPED.iter().any(is_skipped) {
            continue;
        }
        // A file that is not UTF-8, or that was deleted, has no text.
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else {
            continue;
        };
        let text = KEPT_NAMES
            .iter()
            .fold(text, |text, name| text.replace(name, ""));
        let banned: BTreeSet<&str> = banned_in(&text).into_iter().collect();
        if !banned.is_empty() {
            files.push(format!("{path}: {banned:?}"));
        }
    }
    files
}

/// The name of the type that a line defines, if it does. Associated types are indented, and do not count.
fn defined(line: &str) -> Option<&str> {
    let item = line.trim_start();
    let item = match item.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => item,
    };
    let (kind, rest) = item.split_once(' ')?;
    let counts = match kind {
        "struct" | "enum" | "trait" => true,
        "type" => !line.starts_with(' '),
        _ => false,
    };
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    let name = rest.split_at(end).0;
    Some(name).filter(|name| counts && !name.is_empty())
}

/// The type names that more than one file of the library and the crates defines, with the files.
fn repeated_types() -> BTreeMap<String, BTreeSet<PathBuf>> {
    let mut types: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
    for path in sources::all() {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = without_tests(&text);
        for name in code.lines().filter_map(defined) {
            let files = types.entry(name.to_owned()).or_default();
            files.insert(path.clone());
        }
    }
    types.retain(|_, files| files.len() > 1);
    types
}

#[test]
fn words_are_plain() {
    let files = files_with_banned_words();
    assert!(
        files.is_empty(),
        "these words are banned: say it in plain words\n{}",
        files.join("\n")
    );
}

#[test]
fn type_names_are_unique() {
    let repeated = repeated_types();
    assert!(
        repeated.is_empty(),
        "give each type a name of its own: {repeated:#?}"
    );
}

#[test]
fn words_are_found_in_names_and_across_lines() {
    for (text, count) in [
        ("It is told.", 1),
        ("fn a_time_is_told()", 1),
        ("what is in force, and\n/// what is at\n/// hand", 2),
        ("let x = None; is_it(intelligent, standstill)", 0),
        ("None => is_it", 0),
    ] {
        assert_eq!(banned_in(text).len(), count, "{text}");
    }
    assert_eq!(defined("pub(crate) struct Held<'a> {"), Some("Held"));
    assert_eq!(defined("    type Value = u64;"), None);
    assert_eq!(defined("type Pair = (u64, u64);"), Some("Pair"));
}
