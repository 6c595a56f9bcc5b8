//! Each operation under the policy, and the same with its numbers as constants, on the same record.
#![allow(
    clippy::unwrap_used,
    reason = "a broken fixture should stop the benchmark"
)]

use edge_cookie::clock::{Clock, Timestamp};
use edge_cookie::engine::{Operation, PartnerSync};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::{ConsentStrings, EcId, KvEntry, KvGeo, KvMetadata, PartnerId};
use edge_cookie::store::{Insert, KvStore, Precondition};

use super::constants;

/// A graph over a store with one user's record, and what partners and browsers send.
pub struct Fixture<S, C> {
    graph: KvIdentityGraph<S, C>,
    clock: C,
    policy: EcPolicy,
    id: EcId,
    consent: ConsentStrings,
    geo: KvGeo,
    known: PartnerSync,
    syncs: Vec<PartnerSync>,
    live: (Vec<u8>, Vec<u8>),
    tombstone: (Vec<u8>, Vec<u8>),
    seen: Timestamp,
}

/// What the store holds before an operation.
#[derive(Clone, Copy)]
pub enum Before {
    Nothing,
    /// An entry with five partner ids, their uids of 40 bytes.
    Live,
    Tombstone,
}

/// One way of an operation.
pub type Way<S, C> = fn(&Fixture<S, C>);

/// A pair: its name, what the store holds before it, and the operation under the policy and with constants.
pub type Pair<S, C> = (&'static str, Before, Way<S, C>, Way<S, C>);

pub const fn pairs<S: KvStore, C: Clock + Copy>() -> [Pair<S, C>; 11] {
    [
        (
            "get",
            Before::Live,
            |f| f.run(Operation::Get),
            |f| ran(constants::get(f.graph.store(), &f.clock, &f.id)),
        ),
        (
            "get_metadata",
            Before::Live,
            |f| f.run(Operation::GetMetadata),
            |f| ran(constants::get_metadata(f.graph.store(), &f.clock, &f.id)),
        ),
        (
            "create",
            Before::Nothing,
            |f| {
                let (consent, geo) = (&f.consent, &f.geo);
                f.run(Operation::Create { consent, geo });
            },
            |f| {
                let (store, clock) = (f.graph.store(), &f.clock);
                ran(constants::create(store, clock, &f.id, &f.consent, &f.geo));
            },
        ),
        (
            "create_or_revive",
            Before::Tombstone,
            |f| {
                let (consent, geo) = (&f.consent, &f.geo);
                f.run(Operation::CreateOrRevive { consent, geo });
            },
            |f| {
                let (store, clock) = (f.graph.store(), &f.clock);
                ran(constants::create_or_revive(
                    store, clock, &f.id, &f.consent, &f.geo,
                ));
            },
        ),
        (
            "upsert_partner_id",
            Before::Live,
            |f| f.run(Operation::UpsertPartnerId(f.syncs.first().unwrap())),
            |f| f.upsert_with_constants(std::slice::from_ref(f.syncs.first().unwrap())),
        ),
        (
            "upsert_partner_id, known partner",
            Before::Live,
            |f| f.run(Operation::UpsertPartnerId(&f.known)),
            |f| f.upsert_with_constants(std::slice::from_ref(&f.known)),
        ),
        (
            "upsert_partner_ids",
            Before::Live,
            |f| f.run(Operation::UpsertPartnerIds(&f.syncs)),
            |f| f.upsert_with_constants(&f.syncs),
        ),
        (
            "update_last_seen",
            Before::Live,
            |f| f.touch(3_600),
            |f| f.touch_with_constants(3_600),
        ),
        (
            "update_last_seen, debounced",
            Before::Live,
            |f| f.touch(1),
            |f| f.touch_with_constants(1),
        ),
        (
            "write_withdrawal_tombstone",
            Before::Live,
            |f| f.run(Operation::WriteWithdrawalTombstone),
            |f| ran(constants::withdraw(f.graph.store(), &f.clock, &f.id)),
        ),
        (
            "delete",
            Before::Live,
            |f| f.run(Operation::Delete),
            |f| ran(constants::delete(f.graph.store(), &f.clock, &f.id)),
        ),
    ]
}

/// Keeps the compiler from leaving out what leads to `result`.
fn ran<T>(result: T) {
    std::hint::black_box(result);
}

impl<S: KvStore, C: Clock + Copy> Fixture<S, C> {
    pub fn new(store: S, clock: C) -> Self {
        let now = clock.now().timestamp();
        let ago = |seconds| Timestamp::from_unix(now.unix() - seconds);
        let seen = ago(7_200);
        let consent = ConsentStrings {
            tcf: Some("CQabcdefghijkAcABBENBCFgAAAAAAAAAA".into()),
            ..ConsentStrings::default()
        };
        let geo = KvGeo::known("US", Some("CA")).unwrap();
        let mut entry = KvEntry::new(consent.clone(), geo.clone(), seen);
        let sync = |number: u32| PartnerSync {
            partner: PartnerId::parse(&format!("partner{number}.example.com")).unwrap(),
            uid: format!("{number:040}").into(),
            timestamp: ago(60),
        };
        for number in 0..5 {
            let known = sync(number);
            entry.sync(&known.partner, &known.uid, seen);
        }
        let bytes = |entry: &KvEntry, from| {
            let metadata = KvMetadata::from_entry(entry, from, constants::MARK);
            (entry.to_body(), metadata.to_bytes())
        };
        let known = PartnerSync {
            uid: "f".repeat(40).into(),
            ..sync(2)
        };
        Self {
            graph: KvIdentityGraph::new(store, clock),
            clock,
            policy: EcPolicy::default(),
            id: format!("{}.Ab3xY9", "0f".repeat(32)).parse().unwrap(),
            consent,
            geo,
            known,
            syncs: (5..15).map(sync).collect(),
            live: bytes(&entry, seen),
            tombstone: bytes(&KvEntry::tombstone(ago(60)), ago(60)),
            seen,
        }
    }

    /// Puts the record that the store holds before an operation.
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
        ran(self.graph.run(&self.policy, &self.id, operation));
    }

    fn touch(&self, seconds: u64) {
        let timestamp = self.seen.plus_seconds(seconds);
        self.run(Operation::UpdateLastSeen { timestamp });
    }

    fn touch_with_constants(&self, seconds: u64) {
        let timestamp = self.seen.plus_seconds(seconds);
        let store = self.graph.store();
        ran(constants::touch(store, &self.clock, &self.id, timestamp));
    }

    fn upsert_with_constants(&self, syncs: &[PartnerSync]) {
        let store = self.graph.store();
        ran(constants::upsert(store, &self.clock, &self.id, syncs));
    }
}
