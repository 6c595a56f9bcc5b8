//! Every cell of the tables in `docs/semantics.md#operations`: the outcome, and that it costs no more than it must.

mod named;
use crate::support;

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Operation, Outcome, Tally};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{
    DeleteMode, OnMissingSync, OnMissingWithdrawal, Repeat, SyncOrder, Unchanged,
};
use edge_cookie::policy::types::Seconds;
use edge_cookie::record::{ConsentStrings, KvGeo};
use support::{Bench, DAY, HOUR, MINUTE, NOON, expired, live, sync, tombstone};

/// What is stored under the id before the operation.
#[derive(Debug, Clone, Copy)]
enum Before {
    Absent,
    /// Past its time, and still in the store.
    Expired,
    ExpiredTombstone,
    Live,
    Tombstone,
    Corrupt,
    /// Of a schema version that this does not read.
    OtherVersion,
}

use Before::{Absent, Corrupt, Expired, ExpiredTombstone, Live, OtherVersion, Tombstone};

fn bench(before: Before, change: fn(&mut EcPolicy)) -> Bench {
    let bench = Bench::new(support::policy(change));
    let raw = |(body, metadata): (String, String)| bench.put_raw(&body, &metadata, None);
    match before {
        Absent => {}
        Expired => raw(expired()),
        ExpiredTombstone => raw(tombstone(DAY + 1)),
        Live => raw(live()),
        Tombstone => raw(tombstone(HOUR)),
        Corrupt => raw(("{\"v\":1,".to_owned(), String::new())),
        OtherVersion => raw((
            r#"{"v":2,"who":"next"}"#.to_owned(),
            r#"{"v":2}"#.to_owned(),
        )),
    }
    bench
}

