//! Each operation under the policy, and the same with its numbers as constants, on the same record.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::semicolon_if_nothing_returned,
    clippy::type_complexity,
    reason = "each benchmark uses its part, pairs read best as one expression each, and a broken fixture should stop it"
)]

use edge_cookie::clock::{Clock, SystemClock, Timestamp};
use edge_cookie::engine::{Operation, PartnerSync};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::{ConsentStrings, EcId, KvEntry, KvGeo, KvMetadata, PartnerId};
use edge_cookie::store::{Insert, KvStore, MemoryStore, Precondition};

use super::constants;

/// A graph over a store in memory with one user's record, and what partners and browsers send.
pub struct Fixture {
    graph: KvIdentityGraph<MemoryStore<SystemClock>, SystemClock>,
    policy: EcPolicy,
    id: EcId,
    consent: ConsentStrings,
    geo: KvGeo,
    syncs: Vec<PartnerSync>,
    live: (Vec<u8>, Vec<u8>),
    tombstone: (Vec<u8>, Vec<u8>),
    seen: Timestamp,
}

/// What stands in the store before an operation.
#[derive(Clone, Copy)]
pub enum Before {
    Nothing,
    Live,
    Tombstone,
}

/// A pair: its name, what stands before it, and the operation in both ways.
pub type Pair = (&'static str, Before, fn(&Fixture), fn(&Fixture));

pub const PAIRS: [Pair; 9] = [
    (
        "get",
        Before::Live,
        |f| f.run(Operation::Get),
        |f| {
            std::hint::black_box(constants::get(f.graph.store(), &SystemClock, &f.id));
        },
    ),
    (
        "create",
        Before::Nothing,
        |f| {
            f.run(Operation::Create {
                consent: &f.consent,
                geo: &f.geo,
            })
        },
        |f| {
            Fixture::ran(constants::create(
                f.graph.store(),
                &SystemClock,
                &f.id,
                &f.consent,
                &f.geo,
            ))
        },
    ),
    (
        "create_or_revive",
        Before::Tombstone,
        |f| {
            f.run(Operation::CreateOrRevive {
                consent: &f.consent,
                geo: &f.geo,
            })
        },
        |f| {
            Fixture::ran(constants::create_or_revive(
                f.graph.store(),
                &SystemClock,
                &f.id,
                &f.consent,
                &f.geo,
            ))
        },
    ),
    (
        "upsert_partner_id",
        Before::Live,
        |f| f.run(Operation::UpsertPartnerId(f.syncs.first().unwrap())),
        |f| {
            Fixture::ran(constants::upsert(
                f.graph.store(),
                &SystemClock,
                &f.id,
                f.syncs.get(..1).unwrap(),
            ))
        },
    ),
    (
        "upsert_partner_ids",
        Before::Live,
        |f| f.run(Operation::UpsertPartnerIds(&f.syncs)),
        |f| {
            Fixture::ran(constants::upsert(
                f.graph.store(),
                &SystemClock,
                &f.id,
                &f.syncs,
            ))
        },
    ),
    (
        "update_last_seen",
        Before::Live,
        |f| {
            f.run(Operation::UpdateLastSeen {
                timestamp: f.seen.plus_seconds(3_600),
            })
        },
        |f| {
            Fixture::ran(constants::touch(
                f.graph.store(),
                &SystemClock,
                &f.id,
                f.seen.plus_seconds(3_600),
            ))
        },
    ),
    (
        "update_last_seen, debounced",
        Before::Live,
        |f| {
            f.run(Operation::UpdateLastSeen {
                timestamp: f.seen.plus_seconds(1),
            })
        },
        |f| {
            Fixture::ran(constants::touch(
                f.graph.store(),
                &SystemClock,
                &f.id,
                f.seen.plus_seconds(1),
            ))
        },
    ),
    (
        "write_withdrawal_tombstone",
        Before::Live,
        |f| f.run(Operation::WriteWithdrawalTombstone),
        |f| {
            Fixture::ran(constants::withdraw(f.graph.store(), &SystemClock, &f.id));
        },
    ),
    (
        "delete",
        Before::Live,
        |f| f.run(Operation::Delete),
        |f| {
            Fixture::ran(constants::delete(f.graph.store(), &SystemClock, &f.id));
        },
    ),
];

impl Fixture {
    pub fn new() -> Self {
        let now = SystemClock.now().timestamp();
        let seen = Timestamp::from_unix(now.unix() - 7_200);
        let consent = ConsentStrings {
            tcf: Some("CQabcdefghijkAcABBENBCFgAAAAAAAAAA".into()),
            gpp: None,
        };
        let geo = KvGeo::known("US", Some("CA")).unwrap();
        let mut entry = KvEntry::consented(consent.clone(), geo.clone(), seen);
        let sync = |number: u32| PartnerSync {
            partner: PartnerId::parse(&format!("partner{number}.example.com")).unwrap(),
            uid: format!("{number:040}").into(),
            timestamp: Timestamp::from_unix(now.unix() - 60),
        };
        for number in 0..5 {
            let known = sync(number);
            entry.sync(&known.partner, &known.uid, seen);
        }
        let bytes = |entry: &KvEntry, from| {
            (
                entry.to_body(),
                KvMetadata::of(entry, from, "00000000").to_bytes(),
            )
        };
        let withdrawn = Timestamp::from_unix(now.unix() - 60);
        Self {
            graph: KvIdentityGraph::new(MemoryStore::new(SystemClock), SystemClock),
            policy: EcPolicy::default(),
            id: format!("{}.Ab3xY9", "0f".repeat(32)).parse().unwrap(),
            consent,
            geo,
            syncs: (5..15).map(sync).collect(),
            live: bytes(&entry, seen),
            tombstone: bytes(&KvEntry::tombstone(withdrawn), withdrawn),
            seen,
        }
    }

    /// Puts the record that stands before an operation.
    pub fn prepare(&self, before: Before) {
        let (body, metadata) = match before {
            Before::Nothing => {
                self.graph.store().delete(self.id.as_str()).unwrap();
                return;
            }
            Before::Live => self.live.clone(),
            Before::Tombstone => self.tombstone.clone(),
        };
        let insert = Insert {
            body,
            metadata,
            ttl: None,
            precondition: Precondition::None,
        };
        self.graph.store().insert(self.id.as_str(), insert).unwrap();
    }

    fn run(&self, operation: Operation<'_>) {
        std::hint::black_box(self.graph.run(&self.policy, &self.id, operation));
    }

    fn ran(outcome: &'static str) {
        std::hint::black_box(outcome);
    }

    /// The body that stands in the store, without the times of this very run.
    pub fn body(&self) -> Option<serde_json::Value> {
        let stored = self.graph.store().lookup(self.id.as_str()).unwrap()?;
        serde_json::from_slice(&stored.body).ok()
    }

    /// How many calls of the store were made so far.
    pub fn calls(&self) -> u64 {
        let calls = self.graph.store().calls();
        calls.lookups + calls.inserts + calls.deletes + calls.exists
    }

    /// Whether both ways of a pair make the same calls and leave the same record: else they cannot be compared.
    pub fn agree(&self, pair: &Pair) -> bool {
        let (_, before, policy, constants) = pair;
        let outcome = |run: &fn(&Self)| {
            self.prepare(*before);
            let calls = self.calls();
            run(self);
            (
                self.calls() - calls,
                self.body().map(|body| body["ids"].clone()),
                self.body().map(|body| body["consent"]["ok"].clone()),
            )
        };
        outcome(policy) == outcome(constants)
    }
}
