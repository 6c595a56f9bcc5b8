//! The records of the trusted-server of the IAB Tech Lab, made from its documented schema: each is read, synced, withdrawn and
//! revived, and written back with nothing lost and in a form that it reads.

mod ages;
mod fields;
#[expect(dead_code, reason = "shared with the tests of both side by side")]
#[path = "../side_by_side/shape.rs"]
mod shape;
use crate::support;
mod table;

use edge_cookie::engine::Operation;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Repeat, UnknownAge};
use edge_cookie::record::KvEntry;
use serde_json::{Value, json};
use support::{Bench, NOON, policy};
use table::{Live, NeverReads, Reads, Row, Tombstone, Unreadable, table};

fn bench(row: &Row, policy: EcPolicy) -> Bench {
    let bench = Bench::new(policy);
    bench.put_raw(&row.body, &row.metadata, None);
    bench
}

fn stored(bench: &Bench) -> (String, String) {
    let stored = bench.stored().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(stored.body), text(stored.metadata))
}

fn theirs_reads(bench: &Bench) -> bool {
    let (body, metadata) = stored(bench);
    shape::read(body.as_bytes()).is_ok()
        && shape::known(metadata.as_bytes(), shape::METADATA).is_ok()
}

fn error(bench: &Bench) -> String {
    bench.run(Operation::Get).result.unwrap_err().to_string()
}

/// What a writer that knows its schema may change: a touch and a sync, a number that was a string, what a default means.
fn assert_kept(before: &Value, after: &Value, path: &str, name: &str) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                let path = format!("{path}/{key}");
                match after.get(key) {
                    Some(other) => assert_kept(value, other, &path, name),
                    None => assert!(value.is_null(), "{name}: {path} is lost"),
                }
            }
            let known = ["/", ""].contains(&path) && name == "another order";
            let order = |fields: &serde_json::Map<String, Value>| -> Vec<String> {
                let both = |key: &&String| before.contains_key(*key) && after.contains_key(*key);
                fields.keys().filter(both).cloned().collect()
            };
            // Known fields come in the order of the schema.
            assert!(known || order(before) == order(after), "{name}: {path}");
        }
        _ if before == after || path == "/last_seen" => {}
        (Value::String(digits), Value::Number(number)) => {
            assert_eq!(*digits, number.to_string(), "{name}: {path}");
        }
        (Value::Number(_) | Value::Null, _) if path == "/v" => assert_eq!(*after, json!(1)),
        (Value::Null, _) => assert!(["/geo", "/ids"].contains(&path), "{name}: {path}"),
        _ => panic!("{name}: {path} was {before} and is {after}"),
    }
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!({}))
}

/// The metadata but for what every write of ours states.
fn extra_metadata(text: &str) -> Value {
    let mut metadata = json_of(text);
    for ours in ["ok", "country", "v", "t", "p"] {
        metadata.as_object_mut().unwrap().remove(ours);
    }
    metadata
}

#[test]
fn the_table_has_every_field_missing_every_extra_and_each_form_of_metadata() {
    let table = table();
    assert!(table.len() >= 40, "{}", table.len());
    for row in &table {
        let same = |other: &&Row| (&other.body, &other.metadata) == (&row.body, &row.metadata);
        assert_eq!(table.iter().filter(same).count(), 1, "{}", row.name);
    }
}

#[test]
fn live_entries_are_read_synced_and_touched_with_nothing_lost() {
    for row in table() {
        let Live(theirs) = row.is else { continue };
        let name = row.name;
        let bench = bench(&row, EcPolicy::default());
        let read = bench.get().unwrap_or_else(|| panic!("{name} is not read"));
        assert!(!read.entry.is_tombstone(), "{name}");
        assert_eq!(
            shape::read(row.body.as_bytes()).is_ok(),
            theirs == Reads,
            "{name}"
        );
        assert_eq!(bench.touch(NOON), "touched", "{name}");
        assert_eq!(bench.sync("new.com", "U", NOON), "written", "{name}");
        let (body, metadata) = stored(&bench);
        assert_kept(&json_of(&row.body), &json_of(&body), "", name);
        let (before, after) = (extra_metadata(&row.metadata), extra_metadata(&metadata));
        assert_eq!(before, after, "{name}");
        assert_eq!(theirs_reads(&bench), theirs != NeverReads, "{name}: {body}");
    }
}

