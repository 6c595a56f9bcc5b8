//! `ec consent explain` and what `ec show` says of lists of places, as people and programs run them.
#![allow(clippy::cast_possible_truncation, reason = "a failed test should stop")]

use crate::harness::site;

use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use site::Site;

const CONFIG: &str = r#"
[publisher]
domain = "publisher.example"
[ec]
passphrase = "a passphrase"
"#;

const GRANTED: i32 = 0;
const FAILED: i32 = 2;
const NOT_GRANTED: i32 = 10;
const WITHDRAWN: i32 = 11;

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// `ec consent explain` with these arguments, on 28 November 2026.
fn explain(site: &Site, args: &[&str]) -> Output {
    let at = ["consent", "explain", "--at", "2026-11-28T12:00:00Z"];
    site.ec(&[&at[..], args].concat())
}

#[test]
fn the_exit_code_is_the_decision_and_both_forms_agree() {
    let site = Site::new(CONFIG);
    for (geo, cookies, code, rule) in [
        (
            "US-CA",
            "__gpp=DBABBg~BUkAAABA.QA; us_privacy=1YNN",
            WITHDRAWN,
            "refusal.us_sharing",
        ),
        (
            "US-CA",
            "__gpp=DBABrw~CVQqAAAAAABA.QA~BUkAAABA.QA",
            WITHDRAWN,
            "refusal.us_sharing",
        ),
        (
            "US-CA",
            "us_privacy=1YNN; us_privacy=1YYN",
            WITHDRAWN,
            "refusal.us_sale",
        ),
        ("US-CA", "usprivacy=1YYN", WITHDRAWN, "refusal.us_sale"),
        ("US-CA", "usprivacy=%31YYN", WITHDRAWN, "refusal.us_sale"),
        (
            "US-CA",
            "__gpp=DBABLA~BVVq; us_privacy=1YNN",
            NOT_GRANTED,
            "block.undecodable",
        ),
        (
            "US-CA",
            "us_privacy=1YNN",
            GRANTED,
            "grant.us_not_opted_out",
        ),
        ("US-CA", "theme=dark", NOT_GRANTED, "none.us_not_said"),
        ("US-AK", "theme=dark", GRANTED, "grant.no_law"),
        ("US-OK", "theme=dark", GRANTED, "grant.no_law"),
        (
            "DE",
            "euconsent-v2=CQlH_MAQlH_MAAfABENB4FgAEIAAAAAAAAAALAAAAAAAA",
            NOT_GRANTED,
            "block.undecodable",
        ),
        ("BR", "us_privacy=1YYN", WITHDRAWN, "refusal.us_sale"),
    ] {
        let args = ["--geo", geo, "--cookie", cookies];
        let text = explain(&site, &args);
        let json = explain(&site, &[&args[..], &["--format", "json"]].concat());
        assert_eq!(text.status.code(), Some(code), "{cookies} {}", err(&text));
        assert_eq!(json.status.code(), Some(code), "{cookies}");
        assert!(
            out(&text).contains(&format!("\n  rule     {rule}\n")),
            "{}",
            out(&text)
        );
        let json: Value = serde_json::from_str(out(&json)).unwrap();
        assert_eq!((&json["rule"], &json["place"]), (&json!(rule), &json!(geo)));
        assert_eq!(json["policy"]["profile"], "development");
    }
    // A law that is to come applies from its day on.
    let later = [
        "consent",
        "explain",
        "--geo",
        "US-OK",
        "--at",
        "2027-01-01T00:00:00Z",
    ];
    assert_eq!(site.ec(&later).status.code(), Some(NOT_GRANTED));
    // What a policy changes is explained by that policy.
    let granted = explain(
        &site,
        &[
            "--geo",
            "US-CA",
            "--set",
            "ec.consent.us_without_signal=grant",
        ],
    );
    assert_eq!(granted.status.code(), Some(GRANTED), "{}", err(&granted));
}

#[test]
fn a_request_is_read_as_the_service_reads_it() {
    let site = Site::new(CONFIG);
    site.write(
        "request.txt",
        "GET /page HTTP/1.1\r\nHost: publisher.example\r\nSec-GPC: 1\r\nCookie: theme=dark\r\n\r\nbody",
    );
    let gpc = explain(&site, &["--geo", "DE", "request.txt"]);
    assert_eq!(gpc.status.code(), Some(WITHDRAWN), "{}", err(&gpc));
    assert!(out(&gpc).contains("header `Sec-GPC`: Global Privacy Control"));
    let headers = [
        "--geo",
        "DE",
        "--header",
        "sec-gpc: 1",
        "--header",
        "Sec-GPC: 1",
    ];
    assert_eq!(explain(&site, &headers).status.code(), Some(WITHDRAWN));
    let off = ["--geo", "DE", "--header", "Sec-GPC: 0"];
    assert_eq!(explain(&site, &off).status.code(), Some(NOT_GRANTED));
    // Cookies in several headers all count, those of the command line too.
    let mut both = site.command(&[
        "consent", "explain", "--geo", "US-CA", "--cookie", "a=1", "-",
    ]);
    let mut both = both
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let request = b"GET / HTTP/1.1\nCookie: us_privacy=1YNN\nCookie: usprivacy=1YYN\n\n";
    both.stdin.take().unwrap().write_all(request).unwrap();
    let both = both.wait_with_output().unwrap();
    assert_eq!(both.status.code(), Some(WITHDRAWN));
    assert!(
        out(&both).contains("said by cookie `usprivacy`"),
        "{}",
        out(&both)
    );
}

