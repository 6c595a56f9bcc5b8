//! The book: `docs/SUMMARY.md` has every page once, and what the pages link to or name exists.

use std::path::{Path, PathBuf};

/// Pages outside `docs/` that the book has, as `docs/SUMMARY.md` and `scripts/book.sh` name them.
const OUTSIDE: [&str; 6] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "examples/README.md",
];

/// Pages whose backticks name files of the repository.
const NAMING_FILES: [&str; 2] = ["ARCHITECTURE.md", "CONTRIBUTING.md"];

fn root() -> &'static Path {
    Path::new(env!("REPOSITORY"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Every page of the book, from the repository's root.
fn pages() -> Vec<String> {
    let files = std::fs::read_dir(root().join("docs")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let is_page = |name: &String| {
        Path::new(name).extension().is_some_and(|end| end == "md") && name != "SUMMARY.md"
    };
    let pages = names.filter(is_page);
    let mut pages: Vec<String> = pages.map(|name| format!("docs/{name}")).collect();
    pages.extend(OUTSIDE.map(str::to_owned));
    pages.sort();
    pages
}

/// The targets of a page's links to files, without their headings.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split([')', '#']).next());
    let to_a_file = |target: &&str| !target.is_empty() && !target.contains([':', ' ']);
    targets.filter(to_a_file).collect()
}

#[test]
fn the_summary_has_every_page_once() {
    let summary = read("docs/SUMMARY.md");
    let mut listed: Vec<String> = links(&summary)
        .into_iter()
        .map(|link| match link.strip_prefix("../") {
            Some(outside) => outside.to_owned(),
            None => format!("docs/{link}"),
        })
        .collect();
    listed.sort();
    assert_eq!(
        listed,
        pages(),
        "each page needs one line in docs/SUMMARY.md"
    );
    let script = read("scripts/book.sh");
    let outside = OUTSIDE.join(" ");
    assert!(script.contains(&format!("pages=({outside} docs/*.md)")));
}

#[test]
fn what_the_pages_link_to_exists() {
    let mut checked = 0;
    for page in pages() {
        let folder = PathBuf::from(&page);
        let folder = folder.parent().unwrap();
        for link in links(&read(&page)) {
            let target = root().join(folder).join(link);
            assert!(target.exists(), "{page}: there is no `{link}`");
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked}");
}

#[test]
fn the_files_that_the_guides_to_the_code_name_exist() {
    let mut checked = 0;
    for page in NAMING_FILES {
        let text = read(page);
        let prose: String = text.split("```").step_by(2).collect();
        for name in prose.split('`').skip(1).step_by(2) {
            let folders = [
                "src/",
                "crates/",
                "tests/",
                "scripts/",
                "docs/",
                "deploy/",
                "examples/",
                ".ci/",
            ];
            let is_path = folders.iter().any(|folder| name.starts_with(folder));
            if !is_path || name.contains(['*', ' ']) || name.contains("NAME") {
                continue;
            }
            let path = name.split('#').next().unwrap();
            assert!(root().join(path).exists(), "{page}: there is no `{name}`");
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked}");
}
