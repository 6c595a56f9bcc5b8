//! The golden records: what other versions and systems have stored reads, and is written back byte for byte.
#![allow(clippy::unwrap_used, reason = "a failed test should stop")]

use std::path::{Path, PathBuf};

use edge_cookie::clock::Timestamp;
use edge_cookie::record::{KvEntry, KvMetadata, PartnerId, Unreadable};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records")
}

/// Every golden file whose name begins so, with its bytes.
fn files(begins: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(golden()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is_body = path
            .extension()
            .is_some_and(|extension| extension == "json");
        if name.starts_with(begins) && is_body && !name.ends_with(".meta.json") {
            found.push((name, std::fs::read(&path).unwrap()));
        }
    }
    assert!(!found.is_empty(), "no golden record begins with {begins}");
    found
}

#[test]
fn readable_records_are_written_back_as_they_were() {
    for name in [
        "live",
        "decided",
        "tombstone",
        "minimal",
        "foreign_fields",
        "without_last_seen_and_synced",
    ] {
        let body = std::fs::read(golden().join(format!("{name}.json"))).unwrap();
        let entry = KvEntry::from_body(&body).unwrap();
        assert_eq!(
            String::from_utf8(entry.to_body()).unwrap(),
            String::from_utf8(body).unwrap()
        );
        assert_eq!(entry.is_tombstone(), name == "tombstone");
        let bytes = std::fs::read(golden().join(format!("{name}.meta.json"))).unwrap();
        let metadata = KvMetadata::from_bytes(&bytes).unwrap();
        assert_eq!(
            String::from_utf8(metadata.to_bytes()).unwrap(),
            String::from_utf8(bytes).unwrap()
        );
    }
}

#[test]
fn unreadable_records_say_what_is_wrong() {
    type Kind = fn(&Unreadable) -> bool;
    let kinds: [(&str, Kind); 3] = [
        ("newer_version", |why| {
            matches!(why, Unreadable::WrongVersion(_))
        }),
        ("not_json", |why| matches!(why, Unreadable::NotJson(_))),
        ("wrong_shape", |why| {
            matches!(why, Unreadable::WrongShape(_))
        }),
    ];
    for (begins, is_kind) in kinds {
        for (name, body) in files(begins) {
            let why = KvEntry::from_body(&body).unwrap_err();
            assert!(is_kind(&why), "{name}: {why}");
            for type_name in ["u64", "i64", "struct", "bool,"] {
                assert!(!why.to_string().contains(type_name), "{name}: {why}");
            }
        }
    }
    assert!(matches!(
        KvMetadata::from_bytes(b"{"),
        Err(Unreadable::Metadata(_))
    ));
    assert_eq!(KvMetadata::from_bytes(b"").unwrap(), KvMetadata::default());
}

#[test]
fn metadata_tells_what_can_be_known_without_the_body() {
    let now = Timestamp::from_unix(5);
    for (entry, told) in [
        (
            KvEntry::minimal(now),
            r#"{"ok":true,"country":"ZZ","v":1,"t":7,"p":"0f0f0f0f"}"#,
        ),
        (
            KvEntry::tombstone(now),
            r#"{"ok":false,"country":"ZZ","v":1,"t":7,"p":"0f0f0f0f"}"#,
        ),
    ] {
        let metadata = KvMetadata::of(&entry, Timestamp::from_unix(7), "0f0f0f0f");
        assert_eq!(metadata.to_bytes(), told.as_bytes());
    }
}

#[test]
fn a_new_entry_has_no_partner_ids_until_one_syncs() {
    let now = Timestamp::from_unix(5);
    let mut entry = KvEntry::minimal(now);
    assert!(entry.ids.is_empty());
    entry.sync(&PartnerId::parse("a.com").unwrap(), "U", now);
    assert!(!entry.ids.is_empty());
    assert_eq!(entry.ids.len(), 1);
}

#[test]
fn entries_that_differ_in_what_is_kept_are_not_the_same() {
    let entry = |kept: &str| {
        let body = format!(
            r#"{{"v":1,"created":5,"consent":{{"ok":true,"updated":5}},"geo":{{"country":"DE"}},"ids":{{}}{kept}}}"#
        );
        KvEntry::from_body(body.as_bytes()).unwrap()
    };
    let one = r#","next":1"#;
    assert_eq!(entry(one), entry(one));
    for other in ["", r#","next":2"#, r#","then":1"#, r#","next":1,"then":1"#] {
        assert_ne!(entry(one), entry(other), "{other}");
    }
}

#[test]
fn partner_ids_that_are_no_object_are_told_as_that() {
    let body =
        br#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"DE"},"ids":[]}"#;
    let told = KvEntry::from_body(body).unwrap_err().to_string();
    assert!(told.contains("an object of partner ids"), "{told}");
}
