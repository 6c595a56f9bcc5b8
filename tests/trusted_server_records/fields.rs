//! The fields that only the trusted-server writes: their types, limits and factories.

use edge_cookie::record::{
    ConsentStrings, GeoInfo, KvEntry, KvGeo, KvMetadata, MAX_SEEN_DOMAINS, extra_fields,
};
use serde_json::{Value, json};

use super::table::{BODY, METADATA, TOMBSTONE, TOMBSTONE_METADATA, with};

#[test]
fn extra_fields_are_read_with_their_types_and_limits() {
    let fields = |body: &str, metadata: &str| -> Vec<(&str, Value)> {
        let entry = KvEntry::from_body(body.as_bytes()).unwrap();
        let metadata = KvMetadata::from_bytes(metadata.as_bytes()).unwrap();
        extra_fields(&entry, &metadata)
            .into_iter()
            .map(|(path, field)| (path, field.unwrap_or_else(|why| why.to_string().into())))
            .collect()
    };
    let device = json!({
        "is_mobile": 0, "ja4_class": "t13d1516h2", "platform_class": "mac",
        "h2_fp_hash": "a3f9d21c8b04", "known_browser": true,
    });
    let properties = json!({ "origin_domain": "news.example", "seen_domains": ["news.example"] });
    let all = [
        ("geo.asn", json!(7922)),
        ("geo.dma", json!(807)),
        ("pub_properties", properties),
        ("device", device),
        ("network", json!({ "cluster_size": 3 })),
        ("metadata.cluster_size", json!(3)),
        ("metadata.is_mobile", json!(0)),
        ("metadata.known_browser", json!(true)),
    ];
    assert_eq!(fields(BODY, METADATA), all);
    assert_eq!(fields(TOMBSTONE, TOMBSTONE_METADATA), []);
    // The body and its metadata are each read as they are, and of a name that is there twice the last counts.
    let twice = with(
        BODY,
        &[(r#""network""#, r#""network":{"cluster_size":5},"network""#)],
    );
    let other = with(METADATA, &[("3", "9")]);
    let of = |path: &str, body: &str, metadata: &str| {
        let found = fields(body, metadata)
            .into_iter()
            .find(|(name, _)| *name == path);
        found.unwrap().1
    };
    assert_eq!(of("network", &twice, &other), json!({ "cluster_size": 3 }));
    assert_eq!(of("metadata.cluster_size", &twice, &other), json!(9));
    for (path, part, other, read) in [
        (
            "pub_properties",
            r#"["news.example"]"#,
            r#"{"b.example":{"visits":3},"a.example":1}"#,
            json!({
                "origin_domain": "news.example", "seen_domains": ["a.example", "b.example"],
            }),
        ),
        (
            "network",
            r#""cluster_size":3"#,
            r#""cluster_checked":5"#,
            json!({ "cluster_checked": 5 }),
        ),
        ("network", r#"{"cluster_size":3}"#, "{}", json!({})),
    ] {
        assert_eq!(of(path, &with(BODY, &[(part, other)]), METADATA), read);
    }
    let long = format!(r#"["{}.example"]"#, "a".repeat(64));
    let many: Vec<String> = (0..=MAX_SEEN_DOMAINS)
        .map(|number| format!(r#""a{number}.example""#))
        .collect();
    let many = format!("[{}]", many.join(","));
    for (path, part, other) in [
        ("geo.asn", "7922", "4294967296"),
        ("geo.asn", "7922", r#""7922""#),
        ("geo.dma", "807", "0"),
        ("pub_properties", "\"news.example\",", "\"News.example\","),
        ("pub_properties", "\"news.example\",", "\"news.example.\","),
        (
            "pub_properties",
            r#"["news.example"]"#,
            r#"["bad_name.example"]"#,
        ),
        ("pub_properties", r#"["news.example"]"#, &long),
        ("pub_properties", r#"["news.example"]"#, &many),
        ("device", r#""is_mobile":0"#, r#""is_mobile":3"#),
        (
            "device",
            "t13d1516h2",
            "t13d1516h2_8daaf6152771_b186095e22b6",
        ),
        ("device", "mac", "beos"),
        ("device", "a3f9d21c8b04", "A3F9D21C8B04"),
        ("network", "3}", "4294967296}"),
    ] {
        let why = of(path, &with(BODY, &[(part, other)]), METADATA);
        let kept = "is kept as it is, but cannot be read";
        assert!(
            why.as_str().is_some_and(|why| why.contains(kept)),
            "{path} {other}: {why}"
        );
    }
    let why = of("metadata.is_mobile", BODY, r#"{"is_mobile":3}"#);
    assert!(
        why.as_str().unwrap().contains("`3` is not 0, 1 or 2"),
        "{why}"
    );
}

#[test]
fn operators_are_shown_what_is_read_and_what_is_not() {
    use super::support::{Bench, NOON, user};
    use edge_cookie::clock::Timestamp;

    let bench = Bench::new(edge_cookie::policy::EcPolicy::default());
    let shown = |body: &str, metadata: &str| {
        bench.put_raw(body, metadata, None);
        let (id, stored) = (user(), bench.stored().unwrap());
        let now = Timestamp::from_unix(NOON);
        let shown = edge_cookie_service::ShownRecord::of(&bench.policy, &id, Some(&stored), now);
        serde_json::to_value(&shown).unwrap()
    };
    let phone = with(BODY, &[(r#""is_mobile":0"#, r#""is_mobile":7"#)]);
    let seen = shown(&phone, METADATA);
    assert_eq!(seen["fields"]["geo.asn"], json!(7922));
    assert_eq!(seen["fields"]["metadata.cluster_size"], json!(3));
    let why = seen["unrecognised"]["device"].as_str().unwrap();
    assert!(why.contains("`is_mobile`: `7` is not 0, 1 or 2"), "{why}");
    assert_eq!(seen["body"]["device"]["is_mobile"], json!(7));
    let seen = shown(TOMBSTONE, TOMBSTONE_METADATA);
    assert!(seen.get("fields").is_none() && seen.get("unrecognised").is_none());
}

#[test]
fn a_place_is_made_as_theirs_is() {
    let info = GeoInfo {
        country: "us",
        region: Some("CA"),
        asn: Some(7922),
        metro_code: 807,
    };
    let geo = KvGeo::from_geo_info(Some(&info));
    assert_eq!(
        serde_json::to_string(&geo).unwrap(),
        r#"{"country":"US","region":"CA","asn":7922,"dma":807}"#
    );
    let without = GeoInfo {
        asn: None,
        metro_code: 0,
        ..info
    };
    let geo = KvGeo::from_geo_info(Some(&without));
    assert_eq!((geo.asn(), geo.dma()), (Ok(None), Ok(None)));
    for unknown in [
        None,
        Some(&GeoInfo {
            country: "",
            ..without
        }),
    ] {
        assert_eq!(KvGeo::from_geo_info(unknown), KvGeo::default());
    }
    // A new consent brings its own place, and what it does not say of it stays.
    let mut entry = KvEntry::from_body(BODY.as_bytes()).unwrap();
    let other = GeoInfo {
        country: "DE",
        region: None,
        asn: Some(3320),
        metro_code: 0,
    };
    entry.revive(
        ConsentStrings::default(),
        KvGeo::from_geo_info(Some(&other)),
        entry.created,
    );
    let country = (&*entry.geo.country, entry.geo.asn(), entry.geo.dma());
    assert_eq!(country, ("DE", Ok(Some(3320)), Ok(Some(807))));
}
