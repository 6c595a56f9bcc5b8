//! Whatever a file of the trusted-server has, in whatever form: it is migrated once, each key has its line, and the result
//! passes the checks.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any};
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, TestRunner};

use super::site::Site;
use super::support::*;

/// How many files are tried.
const FILES: u32 = 96;

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As in a file.
    Plain,
    /// As the environment overlay does: all of them are strings, and lists have several forms.
    Overlay,
}

/// How partners are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Partners {
    Tables,
    Numbered,
    Inline,
}

#[derive(Debug, Clone)]
enum Written {
    Text(&'static str),
    Number(u64),
    Flag(bool),
    List(Vec<&'static str>),
}

impl Written {
    fn toml(&self, form: Form) -> String {
        let quoted = |text: &str| format!("\"{text}\"");
        match (self, form) {
            (Self::Text(text), _) => quoted(text),
            (Self::Number(number), Form::Plain) => number.to_string(),
            (Self::Number(number), Form::Overlay) => quoted(&number.to_string()),
            (Self::Flag(flag), Form::Plain) => flag.to_string(),
            (Self::Flag(flag), Form::Overlay) => quoted(&flag.to_string()),
            (Self::List(items), Form::Overlay) if !items.is_empty() => quoted(&items.join(",")),
            (Self::List(items), _) => {
                let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }
}

type Key = (&'static str, Written);

fn number(key: &'static str, most: u64) -> impl Strategy<Value = Key> {
    (0..=most).prop_map(move |number| (key, Written::Number(number)))
}

fn flag(key: &'static str) -> impl Strategy<Value = Key> {
    any::<bool>().prop_map(move |flag| (key, Written::Flag(flag)))
}

fn text(key: &'static str, texts: &'static [&'static str]) -> impl Strategy<Value = Key> {
    select(texts).prop_map(move |text| (key, Written::Text(text)))
}

fn list(key: &'static str, items: &'static [&'static str]) -> impl Strategy<Value = Key> {
    subsequence(items, 0..=items.len()).prop_map(move |items| (key, Written::List(items)))
}

/// Some of these keys, in their order.
macro_rules! some {
    ($($key:expr),+ $(,)?) => {{
        let all: Vec<proptest::strategy::BoxedStrategy<Option<Key>>> =
            vec![$(option::of($key).boxed()),+];
        all.prop_map(|keys| keys.into_iter().flatten().collect::<Vec<Key>>())
    }};
}

fn publisher() -> impl Strategy<Value = Vec<Key>> {
    some![
        text("domain", &["news.example", "localhost"]),
        text("cookie_domain", &[".news.example"]),
        text(
            "origin_url",
            &["https://origin.news.example/site", "http://127.0.0.1:8888"]
        ),
        text("origin_host_header_override", &["www.news.example"]),
        text("proxy_secret", &["hunter2-of-the-proxy"]),
        number("max_buffered_body_bytes", u64::from(u32::MAX)),
    ]
}

fn ec() -> impl Strategy<Value = Vec<Key>> {
    some![
        text("ec_store", &["ec_identity_store", "news_identity"]),
        number("pull_sync_concurrency", 5_000),
        number("cluster_trust_threshold", u64::from(u32::MAX)),
        number("cluster_recheck_secs", 100_000_000),
    ]
}

fn partner() -> impl Strategy<Value = Vec<Key>> {
    const URL: &[&str] = &["https://pull.one.example/uid"];
    const HOSTS: &[&str] = &["pull.one.example", "Other.Example."];
    let pull = (1..=1_000_u64, 1..=100_000_u64).prop_map(|(limit, ttl)| {
        vec![
            ("pull_sync_enabled", Written::Flag(true)),
            ("pull_sync_url", Written::Text(URL[0])),
            ("pull_sync_allowed_domains", Written::List(HOSTS.to_vec())),
            ("pull_sync_rate_limit", Written::Number(limit)),
            ("pull_sync_ttl_sec", Written::Number(ttl)),
            ("ts_pull_token", Written::Text("hunter2-'pull'")),
        ]
    });
    let off = some![
        Just(("pull_sync_enabled", Written::Flag(false))),
        text("pull_sync_url", &["http://pull.one.example/uid"]),
        list("pull_sync_allowed_domains", HOSTS),
        number("pull_sync_ttl_sec", 100_000),
        text("ts_pull_token", &["hunter2-pull"]),
    ];
    let own = some![
        number("openrtb_atype", 571_187),
        flag("bidstream_enabled"),
        number("batch_rate_limit", 100_000),
    ];
    (own, proptest::prop_oneof![pull, off]).prop_map(|(own, pull)| [own, pull].concat())
}

/// The tables of `[consent]`, by their names.
fn consent() -> impl Strategy<Value = Vec<(&'static str, Vec<Key>)>> {
    const COUNTRIES: &[&str] = &["DE", "FR", "CH"];
    const STATES: &[&str] = &["CA", "CO", "TX"];
    let own = some![
        text("mode", &["interpreter", "proxy"]),
        flag("check_expiration"),
        number("max_consent_age_days", 5_000),
        text("consent_store", &["consent_store"]),
    ];
    let inner = (
        some![list("applies_in", COUNTRIES)],
        some![list("privacy_states", STATES)],
        some![
            flag("notice_given"),
            flag("lspa_covered"),
            flag("gpc_implies_optout"),
        ],
        some![
            text("mode", &["restrictive", "newest", "permissive"]),
            number("freshness_threshold_days", 100),
            text("consent_store", &["consent_store"]),
        ],
    );
    (own, inner).prop_map(|(own, (gdpr, states, defaults, conflicts))| {
        vec![
            ("consent", own),
            ("consent.gdpr", gdpr),
            ("consent.us_states", states),
            ("consent.us_privacy_defaults", defaults),
            ("consent.conflict_resolution", conflicts),
        ]
    })
}

/// Tables of other parts of the trusted-server.
const OTHERS: &[&str] = &[
    "[[handlers]]\npath = \"^/_ts/admin\"\nusername = \"operator\"\npassword = \"hunter2-of-the-operator\"\n",
    "[response_headers]\n\"X.Served.By\" = \"edge\"\n",
    "[integrations.prebid]\nbidders = []\nbid_param_zone_overrides = { kargo = {}, rubicon = { zone = 1 } }\n",
    "[[creative_opportunities.slot]]\nformats = [{ width = 728, height = 90 }]\n",
    "[proxy]\n",
    "[trusted_client_ip]\nshared_secret = \"hunter2-of-the-front-door\"\n",
    "[geo]\ndefault_country = \"US/CA\"\n",
    "[request_signing]\nsecret_store_id = \"secrets\"\n",
];

/// A text that is written table by table, with a comment above each.
#[derive(Default)]
struct Text {
    text: String,
    comments: usize,
}

impl Text {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn comment(&mut self) {
        self.comments += 1;
        let comment = format!("# comment {} of the file\n", self.comments);
        self.text.push_str(&comment);
    }

    fn table(&mut self, header: &str, keys: &[Key], form: Form) {
        self.comment();
        self.line(header);
        for (index, (key, value)) in keys.iter().enumerate() {
            if index % 2 == 1 {
                self.comment();
            }
            let value = value.toml(form);
            self.line(&format!("{key} = {value}"));
        }
    }

    fn partners(&mut self, partners: &[Vec<Key>], written: Partners, form: Form) {
        if written == Partners::Inline {
            self.comment();
            let tables = partners.iter().map(|keys| {
                let members = keys.iter();
                let members = members.map(|(key, value)| format!("{key} = {}", value.toml(form)));
                format!("{{ {} }}", members.collect::<Vec<String>>().join(", "))
            });
            let tables = tables.collect::<Vec<String>>().join(", ");
            self.line(&format!("partners = [{tables}]"));
            return;
        }
        // Numbered entries need not be in the order of their numbers, and the numbers need not be close.
        for (index, keys) in partners.iter().enumerate() {
            let number = 9 * (partners.len() - index);
            let header = match written {
                Partners::Numbered => format!("[ec.partners.{number}]"),
                _ => "[[ec.partners]]".to_owned(),
            };
            self.table(&header, keys, form);
        }
    }
}

#[derive(Debug)]
struct File {
    text: String,
    comments: usize,
}

fn files() -> impl Strategy<Value = File> {
    let layout = select(&["ec", "edge_cookie", "synthetic", "ec.providers.hmac"][..]);
    let form = select(&[Form::Plain, Form::Overlay][..]);
    let partners = (
        vec(partner(), 0..4),
        select(&[Partners::Tables, Partners::Numbered, Partners::Inline][..]),
    );
    let others = subsequence(OTHERS, 0..=OTHERS.len());
    let tables = (publisher(), ec(), consent(), any::<bool>());
    (layout, form, partners, others, tables).prop_map(
        |(layout, form, (partners, written), others, tables)| {
            let (publisher, ec, consent, has_consent) = tables;
            let mut file = Text::default();
            file.table("[publisher]", &publisher, form);
            let secret = |key| {
                (
                    key,
                    Written::Text("hunter2-9f86d081884c7d659a2feaa0c55ad015"),
                )
            };
            // No two have the same token; two give the same name of a variable.
            let known = [
                ("one.example", "hunter2-a0b1c2d3e4f5061728394a5b6c7d8e9f"),
                ("Two.Example.", "hunter2-b1c2d3e4f5061728394a5b6c7d8e9fa0"),
                ("a-b.example", "hunter2-c2d3e4f5061728394a5b6c7d8e9fa0b1"),
                ("a.b.example", "hunter2-d3e4f5061728394a5b6c7d8e9fa0b1c2"),
            ];
            let partners: Vec<Vec<Key>> = (partners.into_iter().zip(known))
                .map(|(keys, (domain, token))| {
                    let mut all = vec![
                        ("name", Written::Text("A Partner")),
                        ("source_domain", Written::Text(domain)),
                        ("api_token", Written::Text(token)),
                    ];
                    all.extend(keys);
                    all
                })
                .collect();
            match layout {
                "edge_cookie" => file.table("[edge_cookie]", &[secret("secret_key")], form),
                "synthetic" => {
                    let template = ("template", Written::Text("{{ client_ip }}"));
                    let store = ("counter_store", Written::Text("counters"));
                    file.table(
                        "[synthetic]",
                        &[store, secret("secret_key"), template],
                        form,
                    );
                }
                "ec" => {
                    let own = [&[secret("passphrase")], &ec[..]].concat();
                    file.table("[ec]", &own, form);
                    file.partners(&partners, written, form);
                }
                providers => {
                    let provider = ("provider", Written::Text("hmac"));
                    file.table("[ec]", &[&[provider], &ec[..]].concat(), form);
                    file.partners(&partners, written, form);
                    file.table(&format!("[{providers}]"), &[secret("passphrase")], form);
                }
            }
            for other in others {
                file.comment();
                file.text.push_str(other);
            }
            for (name, keys) in consent.iter().filter(|_| has_consent) {
                file.table(&format!("[{name}]"), keys, form);
            }
            file.comment();
            File {
                text: file.text,
                comments: file.comments,
            }
        },
    )
}

#[test]
fn whatever_a_file_has_it_is_migrated_once() {
    let mut runner = TestRunner::new(Config {
        cases: FILES,
        failure_persistence: None,
        ..Config::default()
    });
    let once = |file: File| {
        let site = Site::new(&file.text);
        let ran = site.ec(&["migrate"]);
        assert!(ran.status.success(), "{}\n{}", file.text, printed(&ran));
        // The least of `[ec]` is read here as it is.
        if out(&ran).contains("\nnote: ") {
            assert_keys(&file.text, &out(&ran));
        }
        assert!(!printed(&ran).contains(SECRET), "{}", printed(&ran));
        let after = site.read("trusted-server.toml");
        for comment in 1..=file.comments {
            let comment = format!("# comment {comment} of the file\n");
            assert_eq!(
                after.matches(&comment).count(),
                1,
                "{comment}{}\n{after}",
                file.text
            );
        }
        for old in ["[synthetic", "[edge_cookie", "[consent", "[ec.providers"] {
            assert!(!after.contains(old), "{after}");
        }
        assert_checked_and_done(&site);
        Ok(())
    };
    runner.run(&files(), once).unwrap();
}
