//! Ours and the trusted-server write one store, in turns and between each other's store calls: nothing of theirs is lost, no
//! withdrawal is undone, and what their rewrite drops of ours is what docs/migrating.md lists.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::act::{Act, Ours, Theirs};
use super::policies::POLICIES;
use super::promises::{DROPPED, NOT_UNDONE, NOTHING_LOST, READABLE, SAFE, Seen, lost};
use super::shape::MAX_UID_BYTES;
use super::theirs::{ENTRY_SECONDS, TOMBSTONE_SECONDS};
use super::world::{Reached, Spoil, Turn, World};
use edge_cookie::engine::Consistency;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{DeleteMode, Ipv6Form, OnMissingSync, Repeat, UnknownAge};
use edge_cookie::policy::types::Ttl;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;

/// Turns that are drawn.
const CASES: u32 = 4_096;

#[test]
fn in_turns_and_between_each_others_calls_nothing_is_lost_and_no_withdrawal_undone() {
    let mut config = Config::default();
    // `PROPTEST_CASES` asks for more.
    config.cases = config.cases.max(CASES);
    config.failure_persistence = None;
    let mut runner = TestRunner::new(config);
    let total = Cell::new(Reached::default());
    let drawn = runner.run(&super::draw::case(), |(policy, eventual, turns)| {
        let (name, policy) = &POLICIES[policy % POLICIES.len()];
        let world = World::new(Arc::clone(policy), consistency(eventual));
        let broken = world.run(&turns);
        let (mut sum, reached) = (total.get(), world.reached.get());
        sum.add(&reached);
        total.set(sum);
        match broken {
            None => Ok(()),
            Some((promise, how)) => Err(TestCaseError::fail(format!(
                "{promise}: {how}\nunder {name}\nthe record is {:?}",
                world.seen()
            ))),
        }
    });
    drawn.unwrap_or_else(|error| panic!("{error}"));
    let total = total.get();
    for (what, count) in total.counts() {
        assert!(count > u64::from(CASES) / 100, "{what}: {total:?}");
    }
}

const fn consistency(eventual: bool) -> Consistency {
    if eventual {
        Consistency::Eventual
    } else {
        Consistency::Strong
    }
}

fn alone(acts: impl IntoIterator<Item = Act>) -> Vec<Turn> {
    let alone = |act| Turn {
        act,
        between: Vec::new(),
    };
    acts.into_iter().map(alone).collect()
}

fn world() -> World {
    World::new(Arc::new(EcPolicy::default()), Consistency::Strong)
}

/// Everything that ours keeps of a user.
fn full(world: &World) -> Seen {
    let acts = [
        Act::Ours(Ours::Create),
        Act::Pass(3_600),
        Act::Ours(Ours::SyncMany {
            partners: 3,
            uid: 1,
        }),
        Act::Ours(Ours::Touch { ago: 0 }),
    ];
    assert_eq!(world.run(&alone(acts)), None);
    world.seen().unwrap()
}

#[test]
fn what_their_rewrite_drops_is_exactly_what_the_page_lists() {
    let mut listed: Vec<&str> = DROPPED.to_vec();
    listed.sort_unstable();
    for rewrite in [
        Theirs::CountCluster,
        Theirs::Put {
            partners: 1,
            uid: 2,
        },
    ] {
        let world = world();
        let before = full(&world);
        assert_eq!(world.run(&alone([Act::Theirs(rewrite)])), None);
        assert_eq!(lost(&before, &world.seen().unwrap()), listed);
    }
    let rows = rows("dropped").flat_map(|(cell, _)| {
        let prefix = cell.split('`').next().unwrap();
        let names = cell.split('`').skip(1).step_by(2);
        names
            .map(move |name| format!("{prefix}{name}"))
            .collect::<Vec<_>>()
    });
    assert_eq!(
        rows.collect::<BTreeSet<_>>(),
        DROPPED.map(str::to_owned).into()
    );
}

/// The first two cells of each row of a table of the page.
fn rows(table: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let page = include_str!("../../docs/side-by-side.md");
    let begin = format!("<!-- {table}: read by tests/side_by_side -->\n");
    let (_, rest) = page.split_once(&begin).unwrap();
    let (rows, _) = rest.split_once("\n\n").unwrap();
    rows.lines().skip(2).map(|row| {
        let mut cells = row.split('|').skip(1).map(str::trim);
        (cells.next().unwrap(), cells.next().unwrap())
    })
}

