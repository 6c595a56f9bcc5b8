//! The proof is proven: each fault planted in the engine is caught, and by the promise that it breaks.
//!
//! `tests/planted/*.patch` are the faults. Each is applied to a copy of the sources, which is built with
//! `tests/planted/judge.rs` and asked what it breaks: by the model checker, by the fault simulation, and side by side with a model
//! of the trusted-server, as the patch says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What the sources need to be built from.
const SOURCES: [&str; 3] = ["Cargo.toml", "src", "crates"];

/// The judge's manifest, but for where its code is.
const JUDGE: &str = r#"
[package]
name = "judge"
version = "0.0.0"
edition = "2024"

[dependencies]
edge-cookie = { path = "../sources" }
edge-cookie-review = { path = "../sources/crates/review" }
edge-cookie-verify = { path = "../sources/crates/verify" }
proptest = { version = "1", default-features = false, features = ["std"] }
serde_json = { version = "1", features = ["preserve_order"] }
tempfile = "3"

[profile.dev]
debug = false
opt-level = 1

[workspace]

[[bin]]
name = "judge"
"#;

/// Who judges, and the start of the line by which a patch says what each of them has to see.
const JUDGES: [(&str, &str); 3] = [
    ("checker", "Breaks "),
    ("simulation", "Caught by the simulation, "),
    ("side-by-side", "Caught side by side, "),
];

/// What a patch says `judge` has to see: `promise 2`, `the table of operations`, or a promise in words.
fn charge<'p>(patch: &'p str, line: &str) -> Option<&'p str> {
    patch
        .lines()
        .take_while(|said| !said.is_empty())
        .find_map(|said| said.strip_prefix(line)?.strip_suffix('.'))
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
        let repository = Path::new(env!("REPOSITORY"));
        let code = repository.join("tests/planted/judge.rs");
        let manifest = format!("{JUDGE}path = '{}'\n", code.display());
        fs::write(judge.join("Cargo.toml"), manifest).unwrap();
        for part in ["Cargo.lock", "trusted-server.toml", "policies"] {
            copy(&repository.join(part), &judge.join(part));
        }
        Self { folder }
    }

    /// The sources as they are, with `patch` where there is one.
    fn sow(&self, patch: Option<&Path>) {
        let sources = self.folder.join("sources");
        fs::create_dir_all(&sources).unwrap();
        for part in SOURCES {
            let from = Path::new(env!("REPOSITORY")).join(part);
            copy(&from, &sources.join(part));
        }
        let Some(patch) = patch else { return };
        let mut apply = Command::new("git");
        // It should not take the copy for a part of this repository.
        apply.env("GIT_CEILING_DIRECTORIES", &self.folder);
        apply.arg("apply").arg(patch).current_dir(&sources);
        done(&apply.output().unwrap(), &format!("{}", patch.display()));
    }

    /// What `judge` sees in what was sown, a line each, and how it tells of it.
    fn reap(&self, judge: &str, what: &str) -> (BTreeSet<String>, String) {
        let output = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline", "--", judge])
            .current_dir(self.folder.join("judge"))
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env("CARGO_INCREMENTAL", "1")
            // What a fault leaves unused is not what the judge tells.
            .env("RUSTFLAGS", "-Awarnings")
            .output()
            .unwrap();
        done(&output, what);
        let seen = String::from_utf8(output.stdout).unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (seen.lines().map(str::to_owned).collect(), told)
    }
}

fn done(output: &Output, what: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {said}");
}

/// Copies a file or a folder, and leaves alone what is the same: it need not be built again. What moved away is removed.
fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(to).unwrap() {
            let entry = entry.unwrap();
            if from.join(entry.file_name()).exists() {
                continue;
            }
            let is_folder = entry.file_type().unwrap().is_dir();
            let removed = if is_folder {
                fs::remove_dir_all(entry.path())
            } else {
                fs::remove_file(entry.path())
            };
            removed.unwrap();
        }
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
fn every_planted_fault_is_caught_by_what_it_breaks() {
    let plot = Plot::new();
    plot.sow(None);
    for (judge, _) in JUDGES {
        let (seen, told) = plot.reap(judge, "without a fault");
        assert_eq!(seen, BTreeSet::new(), "{judge}, without a fault: {told}");
    }

    let folder = Path::new(env!("REPOSITORY")).join("tests/planted");
    let mut patches: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "patch")
        })
        .collect();
    patches.sort();
    assert!(patches.len() >= 38, "the faults are gone");
    // A part of them, to look at: those with this in their name.
    if let Ok(part) = std::env::var("PLANTED") {
        patches.retain(|path| path.to_str().is_some_and(|name| name.contains(&part)));
    }
    let mut missed = Vec::new();
    for path in &patches {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let patch = fs::read_to_string(path).unwrap();
        plot.sow(Some(path));
        let charges = JUDGES.map(|(judge, line)| (judge, charge(&patch, line)));
        assert!(
            charges.iter().any(|(_, charge)| charge.is_some()),
            "{name} does not say what it breaks"
        );
        for (judge, charge) in charges {
            let Some(charge) = charge else { continue };
            let (seen, told) = plot.reap(judge, name);
            println!("{name}, {judge}: {seen:?} {}", told.trim());
            if !seen.contains(charge) {
                missed.push(format!(
                    "{name}: the {judge} should see {charge}, and saw {seen:?} {told}"
                ));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
