//! Guardrails: which values each bound permits, which bounds a later layer may add, and which are none.

use crate::support::publisher;

use edge_cookie::diagnostic::{Code, Diagnostic};
use publisher::{Publisher, messages};

/// What is found of a profile under a configuration.
fn findings(config: &str, profile: &str) -> Vec<Diagnostic> {
    let files = [
        ("trusted-server.toml", config),
        ("policies/sample.toml", profile),
    ];
    let publisher = Publisher {
        files: &files,
        ..Publisher::default()
    };
    publisher.findings("sample")
}

fn guardrail(key: &str, bound: &str) -> String {
    format!("[ec.guardrails]\n\"{key}\" = {{ {bound} }}\n")
}

#[test]
fn a_bound_permits_what_lies_within_it_and_nothing_beyond() {
    let cases: &[(&str, &str, &[&str], &[&str])] = &[
        // Durations are compared by their length, however they are written.
        (
            "entry.ttl",
            r#"max = "395d""#,
            &[r#""1s""#, r#""395d""#, r#""9480h""#],
            &[r#""396d""#, r#""9481h""#],
        ),
        (
            "entry.ttl",
            r#"min = "30d""#,
            &[r#""30d""#, r#""720h""#, r#""31d""#],
            &[r#""29d""#, r#""719h""#],
        ),
        (
            "entry.ttl",
            r#"one_of = ["30d", "90d"]"#,
            &[r#""30d""#, r#""2160h""#],
            &[r#""60d""#],
        ),
        // A duration that is not set is longer than any.
        (
            "sync.max_age",
            r#"max = "24h""#,
            &[r#""23h""#, r#""24h""#],
            &[r#""25h""#, r#""none""#],
        ),
        (
            "sync.max_age",
            r#"min = "24h""#,
            &[r#""24h""#, r#""25h""#, r#""none""#],
            &[r#""23h""#],
        ),
        (
            "sync.max_age",
            r#"max = "none""#,
            &[r#""25h""#, r#""none""#],
            &[],
        ),
        (
            "sync.max_age",
            r#"min = "none""#,
            &[r#""none""#],
            &[r#""25h""#],
        ),
        (
            "sync.max_age",
            r#"one_of = ["none", "24h"]"#,
            &[r#""none""#, r#""1d""#],
            &[r#""25h""#],
        ),
        ("sync.max_batch", "max = 100", &["99", "100"], &["101"]),
        ("sync.max_batch", "min = 100", &["100", "101"], &["99"]),
        (
            "sync.max_batch",
            "one_of = [10, 100]",
            &["10", "100"],
            &["11"],
        ),
        ("cookie.http_only", "one_of = [true]", &["true"], &["false"]),
        (
            "delete.mode",
            r#"one_of = ["tombstone"]"#,
            &[r#""tombstone""#],
            &[r#""hard""#],
        ),
        (
            "cookie.name",
            r#"one_of = ["ts-ec", "__Host-ts"]"#,
            &[r#""__Host-ts""#],
            &[r#""ec""#],
        ),
    ];
    for (key, bound, within, beyond) in cases {
        let config = guardrail(key, bound);
        for value in *within {
            let found = findings(&config, &format!("[ec]\n{key} = {value}\n"));
            let none: [&str; 0] = [];
            assert_eq!(messages(&found, Code::BadGuardrail), none, "{key}: {bound}");
            let beyond = messages(&found, Code::BeyondGuardrail);
            assert_eq!(beyond, none, "{key} = {value}: {bound}");
        }
        for value in *beyond {
            let found = findings(&config, &format!("[ec]\n{key} = {value}\n"));
            let beyond = messages(&found, Code::BeyondGuardrail);
            assert_eq!(beyond.len(), 1, "{key} = {value}: {bound}");
            // Both are shown as they were written.
            let value = format!("`{key} = {}` (profile `sample`)", value.trim_matches('"'));
            for shown in [value, format!("the guardrail of `[ec]` allows: `{bound}`")] {
                assert!(beyond[0].contains(&shown), "{shown}: {}", beyond[0]);
            }
        }
    }
}

#[test]
fn a_later_bound_that_allows_more_has_no_effect() {
    // What the configuration bounds, what the profile adds, and whether that allows more.
    let cases = [
        ("entry.ttl", r#"max = "395d""#, r#"max = "396d""#, true),
        ("entry.ttl", r#"max = "395d""#, r#"max = "395d""#, false),
        ("entry.ttl", r#"max = "395d""#, r#"max = "394d""#, false),
        ("entry.ttl", r#"min = "30d""#, r#"min = "29d""#, true),
        ("entry.ttl", r#"min = "30d""#, r#"min = "30d""#, false),
        ("entry.ttl", r#"min = "30d""#, r#"min = "31d""#, false),
        ("entry.ttl", r#"min = "30d""#, r#"max = "500d""#, false),
        ("sync.max_age", r#"max = "24h""#, r#"max = "none""#, true),
        ("sync.max_age", r#"max = "none""#, r#"max = "24h""#, false),
        (
            "sync.max_batch",
            "one_of = [10, 20]",
            "one_of = [10]",
            false,
        ),
        (
            "sync.max_batch",
            "one_of = [10, 20]",
            "one_of = [20, 10]",
            false,
        ),
        (
            "sync.max_batch",
            "one_of = [10, 20]",
            "one_of = [10, 30]",
            true,
        ),
        ("sync.max_batch", "one_of = [10]", "one_of = [10, 20]", true),
    ];
    for (key, before, own, looser) in cases {
        let found = findings(&guardrail(key, before), &guardrail(key, own));
        let loose = messages(&found, Code::LooseGuardrail);
        assert_eq!(loose.len(), usize::from(looser), "{key}: {before}, {own}");
        for message in loose {
            let shown = format!(
                "the guardrail `{own}` of `{key}` has no effect: `[ec]` allows only `{before}`"
            );
            assert_eq!(message, shown);
        }
    }
    // A bound of one setting says nothing of another.
    let found = findings(
        &guardrail("entry.ttl", r#"max = "395d""#),
        &guardrail("cookie.max_age", r#"max = "396d""#),
    );
    assert!(
        messages(&found, Code::LooseGuardrail).is_empty(),
        "{found:?}"
    );
}

#[test]
fn a_guardrail_that_cannot_be_used_says_why() {
    // The table, and the messages about it: none where it can be used.
    let cases = [
        (r#""entry.ttl" = { max = "395d" }"#, None),
        (r#""entry.ttl".max = "395d""#, None),
        // Without quotes the key is a table in a table.
        (r#"entry.ttl = { max = "395d" }"#, None),
        (r#"entry = { ttl = { max = "395d" } }"#, None),
        (
            r#"entry = { tll = { max = "395d" } }"#,
            Some("a guardrail for `entry.tll` would guard nothing: there is no such setting"),
        ),
        (
            r#""entry.tll" = {}"#,
            Some("a guardrail for `entry.tll` would guard nothing: there is no such setting"),
        ),
        (
            r#"entry = { max = "395d" }"#,
            Some("a guardrail for `entry` would guard nothing: there is no such setting"),
        ),
        (
            r#""entry.ttl" = {}"#,
            Some("the guardrail for `entry.ttl` has no limit"),
        ),
        (
            r#""entry.ttl" = "395d""#,
            Some("the guardrail for `entry.ttl` has no limit"),
        ),
        (
            r#""entry.ttl" = { most = "395d" }"#,
            Some("a guardrail has no `most`"),
        ),
        (
            r#""entry.ttl" = { max = "soon" }"#,
            Some("`soon` cannot be compared with `entry.ttl`"),
        ),
        (
            r#""entry.ttl" = { max = "none" }"#,
            Some("`none` cannot be compared with `entry.ttl`"),
        ),
        (
            r#""entry.ttl" = { max = 395 }"#,
            Some("`395` cannot be compared with `entry.ttl`"),
        ),
        (
            r#""sync.max_batch" = { max = -1 }"#,
            Some("`-1` cannot be compared with `sync.max_batch`"),
        ),
        (
            r#""sync.max_batch" = { one_of = [10, true] }"#,
            Some("`true` cannot be compared with `sync.max_batch`"),
        ),
        (
            r#""sync.max_batch" = { one_of = 10 }"#,
            Some("`one_of` of `sync.max_batch` is not a list of values"),
        ),
        (
            r#""sync.max_batch" = { one_of = [] }"#,
            Some("`one_of` of `sync.max_batch` is not a list of values"),
        ),
        (
            r#""cookie.http_only" = { min = true }"#,
            Some(
                "`cookie.http_only` has no order, so that no value is its `min`: list what it may be in `one_of`",
            ),
        ),
        (
            r#""delete.mode" = { max = "hard" }"#,
            Some(
                "`delete.mode` has no order, so that no value is its `max`: list what it may be in `one_of`",
            ),
        ),
        // One value passes both.
        (r#""sync.max_batch" = { min = 1000, max = 1000 }"#, None),
        (
            r#""sync.max_batch" = { min = 1001, max = 1000 }"#,
            Some("no value of `sync.max_batch` can pass both `min = 1001` and `max = 1000`"),
        ),
        (
            r#""sync.max_batch" = { max = 1000, min = 1001 }"#,
            Some("no value of `sync.max_batch` can pass both `max = 1000` and `min = 1001`"),
        ),
        (
            r#""sync.max_batch" = { min = 1001, one_of = [1000], max = 1000 }"#,
            Some("no value of `sync.max_batch` can pass both `min = 1001` and `max = 1000`"),
        ),
        (
            "\"sync.max_batch\" = { min = 1001 }\nsync.max_batch = { max = 1000 }",
            Some("no value of `sync.max_batch` can pass both `min = 1001` and `max = 1000`"),
        ),
        // Two settings are two matters.
        (
            "\"sync.max_batch\" = { min = 1000 }\n\"sync.concurrency\" = { max = 64 }",
            None,
        ),
        (
            r#""sync.max_age" = { min = "none", max = "24h" }"#,
            Some(r#"no value of `sync.max_age` can pass both `min = "none"` and `max = "24h"`"#),
        ),
    ];
    for (table, expected) in cases {
        let found = findings(&format!("[ec.guardrails]\n{table}\n"), "[ec]\n");
        let bad = messages(&found, Code::BadGuardrail);
        assert_eq!(bad, expected.as_slice(), "{table}");
    }
    let found = findings("[ec]\nguardrails = 5\n", "[ec]\n");
    assert_eq!(
        messages(&found, Code::BadGuardrail),
        ["`ec.guardrails` is a table, but something else was given"]
    );
}
