//! The sources of the library and the crates, as checks of the code read them.

use std::path::{Path, PathBuf};

/// The folders that have them.
pub const FOLDERS: [&str; 2] = ["src", "crates"];

/// Every Rust file below a folder.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some("rs".as_ref()) {
                files.push(path);
            }
        }
    }
    files
}

/// Every Rust file of the library and the crates.
pub fn all() -> Vec<PathBuf> {
    let root = Path::new(env!("REPOSITORY"));
    FOLDERS
        .iter()
        .flat_map(|folder| rust_files(&root.join(folder)))
        .collect()
}

/// The text without the unit tests at its end.
pub fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap()
}

/// The code without comments, strings and the unit tests at its end.
pub fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for line in without_tests(text).lines() {
        let line = line.split("//").next().unwrap();
        // The odd parts are in quotes: a quote that is escaped would need more, and no import has one.
        code.extend(line.split('"').step_by(2).flat_map(|part| [part, " "]));
        code.push('\n');
    }
    code
}
