//! The command line from outside: what goes in, what comes out, and how it ends.

use crate::harness::site;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use site::Site;

const USER: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.Ab3xY9";
const OTHER: &str = "1f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.Ab3xY9";
/// Monday, 2 March 2026, noon.
const NOON: u64 = 1_772_452_800;

struct CommandOutput {
    code: i32,
    out: String,
    err: String,
}

impl Site {
    fn run(&self, args: &[&str]) -> CommandOutput {
        ran(&self.ec(args))
    }

    fn feed(&self, args: &[&str], input: &str) -> CommandOutput {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        ran(&child.wait_with_output().unwrap())
    }

    /// Applies events to a store in memory, under the policy with these overrides; gives the lines printed.
    fn apply(&self, args: &[&str], events: &str) -> (CommandOutput, Vec<Value>) {
        let ran = self.feed(
            &[&["apply", "--store", "memory", "--output", "jsonl"], args].concat(),
            events,
        );
        let lines = ran
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        (ran, lines)
    }
}

fn ran(output: &Output) -> CommandOutput {
    CommandOutput {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

fn event(at: u64, op: &str, fields: &str) -> String {
    let comma = if fields.is_empty() { "" } else { "," };
    format!(r#"{{"at":{at},"op":"{op}","ec_id":"{USER}"{comma}{fields}}}"#) + "\n"
}

#[test]
fn what_no_partner_can_mean_is_refused_and_leaves_no_trace() {
    let site = Site::new("");
    let millis = NOON * 1_000;
    let one = |uid: &str, timestamp: u64| {
        format!(r#""partner_id":"a.com","uid":"{uid}","timestamp":{timestamp}"#)
    };
    let events = [
        event(NOON, "upsert_partner_id", &one("U", millis)),
        event(NOON, "upsert_partner_id", &one("U", NOON + 301)),
        event(NOON, "upsert_partner_id", &one("${UID}", NOON)),
        event(
            NOON,
            "upsert_partner_ids",
            &format!(
                r#""ids":[{{{}}},{{{}}}]"#,
                one("U", millis),
                one("OptOut", NOON)
            ),
        ),
        event(NOON, "get", ""),
        event(NOON, "upsert_partner_id", &one("U", NOON + 300)),
    ]
    .concat();
    let (_, lines) = site.apply(&[], &events);
    let reported: Vec<(&str, u64)> = lines
        .iter()
        .map(|line| {
            let calls = line["reads"].as_u64().unwrap() + line["writes"].as_u64().unwrap();
            (line["outcome"].as_str().unwrap(), calls)
        })
        .collect();
    assert_eq!(
        reported,
        [
            ("invalid_timestamp", 0),
            ("invalid_timestamp", 0),
            ("invalid_uid", 0),
            ("refused", 0),
            ("not_found", 1),
            ("created_minimal", 2),
        ]
    );
    assert_eq!(
        lines[3]["outcomes"],
        serde_json::json!(["invalid_timestamp", "invalid_uid"])
    );
}

#[test]
fn every_operation_prints_its_line() {
    let site = Site::new("");
    let events = [
        event(
            NOON,
            "create",
            r#""consent":{"tcf":"T","us_privacy":"1YNN","gpc":true,"rule":"grant.no_law","more":[{"signal":"tcf","value":"U"}]},"geo":{"country":"US","region":"CA"}"#,
        ),
        "\n".to_owned(),
        event(NOON, "create_or_revive", ""),
        event(
            NOON,
            "upsert_partner_id",
            r#""partner_id":"a.com","uid":"U""#,
        ),
        event(
            NOON,
            "upsert_partner_ids",
            r#""ids":[{"partner_id":"a.com","uid":"V"},{"partner_id":"b.com","uid":" "}]"#,
        ),
        event(NOON + 300, "update_last_seen", ""),
        event(NOON + 300, "get_metadata", ""),
        event(NOON + 300, "get", ""),
        event(NOON + 301, "write_withdrawal_tombstone", ""),
        event(NOON + 302, "delete", ""),
        event(NOON + 303, "get", ""),
    ]
    .concat();
    let (ran, lines) = site.apply(&[], &events);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let reported: Vec<(u64, &str, &str, u64, u64)> = lines
        .iter()
        .map(|line| {
            assert_eq!(line["retries"], 0);
            (
                line["line"].as_u64().unwrap(),
                line["op"].as_str().unwrap(),
                line["outcome"].as_str().unwrap(),
                line["reads"].as_u64().unwrap(),
                line["writes"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        reported,
        [
            (1, "create", "created", 0, 1),
            (3, "create_or_revive", "already_live", 1, 0),
            (4, "upsert_partner_id", "written", 1, 1),
            (5, "upsert_partner_ids", "written", 1, 1),
            (6, "update_last_seen", "touched", 1, 1),
            (7, "get_metadata", "found", 1, 0),
            (8, "get", "found", 1, 0),
            (9, "write_withdrawal_tombstone", "withdrawn", 0, 1),
            (10, "delete", "deleted", 0, 1),
            (11, "get", "not_found", 1, 0),
        ]
    );
    assert_eq!(
        lines[3]["outcomes"],
        serde_json::json!(["written", "invalid_uid"])
    );
    assert_eq!(lines[5]["metadata"]["country"], "US");
    assert_eq!(lines[5].get("entry"), None);
    let got = &lines[6];
    assert_eq!(got["entry"]["ids"]["a.com"]["uid"], "V");
    assert_eq!(
        got["entry"]["consent"],
        serde_json::json!({
            "tcf": "T", "us_privacy": "1YNN", "gpc": true, "rule": "grant.no_law",
            "more": [{ "signal": "tcf", "value": "U" }], "ok": true, "updated": NOON
        })
    );
    assert_eq!(got["metadata"]["t"], NOON + 300);
    assert!(got["generation"].is_string());
    assert_eq!(got["expires_at"], "2027-03-02T12:05:00Z");
}

#[test]
fn the_simplest_line_has_exactly_the_fields_promised() {
    let (ran, _) = Site::new("").apply(
        &[],
        &event(
            NOON,
            "upsert_partner_id",
            r#""partner_id":"a.com","uid":"U""#,
        ),
    );
    assert_eq!(
        ran.out,
        "{\"line\":1,\"op\":\"upsert_partner_id\",\"outcome\":\"created_minimal\",\"reads\":1,\"writes\":1,\"retries\":0}\n"
    );
}

#[test]
fn a_failed_operation_says_why_and_does_not_stop_the_run() {
    let site = Site::new("");
    let events = [
        event(NOON, "put_raw", r#""body":"{}","ttl":"1h""#),
        event(NOON, "update_last_seen", ""),
        event(NOON, "get", ""),
        event(NOON, "write_withdrawal_tombstone", ""),
    ]
    .concat();
    let (ran, lines) = site.apply(&["--allow-raw"], &events);
    assert_eq!(ran.code, 1);
    assert_eq!(
        (&lines[0]["outcome"], &lines[0]["writes"]),
        (&"stored".into(), &1.into())
    );
    assert_eq!(
        (&lines[1]["outcome"], &lines[1]["error"]),
        (&"error".into(), &"unreadable_entry".into())
    );
    assert!(
        lines[1]["message"]
            .as_str()
            .unwrap()
            .contains("missing field `created`")
    );
    assert_eq!(lines[2]["outcome"], "unreadable");
    assert_eq!(lines[3]["outcome"], "withdrawn");
}

#[test]
fn a_byte_order_mark_before_the_events_is_skipped() {
    let events = format!("\u{feff}{}", event(NOON, "get", ""));
    let (ran, lines) = Site::new("").apply(&[], &events);
    assert_eq!((ran.code, lines.len()), (0, 1), "{}", ran.err);
    // Elsewhere it is a character like any other.
    let events = format!("{0}\u{feff}{0}", event(NOON, "get", ""));
    assert_eq!(Site::new("").apply(&[], &events).0.code, 1);
}

#[test]
fn an_invalid_line_is_reported_with_its_place_changes_nothing_and_stops() {
    let good = event(NOON, "write_withdrawal_tombstone", "");
    let event_with = |op: &str, fields: &str| event(NOON, op, fields).trim_end().to_owned();
    // The line, where in it the column must point, and what must be said.
    let cases = [
        ("{\"at\":1,".to_owned(), ",", "not JSON"),
        ("[]".to_owned(), "[", "an object with `at`, `op`"),
        (
            event_with("forget", ""),
            "\"forget",
            "unknown operation `forget`",
        ),
        (
            event_with("get", r#""uid":"U""#),
            "\"U",
            "`get` takes no `uid`",
        ),
        (
            event_with("get", r#""uidd":"U""#),
            "\"uidd",
            "unknown field `uidd`",
        ),
        (
            format!(r#"{{"at":{NOON},"op":"get"}}"#),
            "\"get",
            "`get` needs `ec_id`",
        ),
        (
            format!(r#"{{"at":{NOON},"op":"get","ec_id":"0F.x"}}"#),
            "\"0F",
            "`0F.x` is not an EC id",
        ),
        (
            format!(r#"{{"at":{NOON},"op":"get","ec_id":5}}"#),
            "5}",
            "a string",
        ),
        (
            format!(r#"{{"at":"noon","op":"get","ec_id":"{USER}"}}"#),
            "\"noon",
            "`noon` is not a time",
        ),
        (
            format!(r#"{{"at":1.5,"op":"get","ec_id":"{USER}"}}"#),
            "1.5",
            "RFC 3339",
        ),
        (
            format!(r#"{{"op":"get","ec_id":"{USER}"}}"#),
            "{",
            "missing field `at`",
        ),
        (
            format!(r#"{{"at":1,"at":2,"op":"get","ec_id":"{USER}"}}"#),
            "\"at\":2",
            "duplicate field `at`",
        ),
        ("null".to_owned(), "null", "an object with `at`, `op`"),
        (
            event_with("get", "").replace('}', ",}"),
            "}",
            "trailing comma",
        ),
        (event(NOON - 1, "get", ""), "1772", "time goes back"),
        (
            event_with("put_raw", r#""body":"{}""#),
            "\"put_raw",
            "--allow-raw",
        ),
        (
            event_with("put_raw", r#""body":"{}","ttl":"soon""#),
            "\"soon",
            "`soon` is not a duration",
        ),
        (
            event_with("create", r#""geo":{"country":"Germany"}"#),
            "{\"country",
            "`Germany` is not a country",
        ),
        (
            event_with("create", r#""consent":{"tcf":"T","gdpr":1}"#),
            "\":1",
            "unknown field `gdpr`",
        ),
        (
            event_with("create", r#""consent":{"more":[{"signal":"tcf"}]}"#),
            "}]",
            "`consent.more[0]`: missing field `value`",
        ),
        (
            event_with(
                "upsert_partner_ids",
                r#""ids":[{"partner_id":"a","uid":"U"},{"partner_id":"b","uid":5}]"#,
            ),
            "5}",
            "`ids[1].uid`: invalid type",
        ),
        (
            event_with("upsert_partner_id", r#""partner_id":"a b","uid":"U""#),
            "\"a b",
            "`a b` is not a partner id",
        ),
        (
            event_with("upsert_partner_id", r#""uid":"éé","partner_id":"é""#),
            "\"é\"",
            "`é` is not a partner id",
        ),
        (
            event_with("upsert_partner_id", r#""partner_id":"a""#),
            "\"upsert",
            "needs `ec_id` and `partner_id` and `uid`",
        ),
        (
            event_with("update_last_seen", r#""timestamp":-5"#),
            "-5",
            "before 1970",
        ),
        (
            event_with("update_last_seen", r#""timestamp":"5""#),
            "\"5",
            "Unix seconds",
        ),
    ];
    for (bad, points_at, message) in cases {
        let before = bad.rfind(points_at).unwrap();
        let column = bad[..before].chars().count() + 1;
        let bad = bad.trim_end();
        let events = format!("{good}{bad}\n{}", event(NOON, "get", ""));
        let (ran, lines) = Site::new("").apply(&[], &events);
        assert_eq!(ran.code, 1, "{bad}");
        assert_eq!(lines.len(), 1, "nothing after `{bad}` runs");
        assert!(
            ran.err.starts_with(&format!("error: -:2:{column}: ")),
            "{bad}: {}",
            ran.err
        );
        assert!(ran.err.contains(message), "{bad}: {}", ran.err);

        let (ran, lines) = Site::new("").apply(&["--keep-going"], &events);
        assert_eq!(ran.code, 1);
        assert_eq!(lines.len(), 2, "`{bad}` is skipped");
        assert_eq!(lines[1]["line"], 3);
    }
}

#[test]
fn lines_that_are_not_text_are_refused() {
    let site = Site::new("");
    std::fs::write(site.path().join("bytes.jsonl"), b"{\"at\":\"\xff\"}\n").unwrap();
    let ran = site.run(&["apply", "--store", "memory", "bytes.jsonl"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.starts_with("error: bytes.jsonl:1:8: not UTF-8"),
        "{}",
        ran.err
    );
}

#[test]
fn streams_of_several_files_are_one_stream() {
    let site = Site::new("");
    site.write("a.jsonl", &event(NOON, "create", ""));
    site.write(
        "b.jsonl",
        &(event(NOON - 5, "get", "").replace('\n', "\r\n")),
    );
    let ran = site.run(&["apply", "--store", "memory", "a.jsonl", "b.jsonl"]);
    assert!(
        ran.err.contains("b.jsonl:1:7: time goes back"),
        "{}",
        ran.err
    );
    let ran = site.run(&[
        "apply", "--store", "memory", "--output", "jsonl", "b.jsonl", "a.jsonl",
    ]);
    assert_eq!((ran.code, ran.out.lines().count()), (0, 2));
}

#[test]
fn a_run_that_cannot_start_ends_with_two() {
    let site = Site::new("[ec.entry]\nttl = \"1month\"\n");
    let empty = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str); 6] = [
        (&["apply", "none.jsonl"], "the policy is invalid"),
        (
            &[
                "apply",
                "--set",
                "ec.entry.ttl=1d",
                "--store",
                "memory",
                "none.jsonl",
            ],
            "the policy is invalid",
        ),
        (
            &["apply", "--profile", "none"],
            "there is no profile `none`",
        ),
        (
            &["apply", "--config", "none.toml"],
            "cannot read `none.toml`",
        ),
        (
            &["apply", "--config", empty.path().to_str().unwrap()],
            "it is a folder",
        ),
        (&["get", "short"], "an EC id is 64"),
    ];
    for (args, message) in cases {
        let ran = site.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(message), "{args:?}: {}", ran.err);
        assert_eq!(ran.out, "");
    }
    let ran = Site::new("").run(&["apply", "none.jsonl"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("cannot read `none.jsonl`"), "{}", ran.err);
}

#[test]
fn what_is_applied_stays_and_is_read_listed_and_erased() {
    let site = Site::new("[ec.local]\ndata_dir = \"kept/here\"\n");
    let ran = site.run(&["get", USER]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("there is no store at `kept/here"),
        "{}",
        ran.err
    );

    let events = [
        event(NOON, "create", ""),
        event(
            NOON,
            "upsert_partner_id",
            r#""partner_id":"a.com","uid":"U""#,
        ),
        event(NOON + 1, "create", "").replace(USER, OTHER),
        event(NOON + 2, "write_withdrawal_tombstone", "").replace(USER, OTHER),
    ]
    .concat();
    let ran = site.feed(&["apply", "--output", "jsonl"], &events);
    assert_eq!((ran.code, ran.out.lines().count()), (0, 4), "{}", ran.err);
    assert!(
        site.path().join("kept/here/graph.redb").is_file(),
        "the folder that `[ec.local]` names"
    );

    let at = (NOON + 60).to_string();
    let ran = site.run(&["get", USER, "--at", &at]);
    let got: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (ran.code, &got["body"]["ids"]["a.com"]["uid"]),
        (0, &"U".into())
    );
    assert_eq!(got["expires_at"], "2027-03-02T12:00:00Z");
    let listed = |args: &[&str]| site.run(&[&["list", "--at", &at], args].concat()).out;
    assert_eq!(listed(&[]), format!("{USER}\n{OTHER}\n"));
    assert_eq!(listed(&["--prefix", "1f"]), format!("{OTHER}\n"));
    assert_eq!(listed(&["--limit", "1"]), format!("{USER}\n"));
    assert_eq!(listed(&["--limit", "0"]), "");
    let day_later = (NOON + 90_000).to_string();
    assert_eq!(
        site.run(&["list", "--at", &day_later]).out,
        format!("{USER}\n"),
        "the tombstone is over"
    );

    let ran = site.run(&["delete", USER, "--at", &at]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "deleted\n"));
    let ran = site.run(&["delete", USER, "--at", &at]);
    assert_eq!((ran.code, ran.out.as_str()), (1, "not_found\n"));
    let ran = site.run(&["get", USER, "--at", &at]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.out,
        format!("{{\"ec_id\":\"{USER}\",\"state\":\"absent\"}}\n")
    );
    let ran = site.run(&["delete", USER, "--at", "2999-01-01T00:00:00Z"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("later than this machine's clock"),
        "{}",
        ran.err
    );
}

#[test]
fn a_line_from_the_future_is_refused_on_a_store_that_is_kept() {
    let site = Site::new("");
    let future = event(32_503_680_000, "get", "");
    let ran = site.feed(&["apply"], &future);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .contains("-:1:7: `3000-01-01T00:00:00Z` is later than this machine's clock"),
        "{}",
        ran.err
    );
    assert_eq!(
        site.apply(&[], &future).0.code,
        0,
        "a store in memory takes it"
    );
}

#[test]
fn a_store_belongs_to_one_process() {
    let site = Site::new("");
    let mut holder = site
        .command(&["apply"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = holder.stdin.take().unwrap();
    input
        .write_all(event(NOON, "create", "").as_bytes())
        .unwrap();
    // The holder has opened the store as soon as the file is there, whole, and cannot be opened.
    let ran = loop {
        let ran = site.run(&["list"]);
        let begun = ["there is no store", "is not a store"];
        if !begun.iter().any(|begun| ran.err.contains(begun)) {
            break ran;
        }
    };
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("is in use by another process"),
        "{}",
        ran.err
    );
    drop(input);
    assert!(holder.wait().unwrap().success());
    assert_eq!(
        site.run(&["list", "--at", &NOON.to_string()]).out,
        format!("{USER}\n")
    );
}

#[test]
fn a_result_is_printed_without_waiting_for_the_end_of_the_stream() {
    use std::io::{BufRead, BufReader};
    for store in ["memory", "kept.redb"] {
        let site = Site::new("");
        let mut child = site
            .command(&["apply", "--output", "jsonl", "--store", store])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        for _ in 0..3 {
            input.write_all(event(NOON, "get", "").as_bytes()).unwrap();
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            assert!(line.contains("not_found"), "{line}");
        }
        drop(input);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn the_summary_counts_what_happened() {
    let site = Site::new("");
    let events = [
        event(NOON, "create", ""),
        event(NOON, "create", "").replace(USER, OTHER),
        event(NOON + 1, "write_withdrawal_tombstone", "").replace(USER, OTHER),
        event(NOON + 2, "update_last_seen", ""),
    ]
    .concat();
    let ran = site.feed(&["apply", "--store", "memory"], &events);
    for line in [
        "profile development, policy ",
        "create\n  created                        2\n",
        "update_last_seen\n  debounced                      1\n",
        "store      1 reads, 3 writes, 0 retries",
        "entries    1 live, 1 withdrawn\n",
        "events     4 in ",
    ] {
        assert!(ran.out.contains(line), "{line:?} in {}", ran.out);
    }
}

#[test]
fn output_whose_reader_has_gone_ends_quietly() {
    let site = Site::new("");
    let mut child = site
        .command(&["show"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn check_reports_problems_by_its_exit_code_and_as_json() {
    let site = Site::new("[ec.cas]\nbackoff = \"50ms\"\n");
    site.write(
        "policies/bad.toml",
        "[ec.entry]\nttl = \"1month\"\n[ec.cas]\nmax_backoff = \"1s\"\n",
    );
    site.write(
        "policies/good.toml",
        "[ec]\n[ec.cas]\nmax_backoff = \"1s\"\n[ec.entry]\nrenewal = \"on_visit\"\n[ec.delete]\nmode = \"tombstone\"\n\
         [ec.sync]\non_missing = \"reject\"\nconcurrency = 100\n",
    );
    assert_eq!(site.run(&["check"]).code, 0, "warnings stop nothing");
    assert_eq!(site.run(&["check", "--deny-warnings"]).code, 1);
    assert_eq!(
        site.run(&["check", "--profile", "good", "--deny-warnings"])
            .code,
        0
    );
    assert_eq!(site.run(&["check", "--profile", "bad"]).code, 1);
    assert_eq!(site.run(&["check", "--profile", "none"]).code, 2);
    let ran = site.run(&["check", "--all", "--format", "json"]);
    assert_eq!(ran.code, 1);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let profiles = report["profiles"].as_array().unwrap();
    assert_eq!(profiles.len(), 2);
    assert_eq!(
        (
            &profiles[0]["profile"],
            &profiles[0]["ok"],
            &profiles[0]["digest"]
        ),
        (&"bad".into(), &false.into(), &Value::Null)
    );
    assert_eq!(
        (&profiles[1]["profile"], &profiles[1]["ok"]),
        (&"good".into(), &true.into())
    );
    assert_eq!(profiles[1]["digest"].as_str().unwrap().len(), 64);
    let finding = &profiles[0]["diagnostics"][0];
    assert_eq!(
        (&finding["code"], &finding["severity"], &finding["key"]),
        (&"EC0005".into(), &"error".into(), &"ec.entry.ttl".into())
    );
    assert_eq!(
        finding["places"],
        serde_json::json!([{"file": "policies/bad.toml", "line": 2, "column": 7}])
    );
    assert!(finding["help"].is_string() && finding["message"].is_string());
}

#[test]
fn show_reports_the_origin_of_every_value() {
    let site = Site::new("[ec.tombstone]\nttl = \"12h\"\n");
    site.write("policies/base.toml", "[ec.tombstone]\nttl = \"24h\"\n");
    site.write(
        "policies/top.toml",
        "inherits = \"base\"\n[ec.tombstone]\nttl = \"1440m\"\n",
    );
    let mut command = site.command(&[
        "show",
        "--profile",
        "top",
        "--format",
        "json",
        "--set",
        "ec.tombstone.ttl=48h",
    ]);
    let output = command
        .env("TRUSTED_SERVER__EC__TOMBSTONE__TTL", "36h")
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["profile"], "top");
    let values = report["values"].as_array().unwrap();
    let ttl = values
        .iter()
        .find(|value| value["key"] == "ec.tombstone.ttl")
        .unwrap();
    assert_eq!(
        (&ttl["value"], &ttl["origin"]["layer"]),
        (&"48h".into(), &"command_line".into())
    );
    let overrides: Vec<(&str, &str)> = ttl["overrides"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["value"].as_str().unwrap(),
                one["origin"]["layer"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        overrides,
        [
            ("36h", "environment"),
            ("1440m", "profile"),
            ("24h", "profile"),
            ("12h", "config"),
            ("24h", "default")
        ]
    );
    let top = &ttl["overrides"][1]["origin"];
    assert_eq!(
        *top,
        serde_json::json!({"layer": "profile", "name": "top", "file": "policies/top.toml", "line": 3, "column": 7})
    );
    let same = site.run(&[
        "show",
        "--profile",
        "top",
        "--format",
        "json",
        "--set",
        "ec.tombstone.ttl=2d",
    ]);
    let same: Value = serde_json::from_str(&same.out).unwrap();
    assert_eq!(
        same["digest"], report["digest"],
        "durations are compared by value"
    );
}

#[test]
fn what_is_shown_is_a_policy_that_says_the_same() {
    let root = Path::new(env!("REPOSITORY"));
    // A secret in clear is not shown, and so cannot be read back: by reference it can.
    let by_reference = [
        "--set",
        "ec.passphrase={ env = \"A\" }",
        "--set",
        "ec.admin_token={ env = \"B\" }",
    ];
    for profile in ["development", "staging", "production"] {
        let secrets: &[&str] = if profile == "development" {
            &by_reference
        } else {
            &[]
        };
        let shown = Command::new(env!("CARGO_BIN_EXE_ec"))
            .current_dir(root)
            .args(["show", "--origin", "--profile", profile])
            .args(secrets)
            .output()
            .unwrap();
        let site = Site::new(&String::from_utf8(shown.stdout).unwrap());
        let digest = |ran: CommandOutput| -> Value {
            let report: Value = serde_json::from_str(&ran.out).unwrap();
            assert_eq!(report["profiles"][0]["ok"], true, "{}", ran.out);
            report["profiles"][0]["digest"].clone()
        };
        let original = Command::new(env!("CARGO_BIN_EXE_ec"))
            .current_dir(root)
            .args(["check", "--format", "json", "--profile", profile])
            .args(secrets)
            .output()
            .unwrap();
        assert_eq!(
            digest(site.run(&["check", "--format", "json"])),
            digest(ran(&original)),
            "{profile}"
        );
    }
}

#[test]
fn no_output_shows_a_secret() {
    let site = Site::new(
        "[ec]\npassphrase = \"hunter2\"\nfoo = 1\n[[ec.partners]]\nsource_domain = \"a.com\"\napi_token = \"hunter2\"\n",
    );
    let mut all = Vec::new();
    for args in [
        &["check"] as &[&str],
        &["check", "--format", "json"],
        &["show", "--origin", "--set", "ec.passphrase=hunter2"],
    ] {
        all.push(site.run(args));
    }
    site.write("trusted-server.toml", "[ec]\npassphrase = \"hunter2\"\n[[ec.partners]]\nsource_domain = \"a.com\"\napi_token = \"hunter2\"\n");
    for args in [
        &["show", "--origin"] as &[&str],
        &["show", "--format", "json"],
    ] {
        let ran = site.run(args);
        assert!(ran.out.contains("\"…\""), "{}", ran.out);
        all.push(ran);
    }
    site.write(
        "trusted-server.toml",
        "[[ec.partners]]\nsource_domain = \"a.com\"\napi_token = \"hunter2\", foo = 1\n",
    );
    all.push(site.run(&["check"]));
    for ran in all {
        assert!(
            !ran.out.contains("hunter2") && !ran.err.contains("hunter2"),
            "{} {}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn completions_are_printed_for_every_shell() {
    let site = Site::new("");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = site.run(&["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("apply"), "{shell}");
    }
}

#[test]
fn every_store_that_a_profile_names_is_declared_to_the_platform() {
    let root = Path::new(env!("REPOSITORY"));
    let manifest: toml::Table =
        toml::from_str(&std::fs::read_to_string(root.join("fastly.toml")).unwrap()).unwrap();
    for profile in ["development", "staging", "production"] {
        let shown = Command::new(env!("CARGO_BIN_EXE_ec"))
            .current_dir(root)
            .args(["show", "--format", "json", "--profile", profile])
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&shown.stdout).unwrap();
        for value in report["values"].as_array().unwrap() {
            if ["ec.ec_store", "ec.partner_store"].contains(&value["key"].as_str().unwrap()) {
                let store = value["value"].as_str().unwrap();
                for part in ["local_server", "setup"] {
                    assert!(
                        manifest[part]["kv_stores"].get(store).is_some(),
                        "{part} lacks {store}"
                    );
                }
            }
        }
    }
}
