//! The review that CI runs: `scripts/review.sh` on a repository of its own, from the commit to the markdown.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output};

struct Repository(tempfile::TempDir);

struct Reviewed {
    code: Option<i32>,
    summary: String,
    out: String,
    err: String,
}

impl Repository {
    /// A new publisher's policies, committed.
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.run("git", &["init", "-q"]);
        repository.run(
            "git",
            &["config", "user.email", "reviewer@publisher.example"],
        );
        repository.run("git", &["config", "user.name", "reviewer"]);
        repository.ec(&["init"]);
        repository.commit();
        repository
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, program: &str, args: &[&str]) {
        let output = Command::new(program)
            .current_dir(self.path())
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{program} {args:?}: {output:?}");
    }

    fn ec(&self, args: &[&str]) {
        self.run(env!("CARGO_BIN_EXE_ec"), args);
    }

    fn set(&self, key: &str, value: &str) {
        self.ec(&["set", key, value, "--profile", "production"]);
    }

    fn commit(&self) {
        self.run("git", &["add", "-A"]);
        self.run("git", &["commit", "-q", "-m", "policies"]);
    }

    fn review(&self, args: &[&str], fail_on: &str) -> Reviewed {
        let summary = self.path().join(".git/summary.md");
        let _ = std::fs::remove_file(&summary);
        let script = Path::new(env!("REPOSITORY")).join("scripts/review.sh");
        let output: Output = Command::new("bash")
            .arg(script)
            .args(args)
            .current_dir(self.path())
            .env("EC", env!("CARGO_BIN_EXE_ec"))
            .env("FAIL_ON", fail_on)
            .env("CHECK_FORMAT", "github")
            .env("GITHUB_STEP_SUMMARY", &summary)
            // What this machine overrides is no part of the change.
            .env("TRUSTED_SERVER__EC__ENTRY__TTL", "1d")
            .env("EC_PROFILE", "staging")
            .output()
            .unwrap();
        Reviewed {
            code: output.status.code(),
            summary: std::fs::read_to_string(&summary).unwrap_or_default(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn nothing_changed_is_nothing_to_report() {
    let reviewed = Repository::new().review(&[], "unsafe");
    assert_eq!(reviewed.code, Some(0), "{}", reviewed.err);
    assert!(
        reviewed.summary.contains("finds nothing"),
        "{}",
        reviewed.summary
    );
    assert!(!reviewed.summary.contains("differ"), "{}", reviewed.summary);
}

#[test]
fn a_safe_change_is_reported_and_may_go() {
    let repository = Repository::new();
    repository.set("tombstone.ttl", "72h");
    let reviewed = repository.review(&[], "unsafe");
    assert_eq!(reviewed.code, Some(0), "{}", reviewed.err);
    for part in [
        "### Policy: `production@",
        "`\"48h\"`",
        "`\"72h\"`",
        "safe: 1 safe",
    ] {
        assert!(
            reviewed.summary.contains(part),
            "{part} in {}",
            reviewed.summary
        );
    }
    // Staging inherits it, and development does not.
    assert!(reviewed.summary.contains("### Policy: `staging@"));
    assert!(!reviewed.summary.contains("### Policy: `development@"));
    // Seen from the commit that has it, nothing has changed.
    repository.commit();
    assert!(!repository.review(&[], "unsafe").summary.contains("72h"));
    assert!(
        repository
            .review(&["HEAD^"], "unsafe")
            .summary
            .contains("72h")
    );
}

#[test]
fn an_unsafe_change_fails_and_shows_what_goes_wrong() {
    let repository = Repository::new();
    repository.set("cookie.name", "another");
    let reviewed = repository.review(&[], "unsafe");
    assert_eq!(reviewed.code, Some(1), "{}", reviewed.err);
    assert!(reviewed.summary.contains("unsafe"), "{}", reviewed.summary);
    assert!(
        reviewed.summary.contains("#### Loses"),
        "{}",
        reviewed.summary
    );
    assert_eq!(repository.review(&[], "never").code, Some(0));
}

#[test]
fn another_domain_is_no_setting_and_still_reported() {
    let repository = Repository::new();
    let config = repository.path().join("trusted-server.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let domain = text.lines().find(|line| line.starts_with("domain = "));
    let moved = text.replace(domain.unwrap(), "domain = \"moved.example\"");
    assert_ne!(moved, text);
    std::fs::write(&config, moved).unwrap();
    let reviewed = repository.review(&[], "unsafe");
    assert_eq!(reviewed.code, Some(1), "{}", reviewed.err);
    for part in ["### Plan:", "`publisher.domain`", "#### Loses"] {
        assert!(
            reviewed.summary.contains(part),
            "{part} in {}",
            reviewed.summary
        );
    }
}

#[test]
fn what_check_finds_fails_and_is_annotated() {
    let repository = Repository::new();
    repository.set("cas.max_retries", "0");
    let reviewed = repository.review(&[], "never");
    assert_eq!(reviewed.code, Some(1), "{}", reviewed.err);
    assert!(
        reviewed
            .out
            .contains("::warning file=policies/production.toml,"),
        "{}",
        reviewed.out
    );
    assert!(reviewed.summary.contains("finds problems"));
}

#[test]
fn new_and_removed_profiles_are_named() {
    let repository = Repository::new();
    let policies = repository.path().join("policies");
    std::fs::remove_file(policies.join("staging.toml")).unwrap();
    std::fs::write(policies.join("extra.toml"), "inherits = \"production\"\n").unwrap();
    let reviewed = repository.review(&[], "unsafe");
    assert!(
        reviewed
            .summary
            .contains("### Policy: `extra`\n\nThis profile is new."),
        "{}",
        reviewed.summary
    );
    assert!(
        reviewed
            .summary
            .contains("### Policy: `staging`\n\nThis profile is gone."),
        "{}",
        reviewed.summary
    );
}

#[test]
fn what_cannot_be_reviewed_says_why() {
    let repository = Repository::new();
    let unknown = repository.review(&["no-such-commit"], "unsafe");
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("`no-such-commit`"), "{}", unknown.err);
    let word = repository.review(&[], "sometimes");
    assert_eq!(word.code, Some(2));
    assert!(word.err.contains("unsafe, wait or never"), "{}", word.err);
}
