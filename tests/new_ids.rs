//! A new visitor's id is no one else's: the last six characters are random, and many users may share an address.

use crate::harness::service as support;

use std::sync::{Arc, Mutex};

use edge_cookie::clock::{Clock, ManualClock, Moment, SystemClock};
use edge_cookie::engine::Operation;
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::{ConsentStrings, KvGeo};
use edge_cookie::store::{
    Consistency, Insert, KvStore, MemoryStore, Precondition, Removed, StoreError, Stored,
};
use support::{Memory, Served, set_cookie};

/// The store answers in time, however busy the machine is.
const PATIENT: &[&str] = &["organic.budget=10s"];

/// How long ago the other users came, in milliseconds.
const AN_HOUR: u64 = 3_600_000;

/// A store in which another user of the same address turns out to have each of the first ids that are looked up.
struct Taken {
    memory: Memory,
    /// How many ids are still to be taken, and what was put under each that is.
    left: Mutex<usize>,
    put: Mutex<Vec<(String, Stored)>>,
    record: Insert,
}

impl Taken {
    fn new(ids: usize, record: Make) -> Arc<Self> {
        Arc::new(Self {
            memory: Memory::new(SystemClock),
            left: Mutex::new(ids),
            put: Mutex::default(),
            record: record(),
        })
    }
}

impl KvStore for Taken {
    fn consistency(&self) -> Consistency {
        self.memory.consistency()
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let found = self.memory.lookup(key)?;
        let mut left = self.left.lock().unwrap();
        if found.is_some() || *left == 0 {
            return Ok(found);
        }
        *left -= 1;
        self.memory.insert(key, self.record.clone())?;
        let found = self.memory.lookup(key)?;
        let record = found.clone().unwrap();
        self.put.lock().unwrap().push((key.to_owned(), record));
        Ok(found)
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.lookup(key)?.is_some())
    }

    fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        self.memory.insert(key, insert)
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        self.memory.delete(key)
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.memory.list(prefix, after, limit)
    }
}

/// What these operations left an hour ago.
fn left_by(operations: &[Operation<'_>]) -> Insert {
    let clock = ManualClock::at(Moment::from_unix_millis(
        SystemClock.now().unix_millis() - AN_HOUR,
    ));
    let graph = KvIdentityGraph::new(MemoryStore::new(&clock), &clock);
    let id = support::id(1).parse().unwrap();
    for operation in operations {
        graph
            .run(&EcPolicy::default(), &id, *operation)
            .result
            .unwrap();
    }
    let stored = graph.store().lookup(id.as_str()).unwrap().unwrap();
    Insert {
        body: stored.body,
        metadata: stored.metadata,
        ttl: None,
        precondition: Precondition::None,
    }
}

fn live() -> Insert {
    let (consent, geo) = (&ConsentStrings::default(), &KvGeo::default());
    left_by(&[Operation::Create { consent, geo }])
}

fn withdrawn() -> Insert {
    left_by(&[Operation::WriteWithdrawalTombstone])
}

fn unreadable() -> Insert {
    Insert {
        body: b"\xff rubbish".to_vec(),
        ..live()
    }
}

type Make = fn() -> Insert;

const RECORDS: [(&str, Make); 3] = [
    ("a live entry", live),
    ("a tombstone", withdrawn),
    ("an unreadable record", unreadable),
];

/// The id that a new visitor's page gives.
fn new_id(served: &Served) -> Option<String> {
    let page = served.page(None);
    assert_eq!(page.status(), http::StatusCode::NO_CONTENT);
    let cookie = set_cookie(&page)?.strip_prefix("ts-ec=").unwrap();
    Some(cookie.split(';').next().unwrap().to_owned())
}

#[test]
fn a_new_visitor_gets_no_id_of_another_user_and_undoes_no_withdrawal() {
    for (name, record) in RECORDS {
        let store = Taken::new(2, record);
        let served = Served::over(store.clone(), PATIENT);
        let given = new_id(&served).unwrap();
        let taken = store.put.lock().unwrap().clone();
        assert_eq!(taken.len(), 2, "{name}");
        for (id, before) in taken {
            assert_ne!(id, given, "{name}");
            assert_eq!(store.memory.lookup(&id).unwrap(), Some(before), "{name}");
        }
        assert!(store.memory.lookup(&given).unwrap().is_some(), "{name}");
    }
}

#[test]
fn where_every_id_is_taken_the_page_comes_without_one() {
    for (name, record) in RECORDS {
        let store = Taken::new(usize::MAX, record);
        let served = Served::over(store.clone(), PATIENT);
        assert_eq!(new_id(&served), None, "{name}");
        for (id, before) in store.put.lock().unwrap().clone() {
            assert_eq!(store.memory.lookup(&id).unwrap(), Some(before), "{name}");
        }
    }
}
