//! What the operations leave in the store: fields, retention, and what is kept of others' fields.

use crate::support;

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Operation, PartnerSync, expires_at};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Expiry, Renewal, Repeat, SyncOrder, Unchanged};
use edge_cookie::policy::types::{Seconds, Ttl};
use edge_cookie::record::{ConsentStrings, KvGeo, KvSignal};
use support::{Bench, DAY, HOUR, MINUTE, NOON, live, partner, policy, sync, tombstone};

fn defaults() -> Bench {
    Bench::new(EcPolicy::default())
}

fn with(change: impl FnOnce(&mut EcPolicy)) -> Bench {
    Bench::new(policy(change))
}

fn put((body, metadata): (String, String), bench: &Bench) {
    bench.put_raw(&body, &metadata, None);
}

fn unix(time: u64) -> Timestamp {
    Timestamp::from_unix(time)
}

#[test]
fn creation_stores_consent_as_given_and_sets_every_time_to_now() {
    let bench = defaults();
    let consent = ConsentStrings {
        tcf: Some("CQ..not decoded".into()),
        ..ConsentStrings::default()
    };
    let geo = KvGeo::known("us", Some("CA")).unwrap();
    bench.run(Operation::Create {
        consent: &consent,
        geo: &geo,
    });
    let stored = bench.stored().unwrap();
    assert_eq!(
        String::from_utf8(stored.body).unwrap(),
        format!(
            r#"{{"v":1,"created":{NOON},"last_seen":{NOON},"consent":{{"tcf":"CQ..not decoded","ok":true,"updated":{NOON}}},"geo":{{"country":"US","region":"CA"}},"ids":{{}}}}"#
        )
    );
    let mark = &bench.policy.digest.as_str()[..8];
    assert_eq!(
        String::from_utf8(stored.metadata).unwrap(),
        format!(r#"{{"ok":true,"country":"US","v":1,"t":{NOON},"p":"{mark}"}}"#)
    );
}

#[test]
fn every_string_that_decided_is_stored_with_the_rule() {
    let bench = defaults();
    let consent = ConsentStrings {
        tcf: Some("CQ..1".into()),
        gpp: Some("DBAA".into()),
        us_privacy: Some("1YNN".into()),
        gpc: true,
        rule: Some("grant.tcf_purpose_1".into()),
        more: vec![KvSignal::new("tcf", "CQ..2")],
    };
    let geo = KvGeo::known("de", None).unwrap();
    bench.run(Operation::Create {
        consent: &consent,
        geo: &geo,
    });
    let stored = String::from_utf8(bench.stored().unwrap().body).unwrap();
    assert!(stored.contains(&format!(
        r#""consent":{{"tcf":"CQ..1","gpp":"DBAA","us_privacy":"1YNN","gpc":true,"rule":"grant.tcf_purpose_1","more":[{{"signal":"tcf","value":"CQ..2"}}],"ok":true,"updated":{NOON}}}"#
    )));
    // Nothing of it survives a withdrawal.
    bench.withdraw();
    let stored = String::from_utf8(bench.stored().unwrap().body).unwrap();
    assert!(stored.contains(&format!(r#""consent":{{"ok":false,"updated":{NOON}}}"#)));
}

#[test]
fn a_withdrawal_leaves_nothing_but_its_time() {
    let bench = defaults();
    put(live(), &bench);
    bench.withdraw();
    let stored = bench.stored().unwrap();
    assert_eq!(
        String::from_utf8(stored.body).unwrap(),
        format!(
            r#"{{"v":1,"created":{NOON},"last_seen":{NOON},"consent":{{"ok":false,"updated":{NOON}}},"geo":{{"country":"ZZ"}},"ids":{{}}}}"#
        )
    );
}

#[test]
fn creating_over_an_expired_entry_keeps_nothing_of_it() {
    for create in [Bench::create, Bench::create_or_revive] {
        let bench = defaults();
        put(support::expired(), &bench);
        assert_eq!(create(&bench), "created");
        let stored = bench.stored().unwrap();
        for bytes in [stored.body, stored.metadata] {
            let text = String::from_utf8(bytes).unwrap();
            assert!(
                !text.contains("kept") && !text.contains("old.com") && !text.contains("OLD"),
                "{text}"
            );
        }
    }
}

#[test]
fn consent_older_than_the_withdrawal_does_not_undo_it() {
    for (age, outcome) in [(1, "revived"), (0, "consent_withdrawn")] {
        let bench = defaults();
        put(tombstone(age), &bench);
        assert_eq!(
            bench.create_or_revive(),
            outcome,
            "withdrawn {age} s before"
        );
    }
}

#[test]
fn a_revival_begins_a_new_life() {
    let bench = defaults();
    put(tombstone(HOUR), &bench);
    bench.create_or_revive();
    let record = bench.get().unwrap();
    assert_eq!(record.entry.created, unix(NOON));
    assert_eq!(record.entry.last_seen, Some(unix(NOON)));
    assert_eq!(record.entry.consent.updated, unix(NOON));
    assert_eq!(record.metadata.t, Some(unix(NOON)));
}

#[test]
fn an_entry_is_kept_through_the_last_second_of_its_time() {
    for (change, last) in [
        ((|_| {}) as fn(&mut EcPolicy), 365 * DAY),
        (|policy| policy.entry.ttl = Ttl::from_hours(1), HOUR),
    ] {
        let bench = with(change);
        bench.create();
        assert!(bench.at(NOON + last).get().is_some());
        assert!(bench.at(NOON + last + 1).get().is_none());
    }
}

#[test]
fn a_tombstone_counts_through_the_last_second_of_its_time() {
    let bench = defaults();
    bench.withdraw();
    assert_eq!(
        bench.at(NOON + DAY).sync("a.com", "U", NOON),
        "consent_withdrawn"
    );
    assert_eq!(
        bench.at(NOON + DAY + 1).sync("a.com", "U", NOON),
        "created_minimal"
    );
}

#[test]
fn the_store_keeps_a_record_one_second_longer_than_the_policy() {
    let bench = defaults();
    bench.create();
    assert!(bench.at(NOON + 365 * DAY).stored().is_some());
    assert!(bench.at(NOON + 365 * DAY + 1).stored().is_none());
}

#[test]
fn a_trusted_store_decides_on_live_entries_and_never_on_tombstones() {
    let trusting = |policy: &mut EcPolicy| policy.entry.expiry = Expiry::Store;
    let bench = with(trusting);
    put(support::expired(), &bench);
    assert!(bench.get().is_some());
    let bench = with(trusting);
    put(tombstone(DAY + 1), &bench);
    assert!(bench.get().is_none());
}

/// What each renewal makes of a sync and a touch, by the day on which the entry was last kept from.
#[test]
fn renewal_decides_what_prolongs_an_entry() {
    for (renewal, after_sync, after_touch) in [
        (Renewal::OnWrite, 10, 20),
        (Renewal::OnVisit, 0, 20),
        (Renewal::FromCreation, 0, 0),
    ] {
        let bench = with(|policy| policy.entry.renewal = renewal);
        bench.create();
        bench
            .at(NOON + 10 * DAY)
            .sync("a.com", "U", NOON + 10 * DAY);
        let kept_from = |now: u64| {
            let record = bench.at(now).get().unwrap();
            expires_at(&bench.policy, &record.entry, &record.metadata, unix(now)).unix() - 365 * DAY
        };
        assert_eq!(
            kept_from(NOON + 10 * DAY),
            NOON + after_sync * DAY,
            "{renewal:?} after a sync"
        );
        bench.at(NOON + 20 * DAY).touch(NOON + 20 * DAY);
        assert_eq!(
            kept_from(NOON + 20 * DAY),
            NOON + after_touch * DAY,
            "{renewal:?} after a touch"
        );
        let stored_until = NOON + after_touch * DAY + 365 * DAY;
        assert!(bench.at(stored_until).stored().is_some());
        assert!(bench.at(stored_until + 1).stored().is_none());
    }
}

#[test]
fn without_a_retention_time_the_latest_time_that_is_not_in_the_future_counts() {
    let future = NOON + DAY;
    for (created, seen, updated, expected) in [
        (NOON - 300, NOON - 200, NOON - 100, NOON - 100),
        (NOON - 300, NOON - 100, NOON - 200, NOON - 100),
        (NOON - 100, NOON - 200, NOON - 300, NOON - 100),
        (NOON - 300, future, NOON - 200, NOON - 200),
        (future, future, future, NOON),
    ] {
        let bench = defaults();
        let body = format!(
            r#"{{"v":1,"created":{created},"last_seen":{seen},"consent":{{"ok":true,"updated":{updated}}},"geo":{{"country":"DE"}},"ids":{{}}}}"#
        );
        bench.put_raw(&body, "", None);
        let record = bench.get().unwrap();
        let expires = expires_at(&bench.policy, &record.entry, &record.metadata, unix(NOON));
        assert_eq!(expires.unix() - 365 * DAY, expected);
    }
}

#[test]
fn a_retention_time_in_the_future_counts_as_now() {
    let bench = defaults();
    let (body, _) = live();
    bench.put_raw(&body, &format!(r#"{{"t":{}}}"#, NOON + 900 * DAY), None);
    let record = bench.get().unwrap();
    let expires = expires_at(&bench.policy, &record.entry, &record.metadata, unix(NOON));
    assert_eq!(expires, unix(NOON + 365 * DAY));
}

#[test]
fn a_repeated_withdrawal_moves_the_expiry_only_under_rewrite() {
    for (repeat, updated) in [("rewrite", NOON), ("keep", NOON - HOUR)] {
        let bench = with(|policy| {
            if repeat == "keep" {
                policy.tombstone.repeat = edge_cookie::policy::settings::Repeat::Keep;
            }
        });
        put(tombstone(HOUR), &bench);
        bench.withdraw();
        assert_eq!(
            bench.get().unwrap().entry.consent.updated,
            unix(updated),
            "{repeat}"
        );
    }
}

/// A body whose times another system wrote in milliseconds, where `ahead` says so.
fn foreign(ahead: &[&str]) -> String {
    let time = |name| {
        let then = NOON - 2 * DAY;
        if ahead.contains(&name) {
            then * 1_000
        } else {
            then
        }
    };
    format!(
        r#"{{"v":1,"created":{},"last_seen":{},"consent":{{"ok":{},"updated":{}}},"geo":{{"country":"DE"}},"ids":{{"a.com":{{"uid":"OLD","synced":{}}}}}}}"#,
        time("created"),
        time("last_seen"),
        !ahead.contains(&"tombstone"),
        time("updated"),
        time("synced"),
    )
}

fn over_foreign(ahead: &[&str], change: impl FnOnce(&mut EcPolicy)) -> Bench {
    let bench = with(change);
    let t = if ahead.contains(&"t") {
        format!(r#","t":{}"#, NOON * 1_000)
    } else {
        String::new()
    };
    let metadata = format!(
        r#"{{"ok":{},"country":"DE","v":1{t}}}"#,
        !ahead.contains(&"tombstone")
    );
    bench.put_raw(&foreign(ahead), &metadata, None);
    bench
}

#[test]
fn a_stored_time_in_the_far_future_blocks_nothing() {
    // Under every order and every answer to the same uid, a sync of now is written over it, and corrects it.
    for (order, unchanged, uid, outcome) in [
        (SyncOrder::Timestamp, Unchanged::Rewrite, "NEW", "written"),
        (SyncOrder::Timestamp, Unchanged::Rewrite, "OLD", "written"),
        (SyncOrder::Timestamp, Unchanged::Refresh, "OLD", "refreshed"),
        (SyncOrder::Arrival, Unchanged::Refresh, "OLD", "refreshed"),
    ] {
        let bench = over_foreign(&["synced"], |policy| {
            policy.sync.order = order;
            policy.sync.unchanged = unchanged;
        });
        assert_eq!(bench.sync("a.com", uid, NOON - MINUTE), outcome);
        let synced = |bench: &Bench| {
            let entry = bench.get().unwrap().entry;
            entry.ids.get(&partner("a.com")).unwrap().synced
        };
        assert_eq!(synced(&bench), Some(unix(NOON - MINUTE)));
    }
    // A time by a clock that is a little ahead still decides.
    let bench = with(|policy| policy.sync.order = SyncOrder::Timestamp);
    bench.at(NOON + MINUTE).sync("a.com", "NEW", NOON + MINUTE);
    assert_eq!(bench.at(NOON).sync("a.com", "OLD", NOON), "stale");

    let bench = over_foreign(&["last_seen"], |_| {});
    assert_eq!(bench.touch(NOON), "touched");
    assert_eq!(bench.get().unwrap().entry.last_seen, Some(unix(NOON)));
    assert_eq!(bench.touch(NOON), "stale");

    // The user withdrew, whenever that was, and consents now.
    let bench = over_foreign(&["tombstone", "updated"], |_| {});
    assert_eq!(bench.sync("a.com", "U", NOON), "consent_withdrawn");
    assert_eq!(bench.create_or_revive(), "revived");
}

#[test]
fn a_stored_time_in_the_far_future_keeps_no_record_beyond_the_next_write() {
    let year = 365 * DAY;
    for renewal in [Renewal::OnWrite, Renewal::OnVisit, Renewal::FromCreation] {
        for ahead in [
            &["created", "t"][..],
            &["created", "t", "last_seen", "updated"],
        ] {
            let bench = over_foreign(ahead, |policy| policy.entry.renewal = renewal);
            assert_eq!(bench.sync("a.com", "NEW", NOON), "written");
            // A later write starts the time again only where the policy says so.
            let again = bench.at(NOON + DAY).sync("a.com", "NEW", NOON + DAY);
            assert_eq!(again, "written");
            let from = if renewal == Renewal::OnWrite {
                NOON + DAY
            } else {
                NOON
            };
            for (later, kept) in [(year, true), (year + 1, false)] {
                let read = bench.at(from + later).get();
                assert_eq!(read.is_some(), kept, "{renewal:?} {ahead:?}");
            }
        }
    }
}

#[test]
fn a_batch_reports_each_id_with_its_own_outcome() {
    let bench = with(|policy| {
        policy.entry.max_partner_ids = 2;
        policy.entry.max_uid_bytes = 8;
        policy.sync.max_age = Some(Seconds::new(DAY));
        policy.sync.unchanged = Unchanged::Skip;
    });
    put(live(), &bench);
    let ids = [
        sync("liveramp.com", "LR_1", NOON),
        sync("a.com", "first", NOON),
        sync("a.com", "second", NOON),
        sync("b.com", "U", NOON),
        sync("c.com", "", NOON),
        sync("c.com", "123456789", NOON),
        sync("c.com", "U", NOON - DAY - 1),
    ];
    let finished = bench.run(Operation::UpsertPartnerIds(&ids));
    let done = finished.result.unwrap();
    assert_eq!(done.outcome.as_str(), "written");
    let each: Vec<_> = done.each.iter().map(|outcome| outcome.as_str()).collect();
    assert_eq!(
        each,
        [
            "unchanged",
            "written",
            "written",
            "too_many_partners",
            "invalid_uid",
            "invalid_uid",
            "stale"
        ]
    );
    let entry = bench.get().unwrap().entry;
    assert_eq!(&*entry.ids.get(&partner("a.com")).unwrap().uid, "second");
    assert_eq!(entry.ids.len(), 2);
}

#[test]
fn duplicates_share_the_outcome_of_the_one_that_counts() {
    let bench = with(|policy| policy.sync.unchanged = Unchanged::Skip);
    put(live(), &bench);
    // What is stored already comes first, and is not what the batch leaves.
    let ids = [
        sync("liveramp.com", "LR_1", NOON),
        sync("liveramp.com", "LR_2", NOON),
    ];
    let done = bench.run(Operation::UpsertPartnerIds(&ids)).result.unwrap();
    let each: Vec<_> = done.each.iter().map(|outcome| outcome.as_str()).collect();
    assert_eq!(each, ["written", "written"]);
}

#[test]
fn a_batch_that_writes_nothing_ends_in_the_word_its_ids_share() {
    let cases: [(&[(&str, &str)], &str); 4] = [
        (
            &[("liveramp.com", "LR_1"), ("liveramp.com", "LR_1")],
            "unchanged",
        ),
        // The last of duplicates wins, and says what the record holds already.
        (
            &[("liveramp.com", "LR_2"), ("liveramp.com", "LR_1")],
            "unchanged",
        ),
        (&[("a.com", ""), ("b.com", " ")], "invalid_uid"),
        (&[("liveramp.com", "LR_1"), ("b.com", " ")], "refused"),
    ];
    for (ids, outcome) in cases {
        let bench = with(|policy| policy.sync.unchanged = Unchanged::Skip);
        put(live(), &bench);
        let ids: Vec<_> = ids
            .iter()
            .map(|(partner, uid)| sync(partner, uid, NOON))
            .collect();
        let done = bench.run(Operation::UpsertPartnerIds(&ids)).result.unwrap();
        assert_eq!(
            (done.outcome.as_str(), done.each.len()),
            (outcome, ids.len())
        );
    }
}

/// A sync of each of so many partners that no test names.
fn other_partners(count: usize) -> Vec<PartnerSync> {
    (0..count)
        .map(|other| sync(&format!("other{other}.com"), "U", NOON - 10))
        .collect()
}

#[test]
fn where_timestamps_decide_the_latest_of_duplicates_wins() {
    let ids = [
        sync("a.com", "old", NOON - 20),
        sync("a.com", "new", NOON - 10),
        sync("a.com", "older", NOON - 30),
        sync("b.com", "first", NOON - 10),
        sync("b.com", "second", NOON - 10),
    ];
    for (order, winner, each) in [
        (SyncOrder::Arrival, "older", ["written"; 5]),
        (
            SyncOrder::Timestamp,
            "new",
            ["written", "written", "stale", "written", "written"],
        ),
    ] {
        // However many other partners come before them.
        for others in [0, 26, 27, 28, 40] {
            let bench = with(|policy| policy.sync.order = order);
            put(live(), &bench);
            let mut batch = other_partners(others);
            batch.extend(ids.clone());
            let done = bench.run(Operation::UpsertPartnerIds(&batch)).result;
            let words: Vec<_> = done.unwrap().each.iter().map(|one| one.as_str()).collect();
            assert_eq!(words[..others], vec!["written"; others]);
            assert_eq!(words[others..], each, "after {others}");
            let entry = bench.get().unwrap().entry;
            let uid = |id| &*entry.ids.get(&partner(id)).unwrap().uid;
            assert_eq!((uid("a.com"), uid("b.com")), (winner, "second"));
        }
    }
}

#[test]
fn what_a_batch_does_not_leave_is_never_put() {
    // However many other partners come before it: who is overtaken in the batch changes nothing on the way.
    for others in [0, 30, 31, 40] {
        let bench = with(|policy| policy.sync.unchanged = Unchanged::Skip);
        put(live(), &bench);
        assert_eq!(bench.sync("a.com", "U", NOON - 20), "written");
        let mut batch = other_partners(others);
        batch.extend([sync("a.com", "V", NOON - 10), sync("a.com", "U", NOON - 5)]);
        let done = bench.run(Operation::UpsertPartnerIds(&batch)).result;
        let words: Vec<_> = done.unwrap().each.iter().map(|one| one.as_str()).collect();
        assert_eq!(words[others..], ["unchanged"; 2], "after {others}");
    }
}

#[test]
fn a_sync_that_does_not_fit_leaves_everything_as_it_was() {
    let long = "x".repeat(500);
    let bench = with(|policy| policy.entry.max_body_bytes = 400);
    put(live(), &bench);
    assert_eq!(bench.sync("a.com", "U", NOON - 10), "written");
    let ids = [
        sync("b.com", "V", NOON),
        sync("a.com", &long, NOON),
        sync("c.com", &long, NOON),
        sync("d.com", "W", NOON),
    ];
    let done = bench.run(Operation::UpsertPartnerIds(&ids)).result.unwrap();
    let words: Vec<_> = done.each.iter().map(|outcome| outcome.as_str()).collect();
    let too_large = "entry_too_large";
    assert_eq!(words, ["written", too_large, too_large, "written"]);
    let entry = bench.get().unwrap().entry;
    for (id, uid) in [
        ("a.com", Some("U")),
        ("b.com", Some("V")),
        ("c.com", None),
        ("d.com", Some("W")),
    ] {
        let kept = entry.ids.get(&partner(id)).map(|kept| &*kept.uid);
        assert_eq!(kept, uid, "{id}");
    }
}

#[test]
fn a_sync_from_the_future_counts_as_now() {
    let bench = defaults();
    put(live(), &bench);
    bench.sync("a.com", "U", NOON + 5 * MINUTE);
    let entry = bench.get().unwrap().entry;
    assert_eq!(
        entry.ids.get(&partner("a.com")).unwrap().synced,
        Some(unix(NOON))
    );
    assert_eq!(
        entry.last_seen,
        Some(unix(NOON - HOUR)),
        "a sync is no visit"
    );
}

#[test]
fn a_minimal_entry_holds_the_sync_and_no_place() {
    let bench = defaults();
    bench.sync("a.com", "U", NOON - HOUR);
    let record = bench.get().unwrap();
    assert_eq!(&*record.entry.geo.country, "ZZ");
    assert_eq!(record.entry.created, unix(NOON));
    assert_eq!(
        record.entry.ids.get(&partner("a.com")).unwrap().synced,
        Some(unix(NOON - HOUR))
    );
    assert_eq!(
        record.metadata.t,
        Some(unix(NOON)),
        "the sync's own time decides no retention"
    );
}

#[test]
fn limits_bind_what_is_written_and_never_what_is_read() {
    let bench = with(|policy| {
        policy.entry.max_body_bytes = 10;
        policy.entry.max_uid_bytes = 1;
        policy.entry.max_partner_ids = 0;
    });
    put(live(), &bench);
    assert!(bench.get().is_some());
    assert_eq!(bench.touch(NOON), "touched");
    assert_eq!(bench.sync("liveramp.com", "X", NOON), "entry_too_large");
    let bench = with(|policy| policy.entry.max_body_bytes = 10);
    assert_eq!(bench.create(), "entry_too_large");
    assert_eq!(bench.stored(), None);
    assert_eq!(bench.withdraw(), "withdrawn", "withdrawal must win");
}

#[test]
fn a_new_entry_may_take_all_that_the_limits_leave_and_no_byte_more() {
    let bench = defaults();
    bench.create();
    let stored = bench.stored().unwrap();
    let [body, metadata] =
        [stored.body.len(), stored.metadata.len()].map(|len| u32::try_from(len).unwrap());
    for (less, word) in [(0, "created"), (1, "entry_too_large")] {
        let bench = with(|policy| policy.entry.max_body_bytes = body - less);
        assert_eq!(bench.create(), word, "of a body {less} bytes too large");
        let bench = with(|policy| policy.entry.max_metadata_bytes = metadata - less);
        assert_eq!(bench.create(), word, "of metadata {less} bytes too large");
    }
}

#[test]
fn metadata_that_would_make_a_record_unreadable_is_not_written() {
    let long = format!(r#"{{"t":{NOON},"other":"{}"}}"#, "x".repeat(1_900));
    for run in [
        |bench: &Bench| bench.sync("a.com", "U", NOON),
        |bench: &Bench| bench.touch(NOON),
    ] {
        let bench = defaults();
        let (body, _) = live();
        bench.put_raw(&body, &long, None);
        let before = bench.stored();
        assert_eq!(run(&bench), "entry_too_large");
        assert_eq!(bench.stored(), before);
    }
}

#[test]
fn fields_of_other_versions_survive_every_rewrite() {
    let body = format!(
        r#"{{"v":1,"created":{0},"consent":{{"ok":true,"updated":{0},"cmp":{{"id": 7}}}},"geo":{{"country":"DE","city":"Köln"}},"ids":{{"a.com":{{"uid":"A","seen":1.10}}}},"score":18446744073709551616,"é\n":[1, 2]}}"#,
        NOON - DAY
    );
    let metadata = format!(r#"{{"t":{},"shard":"\u00e9","w":1e400}}"#, NOON - DAY);
    let kept = [
        r#""cmp":{"id": 7}"#,
        r#""city":"Köln""#,
        r#""seen":1.10"#,
        r#""score":18446744073709551616"#,
        r#""é\n":[1, 2]"#,
        r#""shard":"\u00e9""#,
        r#""w":1e400"#,
    ];
    let steps: [(&str, fn(&Bench) -> &'static str); 2] = [
        ("written", |bench| bench.sync("a.com", "B", NOON)),
        ("touched", |bench| bench.touch(NOON)),
    ];
    for (outcome, step) in steps {
        let bench = defaults();
        bench.put_raw(&body, &metadata, None);
        assert_eq!(step(&bench), outcome);
        let stored = bench.stored().unwrap();
        let text = [stored.body, stored.metadata]
            .map(|bytes| String::from_utf8(bytes).unwrap())
            .concat();
        for field in kept {
            assert!(text.contains(field), "{field} in {text}");
        }
    }
    let bench = defaults();
    bench.put_raw(
        &body
            .replace(r#""ok":true"#, r#""ok":false"#)
            .replace(&(NOON - DAY).to_string(), &(NOON - 5).to_string()),
        &metadata,
        None,
    );
    assert_eq!(bench.create_or_revive(), "revived");
    let stored = bench.stored().unwrap();
    let text = [stored.body, stored.metadata]
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .concat();
    for field in kept.iter().filter(|field| !field.contains("seen")) {
        assert!(text.contains(field), "{field} in {text}");
    }
}

#[test]
fn a_record_that_cannot_be_read_says_why() {
    for (body, metadata, why) in [
        ("{", "", "the body is not JSON"),
        ("\u{feff}{}", "", "the body is not JSON"),
        ("[]", "", "the body has not the shape of a record"),
        (r#"{"v":1}"#, "", "missing field `created`"),
        (r#"{"v":2,"new":true}"#, "", "schema version 2"),
        (r#"{"v":1,"v":1}"#, "", "duplicate field `v`"),
        (
            live().0.as_str(),
            "no json",
            "the metadata is not that of a record",
        ),
        (
            live().0.as_str(),
            r#"{"t":1,"t":2}"#,
            "the metadata is not that of a record",
        ),
    ] {
        let bench = defaults();
        bench.put_raw(body, metadata, None);
        let error = bench.run(Operation::Get).result.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_tombstone_in_the_metadata_alone_is_one() {
    let body = format!(
        r#"{{"v":1,"created":{created},"consent":{{"ok":true,"updated":{created}}},"geo":{{"country":"DE"}},"ids":{{"a.com":{{"uid":"OLD"}}}}}}"#,
        created = NOON - 300 * DAY
    );
    let bench = |change: fn(&mut EcPolicy)| {
        let bench = with(change);
        bench.put_raw(&body, r#"{"ok":false,"country":"DE","v":1}"#, None);
        bench
    };
    let defaults = bench(|_| {});
    assert_eq!(defaults.sync("a.com", "U", NOON), "consent_withdrawn");
    assert_eq!(defaults.touch(NOON), "consent_withdrawn");
    assert!(defaults.get().unwrap().entry.is_tombstone());
    // No one knows when the user withdrew, so that it is remembered as long as it is stored.
    let later = defaults.at(NOON + 300 * DAY);
    assert_eq!(
        later.sync("a.com", "U", NOON + 300 * DAY),
        "consent_withdrawn"
    );
    assert_eq!(later.create_or_revive(), "revived");
    let revived = later.get().unwrap();
    assert!(!revived.entry.is_tombstone() && revived.entry.ids.is_empty());
    assert_eq!(revived.metadata.ok, Some(true));
    // Kept as it is, it stays one.
    let kept = bench(|policy| policy.tombstone.repeat = Repeat::Keep);
    assert_eq!(kept.withdraw(), "already_withdrawn");
    assert_eq!(kept.sync("a.com", "U", NOON), "consent_withdrawn");
}
