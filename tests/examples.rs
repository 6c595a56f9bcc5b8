//! The shipped event streams: what they are made of, and what they show.

#[allow(
    dead_code,
    reason = "the generator's own `main` is not called from here"
)]
#[path = "../examples/visits.rs"]
mod visits;

use std::collections::{BTreeMap, BTreeSet};

use edge_cookie::clock::{ManualClock, Moment};
use edge_cookie::engine::OperationError;
use edge_cookie::event::{Event, EventAction, OPERATION_NAMES};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{
    DeleteMode, OnMissingSync, OnMissingWithdrawal, Repeat, Unchanged,
};
use edge_cookie::policy::types::{Seconds, Ttl};
use edge_cookie::store::{Insert, KvStore, MemoryStore, Precondition};

const VISITS: &str = include_str!("../examples/visits.jsonl");
const DAMAGED: &str = include_str!("../examples/damaged.jsonl");
const README: &str = include_str!("../examples/README.md");

fn events(stream: &str) -> Vec<Event> {
    let line = |(index, line)| {
        Event::parse(line).unwrap_or_else(|problem| {
            let (number, column) = (index + 1, problem.column);
            panic!("{number}:{column}: {problem}")
        })
    };
    stream.lines().enumerate().map(line).collect()
}

/// The word that each event of `stream` ends in under `policy`.
fn outcomes(stream: &str, policy: &EcPolicy) -> Vec<(&'static str, &'static str)> {
    let clock = ManualClock::default();
    let graph = KvIdentityGraph::new(MemoryStore::new(&clock), &clock);
    let outcome = |event: Event| {
        clock.set(event.at);
        let op = event.action.as_str();
        if let EventAction::PutRaw {
            body,
            metadata,
            ttl,
        } = event.action
        {
            let raw = Insert {
                body: body.into_bytes(),
                metadata: metadata.into_bytes(),
                ttl,
                precondition: Precondition::None,
            };
            graph.store().insert(event.ec_id.as_str(), raw).unwrap();
            return (op, "stored");
        }
        let operation = event.action.operation().unwrap();
        let word = match graph.run(policy, &event.ec_id, operation).result {
            Ok(done) => done.outcome.as_str(),
            Err(OperationError::Unreadable(_)) => "unreadable",
            Err(error) => panic!("{op} of {}: {error}", event.ec_id),
        };
        (op, word)
    };
    events(stream).into_iter().map(outcome).collect()
}

/// What the shipped production profile makes of the settings that matter here.
fn hardened() -> EcPolicy {
    let mut policy = EcPolicy::default();
    policy.tombstone.ttl = Ttl::from_hours(48);
    policy.tombstone.repeat = Repeat::Keep;
    policy.tombstone.on_missing = OnMissingWithdrawal::Skip;
    policy.delete.mode = DeleteMode::Tombstone;
    policy.sync.on_missing = OnMissingSync::Reject;
    policy.sync.unchanged = Unchanged::Refresh;
    policy.sync.max_age = Some(Seconds::from_hours(24));
    policy
}

fn day_of(seed: u64) -> String {
    let mut written = Vec::new();
    visits::write_days(seed, 1, &mut written).unwrap();
    String::from_utf8(written).unwrap()
}

#[test]
fn the_shipped_day_is_what_its_seed_makes() {
    assert!(
        day_of(visits::SEED) == VISITS,
        "make it again: `cargo run --example visits > examples/visits.jsonl`"
    );
}

#[test]
fn another_seed_makes_another_day() {
    assert_ne!(day_of(visits::SEED + 1), VISITS);
}

#[test]
fn several_days_end_in_the_shipped_one() {
    let mut written = Vec::new();
    visits::write_days(visits::SEED, 3, &mut written).unwrap();
    let days = String::from_utf8(written).unwrap();
    assert!(days.ends_with(VISITS));
    assert!(events(&days).is_sorted_by_key(|event| event.at));
}

#[test]
fn time_does_not_go_back_and_stays_in_its_day() {
    let monday = "2026-03-02T00:00:00Z".parse::<Moment>().unwrap();
    let tuesday = "2026-03-03T00:00:00Z".parse::<Moment>().unwrap();
    for stream in [VISITS, DAMAGED] {
        let events = events(stream);
        assert!(events.is_sorted_by_key(|event| event.at));
        assert!(
            events
                .iter()
                .all(|event| (monday..tuesday).contains(&event.at))
        );
    }
}

#[test]
fn the_streams_show_every_operation() {
    let shown: BTreeSet<&str> = [VISITS, DAMAGED]
        .into_iter()
        .flat_map(events)
        .map(|event| event.action.as_str())
        .collect();
    assert_eq!(shown, BTreeSet::from(OPERATION_NAMES));
}

