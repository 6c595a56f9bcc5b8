//! The rules, from samples: each rule has one that breaks it, and one that shows it fixed.
//!
//! `tests/policies/invalid/CODE_…` breaks the rule of its code and no other, at the places that its comments mark:
//! `#   ^ CODE` under the value that the finding is about, `#   - CODE` under one that takes part (`#@N` for the
//! column N, where no caret fits). `tests/policies/valid/CODE_…` is clean. A sample is a profile, or a folder.

use crate::support::overrides;
use crate::support::samples;

use std::collections::BTreeSet;
use std::path::Path;

use edge_cookie::config::{Loaded, PolicyFiles, PolicySources};
use edge_cookie::diagnostic::{Code, Diagnostic, SourceLocation};
use edge_cookie::rules;
use overrides::sets;
use samples::{code, name, samples, site};

/// What reading finds that an explanation cannot show in a file: a file that cannot be read, and an override.
const NOT_IN_A_FILE: [Code; 3] = [Code::UnreadableFile, Code::BadOverride, Code::MissingSecret];

/// What is found only where secrets are looked up (tests/secrets.rs).
const LOOKED_UP: [Code; 1] = [Code::MissingSecret];

fn load_all(root: &Path) -> Vec<Loaded> {
    let sources = PolicySources {
        config: root.join("trusted-server.toml"),
        policies: root.join("policies"),
        sets: sets(root),
        ..PolicySources::default()
    };
    PolicyFiles::open(sources).unwrap().load_all().unwrap()
}

fn sample_of(root: &Path) -> Loaded {
    let mut all = load_all(root).into_iter();
    all.find(|loaded| loaded.profile == "sample").unwrap()
}

/// A place as `FILE:LINE:COLUMN`, seen from the sample's folder.
fn short(place: &SourceLocation, root: &Path) -> String {
    place
        .to_string()
        .replace(&format!("{}/", root.display()), "")
}

/// The places that a file's comments mark, those that findings are about first.
fn marked(root: &Path, file: &str, code: Code, about: &mut Vec<String>, related: &mut Vec<String>) {
    let text = std::fs::read(root.join(file)).unwrap();
    let file = if file == "sets" {
        "<command line>"
    } else {
        file
    };
    for (index, line) in String::from_utf8_lossy(&text).lines().enumerate() {
        let Some(before) = line
            .strip_suffix(&format!(" {code}"))
            .filter(|line| line.starts_with('#'))
        else {
            continue;
        };
        // A comment marks the line above it.
        if let Some(column) = before.strip_prefix("#@") {
            about.push(format!("{file}:{index}:{column}"));
        } else if before.ends_with('^') {
            about.push(format!("{file}:{index}:{}", before.len()));
        } else {
            assert!(before.ends_with('-'), "{file}: {line}");
            related.push(format!("{file}:{index}:{}", before.len()));
        }
    }
}

fn files(root: &Path) -> Vec<String> {
    let mut files = vec!["trusted-server.toml".to_owned()];
    files.extend(root.join("sets").exists().then(|| "sets".to_owned()));
    for entry in std::fs::read_dir(root.join("policies")).unwrap() {
        files.push(format!(
            "policies/{}",
            entry.unwrap().file_name().to_str().unwrap()
        ));
    }
    files
}

#[test]
fn every_rule_has_a_sample_that_breaks_it_and_one_that_shows_it_mended() {
    for kind in ["invalid", "valid"] {
        let shown: BTreeSet<Code> = samples(kind).iter().map(|sample| code(sample)).collect();
        for rule in rules::all_rules().filter(|rule| !LOOKED_UP.contains(&rule.code)) {
            assert!(
                shown.contains(&rule.code),
                "{} has no {kind} sample",
                rule.code
            );
        }
    }
}

#[test]
fn every_code_is_in_the_book_once_and_in_order() {
    let codes: Vec<Code> = rules::all_rules().map(|rule| rule.code).collect();
    assert_eq!(codes, Code::ALL);
}

#[test]
fn every_command_reports_errors_and_what_was_written_without_effect() {
    let without_effect = [Code::WaitNeverGrows, Code::NoEffect, Code::NoSuchWindow];
    for code in Code::ALL {
        let (error, warning) = (
            Diagnostic::error(*code, "wrong"),
            Diagnostic::warning(*code, "unwise"),
        );
        assert!(rules::concerns_every_command(&error), "{code}");
        assert_eq!(
            rules::concerns_every_command(&warning),
            without_effect.contains(code),
            "{code}"
        );
    }
}