#[test]
fn the_settings_that_the_page_asks_for_are_those_of_production() {
    let (_, policy) = POLICIES
        .iter()
        .find(|(name, _)| name == "production")
        .unwrap();
    let rows: BTreeSet<_> = rows("settings")
        .map(|(key, _)| key.replace('`', ""))
        .collect();
    let holds = [
        (
            "ec_store",
            policy.root.ec_store.as_str() == "ec_identity_store",
        ),
        ("passphrase", policy.root.passphrase.is_some()),
        ("id.ipv6_form", policy.id.ipv6_form == Ipv6Form::Hex),
        ("cookie.name", policy.cookie.name.to_string() == "ts-ec"),
        (
            "tombstone.ttl",
            policy.tombstone.ttl.seconds() >= TOMBSTONE_SECONDS,
        ),
        (
            "sync.on_missing",
            policy.sync.on_missing == OnMissingSync::Reject,
        ),
        ("entry.ttl", policy.entry.ttl.seconds() == ENTRY_SECONDS),
        (
            "entry.max_uid_bytes",
            policy.entry.max_uid_bytes as usize <= MAX_UID_BYTES,
        ),
        (
            "import.unknown_age",
            policy.import.unknown_age != UnknownAge::Reject,
        ),
        ("delete.mode", policy.delete.mode == DeleteMode::Tombstone),
    ];
    for (key, holds) in holds {
        assert!(holds && rows.contains(key), "{key}");
    }
    assert_eq!(rows.len(), holds.len());
}

#[test]
fn ours_makes_again_what_theirs_dropped_with_values_that_are_safe() {
    let world = world();
    let before = full(&world);
    let acts = [
        Act::Pass(3_600),
        Act::Theirs(Theirs::Put {
            partners: 1,
            uid: 2,
        }),
        Act::Ours(Ours::Sync {
            partner: 1,
            uid: 3,
            ago: 60,
        }),
        Act::Pass(3_600),
        Act::Ours(Ours::Touch { ago: 5 }),
    ];
    assert_eq!(world.run(&alone(acts)), None);
    let after = world.seen().unwrap();
    let now = world.now();
    for (path, expected) in [
        ("/last_seen", Value::from(now - 5)),
        ("/ids/three.example/synced", (now - 3_600 - 60).into()),
        ("/ids/two.example/uid", "u1".into()),
        ("/consent/tcf", "T".into()),
        (
            "/consent/updated",
            before.body["consent"]["updated"].clone(),
        ),
    ] {
        assert_eq!(after.body.pointer(path), Some(&expected), "{path}");
    }
    // No one knows any more when these were synced, and by which rule the user's consent counted.
    for path in ["/ids/two.example/synced", "/consent/rule", "/consent/more"] {
        assert_eq!(after.body.pointer(path), None, "{path}");
    }
    assert_eq!(after.metadata["t"], now);
}

#[test]
fn a_user_whom_theirs_keeps_is_kept_where_the_policy_says_so() {
    const HALF: u64 = 200 * 86_400;
    for (unknown_age, kept) in [(UnknownAge::Created, false), (UnknownAge::Now, true)] {
        let mut policy = EcPolicy::default();
        policy.import.unknown_age = unknown_age;
        let world = World::new(Arc::new(policy), Consistency::Strong);
        let acts = [
            Act::Theirs(Theirs::Consent(3)),
            Act::Pass(HALF),
            Act::Theirs(Theirs::Put {
                partners: 1,
                uid: 1,
            }),
            Act::Pass(HALF),
            Act::Ours(Ours::Touch { ago: 0 }),
        ];
        assert_eq!(world.run(&alone(acts)), None);
        let seen = world.seen().unwrap();
        assert_eq!(seen.body.get("last_seen").is_some(), kept);
        assert_eq!(seen.body["ids"]["one.example"]["uid"], "u1");
    }
}

#[test]
fn a_withdrawal_that_theirs_remembers_is_remembered_as_long_as_one_of_ours() {
    // Ours finds their tombstone, which the store keeps for a day, and has promised two.
    let mut policy = EcPolicy::default();
    policy.tombstone.ttl = Ttl::from_hours(48);
    policy.tombstone.repeat = Repeat::Keep;
    for again in [Ours::Withdraw, Ours::Deliver { ago: 3_600 }] {
        let world = World::new(Arc::new(policy.clone()), Consistency::Strong);
        let acts = [
            Act::Theirs(Theirs::Consent(3)),
            Act::Theirs(Theirs::Withdraw),
            Act::Pass(1_800),
            Act::Ours(again),
            Act::Pass(30 * 3_600),
            Act::Ours(Ours::Sync {
                partner: 0,
                uid: 1,
                ago: 0,
            }),
        ];
        assert_eq!(world.run(&alone(acts)), None);
        assert_eq!(world.seen().unwrap().body["consent"]["ok"], false);
    }
}

