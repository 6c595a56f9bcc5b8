//! A page with generated parts: what is between two comments is written from the code.

use std::path::Path;

/// Compares each part of the page with the code, or writes it where `UPDATE_DOCS` is set.
pub fn check(path: &str, parts: &[(&str, String)]) {
    let file = Path::new(env!("REPOSITORY")).join(path);
    let before = std::fs::read_to_string(&file).unwrap();
    let after = parts.iter().fold(before.clone(), |page, (name, text)| {
        let begin = format!(
            "<!-- {name}: generated from the code by `UPDATE_DOCS=1 cargo test --test program pages::` -->\n"
        );
        let end = format!("<!-- end of {name} -->");
        let (head, rest) = page
            .split_once(&begin)
            .unwrap_or_else(|| panic!("{path}: no `{name}`"));
        let (_, tail) = rest.split_once(&end).unwrap();
        [head, &begin, text, &end, tail].concat()
    });
    compare(path, &before, &after);
}

/// Compares a whole file with what the code makes of it, or writes it where `UPDATE_DOCS` is set.
pub fn compare(path: &str, before: &str, after: &str) {
    // A file that need not change is not written: another test may be reading it.
    if std::env::var_os("UPDATE_DOCS").is_some() && before != after {
        std::fs::write(Path::new(env!("REPOSITORY")).join(path), after).unwrap();
        return;
    }
    assert!(
        before == after,
        "{path} differs from the code: run `UPDATE_DOCS=1 cargo test --test program pages::`"
    );
}

/// A table of these columns.
pub fn table(titles: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    let rule: Vec<String> = titles.iter().map(|_| "---".to_owned()).collect();
    let rows = rows.into_iter().map(|row| {
        assert!(row.iter().all(|cell| !cell.contains('|')), "{row:?}");
        line(&row)
    });
    [line(&titles), line(&rule)]
        .into_iter()
        .chain(rows)
        .collect()
}

pub fn code(text: &str) -> String {
    format!("`{text}`")
}

/// The anchor of a heading, as GitHub and mdBook make it.
pub fn anchor(heading: &str) -> String {
    let kept = |letter: &char| letter.is_alphanumeric() || ['_', '-', ' '].contains(letter);
    let lower = heading.to_lowercase();
    lower
        .chars()
        .filter(kept)
        .collect::<String>()
        .replace(' ', "-")
}

/// A sentence's first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.clone()).collect()
}
