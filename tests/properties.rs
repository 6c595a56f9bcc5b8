//! What must hold of every policy, record and line, not only of those thought of.

use std::collections::BTreeMap;

use edge_cookie::config::{Loaded, PolicyFiles, PolicySources};
use edge_cookie::event::Event;
use edge_cookie::policy::difference::between;
use edge_cookie::policy::value::Value;
use edge_cookie::record::{EcId, KvEntry};
use proptest::prelude::*;

/// Settings that take any of these values, as TOML.
fn setting() -> impl Strategy<Value = (&'static str, String)> {
    let duration = (1_u32..5_000, prop::sample::select(vec!["s", "m", "h", "d"]))
        .prop_map(|(number, unit)| format!("\"{number}{unit}\""));
    let count = (1_u32..90).prop_map(|number| number.to_string());
    prop_oneof![
        (
            prop::sample::select(vec![
                "entry.ttl",
                "tombstone.ttl",
                "last_seen.debounce",
                "sync.max_age"
            ]),
            duration
        ),
        (
            prop::sample::select(vec!["cas.max_retries", "entry.max_partner_ids"]),
            count
        ),
        (
            Just("entry.renewal"),
            prop::sample::select(vec!["\"on_write\"", "\"on_visit\""]).prop_map(str::to_owned)
        ),
        (
            Just("cookie.http_only"),
            any::<bool>().prop_map(|truth| truth.to_string())
        ),
    ]
}

/// A layer: each key at most once.
fn layer() -> impl Strategy<Value = BTreeMap<&'static str, String>> {
    prop::collection::vec(setting(), 0..5).prop_map(|settings| settings.into_iter().collect())
}

fn toml(layer: &BTreeMap<&str, String>) -> String {
    layer.iter().fold(String::new(), |text, (key, value)| {
        format!("{text}ec.{key} = {value}\n")
    })
}

