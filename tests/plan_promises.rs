//! What a plan's verdict promises holds, whatever happens: events drawn at random, on machines of both policies, run on
//! the real engine against the deployed policy alone.

use crate::support;

use edge_cookie::clock::{ManualClock, Timestamp};
use edge_cookie::engine::{Operation, Outcome};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::settings::Repeat;
use edge_cookie::record::{ConsentStrings, KvGeo};
use edge_cookie::store::MemoryStore;
use edge_cookie_review::{Plan, PlanVerdict};
use proptest::prelude::*;
use support::written::with;
use support::{HOUR, NOON, sync, user};

/// How long machines of both policies run, in hours from the change-over.
const MIXED: u64 = 6;

/// What concerns the memory of withdrawals and who may make a user.
fn policy() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let of = |key: &'static str, values: &'static [&'static str]| {
        prop::sample::select(values).prop_map(move |value| (key, value))
    };
    (
        of("tombstone.ttl", &["4h", "12h", "24h", "48h"]),
        of("tombstone.repeat", &["rewrite", "keep"]),
        of("tombstone.on_missing", &["write", "skip"]),
        of("delete.mode", &["hard", "tombstone"]),
        of("sync.on_missing", &["create_minimal", "reject"]),
        of("sync.max_age", &["none", "3h", "12h", "24h", "36h"]),
    )
        .prop_map(|(one, two, three, four, five, six)| vec![one, two, three, four, five, six])
}

fn resolved(values: &[(&str, &str)]) -> Resolved {
    with(values.iter().map(|(key, value)| format!("{key}={value}")))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum EventKind {
    Consent,
    Withdraw,
    Erase,
    /// A sync, made so many hours before.
    Sync(u64),
}

/// Hours after the first moment, what happens, and whether it meets the deployed policy while both run.
fn events() -> impl Strategy<Value = Vec<(u64, EventKind, bool)>> {
    let what = prop_oneof![
        1 => Just(EventKind::Consent),
        3 => Just(EventKind::Withdraw),
        1 => Just(EventKind::Erase),
        6 => (0_u64..40).prop_map(EventKind::Sync),
    ];
    let event = (0_u64..140, what, any::<bool>());
    prop::collection::vec(event, 1..14).prop_map(|mut events| {
        events.sort_by_key(|(at, ..)| *at);
        events
    })
}

/// When the candidate takes over, in hours after the first moment.
const CHANGE: u64 = 60;

/// The outcome of each event.
fn course(
    deployed: &EcPolicy,
    candidate: &EcPolicy,
    events: &[(u64, EventKind, bool)],
) -> Vec<Option<Outcome>> {
    let clock = ManualClock::default();
    let graph = KvIdentityGraph::new(MemoryStore::new(&clock), &clock);
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    let events = events.iter().enumerate();
    let outcome = |(index, (at, what, on_deployed)): (usize, &(u64, EventKind, bool))| {
        // No two events in one second.
        let now = NOON + at * HOUR + u64::try_from(index).unwrap();
        clock.set(Timestamp::from_unix(now).into());
        let mixed = *at < CHANGE + MIXED;
        let policy = if *at < CHANGE || (mixed && *on_deployed) {
            deployed
        } else {
            candidate
        };
        let sync = match what {
            EventKind::Sync(age) => sync("a.com", "uid", now - age * HOUR),
            _ => sync("a.com", "uid", now),
        };
        let operation = match what {
            EventKind::Consent => Operation::CreateOrRevive {
                consent: &consent,
                geo: &geo,
            },
            EventKind::Withdraw => Operation::WriteWithdrawalTombstone,
            EventKind::Erase => Operation::Delete,
            EventKind::Sync(_) => Operation::UpsertPartnerId(&sync),
        };
        let finished = graph.run(policy, &user(), operation);
        finished.result.ok().map(|done| done.outcome)
    };
    events.map(outcome).collect()
}

/// The events that create a user again who said no, where the deployed policy alone would have refused it: when,
/// when the user had last said no, and whether the sync was made before that.
fn brought_back(
    deployed: &EcPolicy,
    candidate: &EcPolicy,
    events: &[(u64, EventKind, bool)],
) -> Vec<(u64, u64, bool)> {
    let stays = course(deployed, deployed, events);
    let changes = course(deployed, candidate, events);
    let mut said_no = None;
    let mut found = Vec::new();
    for ((at, what, _), (stays, changes)) in events.iter().zip(stays.iter().zip(&changes)) {
        if *stays == Some(Outcome::CreatedMinimal) && stays != changes {
            // The deployed policy made a user whom the candidate did not: from here on they are two stories.
            break;
        }
        if (*stays, *changes) == (Some(Outcome::Withdrawn), Some(Outcome::AlreadyWithdrawn))
            && deployed.tombstone.repeat == Repeat::Keep
        {
            // Both remember from the first time on; under the longer memory this is not yet another first time.
            break;
        }
        match (what, said_no) {
            (EventKind::Consent, _) => said_no = None,
            // Where there is nothing to erase, no one said no.
            (EventKind::Erase, _) if *changes == Some(Outcome::NotFound) => {}
            (EventKind::Withdraw | EventKind::Erase, _) => said_no = Some(*at),
            (EventKind::Sync(age), Some(no)) if *changes == Some(Outcome::CreatedMinimal) => {
                let late = at.saturating_sub(*age) < no;
                let refused = match stays {
                    Some(Outcome::ConsentWithdrawn) => true,
                    Some(Outcome::Stale | Outcome::NotFound) => late,
                    _ => false,
                };
                if refused {
                    found.push((*at, no, late));
                }
            }
            _ => {}
        }
    }
    found
}

/// A time in hours, as verdicts show it: in days or hours here.
fn hours(written: &str) -> u64 {
    let (number, unit) = written.split_at(written.len() - 1);
    let size = if unit == "d" { 24 } else { 1 };
    number.parse::<u64>().unwrap() * size
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_user_who_said_no_comes_back_by_a_change_that_is_called_safe(
        deployed in policy(),
        candidate in policy(),
        events in events(),
    ) {
        let (deployed, candidate) = (resolved(&deployed), resolved(&candidate));
        let plan = Plan::of(&deployed, &candidate);
        let back = brought_back(&deployed.policy, &candidate.policy, &events);
        match plan.verdict {
            PlanVerdict::Safe => prop_assert!(back.is_empty(), "{back:?} {plan:#?}"),
            PlanVerdict::Wait => {
                let over = CHANGE + MIXED + hours(plan.safe_after.as_deref().unwrap());
                // After that it is over for who said no while the deployed policy ran, and for every late sync.
                let still = back.iter().filter(|(at, no, late)| *at > over && (*late || *no < CHANGE + MIXED));
                prop_assert!(still.count() == 0, "{back:?} {plan:#?}");
            }
            PlanVerdict::Unsafe => {}
        }
    }
}
