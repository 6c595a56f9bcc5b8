//! A change that wants its review to look at something else: the review either sees it or fails.

use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use serde_json::Value;

use super::site::{Site, ec};

/// A repository with one policy of production, committed.
fn repository() -> Site {
    let site = Site::new("[publisher]\ndomain = \"publisher.example\"\n");
    site.write("policies/production.toml", &policy("365d"));
    git(&site, &["init", "-q"]);
    commit(&site);
    site
}

fn policy(ttl: &str) -> String {
    format!("[ec.entry]\nttl = \"{ttl}\"\n[ec.cookie]\nmax_age = \"{ttl}\"\n")
}

fn git(site: &Site, args: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@publisher.example"];
    let git = Command::new("git")
        .current_dir(site.path())
        .args(identity)
        .args(args)
        .output()
        .unwrap();
    assert!(git.status.success(), "{args:?}: {git:?}");
}

fn commit(site: &Site) {
    git(site, &["add", "-A"]);
    git(site, &["commit", "-q", "-m", "policies"]);
}

/// What the shipped script ends with, its standard output and its standard error.
fn review(site: &Site) -> (Option<i32>, String, String) {
    let script = concat!(env!("REPOSITORY"), "/scripts/review.sh");
    let output = Command::new("bash")
        .arg(script)
        .current_dir(site.path())
        .env("EC", ec())
        .env_remove("GITHUB_STEP_SUMMARY")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn a_file_named_as_a_profile_is_not_taken_for_it() {
    let site = repository();
    // The policy as it was, as a bundle in the root, while the profile loses every user's record after a day.
    let deployed = ["bundle", "--profile", "production", "--out", "production"];
    let written = site.ec(&[&deployed[..], &["--force", "a test"]].concat());
    assert!(written.status.success(), "{written:?}");
    site.write("policies/production.toml", &policy("1d"));
    let (code, summary, err) = review(&site);
    assert_eq!(code, Some(1), "{summary}{err}");
    assert!(
        summary.contains("ec.entry.ttl") || summary.contains("entry.ttl"),
        "{summary}"
    );

    let run = |args: &[&str]| -> (Option<i32>, String, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = site.ec(args);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    };
    let json = ["--format", "json"];
    let (code, out, err) = run(&[&["diff", "file:production", "production"], &json[..]].concat());
    assert_eq!(code, Some(1), "{err}");
    let changes: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(changes["changes"][0]["key"], "ec.entry.ttl");
    assert!(
        err.contains("note: `production` means the profile"),
        "{err}"
    );
    assert!(err.contains("`file:production`"), "{err}");
    for file in ["file:production", "bundle:production"] {
        let (code, _, err) = run(&["diff", file, "file:production"]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{file}");
    }
    // Every command that compares reads a bare name alike.
    for args in [
        &[
            "plan",
            "--deployed",
            "file:production",
            "--candidate",
            "production",
        ][..],
        &[
            "verify",
            "--deployed",
            "production",
            "--actors",
            "1",
            "--operations",
            "1",
            "--faults",
            "0",
        ],
    ] {
        let (_, _, err) = run(args);
        assert!(err.contains("means the profile"), "{args:?}: {err}");
    }
    // A file alone is no profile.
    site.write("lonely", "{}");
    let (code, _, err) = run(&["diff", "lonely", "production"]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("there is no profile `lonely`"), "{err}");
}

#[test]
fn a_profile_named_as_a_file_is_reviewed_as_the_profile() {
    let site = repository();
    site.write("policies/bundle:x.toml", &policy("365d"));
    commit(&site);
    let deployed = ["bundle", "--profile", "bundle:x", "--out", "x"];
    let written = site.ec(&[&deployed[..], &["--force", "a test"]].concat());
    assert!(written.status.success(), "{written:?}");
    site.write("policies/bundle:x.toml", &policy("1d"));
    let (code, summary, err) = review(&site);
    assert_eq!(code, Some(1), "{summary}{err}");
    assert!(summary.contains("entry.ttl"), "{summary}");
}

#[test]
fn what_cannot_be_read_as_it_was_does_not_pass() {
    // Not TOML; a link to what was not committed; a folder of profiles that is a link; profiles behind a link.
    let broken = repository();
    broken.write("policies/production.toml", "[ec.entry");
    commit(&broken);
    broken.write("policies/production.toml", &policy("1d"));

    let dangling = repository();
    let profile = dangling.path().join("policies/production.toml");
    std::fs::remove_file(&profile).unwrap();
    symlink("../elsewhere.toml", &profile).unwrap();
    commit(&dangling);
    std::fs::remove_file(&profile).unwrap();
    dangling.write("policies/production.toml", &policy("1d"));

    let linked = repository();
    let folder = linked.path().join("policies");
    std::fs::rename(&folder, linked.path().join("conf")).unwrap();
    symlink("conf", &folder).unwrap();
    commit(&linked);
    std::fs::remove_file(&folder).unwrap();
    linked.write("policies/production.toml", &policy("1d"));

    let unarchived = repository();
    unarchived.write(".gitattributes", "policies/* export-ignore\n");
    commit(&unarchived);
    unarchived.write("policies/production.toml", &policy("1d"));

    for (what, site) in [
        ("broken", broken),
        ("dangling", dangling),
        ("linked", linked),
        ("unarchived", unarchived),
    ] {
        let (code, summary, err) = review(&site);
        assert_eq!(code, Some(2), "{what}: {summary}{err}");
        assert!(
            !summary.contains("This profile is new"),
            "{what}: {summary}"
        );
    }
}

#[test]
fn a_folder_that_becomes_a_link_is_reviewed_through_it() {
    let site = repository();
    let folder = site.path().join("policies");
    std::fs::rename(&folder, site.path().join("conf")).unwrap();
    symlink("conf", &folder).unwrap();
    site.write("conf/production.toml", &policy("1d"));
    let (code, summary, err) = review(&site);
    assert_eq!(code, Some(1), "{summary}{err}");
    assert!(summary.contains("entry.ttl"), "{summary}");
}
