//! The proofs find errors: each fault seeded in the engine is caught, by the promise that it breaks.
//!
//! `tests/seeded_faults/*.patch` are the faults. Each is applied to a copy of the sources. `tests/seeded_faults/checker.rs` is built
//! with that copy and reports what the fault breaks: by the model checker, by the fault simulation, or side by side with a model
//! of the trusted-server, as the patch says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a build of the sources needs.
const SOURCES: [&str; 3] = ["Cargo.toml", "src", "crates"];

/// The checker's manifest, except for the path of its code.
const MANIFEST: &str = r#"
[package]
name = "checker"
version = "0.0.0"
edition = "2024"

[dependencies]
edge-cookie = { path = "../sources" }
edge-cookie-review = { path = "../sources/crates/review" }
edge-cookie-verify = { path = "../sources/crates/verify" }
proptest = { version = "1", default-features = false, features = ["std"] }
rand_xoshiro = "0.8"
serde_json = { version = "1", features = ["preserve_order"] }
tempfile = "3"

[profile.dev]
debug = false
opt-level = 1

[workspace]

[[bin]]
name = "checker"
"#;

/// The proofs, and the start of the line in a patch that says what each of them must report.
const PROOFS: [(&str, &str); 3] = [
    ("model", "Breaks "),
    ("simulation", "Caught by the simulation, "),
    ("side-by-side", "Caught side by side, "),
];

/// What a patch expects of a proof: `promise 2`, `the table of operations`, or a promise in words.
fn expected<'p>(patch: &'p str, start: &str) -> Option<&'p str> {
    patch
        .lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix(start)?.strip_suffix('.'))
}

/// A copy of the sources to apply faults to. It is kept between runs, so that little is built again.
struct Workspace {
    folder: PathBuf,
}

impl Workspace {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seeded_faults");
        let checker = folder.join("checker");
        fs::create_dir_all(&checker).unwrap();
        let repository = Path::new(env!("REPOSITORY"));
        let code = repository.join("tests/seeded_faults/checker.rs");
        let manifest = format!("{MANIFEST}path = '{}'\n", code.display());
        fs::write(checker.join("Cargo.toml"), manifest).unwrap();
        for part in ["Cargo.lock", "trusted-server.toml", "policies"] {
            copy(&repository.join(part), &checker.join(part));
        }
        Self { folder }
    }

    /// Resets the sources, then applies `patch` where there is one.
    fn apply_patch(&self, patch: Option<&Path>) {
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
        check_success(&apply.output().unwrap(), &format!("{}", patch.display()));
    }

    /// What `proof` finds in the current sources, a line each, and its log.
    fn run(&self, proof: &str, what: &str) -> (BTreeSet<String>, String) {
        let output = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline", "--", proof])
            .current_dir(self.folder.join("checker"))
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env("CARGO_INCREMENTAL", "1")
            // A fault may leave code unused, and the log should hold the findings only.
            .env("RUSTFLAGS", "-Awarnings")
            .output()
            .unwrap();
        check_success(&output, what);
        let found = String::from_utf8(output.stdout).unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        (found.lines().map(str::to_owned).collect(), log)
    }
}

fn check_success(output: &Output, what: &str) {
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {log}");
}

/// Copies a file or a folder. Equal files stay untouched, so that they are not built again; files without a source are removed.
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
fn every_seeded_fault_is_caught_by_what_it_breaks() {
    let workspace = Workspace::new();
    workspace.apply_patch(None);
    for (proof, _) in PROOFS {
        let (found, log) = workspace.run(proof, "without a fault");
        assert_eq!(found, BTreeSet::new(), "{proof}, without a fault: {log}");
    }

    let folder = Path::new(env!("REPOSITORY")).join("tests/seeded_faults");
    let mut patches: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "patch")
        })
        .collect();
    patches.sort();
    assert!(patches.len() >= 38, "patches are missing");
    // To try some of them: those with this in their name.
    if let Ok(part) = std::env::var("SEEDED_FAULT") {
        patches.retain(|path| path.to_str().is_some_and(|name| name.contains(&part)));
    }
    let mut missed = Vec::new();
    for path in &patches {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let patch = fs::read_to_string(path).unwrap();
        workspace.apply_patch(Some(path));
        let expectations = PROOFS.map(|(proof, start)| (proof, expected(&patch, start)));
        assert!(
            expectations.iter().any(|(_, expected)| expected.is_some()),
            "{name} does not say what it breaks"
        );
        for (proof, expected) in expectations {
            let Some(expected) = expected else { continue };
            let (found, log) = workspace.run(proof, name);
            println!("{name}, {proof}: {found:?} {}", log.trim());
            if !found.contains(expected) {
                missed.push(format!(
                    "{name}: the {proof} should find {expected}, and found {found:?} {log}"
                ));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
