//! The golden records: what other versions and systems have stored reads, and is written back byte for byte.

use std::path::{Path, PathBuf};

use edge_cookie::clock::Timestamp;
use edge_cookie::record::{ConsentStrings, KvEntry, KvGeo, KvMetadata, PartnerId, Unreadable};

fn golden() -> PathBuf {
    Path::new(env!("REPOSITORY")).join("tests/records")
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
        "trusted_server",
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
fn what_a_record_lacks_is_written_with_what_every_reader_needs() {
    for (name, lacks, written) in [
        ("trusted_server_tombstone", "}}", r#"},"ids":{}}"#),
        ("without_version", "{\"created", "{\"v\":1,\"created"),
    ] {
        let body = std::fs::read(golden().join(format!("{name}.json"))).unwrap();
        let entry = KvEntry::from_body(&body).unwrap();
        assert_eq!(entry.is_tombstone(), name == "trusted_server_tombstone");
        assert_eq!(
            String::from_utf8(entry.to_body()).unwrap(),
            String::from_utf8(body).unwrap().replace(lacks, written)
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
fn metadata_has_what_can_be_known_without_the_body() {
    let now = Timestamp::from_unix(5);
    for (entry, expected) in [
        (
            KvEntry::minimal(now),
            r#"{"ok":true,"country":"ZZ","v":1,"t":7,"p":"0f0f0f0f"}"#,
        ),
        (
            KvEntry::tombstone(now),
            r#"{"ok":false,"country":"ZZ","v":1,"t":7,"p":"0f0f0f0f"}"#,
        ),
    ] {
        let metadata = KvMetadata::from_entry(&entry, Timestamp::from_unix(7), "0f0f0f0f");
        assert_eq!(metadata.to_bytes(), expected.as_bytes());
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
fn partner_ids_that_are_no_object_are_reported_as_that() {
    let body =
        br#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"DE"},"ids":[]}"#;
    let error = KvEntry::from_body(body).unwrap_err().to_string();
    assert!(error.contains("an object of partner ids"), "{error}");
}

/// A record in which every optional field has a type of another writer's.
const OTHER_TYPES: &str = r#"{"v":"1","created":"1772409600","last_seen":"yesterday","consent":{"tcf":1,"gpp":["x"],"us_privacy":{},"gpc":1,"rule":7,"more":"no","ok":true,"updated":"1772409600"},"geo":{"country":"DE","region":9},"ids":{"a.com":{"uid":"k-1","synced":"1772409660"},"b.com":{"uid":"k-2","synced":false}}}"#;

#[test]
fn a_field_of_another_type_costs_no_user_their_record() {
    let entry = KvEntry::from_body(OTHER_TYPES.as_bytes()).unwrap();
    assert_eq!(entry.created, Timestamp::from_unix(1_772_409_600));
    assert_eq!(entry.last_seen, None);
    assert_eq!(entry.consent.rule, None);
    assert_eq!(entry.consent.kept.get("rule").unwrap().get(), "7");
    let synced = |partner: &str| {
        let partner = PartnerId::parse(partner).unwrap();
        entry.ids.get(&partner).unwrap().synced
    };
    assert_eq!(synced("a.com"), Some(Timestamp::from_unix(1_772_409_660)));
    assert_eq!(synced("b.com"), None);
    // Numbers are written as numbers, and what is not known stays where it was.
    let mut written = OTHER_TYPES.to_owned();
    for number in ["1", "1772409600", "1772409660"] {
        written = written.replace(&format!("\"{number}\""), number);
    }
    assert_eq!(String::from_utf8(entry.to_body()).unwrap(), written);
    assert_eq!(KvEntry::from_body(written.as_bytes()).unwrap(), entry);
}

#[test]
fn what_is_written_replaces_what_could_not_be_read() {
    let now = Timestamp::from_unix(1_772_452_800);
    let mut entry = KvEntry::from_body(OTHER_TYPES.as_bytes()).unwrap();
    entry.sync(&PartnerId::parse("b.com").unwrap(), "k-3", now);
    entry.see(now);
    let body = entry.to_body();
    assert_eq!(KvEntry::from_body(&body).unwrap(), entry);
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains(r#""b.com":{"uid":"k-3","synced":1772452800}"#));
    assert!(body.contains(r#""last_seen":1772452800,"#) && !body.contains("yesterday"));

    let strings = ConsentStrings {
        rule: Some("grant.no_law".into()),
        ..ConsentStrings::default()
    };
    entry.revive(strings, KvGeo::known("FR", None).unwrap(), now);
    assert_eq!(
        String::from_utf8(entry.to_body()).unwrap(),
        r#"{"v":1,"created":1772452800,"last_seen":1772452800,"consent":{"rule":"grant.no_law","ok":true,"updated":1772452800},"geo":{"country":"FR"},"ids":{}}"#
    );
}

#[test]
fn metadata_of_other_types_is_read() {
    for (stored, ok, t) in [
        (r#"{"ok":false,"country":7,"v":"1"}"#, Some(false), None),
        (r#"{"ok":"no","t":"5"}"#, None, Some(5)),
        (r#"{"t":-5}"#, None, None),
        (r#"{"ok":null,"t":null}"#, None, None),
    ] {
        let metadata = KvMetadata::from_bytes(stored.as_bytes()).unwrap();
        assert_eq!(metadata.ok, ok, "{stored}");
        assert_eq!(metadata.t, t.map(Timestamp::from_unix), "{stored}");
    }
    for unreadable in [
        r#"{"ok":true,"ok":true}"#,
        r#"{"ok":0,"ok":true}"#,
        "[]",
        "7",
    ] {
        let read = KvMetadata::from_bytes(unreadable.as_bytes());
        assert!(matches!(read, Err(Unreadable::Metadata(_))), "{unreadable}");
    }
}