#[test]
fn what_cannot_be_asked_is_named() {
    let site = Site::new(CONFIG);
    for (args, said) in [
        (
            &["--geo", "California"][..],
            "`California` is not a place: write a country",
        ),
        (&["--geo", "us-ca"], "`us-ca` is not a place: write `US-CA`"),
        (
            &["--header", "Sec-GPC"],
            "`Sec-GPC` is not a header: write `NAME: VALUE`",
        ),
        (&["--header", "a b: 1"], "`a b: 1` is not a header"),
        (&["--header", "a: \u{7}"], "`a: \\u0007` is not a header"),
        (&["--cookie", "us_privacy"], "write `NAME=VALUE`"),
        (&["missing.txt"], "cannot read the request in `missing.txt`"),
        (&["--profile", "nothing"], "nothing"),
    ] {
        let output = explain(&site, args);
        assert_eq!(output.status.code(), Some(FAILED), "{args:?}");
        assert!(err(&output).contains(said), "{args:?}: {}", err(&output));
    }
    let late = site.ec(&["consent", "explain", "--at", "yesterday"]);
    assert_eq!(late.status.code(), Some(FAILED));
    assert!(err(&late).contains("is not a time"), "{}", err(&late));
}

#[test]
fn nothing_in_a_request_acts_on_the_terminal() {
    let site = Site::new(CONFIG);
    let cookie = "us_privacy=%1b%5b2J%0agranted%e2%80%aeNNY";
    let output = explain(&site, &["--geo", "US-CA", "--cookie", cookie]);
    assert_eq!(output.status.code(), Some(NOT_GRANTED), "{}", err(&output));
    let text = out(&output);
    assert!(text.contains(r"    \u001b[2J\ngranted\u202eNNY"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
    assert!(text.contains("cannot be decoded at character"), "{text}");
}

#[test]
fn a_list_of_places_is_shown_with_the_law_of_each() {
    let site = Site::new(CONFIG);
    let change = r#"ec.consent.us_states={add=["PA@2999-01-01","OK@2026-01-01"],remove=["FL"]}"#;
    let args = ["show", "consent.us_states", "--set", change];
    let text = site.ec(&args);
    let line = |place: &str| {
        let lines = out(&text).lines();
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        lines
            .map(words)
            .find(|line| line.starts_with(&format!("{place} ")))
            .unwrap()
    };
    assert_eq!(
        line("CA"),
        "CA 2020-01-01 California Consumer Privacy Act (Cal. Civ. Code §§ 1798.100 to 1798.199.100)"
    );
    assert_eq!(
        line("PA"),
        "PA 2999-01-01 added not yet effective no row in the shipped table"
    );
    assert!(
        line("OK").starts_with("OK 2026-01-01 dated Oklahoma"),
        "{}",
        line("OK")
    );
    assert!(
        line("FL").starts_with("FL 2024-07-01 removed Florida"),
        "{}",
        line("FL")
    );
    let json = site.ec(&[&args[..], &["--format", "json"]].concat());
    let json: Value = serde_json::from_str(out(&json)).unwrap();
    assert_eq!(json["key"], "ec.consent.us_states");
    let entry = |place: &str| {
        let entries = json["entries"].as_array().unwrap();
        entries
            .iter()
            .find(|entry| entry["place"] == place)
            .unwrap()
            .clone()
    };
    for (place, change, applies) in [
        ("CA", "shipped", true),
        ("PA", "added", false),
        ("OK", "dated", true),
        ("FL", "removed", false),
    ] {
        let entry = entry(place);
        assert_eq!(
            (&entry["change"], &entry["applies"]),
            (&json!(change), &json!(applies)),
            "{place}"
        );
    }
    // The value is the resulting list, and other settings have no entries.
    let listed = json["value"].as_array().unwrap();
    assert!(listed.contains(&json!("PA@2999-01-01")) && !listed.contains(&json!("FL")));
    for (key, place) in [
        ("consent.gdpr_countries", "RE"),
        ("ec.consent.opt_in_regions", "CA-QC"),
    ] {
        let shown = site.ec(&["show", key]);
        assert!(
            out(&shown).lines().any(|line| line.starts_with(place)),
            "{}",
            out(&shown)
        );
    }
    let other = site.ec(&["show", "entry.ttl", "--format", "json"]);
    let other: Value = serde_json::from_str(out(&other)).unwrap();
    assert!(other.get("entries").is_none());
}
