//! The table: records as the trusted-server writes them and has written them, and some that go wrong.

use edge_cookie::record::MAX_SEEN_DOMAINS;

use super::shape;

/// Every field that it writes; an hour old.
pub const BODY: &str = r#"{"v":1,"created":1772449200,"consent":{"tcf":"CQgcD4A","gpp":"DBABMA~CQgcD4A","ok":true,"updated":1772449200},"geo":{"country":"US","region":"CA","asn":7922,"dma":807},"pub_properties":{"origin_domain":"news.example","seen_domains":["news.example"]},"device":{"is_mobile":0,"ja4_class":"t13d1516h2","platform_class":"mac","h2_fp_hash":"a3f9d21c8b04","known_browser":true},"network":{"cluster_size":3},"ids":{"criteo.com":{"uid":"k-1"},"id5-sync.com":{"uid":"ID5*Zy9"}}}"#;
pub const METADATA: &str =
    r#"{"ok":true,"country":"US","v":1,"cluster_size":3,"is_mobile":0,"known_browser":true}"#;
/// All that it writes of a user who has withdrawn; an hour old.
pub const TOMBSTONE: &str = r#"{"v":1,"created":1772449200,"consent":{"ok":false,"updated":1772449200},"geo":{"country":"ZZ"}}"#;
pub const TOMBSTONE_METADATA: &str = r#"{"ok":false,"country":"ZZ","v":1}"#;

/// Whether the trusted-server reads a record: as it is, and once it was written here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Theirs {
    Reads,
    ReadsOnceWritten,
    NeverReads,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Is {
    Live(Theirs),
    Tombstone(Theirs),
    /// Unreadable, with a part of the reason.
    Unreadable(&'static str),
}

pub use Is::{Live, Tombstone, Unreadable};
pub use Theirs::{NeverReads, Reads, ReadsOnceWritten};

pub struct Row {
    pub name: &'static str,
    pub body: String,
    pub metadata: String,
    pub is: Is,
}

/// A text with parts of it changed.
pub fn with(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (part, other)| {
        assert!(text.contains(part), "{part} is not in {text}");
        text.replacen(part, other, 1)
    })
}