/// Loads a configuration, a parent, a profile and overrides; gives what was written too.
fn load(layers: &[BTreeMap<&'static str, String>; 4]) -> (Loaded, BTreeMap<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    let [config, parent, profile, sets] = layers;
    let mut files = BTreeMap::new();
    for (name, text) in [
        ("trusted-server.toml", toml(config)),
        ("policies/parent.toml", toml(parent)),
        (
            "policies/profile.toml",
            format!("inherits = \"parent\"\n{}", toml(profile)),
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, &text).unwrap();
        files.insert(path.display().to_string(), text);
    }
    let sets: Vec<String> = sets
        .iter()
        .map(|(key, value)| format!("ec.{key}={value}"))
        .collect();
    files.insert(
        "<command line>".to_owned(),
        sets.iter()
            .fold(String::new(), |text, set| format!("{text}--set {set}\n")),
    );
    let sources = PolicySources {
        config: folder.path().join("trusted-server.toml"),
        policies,
        sets,
        ..PolicySources::default()
    };
    (
        PolicyFiles::open(sources).unwrap().load("profile").unwrap(),
        files,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_highest_layer_wins_and_its_origin_points_at_the_value(layers in [layer(), layer(), layer(), layer()]) {
        let (loaded, files) = load(&layers);
        prop_assert!(loaded.resolved.is_usable(), "{:?}", loaded.resolved.findings);
        for effective in &loaded.resolved.values {
            let highest = layers.iter().rev().find_map(|layer| layer.get(effective.key));
            let Some(written) = highest else {
                prop_assert!(effective.origin.place.is_none());
                continue;
            };
            prop_assert_eq!(&effective.value.to_string(), written);
            let place = effective.origin.place.as_ref().unwrap();
            let text = &files[&*place.file];
            prop_assert_eq!(&text[place.span.clone()], written);
            let line = text.lines().nth(place.line as usize - 1).unwrap();
            let from_column: String = line.chars().skip(place.column as usize - 1).collect();
            prop_assert!(from_column.starts_with(written.as_str()));
            let stated = layers.iter().filter(|layer| layer.contains_key(effective.key)).count();
            prop_assert_eq!(effective.overrides.len(), stated, "each lower layer, and the default");
        }
    }

    #[test]
    fn layering_is_associative(layers in [layer(), layer(), layer(), layer()]) {
        let [a, b, c, d] = layers;
        let over = |lower: &BTreeMap<&'static str, String>, higher: &BTreeMap<&'static str, String>| {
            let mut both = lower.clone();
            both.extend(higher.clone());
            both
        };
        let none = BTreeMap::new;
        let apart = load(&[a.clone(), b.clone(), c.clone(), d.clone()]).0.resolved;
        for together in [
            [over(&a, &b), c.clone(), d.clone(), none()],
            [a.clone(), over(&b, &c), none(), d.clone()],
            [none(), a.clone(), b.clone(), over(&c, &d)],
            [none(), none(), over(&over(&a, &b), &over(&c, &d)), none()],
        ] {
            let together = load(&together).0.resolved;
            prop_assert_eq!(&together.policy, &apart.policy);
            prop_assert!(between(&together, &apart).is_empty());
        }
    }

    #[test]
    fn a_difference_is_reported_exactly_where_values_differ(one in layer(), other in layer()) {
        let none = BTreeMap::new;
        let (one, _) = load(&[one, none(), none(), none()]);
        let (other, _) = load(&[none(), none(), other, none()]);
        let (one, other) = (&one.resolved, &other.resolved);
        prop_assert!(between(one, one).is_empty());
        let (there, back) = (between(one, other), between(other, one));
        prop_assert_eq!(there.is_empty(), one.policy.digest == other.policy.digest);
        let mirrored: Vec<_> = back.iter().map(|change| (change.to, change.from)).collect();
        prop_assert_eq!(there.iter().map(|change| (change.from, change.to)).collect::<Vec<_>>(), mirrored);
    }

    #[test]
    fn digests_are_equal_exactly_where_policies_are(one in layer(), other in layer()) {
        let none = BTreeMap::new;
        let (one, _) = load(&[one, none(), none(), none()]);
        let (other, _) = load(&[none(), none(), other, none()]);
        let same = |policy: &edge_cookie::policy::EcPolicy| policy.digest.clone();
        let equal_but_for_digest = {
            let mut copy = other.resolved.policy.clone();
            copy.digest = same(&one.resolved.policy);
            copy == one.resolved.policy
        };
        prop_assert_eq!(same(&one.resolved.policy) == same(&other.resolved.policy), equal_but_for_digest);
    }

    #[test]
    fn no_text_makes_the_readers_of_input_panic(text in "\\PC{0,80}") {
        let _ = Event::parse(&text);
        let _ = text.parse::<EcId>();
        let _ = KvEntry::from_body(text.as_bytes());
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("trusted-server.toml");
        std::fs::write(&config, &text).unwrap();
        let sources = PolicySources { config, sets: vec![text], ..PolicySources::default() };
        let _ = PolicyFiles::open(sources).unwrap().load("development").unwrap();
    }

    #[test]
    fn shown_texts_read_back(text in "\\PC{0,40}") {
        let shown = format!("value = {}", Value::from(text.as_str()));
        let table: toml::Table = toml::from_str(&shown).unwrap();
        prop_assert_eq!(table["value"].as_str().unwrap(), text);
    }

    #[test]
    fn what_was_read_is_written_back_as_it_was(
        uid in "\\PC{1,40}",
        kept in prop::collection::btree_map("[a-z]{3,8}", -1_000_000_i64..1_000_000, 0..4),
        last_seen in prop::option::of(0_u64..4_000_000_000),
    ) {
        let mut body = serde_json::json!({
            "v": 1, "created": 5, "consent": {"ok": true, "updated": 5}, "geo": {"country": "DE"},
            "ids": {"a.com": {"uid": uid}},
        });
        let object = body.as_object_mut().unwrap();
        object.extend(kept.into_iter().map(|(key, value)| (format!("x_{key}"), value.into())));
        if let Some(seen) = last_seen {
            object.insert("last_seen".to_owned(), seen.into());
        }
        let entry = KvEntry::from_body(body.to_string().as_bytes()).unwrap();
        let again: serde_json::Value = serde_json::from_slice(&entry.to_body()).unwrap();
        prop_assert_eq!(again, body);
    }
}
