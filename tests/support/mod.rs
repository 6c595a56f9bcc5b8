//! What the tests of the graph share: a user, a time, and records as a store would hold them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses its part, and a broken fixture should stop it"
)]

pub mod overrides;
pub mod publisher;
pub mod random;
pub mod rows;
pub mod samples;
pub mod setting_values;
pub mod sources;
pub mod written;

use edge_cookie::clock::{ManualClock, Timestamp};
use edge_cookie::engine::{Finished, Operation, PartnerSync, Record};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::Ttl;
use edge_cookie::record::{ConsentStrings, EcId, KvGeo, PartnerId};
use edge_cookie::store::{Insert, KvStore, MemoryStore, Precondition, Stored};

pub const MINUTE: u64 = 60;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// Monday, 2 March 2026, noon.
pub const NOON: u64 = 1_772_452_800;

pub fn user() -> EcId {
    format!("{}.Ab3xY9", "0f".repeat(32)).parse().unwrap()
}

pub fn partner(id: &str) -> PartnerId {
    PartnerId::parse(id).unwrap()
}

pub fn sync(partner_id: &str, uid: &str, timestamp: u64) -> PartnerSync {
    PartnerSync {
        partner: partner(partner_id),
        uid: uid.into(),
        timestamp: Timestamp::from_unix(timestamp),
    }
}

/// A policy that differs from the defaults as `change` says.
pub fn policy(change: impl FnOnce(&mut EcPolicy)) -> EcPolicy {
    let mut policy = EcPolicy::default();
    change(&mut policy);
    policy
}

/// A graph over a memory store, on a clock of its own that stays at noon.
pub struct Bench {
    pub clock: &'static ManualClock,
    pub graph: KvIdentityGraph<MemoryStore<&'static ManualClock>, &'static ManualClock>,
    pub policy: EcPolicy,
}

impl Bench {
    pub fn new(policy: EcPolicy) -> Self {
        let noon = Timestamp::from_unix(NOON).into();
        let clock: &'static ManualClock = Box::leak(Box::new(ManualClock::at(noon)));
        Self {
            clock,
            graph: KvIdentityGraph::new(MemoryStore::new(clock), clock),
            policy,
        }
    }

    pub fn at(&self, unix: u64) -> &Self {
        self.clock.set(Timestamp::from_unix(unix).into());
        self
    }

    /// Puts a record as another system would have, without a time to live.
    pub fn put_raw(&self, body: &str, metadata: &str, ttl: Option<Ttl>) {
        let insert = Insert {
            body: body.into(),
            metadata: metadata.into(),
            ttl,
            precondition: Precondition::None,
        };
        self.graph.store().insert(user().as_str(), insert).unwrap();
    }

    pub fn stored(&self) -> Option<Stored> {
        self.graph.store().lookup(user().as_str()).unwrap()
    }

    pub fn run(&self, operation: Operation<'_>) -> Finished {
        self.graph.run(&self.policy, &user(), operation)
    }

    /// The word the operation ends in, of an outcome or of an error.
    pub fn word(&self, operation: Operation<'_>) -> &'static str {
        self.run(operation).as_str()
    }

    pub fn create(&self) -> &'static str {
        let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
        self.word(Operation::Create {
            consent: &consent,
            geo: &geo,
        })
    }

    pub fn create_or_revive(&self) -> &'static str {
        let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
        self.word(Operation::CreateOrRevive {
            consent: &consent,
            geo: &geo,
        })
    }

    pub fn sync(&self, partner_id: &str, uid: &str, timestamp: u64) -> &'static str {
        self.word(Operation::UpsertPartnerId(&sync(
            partner_id, uid, timestamp,
        )))
    }

    pub fn touch(&self, timestamp: u64) -> &'static str {
        self.word(Operation::UpdateLastSeen {
            timestamp: Timestamp::from_unix(timestamp),
        })
    }

    pub fn withdraw(&self) -> &'static str {
        self.word(Operation::WriteWithdrawalTombstone)
    }

    pub fn delete(&self) -> &'static str {
        self.word(Operation::Delete)
    }

    pub fn get(&self) -> Option<Record> {
        let done = self.run(Operation::Get).result.unwrap();
        done.record.map(|record| *record)
    }
}

/// A live entry, seen an hour ago, with one partner's id of yesterday.
pub fn live() -> (String, String) {
    (
        format!(
            r#"{{"v":1,"created":{created},"last_seen":{seen},"consent":{{"tcf":"T","ok":true,"updated":{created}}},"geo":{{"country":"DE"}},"ids":{{"liveramp.com":{{"uid":"LR_1","synced":{synced}}}}}}}"#,
            created = NOON - 10 * DAY,
            seen = NOON - HOUR,
            synced = NOON - DAY,
        ),
        format!(r#"{{"ok":true,"country":"DE","v":1,"t":{}}}"#, NOON - HOUR),
    )
}

/// An entry that was last written 366 days ago.
pub fn expired() -> (String, String) {
    let then = NOON - 366 * DAY;
    (
        format!(
            r#"{{"v":1,"created":{then},"last_seen":{then},"consent":{{"tcf":"OLD","ok":true,"updated":{then}}},"geo":{{"country":"FR"}},"ids":{{"old.com":{{"uid":"O","synced":{then}}}}},"kept":1}}"#
        ),
        format!(r#"{{"ok":true,"country":"FR","v":1,"t":{then},"kept":1}}"#),
    )
}

/// A withdrawal of `age` seconds ago.
pub fn tombstone(age: u64) -> (String, String) {
    let then = NOON - age;
    (
        format!(
            r#"{{"v":1,"created":{then},"last_seen":{then},"consent":{{"ok":false,"updated":{then}}},"geo":{{"country":"ZZ"}},"ids":{{}}}}"#
        ),
        format!(r#"{{"ok":false,"country":"ZZ","v":1,"t":{then}}}"#),
    )
}