#[test]
fn a_sample_that_breaks_a_rule_breaks_it_at_the_places_marked_and_no_other_rule() {
    for sample in samples("invalid") {
        let (name, code) = (name(&sample), code(&sample));
        let folder = site(&sample);
        let root = folder.path();
        let loaded = sample_of(root);
        let found: Vec<&Diagnostic> = loaded.resolved.findings.iter().collect();
        assert!(!found.is_empty(), "{name} breaks nothing");
        let (mut about, mut related) = (Vec::new(), Vec::new());
        for file in files(root) {
            marked(root, &file, code, &mut about, &mut related);
        }
        let mut first = Vec::new();
        let mut rest = Vec::new();
        for finding in found {
            assert_eq!(finding.code, code, "{name}: {}", finding.message);
            let mut places = finding.places.iter().map(|place| short(place, root));
            first.extend(places.next());
            rest.extend(places);
        }
        for places in [&mut about, &mut related, &mut first, &mut rest] {
            places.sort();
        }
        assert_eq!((first, rest), (about, related), "{name}");
    }
}

#[test]
fn a_valid_sample_is_clean() {
    for sample in samples("valid") {
        let folder = site(&sample);
        let root = folder.path();
        for loaded in load_all(root) {
            let findings = &loaded.resolved.findings;
            assert!(
                findings.is_empty(),
                "{}: {}: {findings:?}",
                name(&sample),
                loaded.profile
            );
        }
    }
}

#[test]
fn what_an_explanation_shows_breaks_its_rule() {
    for rule in rules::all_rules().filter(|rule| !NOT_IN_A_FILE.contains(&rule.code)) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let mut file = "policies/sample.toml".to_owned();
        let mut texts = vec![("trusted-server.toml".to_owned(), "[ec]\n".to_owned())];
        for line in rule.example.lines() {
            if let Some(name) = line.strip_prefix("# file: ") {
                name.clone_into(&mut file);
                texts.push((file.clone(), String::new()));
                continue;
            }
            if texts.last().unwrap().0 != file {
                texts.push((file.clone(), String::new()));
            }
            let text = &mut texts.last_mut().unwrap().1;
            text.push_str(line);
            text.push('\n');
        }
        for (name, text) in texts {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::fs::create_dir_all(root.join("policies")).unwrap();
        if std::fs::read_dir(root.join("policies"))
            .unwrap()
            .next()
            .is_none()
        {
            std::fs::write(root.join("policies/sample.toml"), "[ec]\n").unwrap();
        }
        let found = load_all(root);
        let fires = |loaded: &Loaded| {
            loaded
                .resolved
                .findings
                .iter()
                .any(|finding| finding.code == rule.code && finding.severity == rule.severity)
        };
        assert!(found.iter().any(fires), "{}: {}", rule.code, rule.example);
    }
}

mod shown {
    use std::path::Path;
    use std::process::Command;

    use super::{samples, site};

    #[test]
    fn a_valid_sample_survives_being_shown() {
        for sample in samples("valid") {
            survives(site(&sample).path(), "sample");
        }
    }

    #[test]
    fn the_shipped_profiles_survive_being_shown() {
        let root = Path::new(env!("REPOSITORY"));
        // Development's own secrets stand in clear, and are not shown.
        for profile in ["production", "staging"] {
            survives(root, profile);
        }
    }

    fn ec(root: &Path, args: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_ec"))
            .current_dir(root)
            .args(args)
            .env_remove("EC_PROFILE")
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    }

    /// `show`, as a file of its own, is the same policy.
    fn survives(root: &Path, profile: &str) {
        let (code, shown) = ec(root, &["show", "--profile", profile]);
        assert_eq!(code, Some(0));
        let alone = tempfile::tempdir().unwrap();
        std::fs::write(alone.path().join("trusted-server.toml"), shown).unwrap();
        let digest = |root: &Path, args: &[&str]| {
            let (_, json) = ec(root, &[&["check", "--format", "json"], args].concat());
            let report: serde_json::Value = serde_json::from_str(&json).unwrap();
            let digest = report["profiles"][0]["digest"].as_str().map(str::to_owned);
            digest.unwrap_or_else(|| panic!("{profile} of {}: {json}", root.display()))
        };
        assert_eq!(
            digest(alone.path(), &[]),
            digest(root, &["--profile", profile])
        );
    }
}
