//! Settings that the engine and the embedded store read.

use std::ops::Deref;
use std::sync::Arc;

use super::support::{self, Bench, DAY, HOUR, MINUTE, NOON, live, sync, tombstone};
use edge_cookie::clock::{ManualClock, Timestamp};
use edge_cookie::config::{PolicyFiles, PolicySources};
use edge_cookie::engine::{Answer, Consistency, Found, Operation, Step, StoreError, Transaction};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::Ttl;
use edge_cookie::store::{Insert, KvStore, Precondition, SyncAdapter};
use edge_cookie_service::partner::{PartnerRecord, Registry};
use edge_cookie_stores::EmbeddedStore;
use pollster::block_on;

/// The policy that these overrides make of the defaults.
fn policy(sets: &[&str]) -> EcPolicy {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("trusted-server.toml");
    std::fs::write(&config, "").unwrap();
    let sources = PolicySources {
        config,
        policies: folder.path().join("policies"),
        sets: sets.iter().map(|set| format!("ec.{set}")).collect(),
        ..PolicySources::default()
    };
    let mut files = PolicyFiles::open(sources).unwrap();
    let loaded = files.load("development").unwrap();
    assert!(
        loaded.resolved.is_usable(),
        "{:?}",
        loaded.resolved.findings
    );
    loaded.resolved.policy
}

/// A key, what must be set besides for it to matter, its other value, and where the change shows.
pub struct SettingCase {
    pub key: &'static str,
    base: &'static [&'static str],
    change: &'static str,
    shows: fn(&EcPolicy) -> String,
}

fn bench(policy: &EcPolicy) -> Bench {
    Bench::new(policy.clone())
}

fn over((body, metadata): (String, String), policy: &EcPolicy) -> Bench {
    let bench = bench(policy);
    bench.put_raw(&body, &metadata, None);
    bench
}

fn expiry_after(policy: &EcPolicy, act: fn(&Bench)) -> String {
    let bench = over(live(), policy);
    act(&bench);
    let record = bench.get().unwrap();
    format!("{:?}", record.metadata.t)
}

/// The waits of a sync that meets nothing but `error`, and how it ends.
fn waits(policy: &EcPolicy, error: &StoreError, elapsed_millis: u64) -> String {
    let new = sync("a.com", "U", NOON);
    let elapsed = std::time::Duration::from_millis(elapsed_millis);
    let now = Timestamp::from_unix(NOON);
    let mut transaction = Transaction::new(
        policy,
        Operation::UpsertPartnerId(&new),
        now,
        Consistency::Strong,
    );
    let mut seen = Vec::new();
    loop {
        let answer = match transaction.step() {
            Step::End => break,
            Step::Lookup => Answer::Found(Found::Nothing),
            Step::Wait(wait) => {
                seen.push(wait.length(|| 1 << 63).as_millis());
                Answer::Waited { elapsed }
            }
            _ => Answer::Failed {
                error: error.clone(),
                elapsed,
            },
        };
        transaction.resume(answer);
    }
    format!("{seen:?} {:?}", transaction.finish())
}

fn conflicts(policy: &EcPolicy) -> String {
    waits(policy, &StoreError::PreconditionFailed, 0)
}

