//! The rules about promises are correct: a policy that they accept keeps every promise, and one that they warn about
//! breaks one, by the model checker.

use crate::support;

use std::collections::BTreeSet;
use std::sync::Arc;

use edge_cookie::diagnostic::Code;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::settings::{Unchanged, UnknownAge};
use edge_cookie::rules::{self, Subject};
use edge_cookie_verify::{Proof, Scope, verify};
use proptest::prelude::*;
use support::written::with;

/// Large enough for every rule, and small enough to check many policies.
const SMALL: Scope = Scope {
    actors: 2,
    partners: 1,
    operations: 2,
    faults: 2,
    moves: 2,
};

/// A policy that keeps every promise.
const CLEAN: [&str; 4] = [
    "delete.mode=tombstone",
    "entry.renewal=on_visit",
    "sync.on_missing=reject",
    "sync.max_age=24h",
];

fn changed(sets: &[&str]) -> Resolved {
    with(CLEAN.iter().chain(sets).map(|set| (*set).to_owned()))
}

fn proof(resolved: &Resolved) -> Proof {
    let policy = Arc::new(resolved.policy.clone());
    // A refresh needs a record and two syncs: where the other system's record counts as absent, a visit has to create one.
    let refreshes = policy.sync.unchanged == Unchanged::Refresh;
    let creation = usize::from(refreshes && policy.import.unknown_age == UnknownAge::Reject);
    let scope = Scope {
        operations: SMALL.operations + creation,
        ..SMALL
    };
    verify(&[policy], scope, &|_| {})
}

/// The findings of the rules about promises, each with its setting.
fn flagged(resolved: &Resolved) -> Vec<(Code, String)> {
    let found = rules::check(&Subject::of(resolved));
    found
        .into_iter()
        .filter(|finding| finding.code.to_string().starts_with("EC02"))
        .map(|finding| (finding.code, finding.key.unwrap_or_default()))
        .collect()
}

/// The promise of each violation, and its first setting.
fn violations(proof: &Proof) -> BTreeSet<(u8, String)> {
    let cause = |keys: &[&str]| {
        keys.first()
            .map_or_else(String::new, |key| format!("ec.{key}"))
    };
    proof
        .violations
        .iter()
        .map(|violation| (violation.promise.number(), cause(violation.keys)))
        .collect()
}

/// The settings, the rules that warn about them, and the promises that break, each with its setting.
type Case = (
    &'static [&'static str],
    &'static [Code],
    &'static [(u8, &'static str)],
);

#[test]
fn each_rule_of_a_promise_has_its_counterexample() {
    let cases: &[Case] = &[
        (&[], &[], &[]),
        (
            &["sync.on_missing=create_minimal"],
            &[Code::SyncCreatesUser],
            &[(1, "ec.sync.on_missing")],
        ),
        (
            &["sync.on_missing=create_minimal", "sync.max_age=none"],
            &[Code::LateSyncCreatesUser],
            &[(1, "ec.sync.on_missing")],
        ),
        // The first policy that is flagged, and the last that is not.
        (
            &["entry.ttl=1h", "last_seen.debounce=1h"],
            &[Code::DebounceOutlivesEntry],
            &[(9, "ec.last_seen.debounce")],
        ),
        (&["entry.ttl=1h", "last_seen.debounce=3599s"], &[], &[]),
        (
            &[
                "entry.ttl=7d",
                "sync.unchanged=refresh",
                "sync.refresh_after=7d",
            ],
            &[Code::RefreshOutlivesEntry],
            &[(10, "ec.sync.refresh_after")],
        ),
        (
            &[
                "entry.ttl=7d",
                "sync.unchanged=refresh",
                "sync.refresh_after=7d",
                "import.unknown_age=reject",
            ],
            &[Code::RefreshOutlivesEntry],
            &[(10, "ec.sync.refresh_after")],
        ),
        (
            &[
                "entry.ttl=7d",
                "sync.unchanged=refresh",
                "sync.refresh_after=604799s",
            ],
            &[],
            &[],
        ),
        (
            &["delete.mode=hard"],
            &[Code::HardDelete],
            &[(1, "ec.delete.mode")],
        ),
        // A lookup lags by up to 60 s, a request lasts up to 120 s, and its operation up to 2 s.
        (
            &["tombstone.ttl=181s"],
            &[Code::TombstoneTooShort],
            &[(1, "ec.tombstone.ttl")],
        ),
        (&["tombstone.ttl=182s"], &[], &[]),
        (
            &["entry.renewal=on_write"],
            &[Code::SyncsKeepForEver],
            &[(8, "ec.entry.renewal")],
        ),
        (
            &["entry.expiry=store"],
            &[Code::RetentionRestsOnStore],
            &[(8, "ec.entry.expiry")],
        ),
        (
            &["import.unknown_age=now"],
            &[Code::UnknownAgeKept],
            &[(8, "ec.import.unknown_age")],
        ),
        (&["import.unknown_age=reject"], &[], &[]),
        (
            &["import.unknown_age=now", "entry.renewal=from_creation"],
            &[],
            &[],
        ),
    ];
    for (sets, rules, broken) in cases {
        let resolved = changed(sets);
        let codes: Vec<Code> = flagged(&resolved)
            .into_iter()
            .map(|(code, _)| code)
            .collect();
        assert_eq!(codes, *rules, "{sets:?}");
        let expected = broken
            .iter()
            .map(|(promise, key)| (*promise, (*key).to_owned()));
        let proof = proof(&resolved);
        assert_eq!(violations(&proof), expected.collect(), "{sets:?}");
    }
}