#[test]
fn live_entries_are_withdrawn_and_revived_in_a_form_that_the_trusted_server_reads() {
    for row in table() {
        let Live(_) = row.is else { continue };
        let name = row.name;
        let bench = bench(&row, EcPolicy::default());
        assert_eq!(bench.withdraw(), "withdrawn", "{name}");
        assert!(theirs_reads(&bench), "{name}");
        let (body, metadata) = stored(&bench);
        assert_eq!(json_of(&body)["consent"]["ok"], json!(false), "{name}");
        assert_eq!(json_of(&metadata)["ok"], json!(false), "{name}");
        assert_eq!(
            bench.sync("criteo.com", "k-1", NOON),
            "consent_withdrawn",
            "{name}"
        );
        assert_eq!(bench.at(NOON + 1).create_or_revive(), "revived", "{name}");
        assert!(theirs_reads(&bench), "{name}");
    }
}

#[test]
fn tombstones_stay_tombstones_until_fresh_consent() {
    for row in table() {
        let Tombstone(theirs) = row.is else { continue };
        let name = row.name;
        assert_eq!(
            shape::read(row.body.as_bytes()).is_ok(),
            theirs == Reads,
            "{name}"
        );
        for age in [UnknownAge::Created, UnknownAge::Now, UnknownAge::Reject] {
            let bench = bench(
                &row,
                policy(|policy| {
                    policy.import.unknown_age = age;
                    policy.tombstone.repeat = Repeat::Keep;
                }),
            );
            assert!(bench.get().unwrap().entry.is_tombstone(), "{name} {age:?}");
            assert_eq!(
                bench.sync("a.com", "U", NOON),
                "consent_withdrawn",
                "{name}"
            );
            assert_eq!(bench.touch(NOON), "consent_withdrawn", "{name}");
            // It is written again with the policy's own time, and stays what it was.
            assert_eq!(bench.withdraw(), "already_withdrawn", "{name}");
            assert!(
                bench.get().unwrap().entry.is_tombstone() && theirs_reads(&bench),
                "{name}"
            );
            let mut before = json_of(&row.body);
            let after = json_of(&stored(&bench).0);
            for said in ["ok", "updated"] {
                before["consent"][said] = after["consent"][said].clone();
            }
            assert_kept(&before, &after, "", name);
            assert_eq!(bench.create_or_revive(), "revived", "{name}");
            assert!(theirs_reads(&bench), "{name}");
            let revived = bench.get().unwrap();
            assert!(
                !revived.entry.is_tombstone() && revived.entry.ids.is_empty(),
                "{name}"
            );
            let next = r#""next":[1.10]"#;
            let (body, _) = stored(&bench);
            assert_eq!(body.contains(next), row.body.contains(next), "{name}");
        }
    }
}

#[test]
fn unreadable_records_say_why_and_only_a_withdrawal_or_a_deletion_takes_them() {
    for row in table() {
        let Unreadable(why) = row.is else { continue };
        let name = row.name;
        let fresh = || bench(&row, EcPolicy::default());
        let bench = fresh();
        assert!(error(&bench).contains(why), "{name}: {}", error(&bench));
        for word in [
            bench.sync("criteo.com", "k-2", NOON),
            bench.touch(NOON),
            bench.create_or_revive(),
        ] {
            assert_eq!(word, "unreadable_entry", "{name}");
        }
        assert_eq!(bench.create(), "already_exists", "{name}");
        assert_eq!(stored(&bench), (row.body.clone(), row.metadata.clone()));
        assert_eq!(bench.withdraw(), "withdrawn", "{name}");
        assert!(theirs_reads(&bench), "{name}");
        assert_eq!(fresh().delete(), "deleted", "{name}");
    }
}

#[test]
fn an_unchanged_rewrite_gives_the_same_bytes() {
    for row in table() {
        let (Live(Reads), Ok(entry)) = (row.is, KvEntry::from_body(row.body.as_bytes())) else {
            continue;
        };
        if ["another order", "optional fields that are null"].contains(&row.name) {
            continue;
        }
        let mut before = row.body.clone();
        if !before.contains(r#""ids""#) {
            before.truncate(before.len() - 1);
            before.push_str(r#","ids":{}}"#);
        }
        assert_eq!(
            String::from_utf8(entry.to_body()).unwrap(),
            before,
            "{}",
            row.name
        );
    }
}
