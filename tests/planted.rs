//! The proof is proven: each fault planted in the engine is caught, and by the promise that it breaks.
//!
//! `tests/planted/*.patch` are the faults. Each is applied to a copy of the sources, which is built with
//! `tests/planted/judge.rs` and asked what it breaks.
#![cfg(feature = "verify")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a broken fixture should stop the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What the sources need to be built from.
const SOURCES: [&str; 4] = ["Cargo.toml", "src", "benches", "examples"];

const JUDGE: &str = r#"
[package]
name = "judge"
version = "0.0.0"
edition = "2024"

[[bin]]
name = "judge"
path = "judge.rs"

[dependencies]
edge-cookie = { path = "../sources", default-features = false, features = ["verify"] }

[profile.dev]
debug = false
opt-level = 1
"#;

/// What a patch says it breaks: the line `Breaks promise N.` before the change itself.
fn broken_by(patch: &str) -> Option<u8> {
    patch
        .lines()
        .find_map(|line| line.strip_prefix("Breaks promise ")?.strip_suffix('.'))
        .and_then(|number| number.parse().ok())
}

/// A copy of the sources that faults are planted in, kept between runs so that little is built again.
struct Plot {
    folder: PathBuf,
}

impl Plot {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted");
        let judge = folder.join("judge");
        fs::create_dir_all(&judge).unwrap();
        fs::write(judge.join("Cargo.toml"), JUDGE).unwrap();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        copy(&repository.join("Cargo.lock"), &judge.join("Cargo.lock"));
        copy(
            &repository.join("tests/planted/judge.rs"),
            &judge.join("judge.rs"),
        );
        Self { folder }
    }

    /// The sources as they are, with `patch` where there is one.
    fn sow(&self, patch: Option<&Path>) {
        let sources = self.folder.join("sources");
        fs::create_dir_all(&sources).unwrap();
        for part in SOURCES {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(part);
            copy(&from, &sources.join(part));
        }
        let Some(patch) = patch else { return };
        let mut apply = Command::new("git");
        // It should not take the copy for a part of this repository.
        apply.env("GIT_CEILING_DIRECTORIES", &self.folder);
        apply.arg("apply").arg(patch).current_dir(&sources);
        done(&apply.output().unwrap(), &format!("{}", patch.display()));
    }

    /// The promises that what was sown breaks.
    fn reap(&self, what: &str) -> BTreeSet<u8> {
        let output = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline"])
            .current_dir(self.folder.join("judge"))
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env("CARGO_INCREMENTAL", "1")
            .output()
            .unwrap();
        done(&output, what);
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().map(|line| line.parse().unwrap()).collect()
    }
}

fn done(output: &Output, what: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {said}");
}

/// Copies a file or a folder, and leaves alone what is the same: it need not be built again.
fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            copy(&from.join(&name), &to.join(&name));
        }
        return;
    }
    let content = fs::read(from).unwrap();
    if fs::read(to).ok().as_ref() != Some(&content) {
        fs::write(to, content).unwrap();
    }
}

#[test]
fn every_planted_fault_is_caught_by_the_promise_it_breaks() {
    let plot = Plot::new();
    plot.sow(None);
    assert_eq!(plot.reap("without a fault"), BTreeSet::new());

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/planted");
    let mut patches: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "patch")
        })
        .collect();
    patches.sort();
    let mut missed = Vec::new();
    for path in &patches {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let promise = broken_by(&fs::read_to_string(path).unwrap()).unwrap();
        plot.sow(Some(path));
        let broken = plot.reap(name);
        println!("{name}: breaks {broken:?}");
        if !broken.contains(&promise) {
            missed.push(format!("{name} should break {promise}: {broken:?}"));
        }
    }
    assert!(patches.len() >= 11, "the faults are gone");
    assert!(missed.is_empty(), "{missed:#?}");
}