#[test]
fn the_first_of_two_meets_a_conflict_and_the_write_of_the_other_stays() {
    let put = |uid| Theirs::Put { partners: 1, uid };
    let sync = |uid| Ours::Sync {
        partner: 2,
        uid,
        ago: 0,
    };
    // The other writes after the first has read.
    for (first, second) in [
        (Act::Ours(sync(1)), Act::Theirs(put(2))),
        (Act::Theirs(put(2)), Act::Ours(sync(1))),
        (Act::Ours(sync(1)), Act::Theirs(Theirs::CountCluster)),
    ] {
        let world = world();
        let between = vec![(1, second)];
        let turns = [
            Turn {
                act: Act::Theirs(Theirs::Consent(3)),
                between: vec![],
            },
            Turn {
                act: first,
                between,
            },
        ];
        assert_eq!(world.run(&turns), None);
        let reached = world.reached.get();
        assert_eq!(reached.our_conflicts + reached.their_conflicts, 1);
        let ids = &world.seen().unwrap().body["ids"];
        assert_eq!(ids["two.example"]["uid"], "u1");
        assert!(ids["one.example"]["uid"] == "u2" || ids.as_object().unwrap().len() == 1);
    }
    // A withdrawal that comes after the first has read is not overwritten by it.
    for (first, second) in [
        (Act::Ours(sync(1)), Act::Theirs(Theirs::Withdraw)),
        (
            Act::Ours(Ours::Touch { ago: 0 }),
            Act::Theirs(Theirs::Withdraw),
        ),
        (Act::Theirs(put(2)), Act::Ours(Ours::Withdraw)),
        (Act::Theirs(Theirs::CountCluster), Act::Ours(Ours::Withdraw)),
    ] {
        let world = world();
        let turns = [
            Turn {
                act: Act::Theirs(Theirs::Consent(3)),
                between: vec![],
            },
            Turn {
                act: first,
                between: vec![(1, second)],
            },
        ];
        assert_eq!(world.run(&turns), None);
        assert_eq!(world.seen().unwrap().body["consent"]["ok"], false);
    }
}

/// Engines of ours that write wrongly, and the promise that each breaks.
const WRONG: [(&str, Spoil, &str); 8] = [
    (
        "drops what it does not know",
        |value| drop(take(value, "device")),
        NOTHING_LOST,
    ),
    (
        "drops it in metadata",
        |value| drop(take(value, "is_mobile")),
        NOTHING_LOST,
    ),
    (
        "drops a place's network",
        |value| drop(take(&mut value["geo"], "asn")),
        NOTHING_LOST,
    ),
    ("moves fields", |value| sort(value), NOTHING_LOST),
    (
        "writes a tombstone back as live",
        |value| {
            if value["consent"]["ok"] == false {
                value["consent"]["ok"] = true.into();
            }
        },
        NOT_UNDONE,
    ),
    (
        "leaves out the country",
        |value| drop(take(&mut value["geo"], "country")),
        READABLE,
    ),
    (
        "makes consent newer",
        |value| {
            if let Some(updated) = value["consent"]["updated"].as_u64() {
                value["consent"]["updated"] = (updated + 1).into();
            }
        },
        SAFE,
    ),
    (
        "makes up a visit",
        |value| {
            if value.get("consent").is_some() {
                value["last_seen"] = 7.into();
            }
        },
        SAFE,
    ),
];

fn take(value: &mut Value, name: &str) -> Option<Value> {
    value.as_object_mut()?.shift_remove(name)
}

fn sort(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        object.sort_keys();
    }
}

#[test]
fn an_engine_that_writes_wrongly_is_caught_by_the_promise_that_it_breaks() {
    for (what, spoil, promise) in WRONG {
        let world = World::spoiled(Arc::new(EcPolicy::default()), spoil);
        let acts = [
            Act::Theirs(Theirs::Consent(3)),
            Act::Ours(Ours::Sync {
                partner: 0,
                uid: 1,
                ago: 0,
            }),
            Act::Theirs(Theirs::Withdraw),
            Act::Ours(Ours::Withdraw),
        ];
        world.run(&alone(acts));
        let broken = world.broken.borrow();
        assert!(
            broken.iter().any(|(of, _)| *of == promise),
            "{what}: {broken:?}"
        );
    }
}
