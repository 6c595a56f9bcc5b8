//! Where a rule begins to find something: the last value that it lets pass, and the first that it does not.
#![allow(
    dead_code,
    reason = "half of the support is for others, tables of cases are long, and a failed test should stop"
)]

use crate::support::written;

use edge_cookie::diagnostic::Code;
use written::overridden;

/// The messages of one code that these overrides of the defaults lead to.
fn messages(sets: &[&str], code: Code) -> Vec<String> {
    let found = overridden(sets).findings.into_iter();
    found
        .filter(|finding| finding.code == code)
        .map(|finding| finding.message)
        .collect()
}

#[test]
fn a_rule_finds_what_is_beyond_its_bound_and_not_what_is_at_it() {
    let cases: &[(Code, &[&str], bool)] = &[
        // A zero that turns off nothing is none.
        (Code::ZeroDuration, &["cas.deadline=0ms"], true),
        (Code::ZeroDuration, &["cas.deadline=1ms"], false),
        (
            Code::ZeroDuration,
            &["cas.deadline=0ms", "cas.max_retries=0"],
            false,
        ),
        (
            Code::ZeroDuration,
            &["sync.refresh_after=0s", "sync.unchanged=refresh"],
            true,
        ),
        (
            Code::ZeroDuration,
            &["sync.refresh_after=1s", "sync.unchanged=refresh"],
            false,
        ),
        (Code::ZeroDuration, &["sync.refresh_after=0s"], false),
        // Ten years have two or three leap days: 3653 days.
        (Code::AbsurdDuration, &["entry.ttl=3653d"], false),
        (Code::AbsurdDuration, &["entry.ttl=3653d 1s"], true),
        (Code::AbsurdDuration, &["organic.budget=2m"], false),
        (Code::AbsurdDuration, &["organic.budget=2m 1ms"], true),
        // A retry that starts by the deadline (1s) is a read and a write (500ms each): two seconds an operation.
        (
            Code::BatchOverDeadline,
            &["sync.max_batch=15", "sync.concurrency=1"],
            false,
        ),
        (
            Code::BatchOverDeadline,
            &["sync.max_batch=16", "sync.concurrency=1"],
            true,
        ),
        // Without retries there is no deadline to wait for: one second an operation.
        (
            Code::BatchOverDeadline,
            &[
                "sync.max_batch=30",
                "sync.concurrency=1",
                "cas.max_retries=0",
            ],
            false,
        ),
        (
            Code::BatchOverDeadline,
            &[
                "sync.max_batch=31",
                "sync.concurrency=1",
                "cas.max_retries=0",
            ],
            true,
        ),
        // A lookup lags by 60 s, a request lives for 120 s, and its operation takes another 2 s.
        (Code::TombstoneTooShort, &["tombstone.ttl=182s"], false),
        (Code::TombstoneTooShort, &["tombstone.ttl=181s"], true),
        // A second that has begun counts.
        (
            Code::TombstoneTooShort,
            &["tombstone.ttl=183s", "cas.deadline=1001ms"],
            false,
        ),
        (
            Code::TombstoneTooShort,
            &["tombstone.ttl=182s", "cas.deadline=1001ms"],
            true,
        ),
        // Who does not wait needs no jitter.
        (
            Code::NoJitter,
            &["cas.jitter=none", "cas.backoff=1ms", "cas.max_backoff=1ms"],
            true,
        ),
        (Code::NoJitter, &["cas.jitter=none"], false),
        (
            Code::NoJitter,
            &["cas.jitter=none", "cas.backoff=1ms", "cas.max_backoff=0ms"],
            false,
        ),
        (
            Code::NoJitter,
            &[
                "cas.jitter=none",
                "cas.backoff=1ms",
                "cas.max_backoff=1ms",
                "cas.max_retries=0",
            ],
            false,
        ),
    ];
    for (code, sets, found) in cases {
        let reported = messages(sets, *code);
        assert_eq!(
            !reported.is_empty(),
            *found,
            "{code} {sets:?}: {reported:?}"
        );
    }
}

#[test]
fn a_message_shows_values_as_they_were_written() {
    let found = messages(&["entry.ttl=520 weeks 20days"], Code::AbsurdDuration);
    assert_eq!(
        found,
        [
            "`entry.ttl = \"520 weeks 20days\"` is longer than ten years, longer than any consent lasts"
        ]
    );
    let found = messages(
        &["cookie.max_age=48 hours", "entry.ttl=1day"],
        Code::CookieOutlivesEntry,
    );
    assert_eq!(
        found,
        [
            "the cookie (`cookie.max_age`, `48 hours`) outlives its entry (`entry.ttl`, `1day`): the browser carries an id whose record is gone"
        ]
    );
    let found = messages(&["cas.max_retries=4"], Code::TooManyCalls);
    assert_eq!(
        found,
        [
            "one page request may make 10 store calls with `4` retries, and the edge allows 32 backend requests, towards which they may count: stay below 10"
        ]
    );
}

#[test]
fn what_depends_on_a_refused_value_is_not_reported() {
    // The value used in place of a refused one is not what the author meant.
    let cookie = "cookie.max_age=30d";
    assert_eq!(messages(&[cookie], Code::EntryOutlivesCookie).len(), 1);
    let refused = [cookie, "entry.ttl=soon"];
    assert_eq!(messages(&refused, Code::BadDuration).len(), 1);
    assert!(messages(&refused, Code::EntryOutlivesCookie).is_empty());
    // What depends on other values is reported.
    assert_eq!(messages(&refused, Code::HardDelete).len(), 1);
}