pub const CASES: &[SettingCase] = &[
    SettingCase {
        key: "ec_store",
        base: &[],
        change: "other_store",
        shows: |policy| {
            let folder = tempfile::tempdir().unwrap();
            let clock = Arc::new(ManualClock::default());
            let file = folder.path().join("graph.redb");
            let open = |policy: &EcPolicy| {
                EmbeddedStore::open(
                    &file,
                    &policy.root.ec_store,
                    &policy.local,
                    Arc::clone(&clock),
                )
                .unwrap()
            };
            open(&EcPolicy::default())
                .insert("key", raw(b"1", None))
                .unwrap();
            format!(
                "{:?}",
                open(policy)
                    .lookup("key")
                    .unwrap()
                    .map(|stored| stored.body)
            )
        },
    },
    SettingCase {
        key: "partner_store",
        base: &[],
        change: "other_store",
        shows: |policy| {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("partners.redb");
            let open = |policy: &EcPolicy| {
                let name = &policy.root.partner_store;
                let clock = Arc::new(ManualClock::default());
                SyncAdapter(EmbeddedStore::open(&file, name, &policy.local, clock).unwrap())
            };
            let partner = r#"{"id":"a.com","name":"a","source_domain":"a.com"}"#;
            let partner = PartnerRecord::from_body(partner.as_bytes()).unwrap();
            let clock = SyncAdapter(ManualClock::default());
            let store = open(&EcPolicy::default());
            block_on(Registry::new(&store, &clock, policy).add(partner)).unwrap();
            drop(store);
            let store = open(policy);
            let registry = Registry::new(&store, &clock, policy);
            block_on(registry.list()).unwrap().len().to_string()
        },
    },
    SettingCase {
        key: "entry.ttl",
        base: &[],
        change: "1h",
        shows: |policy| {
            let bench = bench(policy);
            bench.create();
            format!("{:?}", bench.at(NOON + DAY).get())
        },
    },
    SettingCase {
        key: "entry.renewal",
        base: &[],
        change: "on_visit",
        shows: |policy| {
            expiry_after(policy, |bench| {
                bench.sync("a.com", "U", NOON);
            })
        },
    },
    SettingCase {
        key: "entry.expiry",
        base: &[],
        change: "store",
        shows: |policy| format!("{:?}", over(support::expired(), policy).get()),
    },
    SettingCase {
        key: "import.unknown_age",
        base: &[],
        change: "now",
        shows: |policy| {
            let (body, _) = support::expired();
            let body = body.replace(&format!(r#""last_seen":{},"#, NOON - 366 * DAY), "");
            let bench = over((body, String::new()), policy);
            format!("{:?}", bench.get())
        },
    },
    SettingCase {
        key: "entry.max_partner_ids",
        base: &[],
        change: "1",
        shows: |policy| over(live(), policy).sync("a.com", "U", NOON).to_owned(),
    },
    SettingCase {
        key: "entry.max_uid_bytes",
        base: &[],
        change: "3",
        shows: |policy| over(live(), policy).sync("a.com", "four", NOON).to_owned(),
    },
    SettingCase {
        key: "entry.max_body_bytes",
        base: &[],
        change: "256",
        shows: |policy| {
            over(live(), policy)
                .sync("a.com", &"U".repeat(200), NOON)
                .to_owned()
        },
    },
    SettingCase {
        key: "entry.max_metadata_bytes",
        base: &[],
        change: "128",
        shows: |policy| {
            let bench = bench(policy);
            bench.put_raw(
                &live().0,
                &format!(r#"{{"other":"{}"}}"#, "x".repeat(200)),
                None,
            );
            bench.sync("a.com", "U", NOON).to_owned()
        },
    },
    SettingCase {
        key: "tombstone.ttl",
        base: &[],
        change: "1h",
        shows: |policy| {
            over(tombstone(2 * HOUR), policy)
                .sync("a.com", "U", NOON)
                .to_owned()
        },
    },
    SettingCase {
        key: "tombstone.repeat",
        base: &[],
        change: "keep",
        shows: |policy| over(tombstone(HOUR), policy).withdraw().to_owned(),
    },
    SettingCase {
        key: "tombstone.on_missing",
        base: &[],
        change: "skip",
        shows: |policy| bench(policy).withdraw().to_owned(),
    },
    SettingCase {
        key: "delete.mode",
        base: &[],
        change: "tombstone",
        shows: |policy| {
            let bench = over(live(), policy);
            bench.delete();
            bench.sync("a.com", "U", NOON).to_owned()
        },
    },
    SettingCase {
        key: "last_seen.debounce",
        base: &[],
        change: "2h",
        shows: |policy| over(live(), policy).touch(NOON).to_owned(),
    },
    SettingCase {
        key: "cas.max_retries",
        base: &[],
        change: "1",
        shows: conflicts,
    },
    SettingCase {
        key: "cas.backoff",
        base: &["cas.max_backoff=1s"],
        change: "20ms",
        shows: conflicts,
    },
    SettingCase {
        key: "cas.max_backoff",
        base: &["cas.backoff=20ms"],
        change: "30ms",
        shows: conflicts,
    },
    SettingCase {
        key: "cas.jitter",
        base: &["cas.backoff=20ms", "cas.max_backoff=1s"],
        change: "none",
        shows: conflicts,
    },
    SettingCase {
        key: "cas.on_rate_limited",
        base: &[],
        change: "retry",
        shows: |policy| waits(policy, &StoreError::RateLimited, 0),
    },
    SettingCase {
        key: "cas.deadline",
        base: &[],
        change: "10ms",
        shows: |policy| waits(policy, &StoreError::PreconditionFailed, 50),
    },
    SettingCase {
        key: "sync.on_missing",
        base: &[],
        change: "reject",
        shows: |policy| bench(policy).sync("a.com", "U", NOON).to_owned(),
    },
    SettingCase {
        key: "sync.unchanged",
        base: &[],
        change: "skip",
        shows: |policy| {
            over(live(), policy)
                .sync("liveramp.com", "LR_1", NOON)
                .to_owned()
        },
    },
    SettingCase {
        key: "sync.refresh_after",
        base: &["sync.unchanged=refresh"],
        change: "1h",
        shows: |policy| {
            over(live(), policy)
                .sync("liveramp.com", "LR_1", NOON)
                .to_owned()
        },
    },
    SettingCase {
        key: "sync.max_age",
        base: &[],
        change: "1h",
        shows: |policy| {
            over(live(), policy)
                .sync("a.com", "U", NOON - DAY)
                .to_owned()
        },
    },
    SettingCase {
        key: "sync.max_future",
        base: &[],
        change: "1m",
        shows: |policy| {
            over(live(), policy)
                .sync("a.com", "U", NOON + 2 * MINUTE)
                .to_owned()
        },
    },
    SettingCase {
        key: "sync.sentinels",
        base: &[],
        change: "[\"unknown\"]",
        shows: |policy| {
            let sync = |uid| over(live(), policy).sync("a.com", uid, NOON);
            format!("{} {}", sync("null"), sync("unknown"))
        },
    },
    SettingCase {
        key: "sync.order",
        base: &[],
        change: "timestamp",
        shows: |policy| {
            over(live(), policy)
                .sync("liveramp.com", "LR_0", NOON - 2 * DAY)
                .to_owned()
        },
    },
    SettingCase {
        key: "local.commit_writes",
        base: &[],
        change: "1",
        shows: |policy| {
            // What waits together shares a commit, as far as the policy lets it.
            let store = Embedded::open(policy);
            let keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
            let later = store
                .batch(|_| keys.map(|key| store.insert_later(key, raw(b"", None))))
                .unwrap();
            for pending in later {
                pending.wait().unwrap();
            }
            (store.commits() == keys.len() as u64).to_string()
        },
    },
    SettingCase {
        key: "local.cache_mib",
        base: &[],
        change: "1",
        shows: |policy| {
            let store = Embedded::open(policy);
            store
                .batch(|batch| {
                    for number in 0..64 {
                        batch
                            .insert(&format!("{number}"), raw(&[7; 100_000], None))
                            .unwrap();
                    }
                })
                .unwrap();
            for number in 0..64 {
                store.lookup(&format!("{number}")).unwrap();
            }
            (store.evictions() > 0).to_string()
        },
    },
    SettingCase {
        key: "local.recent_records",
        base: &[],
        change: "0",
        shows: |policy| {
            let store = Embedded::open(policy);
            store.insert("a", raw(b"", None)).unwrap();
            store.lookup("a").unwrap();
            store.lookup_cached("a").is_some().to_string()
        },
    },
    SettingCase {
        key: "local.sweep_per_write",
        base: &[],
        change: "0",
        shows: |policy| {
            let store = Embedded::open(policy);
            store.insert("a", raw(b"", Some(Ttl::MIN))).unwrap();
            store.clock.set(Timestamp::from_unix(NOON).into());
            store.insert("b", raw(b"", None)).unwrap();
            store.held().unwrap().to_string()
        },
    },
];

/// An embedded store in a folder of its own, on a clock that stays at 1970.
struct Embedded {
    store: EmbeddedStore<Arc<ManualClock>>,
    clock: Arc<ManualClock>,
    _folder: tempfile::TempDir,
}

impl Embedded {
    fn open(policy: &EcPolicy) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::default());
        let file = folder.path().join("graph.redb");
        let store = EmbeddedStore::open(
            &file,
            &policy.root.ec_store,
            &policy.local,
            Arc::clone(&clock),
        );
        Self {
            store: store.unwrap(),
            clock,
            _folder: folder,
        }
    }
}

impl Deref for Embedded {
    type Target = EmbeddedStore<Arc<ManualClock>>;

    fn deref(&self) -> &Self::Target {
        &self.store
    }
}

fn raw(body: &[u8], ttl: Option<Ttl>) -> Insert {
    Insert {
        body: body.to_vec(),
        metadata: Vec::new(),
        ttl,
        precondition: Precondition::None,
    }
}

#[test]
fn every_engine_setting_has_an_effect() {
    for case in CASES {
        let change = format!("{}={}", case.key, case.change);
        let before = policy(case.base);
        let after = policy(&[case.base, &[change.as_str()]].concat());
        assert_ne!(
            (case.shows)(&before),
            (case.shows)(&after),
            "`{change}` changes nothing"
        );
        // A policy has one digest on every machine.
        assert_eq!(
            before.digest == after.digest,
            case.key.starts_with("local."),
            "`{change}` and the digest"
        );
    }
}