pub fn table() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut body = |name, edits: &[(&str, &str)], is| {
        let (body, metadata) = (with(BODY, edits), METADATA.to_owned());
        rows.push(Row {
            name,
            body,
            metadata,
            is,
        });
    };
    // Each field missing.
    body("every field", &[], Live(Reads));
    body("no tcf", &[(r#""tcf":"CQgcD4A","#, "")], Live(Reads));
    body("no gpp", &[(r#""gpp":"DBABMA~CQgcD4A","#, "")], Live(Reads));
    body("no region", &[(r#","region":"CA""#, "")], Live(Reads));
    body("no asn", &[(r#","asn":7922"#, "")], Live(Reads));
    body("no dma", &[(r#","dma":807"#, "")], Live(Reads));
    let properties =
        r#""pub_properties":{"origin_domain":"news.example","seen_domains":["news.example"]},"#;
    body("no pub_properties", &[(properties, "")], Live(Reads));
    let domains = r#","seen_domains":["news.example"]"#;
    body("no seen_domains", &[(domains, "")], Live(Reads));
    body(
        "no origin_domain",
        &[(r#""origin_domain":"news.example","#, "")],
        Live(NeverReads),
    );
    let device = r#""device":{"is_mobile":0,"ja4_class":"t13d1516h2","platform_class":"mac","h2_fp_hash":"a3f9d21c8b04","known_browser":true},"#;
    body("no device", &[(device, "")], Live(Reads));
    body(
        "no is_mobile",
        &[(r#""is_mobile":0,"#, "")],
        Live(NeverReads),
    );
    body(
        "no ja4_class",
        &[(r#""ja4_class":"t13d1516h2","#, "")],
        Live(Reads),
    );
    body(
        "no platform_class",
        &[(r#""platform_class":"mac","#, "")],
        Live(Reads),
    );
    body(
        "no h2_fp_hash",
        &[(r#""h2_fp_hash":"a3f9d21c8b04","#, "")],
        Live(Reads),
    );
    body(
        "no known_browser",
        &[(r#","known_browser":true"#, "")],
        Live(Reads),
    );
    body(
        "no network",
        &[(r#""network":{"cluster_size":3},"#, "")],
        Live(Reads),
    );
    body(
        "no cluster_size",
        &[(r#""cluster_size":3"#, "")],
        Live(Reads),
    );
    let ids = r#","ids":{"criteo.com":{"uid":"k-1"},"id5-sync.com":{"uid":"ID5*Zy9"}}"#;
    body("no ids", &[(ids, "")], Live(Reads));
    body("empty ids", &[(ids, r#","ids":{}"#)], Live(Reads));
    let geo = r#""geo":{"country":"US","region":"CA","asn":7922,"dma":807},"#;
    body("no geo", &[(geo, "")], Live(ReadsOnceWritten));
    body(
        "no country",
        &[(r#""country":"US","#, "")],
        Live(ReadsOnceWritten),
    );
    body("no v", &[(r#""v":1,"#, "")], Live(ReadsOnceWritten));
    let consent =
        r#""consent":{"tcf":"CQgcD4A","gpp":"DBABMA~CQgcD4A","ok":true,"updated":1772449200},"#;
    body(
        "no created",
        &[(r#""created":1772449200,"#, "")],
        Unreadable("`created`"),
    );
    body("no consent", &[(consent, "")], Unreadable("`consent`"));
    body("no ok", &[(r#""ok":true,"#, "")], Unreadable("`ok`"));
    body(
        "no updated",
        &[(r#","updated":1772449200"#, "")],
        Unreadable("`updated`"),
    );
    body("no uid", &[(r#"{"uid":"k-1"}"#, "{}")], Unreadable("`uid`"));
    let least = [
        consent,
        geo,
        properties,
        device,
        r#""network":{"cluster_size":3},"#,
    ];
    let least = least.map(|part| (part, ""));
    let least = [
        &least[1..],
        &[
            (ids, r#","geo":{"country":"ZZ"}"#),
            (r#""tcf":"CQgcD4A","gpp":"DBABMA~CQgcD4A","#, ""),
        ],
    ]
    .concat();
    body("what is required, and nothing else", &least, Live(Reads));
    // Each field otherwise, and those of older and newer layouts.
    body(
        "a mobile",
        &[(r#""is_mobile":0"#, r#""is_mobile":1"#)],
        Live(Reads),
    );
    body(
        "an unknown device",
        &[(r#""is_mobile":0"#, r#""is_mobile":2"#)],
        Live(Reads),
    );
    body(
        "a robot",
        &[(r#""known_browser":true"#, r#""known_browser":false"#)],
        Live(Reads),
    );
    body(
        "several domains",
        &[(r#"["news.example"]"#, r#"["a.example","news.example"]"#)],
        Live(Reads),
    );
    body(
        "seen_domains as the map of April 2026",
        &[(
            r#"["news.example"]"#,
            r#"{"news.example":{"first":1772449200,"last":1772449200,"visits":3}}"#,
        )],
        Live(Reads),
    );
    body(
        "seen_domains as the map of May 2026",
        &[(r#"["news.example"]"#, r#"{"news.example":{"visits":3}}"#)],
        Live(Reads),
    );
    body(
        "last_seen and synced of April 2026",
        &[
            (r#""consent":"#, r#""last_seen":1772449260,"consent":"#),
            (r#"{"uid":"k-1"}"#, r#"{"uid":"k-1","synced":1772449200}"#),
        ],
        Live(Reads),
    );
    body(
        "cluster_checked of April 2026",
        &[(
            r#""cluster_size":3"#,
            r#""cluster_size":3,"cluster_checked":1772449200"#,
        )],
        Live(Reads),
    );
    body(
        "fields of a version to come",
        &[(
            r#""network""#,
            r#""score":1.10,"tags":["b",null],"network""#,
        )],
        Live(Reads),
    );
    body(
        "another order",
        &[(r#""v":1,"#, ""), ("}}}", r#"}},"v":1}"#)],
        Live(Reads),
    );
    body(
        "optional fields that are null",
        &[
            (properties, r#""pub_properties":null,"#),
            (r#""region":"CA""#, r#""region":null"#),
        ],
        Live(Reads),
    );
    // Numbers as strings, versions, and types that no program writes.
    body(
        "v is 0",
        &[(r#""v":1"#, r#""v":0"#)],
        Live(ReadsOnceWritten),
    );
    body(
        "v as a string",
        &[(r#""v":1"#, r#""v":"1""#)],
        Live(ReadsOnceWritten),
    );
    body(
        "v is null",
        &[(r#""v":1"#, r#""v":null"#)],
        Live(ReadsOnceWritten),
    );
    body(
        "v is 2",
        &[(r#""v":1"#, r#""v":2"#)],
        Unreadable("version 2"),
    );
    body(
        "v is a word",
        &[(r#""v":1"#, r#""v":"one""#)],
        Unreadable("`v`"),
    );
    body(
        "created as a string",
        &[(r#""created":1772449200"#, r#""created":"1772449200""#)],
        Live(ReadsOnceWritten),
    );
    body(
        "updated as a string",
        &[(r#""updated":1772449200"#, r#""updated":"1772449200""#)],
        Live(ReadsOnceWritten),
    );
    body(
        "created as a date",
        &[(r#""created":1772449200"#, r#""created":"2026-03-02""#)],
        Unreadable("`created`"),
    );
    body(
        "ok as a string",
        &[(r#""ok":true"#, r#""ok":"true""#)],
        Unreadable("`ok`"),
    );
    body(
        "asn as a string",
        &[("7922", r#""7922""#)],
        Live(NeverReads),
    );
    body(
        "geo is null",
        &[(geo, r#""geo":null,"#)],
        Live(ReadsOnceWritten),
    );
    body(
        "ids is null",
        &[(ids, r#","ids":null"#)],
        Live(ReadsOnceWritten),
    );
    body(
        "rule is a number",
        &[(r#""ok""#, r#""rule":7,"ok""#)],
        Live(Reads),
    );
    body(
        "gpc is a number",
        &[(r#""ok""#, r#""gpc":1,"ok""#)],
        Live(Reads),
    );
    body(
        "tcf is a number",
        &[(r#""CQgcD4A""#, "5")],
        Live(NeverReads),
    );
    body(
        "device is a text",
        &[(device, r#""device":"phone","#)],
        Live(NeverReads),
    );
    body(
        "a size below zero",
        &[(r#""cluster_size":3"#, r#""cluster_size":-1"#)],
        Live(NeverReads),
    );
    body(
        "a uid of 513 bytes",
        &[("k-1", &"u".repeat(shape::MAX_UID_BYTES + 1))],
        Live(NeverReads),
    );
    let many: Vec<String> = (0..=MAX_SEEN_DOMAINS)
        .map(|number| format!(r#""a{number}.example""#))
        .collect();
    body(
        "more domains than it reads",
        &[(r#"["news.example"]"#, &format!("[{}]", many.join(",")))],
        Live(NeverReads),
    );
    // Two versions of one field: neither program says which is right.
    body(
        "created twice",
        &[(
            r#""created":1772449200"#,
            r#""created":1772449200,"created":1772449201"#,
        )],
        Unreadable("`created`"),
    );
    body(
        "ok twice",
        &[(r#""ok":true"#, r#""ok":true,"ok":false"#)],
        Unreadable("`ok`"),
    );
    body(
        "last_seen twice",
        &[(
            r#""consent":"#,
            r#""last_seen":"x","last_seen":1,"consent":"#,
        )],
        Unreadable("`last_seen`"),
    );

    let mut metadata = |name, metadata: &str, is| {
        let (body, metadata) = (BODY.to_owned(), metadata.to_owned());
        rows.push(Row {
            name,
            body,
            metadata,
            is,
        });
    };
    metadata("no metadata", "", Live(Reads));
    metadata(
        "metadata of March 2026",
        r#"{"ok":true,"country":"US","v":1}"#,
        Live(Reads),
    );
    metadata(
        "metadata with a size alone",
        r#"{"ok":true,"country":"US","v":1,"cluster_size":3}"#,
        Live(Reads),
    );
    metadata(
        "metadata of another size",
        &with(METADATA, &[("3", "9")]),
        Live(Reads),
    );
    metadata(
        "metadata of a mobile",
        &with(METADATA, &[("0", "1")]),
        Live(Reads),
    );
    metadata(
        "metadata of a robot",
        &with(METADATA, &[(r#"browser":true"#, r#"browser":false"#)]),
        Live(Reads),
    );
    metadata("metadata without anything", "{}", Live(Reads));
    metadata(
        "metadata of other types",
        r#"{"ok":1,"country":null,"v":"1"}"#,
        Live(Reads),
    );
    metadata("metadata that is no JSON", "live", Unreadable("metadata"));
    metadata(
        "metadata with ok twice",
        r#"{"ok":true,"ok":false}"#,
        Unreadable("metadata"),
    );
    metadata(
        "a tombstone in the metadata alone",
        &with(METADATA, &[("true", "false")]),
        Tombstone(Reads),
    );

    let mut tombstone = |name, edits: &[(&str, &str)], metadata: &str, is| {
        let (body, metadata) = (with(TOMBSTONE, edits), metadata.to_owned());
        rows.push(Row {
            name,
            body,
            metadata,
            is,
        });
    };
    tombstone("a tombstone", &[], TOMBSTONE_METADATA, Tombstone(Reads));
    tombstone("a tombstone without metadata", &[], "", Tombstone(Reads));
    tombstone(
        "a tombstone in the body alone",
        &[],
        r#"{"ok":true,"country":"ZZ","v":1}"#,
        Tombstone(Reads),
    );
    tombstone(
        "a tombstone of April 2026",
        &[(r#""consent""#, r#""last_seen":1772449200,"consent""#)],
        TOMBSTONE_METADATA,
        Tombstone(Reads),
    );
    tombstone(
        "a tombstone with a field to come",
        &[("}}", r#"},"next":[1.10]}"#)],
        TOMBSTONE_METADATA,
        Tombstone(Reads),
    );
    tombstone(
        "a tombstone without a place",
        &[(r#","geo":{"country":"ZZ"}"#, "")],
        TOMBSTONE_METADATA,
        Tombstone(ReadsOnceWritten),
    );
    rows
}
