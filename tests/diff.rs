//! `ec diff` from outside: which effective values differ, with both origins.

use crate::harness::site;
use crate::support;

use edge_cookie::policy::difference::between;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie_review::{Plan, PlanVerdict};
use proptest::prelude::*;
use serde_json::{Value, json};
use site::Site;
use support::written::overridden;

/// A publisher's folder with these files.
fn site_with(files: &[(&str, &str)]) -> Site {
    let site = Site::new("");
    for (name, text) in files {
        site.write(name, text);
    }
    site
}

impl Site {
    fn output(&self, args: &[&str]) -> (i32, String, String) {
        let output = self.ec(args);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        (code, text(output.stdout), text(output.stderr))
    }

    /// The changes as JSON.
    fn changes(&self, from: &str, to: &str) -> (i32, Value) {
        let (code, out, err) = self.output(&["diff", from, to, "--format", "json"]);
        assert_eq!(err, "");
        let diff: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((&diff["from"], &diff["to"]), (&json!(from), &json!(to)));
        (code, diff["changes"].clone())
    }
}

#[test]
fn only_effective_differences_are_reported_with_both_origins() {
    let site = site_with(&[
        ("policies/empty.toml", ""),
        (
            "policies/one.toml",
            "[ec.tombstone]\nttl = \"24h\"\n[ec.entry]\nttl = \"365d\"\n",
        ),
        ("policies/same.toml", "[ec.tombstone]\nttl = \"1d\"\n"),
        (
            "policies/other.toml",
            "inherits = \"one\"\n[ec.tombstone]\nttl = \"12h\"\n",
        ),
    ]);
    // Written otherwise, or not at all, and the same.
    assert_eq!(site.changes("one", "same"), (0, json!([])));
    let change = |from: &str, to: &str, from_origin: Value, to_origin: Value| json!([{ "key": "ec.tombstone.ttl", "from": from, "to": to, "from_origin": from_origin, "to_origin": to_origin }]);
    let at = |profile: &str, line: u32| {
        let file = format!("policies/{profile}.toml");
        json!({ "layer": "profile", "name": profile, "file": file, "line": line, "column": 7 })
    };
    assert_eq!(
        site.changes("one", "other"),
        (1, change("24h", "12h", at("one", 2), at("other", 3)))
    );
    assert_eq!(
        site.changes("other", "same"),
        (1, change("12h", "1d", at("other", 3), at("same", 2)))
    );
    // A value that no file sets comes from the default.
    let (_, changes) = site.changes("empty", "other");
    assert_eq!(
        changes,
        change("24h", "12h", json!({ "layer": "default" }), at("other", 3))
    );
}

#[test]
fn secrets_that_differ_are_reported_and_never_shown() {
    let secret = |word: &str| format!("[ec]\npassphrase = \"{word} of eight and more letters\"\n");
    let (one, other) = (secret("first"), secret("second"));
    let site = site_with(&[
        ("policies/one.toml", &one),
        ("policies/other.toml", &other),
        ("policies/copy.toml", &one),
    ]);
    assert_eq!(site.changes("one", "copy"), (0, json!([])));
    for format in ["human", "markdown", "json"] {
        let (code, out, err) = site.output(&["diff", "one", "other", "--format", format]);
        assert_eq!((code, err.as_str()), (1, ""), "{format}");
        assert!(out.contains('…') && !out.contains("letters"), "{out}");
        assert_eq!(out.contains("(another)"), format != "json", "{out}");
    }
}

#[test]
fn a_bundle_keeps_the_origins_it_was_written_with() {
    let site = site_with(&[
        ("policies/one.toml", "[ec.tombstone]\nttl = \"24h\"\n"),
        (
            "policies/other.toml",
            "[ec.tombstone]\nttl = \"12h\"\n[ec.cookie]\nname = \"id\"\n",
        ),
    ]);
    let profiles = site.changes("one", "other");
    for profile in ["one", "other"] {
        let file = format!("{profile}.json");
        assert_eq!(
            site.output(&[
                "bundle",
                "--profile",
                profile,
                "--force",
                "a test",
                "--out",
                &file
            ])
            .0,
            0
        );
        let file = format!("file:{file}");
        assert_eq!(site.changes(profile, &file), (0, json!([])), "{profile}");
    }
    // The profiles are gone: the origins come from the bundles.
    std::fs::remove_dir_all(site.path().join("policies")).unwrap();
    std::fs::create_dir(site.path().join("policies")).unwrap();
    assert_eq!(site.changes("file:one.json", "bundle:other.json"), profiles);
}