/// Policy, record before, outcome, reads, writes.
type Cell = (fn(&mut EcPolicy), Before, &'static str, u64, u64);

fn holds(cells: &[Cell], operation: Operation<'_>) {
    for &(change, before, outcome, reads, writes) in cells {
        for named in [named::blocking, named::awaited] {
            if let Some(named) = named(&bench(before, change), operation) {
                assert_eq!(named, outcome, "{operation:?} by name, on {before:?}");
            }
        }
        let bench = bench(before, change);
        let untouched = bench.stored();
        let before_it = bench.graph.store().calls();
        let finished = bench.run(operation);
        let after = bench.graph.store().calls();
        let cell = format!("{operation:?} on {before:?}");
        assert_eq!(finished.as_str(), outcome, "{cell}");
        assert_eq!(after.lookups - before_it.lookups, reads, "reads of {cell}");
        let written = after.inserts + after.deletes - before_it.inserts - before_it.deletes;
        assert_eq!(written, writes, "writes of {cell}");
        let Tally {
            reads: tallied_reads,
            writes: tallied_writes,
            retries,
            ..
        } = finished.tally;
        assert_eq!(
            (u64::from(tallied_reads), u64::from(tallied_writes), retries),
            (reads, writes, 0),
            "{cell}"
        );
        if writes == 0 {
            assert_eq!(
                bench.stored(),
                untouched,
                "{cell} leaves the record as it was"
            );
        }
    }
}

fn defaults(_: &mut EcPolicy) {}

#[test]
fn get_and_get_metadata() {
    for operation in [Operation::Get, Operation::GetMetadata] {
        holds(
            &[
                (defaults, Absent, "not_found", 1, 0),
                (defaults, Expired, "not_found", 1, 0),
                (defaults, ExpiredTombstone, "not_found", 1, 0),
                (defaults, Live, "found", 1, 0),
                (defaults, Tombstone, "found", 1, 0),
                (defaults, Corrupt, "unreadable_entry", 1, 0),
                (defaults, OtherVersion, "unreadable_entry", 1, 0),
            ],
            operation,
        );
    }
}

#[test]
fn create() {
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    holds(
        &[
            (defaults, Absent, "created", 0, 1),
            (defaults, Expired, "created", 1, 2),
            (defaults, ExpiredTombstone, "created", 1, 2),
            (defaults, Live, "already_exists", 1, 1),
            (defaults, Tombstone, "already_exists", 1, 1),
            (defaults, Corrupt, "already_exists", 1, 1),
            (defaults, OtherVersion, "already_exists", 1, 1),
        ],
        Operation::Create {
            consent: &consent,
            geo: &geo,
        },
    );
}

#[test]
fn create_or_revive() {
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    holds(
        &[
            (defaults, Absent, "created", 1, 1),
            (defaults, Expired, "created", 1, 1),
            (defaults, ExpiredTombstone, "created", 1, 1),
            (defaults, Live, "already_live", 1, 0),
            (defaults, Tombstone, "revived", 1, 1),
            (defaults, Corrupt, "unreadable_entry", 1, 0),
            (defaults, OtherVersion, "unreadable_entry", 1, 0),
        ],
        Operation::CreateOrRevive {
            consent: &consent,
            geo: &geo,
        },
    );
}

#[test]
fn create_for_a_new_id() {
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    holds(
        &[
            (defaults, Absent, "created", 1, 1),
            (defaults, Expired, "created", 1, 1),
            (defaults, ExpiredTombstone, "created", 1, 1),
            (defaults, Live, "already_exists", 1, 0),
            (defaults, Tombstone, "already_exists", 1, 0),
            (defaults, Corrupt, "already_exists", 1, 0),
            (defaults, OtherVersion, "already_exists", 1, 0),
        ],
        Operation::CreateForNewId {
            consent: &consent,
            geo: &geo,
        },
    );
}

#[test]
fn upsert_partner_id() {
    let reject: fn(&mut EcPolicy) = |policy| policy.sync.on_missing = OnMissingSync::Reject;
    holds(
        &[
            (defaults, Absent, "created_minimal", 1, 1),
            (defaults, Expired, "created_minimal", 1, 1),
            (defaults, ExpiredTombstone, "created_minimal", 1, 1),
            (reject, Absent, "not_found", 1, 0),
            (reject, Expired, "not_found", 1, 0),
            (reject, ExpiredTombstone, "not_found", 1, 0),
            (defaults, Live, "written", 1, 1),
            (
                |policy| policy.entry.max_partner_ids = 1,
                Live,
                "too_many_partners",
                1,
                0,
            ),
            (
                |policy| policy.entry.max_body_bytes = 128,
                Live,
                "entry_too_large",
                1,
                0,
            ),
            (
                |policy| policy.entry.max_uid_bytes = 2,
                Live,
                "invalid_uid",
                0,
                0,
            ),
            (
                |policy| policy.sync.max_age = Some(Seconds::new(MINUTE)),
                Live,
                "stale",
                0,
                0,
            ),
            (
                |policy| policy.sync.max_age = Some(Seconds::new(HOUR)),
                Live,
                "written",
                1,
                1,
            ),
            (defaults, Tombstone, "consent_withdrawn", 1, 0),
            (defaults, Corrupt, "unreadable_entry", 1, 0),
            (defaults, OtherVersion, "unreadable_entry", 1, 0),
        ],
        Operation::UpsertPartnerId(&sync("id5-sync.com", "ID5*1", NOON - HOUR)),
    );
}

#[test]
fn upsert_of_the_same_uid() {
    let refresh: fn(&mut EcPolicy) = |policy| policy.sync.unchanged = Unchanged::Refresh;
    holds(
        &[
            (defaults, Live, "written", 1, 1),
            (
                |policy| policy.sync.unchanged = Unchanged::Skip,
                Live,
                "unchanged",
                1,
                0,
            ),
            (refresh, Live, "unchanged", 1, 0),
            (
                |policy| {
                    policy.sync.unchanged = Unchanged::Refresh;
                    policy.sync.refresh_after = Seconds::new(DAY);
                },
                Live,
                "refreshed",
                1,
                1,
            ),
            (
                |policy| {
                    policy.sync.unchanged = Unchanged::Refresh;
                    policy.sync.refresh_after = Seconds::new(DAY + 1);
                },
                Live,
                "unchanged",
                1,
                0,
            ),
        ],
        Operation::UpsertPartnerId(&sync("liveramp.com", "LR_1", NOON)),
    );
}

#[test]
fn upsert_of_another_uid_is_written_whatever_becomes_of_the_same() {
    holds(
        &[
            (
                |policy| policy.sync.unchanged = Unchanged::Skip,
                Live,
                "written",
                1,
                1,
            ),
            (
                |policy| policy.sync.unchanged = Unchanged::Refresh,
                Live,
                "written",
                1,
                1,
            ),
        ],
        Operation::UpsertPartnerId(&sync("liveramp.com", "LR_2", NOON)),
    );
}

#[test]
fn upsert_of_an_older_sync() {
    let by_timestamp: fn(&mut EcPolicy) = |policy| policy.sync.order = SyncOrder::Timestamp;
    let older = sync("liveramp.com", "LR_0", NOON - DAY - 1);
    holds(
        &[
            (defaults, Live, "written", 1, 1),
            (by_timestamp, Live, "stale", 1, 0),
        ],
        Operation::UpsertPartnerId(&older),
    );
    let as_old = sync("liveramp.com", "LR_0", NOON - DAY);
    holds(
        &[(by_timestamp, Live, "written", 1, 1)],
        Operation::UpsertPartnerId(&as_old),
    );
}

#[test]
fn a_blank_uid_is_refused_before_any_read() {
    for uid in ["", " \t"] {
        holds(
            &[(defaults, Live, "invalid_uid", 0, 0)],
            Operation::UpsertPartnerId(&sync("liveramp.com", uid, NOON)),
        );
    }
}

#[test]
fn a_placeholder_uid_is_refused_before_any_read() {
    let listed: fn(&mut EcPolicy) = |_| {};
    for uid in [
        "$UID", " ${UID} ", "[UID]", "{{uid}}", "%%UID%%", "0", "NULL", "OptOut", "NaN",
    ] {
        holds(
            &[(listed, Live, "invalid_uid", 0, 0)],
            Operation::UpsertPartnerId(&sync("liveramp.com", uid, NOON)),
        );
    }
}

#[test]
fn a_time_in_the_far_future_is_refused_before_any_read() {
    let day: fn(&mut EcPolicy) = |policy| policy.sync.max_future = Seconds::new(DAY);
    let none: fn(&mut EcPolicy) = |policy| policy.sync.max_future = Seconds::new(0);
    let refused = "invalid_timestamp";
    for (ahead, by_default, within_a_day, within_nothing) in [
        (0, false, false, false),
        (1, false, false, true),
        (5 * MINUTE, false, false, true),
        (5 * MINUTE + 1, true, false, true),
        (DAY, true, false, true),
        (DAY + 1, true, true, true),
        // Milliseconds, microseconds, nanoseconds.
        (NOON * 1_000 - NOON, true, true, true),
        (NOON * 1_000_000 - NOON, true, true, true),
        (u64::MAX - NOON, true, true, true),
    ] {
        let times = NOON + ahead;
        let one = sync("a.com", "U", times);
        for (change, is_refused) in [
            (defaults as fn(&mut EcPolicy), by_default),
            (day, within_a_day),
            (none, within_nothing),
        ] {
            let cell = |accepted| {
                if is_refused {
                    (change, Live, refused, 0, 0)
                } else {
                    (change, Live, accepted, 1, 1)
                }
            };
            holds(&[cell("written")], Operation::UpsertPartnerId(&one));
            holds(
                &[cell("written")],
                Operation::UpsertPartnerIds(std::slice::from_ref(&one)),
            );
        }
    }
}

#[test]
fn upsert_partner_ids_costs_one_read_and_one_write() {
    let many: Vec<_> = (0..40)
        .map(|number| sync(&format!("p{number}.com"), "U", NOON))
        .collect();
    let reject: fn(&mut EcPolicy) = |policy| policy.sync.on_missing = OnMissingSync::Reject;
    holds(
        &[
            (defaults, Absent, "created_minimal", 1, 1),
            (defaults, Expired, "created_minimal", 1, 1),
            (reject, Absent, "not_found", 1, 0),
            (defaults, Live, "written", 1, 1),
            (defaults, Tombstone, "consent_withdrawn", 1, 0),
            (defaults, Corrupt, "unreadable_entry", 1, 0),
        ],
        Operation::UpsertPartnerIds(&many),
    );
    holds(
        &[(defaults, Live, "unchanged", 0, 0)],
        Operation::UpsertPartnerIds(&[]),
    );
}

#[test]
fn update_last_seen() {
    let touch = |timestamp| Operation::UpdateLastSeen {
        timestamp: edge_cookie::clock::Timestamp::from_unix(timestamp),
    };
    holds(
        &[
            (defaults, Absent, "not_found", 1, 0),
            (defaults, Expired, "not_found", 1, 0),
            (defaults, ExpiredTombstone, "not_found", 1, 0),
            (defaults, Live, "touched", 1, 1),
            (defaults, Tombstone, "consent_withdrawn", 1, 0),
            (defaults, Corrupt, "unreadable_entry", 1, 0),
            (defaults, OtherVersion, "unreadable_entry", 1, 0),
        ],
        touch(NOON),
    );
    let seen = NOON - HOUR;
    for (timestamp, outcome, writes) in [
        (seen - 1, "stale", 0),
        (seen, "stale", 0),
        (seen + 1, "debounced", 0),
        (seen + 299, "debounced", 0),
        (seen + 300, "touched", 1),
        (NOON + DAY, "touched", 1),
    ] {
        holds(&[(defaults, Live, outcome, 1, writes)], touch(timestamp));
    }
}

#[test]
fn write_withdrawal_tombstone() {
    let keep: fn(&mut EcPolicy) = |policy| policy.tombstone.repeat = Repeat::Keep;
    let skip: fn(&mut EcPolicy) = |policy| policy.tombstone.on_missing = OnMissingWithdrawal::Skip;
    holds(
        &[
            (defaults, Absent, "withdrawn", 0, 1),
            (defaults, Expired, "withdrawn", 0, 1),
            (defaults, Live, "withdrawn", 0, 1),
            (defaults, Tombstone, "withdrawn", 0, 1),
            (defaults, Corrupt, "withdrawn", 0, 1),
            (defaults, OtherVersion, "withdrawn", 0, 1),
            (keep, Absent, "withdrawn", 1, 1),
            (keep, ExpiredTombstone, "withdrawn", 1, 1),
            (keep, Live, "withdrawn", 1, 1),
            (keep, Tombstone, "already_withdrawn", 1, 0),
            (keep, Corrupt, "withdrawn", 1, 1),
            (skip, Absent, "not_found", 1, 0),
            (skip, Expired, "not_found", 1, 0),
            (skip, ExpiredTombstone, "not_found", 1, 0),
            (skip, Live, "withdrawn", 1, 1),
            (skip, Tombstone, "withdrawn", 1, 1),
            (skip, Corrupt, "withdrawn", 1, 1),
        ],
        Operation::WriteWithdrawalTombstone,
    );
}

#[test]
fn a_withdrawal_that_is_delivered_late() {
    let keep: fn(&mut EcPolicy) = |policy| policy.tombstone.repeat = Repeat::Keep;
    let skip: fn(&mut EcPolicy) = |policy| policy.tombstone.on_missing = OnMissingWithdrawal::Skip;
    let made = |at| Operation::DeliverWithdrawal {
        at: Timestamp::from_unix(at),
    };
    holds(
        &[
            (defaults, Absent, "withdrawn", 1, 1),
            (defaults, Expired, "withdrawn", 1, 1),
            (defaults, ExpiredTombstone, "withdrawn", 1, 1),
            (defaults, Live, "withdrawn", 1, 1),
            (defaults, Tombstone, "withdrawn", 1, 1),
            (defaults, Corrupt, "withdrawn", 1, 1),
            (defaults, OtherVersion, "withdrawn", 1, 1),
            (keep, Absent, "withdrawn", 1, 1),
            (keep, Live, "withdrawn", 1, 1),
            (keep, Tombstone, "withdrawn", 1, 1),
            (skip, Absent, "not_found", 1, 0),
            (skip, Expired, "not_found", 1, 0),
            (skip, ExpiredTombstone, "not_found", 1, 0),
            (skip, Live, "withdrawn", 1, 1),
            (skip, Tombstone, "withdrawn", 1, 1),
            (skip, Corrupt, "withdrawn", 1, 1),
        ],
        made(NOON - MINUTE),
    );
    let consented = NOON - 10 * DAY;
    let stood = NOON - HOUR;
    let kept = NOON - DAY;
    for (at, before, outcome, writes) in [
        (consented - 1, Live, "superseded", 0),
        (consented, Live, "withdrawn", 1),
        (stood - 1, Tombstone, "already_withdrawn", 0),
        (stood, Tombstone, "already_withdrawn", 0),
        (stood + 1, Tombstone, "withdrawn", 1),
        (kept, Absent, "withdrawn", 1),
        (kept - 1, Absent, "not_found", 0),
        (kept - 1, Expired, "not_found", 0),
        (kept - 1, Live, "withdrawn", 1),
        (kept - 1, Corrupt, "withdrawn", 1),
        (NOON + DAY, Live, "withdrawn", 1),
    ] {
        holds(&[(defaults, before, outcome, 1, writes)], made(at));
    }
}

#[test]
fn a_withdrawal_that_is_delivered_late_is_remembered_from_when_it_was_made() {
    for (at, updated) in [(NOON - HOUR, NOON - HOUR), (NOON, NOON), (NOON + DAY, NOON)] {
        let bench = bench(Live, defaults);
        let at = Timestamp::from_unix(at);
        bench.run(Operation::DeliverWithdrawal { at });
        let entry = bench.get().unwrap().entry;
        assert!(entry.is_tombstone() && entry.ids.is_empty());
        assert_eq!(entry.consent.updated.unix(), updated);
        // For `tombstone.ttl` from then on, and not a second longer.
        assert!(bench.at(updated + DAY).get().is_some());
        assert_eq!(bench.at(updated + DAY + 1).get(), None);
    }
    // Where that time has passed before it is delivered, the user is gone all the same, and may come back.
    let late = bench(Live, defaults);
    let at = Timestamp::from_unix(NOON - DAY - 1);
    late.run(Operation::DeliverWithdrawal { at });
    assert_eq!(late.get(), None);
    assert_eq!(late.touch(NOON), "not_found");
    assert_eq!(late.create_or_revive(), "created");
}

/// Another system's milliseconds are no consent that is later, and no withdrawal that is.
#[test]
fn a_time_in_the_far_future_stops_no_late_withdrawal() {
    let in_millis = NOON * 1_000;
    for ok in [true, false] {
        let bench = bench(Absent, defaults);
        let body = format!(
            r#"{{"v":1,"created":{in_millis},"consent":{{"ok":{ok},"updated":{in_millis}}},"geo":{{"country":"DE"}},"ids":{{}}}}"#
        );
        bench.put_raw(&body, "{}", None);
        let at = Timestamp::from_unix(NOON - HOUR);
        assert_eq!(bench.word(Operation::DeliverWithdrawal { at }), "withdrawn");
        assert_eq!(bench.get().unwrap().entry.consent.updated, at);
    }
}

#[test]
fn delete() {
    let soft: fn(&mut EcPolicy) = |policy| policy.delete.mode = DeleteMode::Tombstone;
    holds(
        &[
            (defaults, Absent, "not_found", 0, 1),
            (defaults, Expired, "not_found", 0, 1),
            (defaults, ExpiredTombstone, "not_found", 0, 1),
            (defaults, Live, "deleted", 0, 1),
            (defaults, Tombstone, "deleted", 0, 1),
            (defaults, Corrupt, "deleted", 0, 1),
            (soft, Absent, "not_found", 1, 0),
            (soft, Expired, "not_found", 1, 1),
            (soft, Live, "deleted", 1, 1),
            (soft, Tombstone, "deleted", 1, 1),
            (soft, Corrupt, "deleted", 1, 1),
        ],
        Operation::Delete,
    );
}

#[test]
fn what_is_erased_is_gone_and_a_soft_deletion_leaves_a_tombstone() {
    for before in [Live, Tombstone, Corrupt, Expired] {
        let hard = bench(before, defaults);
        hard.delete();
        assert_eq!(hard.stored(), None, "{before:?}");
    }
    let soft = bench(Live, |policy| policy.delete.mode = DeleteMode::Tombstone);
    soft.delete();
    assert!(soft.get().unwrap().entry.is_tombstone());
    assert_eq!(soft.sync("liveramp.com", "LR_1", NOON), "consent_withdrawn");
    let soft_expired = bench(Expired, |policy| policy.delete.mode = DeleteMode::Tombstone);
    soft_expired.delete();
    // A removal would take along a user who came in between: a swap does not.
    assert!(soft_expired.get().unwrap().entry.is_tombstone());
}

#[test]
fn operations_and_outcomes_go_by_their_words() {
    let (consent, geo) = (&ConsentStrings::default(), &KvGeo::default());
    let one = sync("liveramp.com", "LR_1", NOON);
    for (operation, word) in [
        (Operation::Get, "get"),
        (Operation::GetMetadata, "get_metadata"),
        (Operation::Create { consent, geo }, "create"),
        (
            Operation::CreateOrRevive { consent, geo },
            "create_or_revive",
        ),
        (
            Operation::CreateForNewId { consent, geo },
            "create_or_revive",
        ),
        (Operation::UpsertPartnerId(&one), "upsert_partner_id"),
        (Operation::Delete, "delete"),
    ] {
        assert_eq!(operation.as_str(), word);
    }
    assert_eq!(Outcome::AlreadyLive.to_string(), "already_live");
}