#[test]
fn the_day_differs_under_a_hardened_policy() {
    let count = |policy| {
        let mut counts = BTreeMap::<_, usize>::new();
        for outcome in outcomes(VISITS, policy) {
            *counts.entry(outcome).or_default() += 1;
        }
        counts
    };
    let (lax, hardened) = (count(&EcPolicy::default()), count(&hardened()));
    // What happens under both, only under the defaults, only under the hardened policy.
    let both = [
        ("create", "created"),
        ("create_or_revive", "created"),
        ("create_or_revive", "already_live"),
        ("create_or_revive", "revived"),
        ("update_last_seen", "touched"),
        ("update_last_seen", "debounced"),
        ("update_last_seen", "stale"),
        ("update_last_seen", "not_found"),
        ("update_last_seen", "consent_withdrawn"),
        ("upsert_partner_id", "written"),
        ("upsert_partner_id", "invalid_uid"),
        ("upsert_partner_id", "consent_withdrawn"),
        ("upsert_partner_ids", "written"),
        ("write_withdrawal_tombstone", "withdrawn"),
        ("delete", "deleted"),
        ("get", "found"),
        ("get_metadata", "found"),
    ];
    let only_lax = [
        ("upsert_partner_id", "created_minimal"),
        ("upsert_partner_ids", "created_minimal"),
    ];
    let only_hardened = [
        ("upsert_partner_id", "not_found"),
        ("upsert_partner_id", "unchanged"),
        ("upsert_partner_ids", "not_found"),
        ("upsert_partner_ids", "stale"),
        ("upsert_partner_ids", "unchanged"),
        ("write_withdrawal_tombstone", "already_withdrawn"),
        ("write_withdrawal_tombstone", "not_found"),
    ];
    for outcome in both {
        assert!(lax.contains_key(&outcome), "defaults: {outcome:?}");
        assert!(hardened.contains_key(&outcome), "hardened: {outcome:?}");
    }
    for outcome in only_lax {
        assert!(lax.contains_key(&outcome), "defaults: {outcome:?}");
        assert!(!hardened.contains_key(&outcome), "hardened: {outcome:?}");
    }
    for outcome in only_hardened {
        assert!(!lax.contains_key(&outcome), "defaults: {outcome:?}");
        assert!(hardened.contains_key(&outcome), "hardened: {outcome:?}");
    }
}

#[test]
fn nothing_but_withdrawal_and_deletion_overwrites_what_cannot_be_read() {
    let expected = [
        ("put_raw", "stored"), // a body cut off
        ("upsert_partner_id", "unreadable"),
        ("write_withdrawal_tombstone", "withdrawn"),
        ("create_or_revive", "revived"),
        ("put_raw", "stored"), // the wrong shape
        ("update_last_seen", "unreadable"),
        ("delete", "deleted"),
        ("get", "not_found"),
        ("put_raw", "stored"), // a newer version
        ("create_or_revive", "unreadable"),
        ("get", "unreadable"),
        ("put_raw", "stored"), // unknown fields
        ("upsert_partner_id", "written"),
        ("get", "found"),
        ("put_raw", "stored"), // no `last_seen`, `synced` and `t`
        ("get", "found"),
        ("upsert_partner_id", "written"),
        ("update_last_seen", "touched"),
        ("get", "found"),
        ("put_raw", "stored"), // an expired entry
        ("update_last_seen", "not_found"),
        ("create", "created"),
        ("get", "found"),
        ("put_raw", "stored"), // an expired tombstone
        ("upsert_partner_id", "created_minimal"),
        ("put_raw", "stored"), // a uid over the limit
        ("upsert_partner_id", "written"),
        ("put_raw", "stored"), // metadata that is not JSON
        ("get_metadata", "unreadable"),
        ("write_withdrawal_tombstone", "withdrawn"),
    ];
    assert_eq!(outcomes(DAMAGED, &EcPolicy::default()), expected);
}

/// The guide names users by the first digits of their ids: `grep` finds each, and finds only that one.
#[test]
fn the_guide_names_users_that_are_there() {
    let ids: BTreeSet<String> = [VISITS, DAMAGED]
        .into_iter()
        .flat_map(events)
        .map(|event| event.ec_id.to_string())
        .collect();
    let is_name =
        |word: &&str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let names: BTreeSet<&str> = README.split('`').filter(is_name).collect();
    assert!(names.len() > 3, "{names:?}");
    for name in names {
        let found = ids.iter().filter(|id| id.starts_with(name)).count();
        assert_eq!(found, 1, "{name}");
    }
}