#[test]
fn what_cannot_be_compared_ends_with_two_and_says_why() {
    let site = site_with(&[
        ("policies/production.toml", ""),
        ("policies/bad.toml", "[ec.entry]\nttl = \"1year\"\n"),
        ("text.json", "not a bundle"),
    ]);
    assert_eq!(
        site.output(&[
            "bundle",
            "--profile",
            "production",
            "--force",
            "a test",
            "--out",
            "b.json"
        ])
        .0,
        0
    );
    let bundle = std::fs::read_to_string(site.path().join("b.json")).unwrap();
    let changed = bundle.replace("365d", "366d");
    assert_ne!(bundle, changed);
    std::fs::write(site.path().join("changed.json"), changed).unwrap();
    for (name, why) in [
        (
            "prodction",
            "there is no profile `prodction` in `policies`: did you mean `production`?",
        ),
        ("missing.json", "there is no profile `missing.json`"),
        ("bad", "the policy is invalid"),
        (
            "file:missing.json",
            "cannot use the bundle `missing.json`: there is no such file",
        ),
        (
            "file:text.json",
            "cannot use the bundle `text.json`: it is not a bundle",
        ),
        (
            "file:changed.json",
            "cannot use the bundle `changed.json`: its checksum does not match its content",
        ),
    ] {
        for args in [["diff", name, "production"], ["diff", "production", name]] {
            let (code, out, err) = site.output(&args);
            assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
            assert!(err.contains(why), "{args:?}: {err}");
        }
    }
}

#[test]
fn markdown_is_a_table_with_a_row_for_each_change() {
    let site = site_with(&[
        ("policies/one.toml", ""),
        (
            "policies/other.toml",
            "[ec.tombstone]\nttl = \"12h\"\n[ec.cookie]\nname = \"a|b`c\"\n",
        ),
    ]);
    let (code, out, err) = site.output(&["diff", "one", "other", "--format", "markdown"]);
    assert_eq!((code, err.as_str()), (1, ""));
    let rows: Vec<&str> = out.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 2 + 2, "{out}");
    // What would end a cell or begin code is written so that it does not.
    let cells = |row: &str| row.replace("\\|", "").matches('|').count();
    assert!(rows.iter().all(|row| cells(row) == 4), "{out}");
    assert!(out.contains("`` \"a\\|b`c\" ``"), "{out}");
}

/// The policy with these overrides, where it is usable.
fn with(sets: &[String]) -> Option<Resolved> {
    Some(overridden(sets)).filter(Resolved::is_usable)
}

/// An override, and another way to write the same.
fn set() -> impl Strategy<Value = (String, String)> {
    let duration = |key: &'static str| {
        (1_u64..400).prop_map(move |hours| {
            let day = format!("{key}={hours}h");
            (day, format!("{key}={}m", hours * 60))
        })
    };
    let word = |key: &'static str, words: &'static [&'static str]| {
        prop::sample::select(words)
            .prop_map(move |word| (format!("{key}={word}"), format!("{key}=\"{word}\"")))
    };
    prop_oneof![
        duration("entry.ttl"),
        duration("tombstone.ttl"),
        duration("sync.max_age"),
        duration("cookie.max_age"),
        word("entry.renewal", &["on_write", "on_visit", "from_creation"]),
        word("sync.on_missing", &["create_minimal", "reject"]),
        word("tombstone.repeat", &["rewrite", "keep"]),
        word("delete.mode", &["hard", "tombstone"]),
        word("ec_store", &["one", "another"]),
        word("passphrase", &["one secret", "another secret"]),
        (1_u32..200).prop_map(|number| {
            let set = format!("entry.max_partner_ids={number}");
            (set.clone(), set)
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_differs_from_itself_however_it_is_written(sets in prop::collection::vec(set(), 0..8)) {
        let (one, other): (Vec<String>, Vec<String>) = sets.into_iter().unzip();
        let (Some(one), Some(other)) = (with(&one), with(&other)) else {
            return Ok(());
        };
        prop_assert!(between(&one, &one).is_empty());
        prop_assert!(between(&one, &other).is_empty());
        let plan = Plan::of(&one, &other);
        prop_assert_eq!((plan.verdict, plan.safe_after, plan.changes.len()), (PlanVerdict::Safe, None, 0));
    }

    #[test]
    fn a_plan_answers_each_difference_and_is_as_bad_as_the_worst(
        one in prop::collection::vec(set(), 0..8),
        other in prop::collection::vec(set(), 0..8),
    ) {
        let sets = |sets: Vec<(String, String)>| sets.into_iter().map(|(set, _)| set).collect::<Vec<_>>();
        let (Some(one), Some(other)) = (with(&sets(one)), with(&sets(other))) else {
            return Ok(());
        };
        let plan = Plan::of(&one, &other);
        let differing = between(&one, &other);
        let keys: Vec<String> = differing.iter().map(|change| format!("ec.{}", change.key())).collect();
        let planned: Vec<String> = plan.changes.iter().map(|change| change.key.clone()).collect();
        prop_assert_eq!(&planned, &keys);
        // The other way round the same settings differ.
        let back: Vec<String> = between(&other, &one).iter().map(|change| format!("ec.{}", change.key())).collect();
        prop_assert_eq!(&back, &keys);
        let worst = plan.changes.iter().map(|change| change.verdict).max();
        prop_assert_eq!(plan.verdict, worst.unwrap_or(PlanVerdict::Safe));
        prop_assert_eq!(plan.safe_after.is_some(), plan.verdict == PlanVerdict::Wait);
        for change in plan.changes.iter().filter(|change| change.verdict == PlanVerdict::Unsafe) {
            prop_assert!(!change.example.is_empty(), "{:#?}", change);
        }
    }
}