/// Every setting that a promise depends on, and those that control retries.
fn sets() -> impl Strategy<Value = Vec<String>> {
    let of = |key: &'static str, values: &'static [&'static str]| {
        prop::sample::select(values).prop_map(move |value| format!("{key}={value}"))
    };
    let retention = (
        of("entry.ttl", &["90s", "1h", "30d", "365d"]),
        of(
            "entry.renewal",
            &["on_write", "on_visit", "on_visit", "from_creation"],
        ),
        of("entry.expiry", &["engine", "engine", "engine", "store"]),
        of("last_seen.debounce", &["0s", "1s", "300s", "1h"]),
        of(
            "import.unknown_age",
            &["created", "created", "now", "reject"],
        ),
    );
    let withdrawals = (
        of("tombstone.ttl", &["60s", "5m", "24h", "400d"]),
        of("tombstone.repeat", &["rewrite", "keep"]),
        of("tombstone.on_missing", &["write", "skip"]),
        of("delete.mode", &["hard", "tombstone", "tombstone"]),
    );
    let syncs = (
        of("sync.on_missing", &["create_minimal", "reject", "reject"]),
        of("sync.unchanged", &["rewrite", "skip", "refresh"]),
        of("sync.refresh_after", &["5m", "7d", "30d"]),
        of("sync.max_age", &["none", "1h", "24h", "48h"]),
        of("sync.order", &["arrival", "timestamp"]),
    );
    let retries = (
        of("cas.max_retries", &["0", "1", "3"]),
        of("cas.on_rate_limited", &["fail", "retry"]),
        of("cas.deadline", &["0ms", "1s", "5s"]),
        of("cas.backoff", &["0ms", "20ms"]),
    );
    (retention, withdrawals, syncs, retries).prop_map(|(retention, withdrawals, syncs, retries)| {
        let mut all: Vec<String> = Vec::new();
        all.extend([retention.0, retention.1, retention.2, retention.3]);
        all.push(retention.4);
        all.extend([withdrawals.0, withdrawals.1, withdrawals.2, withdrawals.3]);
        all.extend([syncs.0, syncs.1, syncs.2, syncs.3, syncs.4]);
        all.extend([retries.0, retries.1, retries.2, retries.3]);
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_policy_is_flagged_exactly_where_it_breaks_a_promise(sets in sets()) {
        let resolved = with(sets);
        let flagged = flagged(&resolved);
        let violations = violations(&proof(&resolved));
        prop_assert_eq!(flagged.is_empty(), violations.is_empty(), "{:?} {:?}", flagged, violations);
        for (_, key) in &violations {
            prop_assert!(flagged.iter().any(|(_, about)| about == key), "{} of {:?}", key, flagged);
        }
    }
}
