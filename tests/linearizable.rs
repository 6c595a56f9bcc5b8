//! Concurrent operations of threads on one record are linearizable: on the stores, and on the graph.

use crate::support;
use crate::support::random;

use std::collections::BTreeMap;
use std::sync::{Barrier, Mutex};
use std::thread;

use edge_cookie::clock::{ManualClock, SystemClock};
use edge_cookie::engine::{Operation, Outcome};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{DeleteMode, OnMissingSync};
use edge_cookie::policy::types::Millis;
use edge_cookie::record::{ConsentStrings, EcId, KvGeo};
use edge_cookie::store::{
    Consistency, Insert, KvStore, MemoryStore, Precondition, Removed, StoreError, Stored,
};
use edge_cookie_stores::EmbeddedStore;
use random::Random;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};
use support::{NOON, sync};

const THREADS: usize = 4;
const EACH: usize = 6;
const ROUNDS: usize = 200;

/// Runs `drive` on threads that start at the same time, and checks their history against `spec`.
fn check_history<S>(
    spec: S,
    round: usize,
    drive: impl Fn(usize, &mut Random, &mut dyn FnMut(S::Op) -> S::Ret) + Sync,
    run: impl Fn(&S::Op) -> S::Ret + Sync,
) where
    S: SequentialSpec + Clone + Send + std::fmt::Debug,
    S::Op: Clone + std::fmt::Debug + Send,
    S::Ret: Clone + std::fmt::Debug + Send + PartialEq,
{
    let history = Mutex::new(LinearizabilityTester::new(spec));
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (history, start, drive, run) = (&history, &start, &drive, &run);
            scope.spawn(move || {
                let mut draw = Random::new((round * THREADS + thread) as u64);
                start.wait();
                drive(thread, &mut draw, &mut |op: S::Op| {
                    history
                        .lock()
                        .unwrap()
                        .on_invoke(thread, op.clone())
                        .unwrap();
                    let ret = run(&op);
                    history
                        .lock()
                        .unwrap()
                        .on_return(thread, ret.clone())
                        .unwrap();
                    ret
                });
            });
        }
    });
    let history = history.into_inner().unwrap();
    assert!(history.is_consistent(), "round {round}: {history:?}");
}

/// The specification of a record in a store. Each write has a unique value, which represents its generation.
#[derive(Debug, Clone, Default)]
struct RegisterSpec(Option<u64>);

#[derive(Debug, Clone)]
enum StoreCall {
    Lookup,
    Exists,
    Put(u64),
    Add(u64),
    Swap { expected: u64, value: u64 },
    Delete,
}

#[derive(Debug, Clone, PartialEq)]
enum StoreReply {
    Holds(Option<u64>),
    Exists(bool),
    Done(bool),
}

impl SequentialSpec for RegisterSpec {
    type Op = StoreCall;
    type Ret = StoreReply;

    fn invoke(&mut self, call: &StoreCall) -> StoreReply {
        let write = |cell: &mut Self, value, holds| {
            if holds {
                cell.0 = Some(value);
            }
            StoreReply::Done(holds)
        };
        match *call {
            StoreCall::Lookup => StoreReply::Holds(self.0),
            StoreCall::Exists => StoreReply::Exists(self.0.is_some()),
            StoreCall::Put(value) => write(self, value, true),
            StoreCall::Add(value) => write(self, value, self.0.is_none()),
            StoreCall::Swap { expected, value } => write(self, value, self.0 == Some(expected)),
            StoreCall::Delete => StoreReply::Holds(self.0.take()),
        }
    }
}

fn value(stored: &Stored) -> u64 {
    str::from_utf8(&stored.body).unwrap().parse().unwrap()
}

fn a_store_is_linearizable(store: &(impl KvStore + Sync)) {
    for round in 0..ROUNDS {
        let key = format!("cell/{round}");
        let generations = Mutex::new(BTreeMap::new());
        let insert = |value: u64, precondition| {
            let insert = Insert {
                body: value.to_string().into_bytes(),
                metadata: Vec::new(),
                ttl: None,
                precondition,
            };
            match store.insert(&key, insert) {
                Ok(()) => StoreReply::Done(true),
                Err(StoreError::PreconditionFailed) => StoreReply::Done(false),
                Err(error) => panic!("{error}"),
            }
        };
        let run = |call: &StoreCall| match *call {
            StoreCall::Lookup => StoreReply::Holds(store.lookup(&key).unwrap().map(|stored| {
                let value = value(&stored);
                generations.lock().unwrap().insert(value, stored.generation);
                value
            })),
            StoreCall::Exists => StoreReply::Exists(store.exists(&key).unwrap()),
            StoreCall::Put(value) => insert(value, Precondition::None),
            StoreCall::Add(value) => insert(value, Precondition::Add),
            StoreCall::Swap { expected, value } => {
                let generation = generations.lock().unwrap()[&expected];
                insert(value, Precondition::Generation(generation))
            }
            StoreCall::Delete => match store.delete(&key).unwrap() {
                Removed::Nothing => StoreReply::Holds(None),
                Removed::Record(stored) => StoreReply::Holds(Some(value(&stored.unwrap()))),
            },
        };
        check_history(
            RegisterSpec::default(),
            round,
            |thread, draw, call| {
                let mut seen = None;
                for step in 0..EACH {
                    let value = (thread * EACH + step) as u64;
                    let reply = call(match (draw.below(8), seen) {
                        (0, _) => StoreCall::Exists,
                        (1, _) => StoreCall::Put(value),
                        (2, _) => StoreCall::Add(value),
                        (3, _) => StoreCall::Delete,
                        (4 | 5, Some(expected)) => StoreCall::Swap { expected, value },
                        _ => StoreCall::Lookup,
                    });
                    if let StoreReply::Holds(Some(value)) = reply {
                        seen = Some(value)
                            .filter(|value| generations.lock().unwrap().contains_key(value));
                    }
                }
            },
            run,
        );
    }
}

/// The specification of a user's record (`docs/semantics.md#operations`) within one second, so that no record is revived.
#[derive(Debug, Clone, Default)]
enum UserSpec {
    #[default]
    Unknown,
    Live(BTreeMap<String, String>),
    Gone,
}

#[derive(Debug, Clone)]
enum UserRequest {
    Consent,
    Sync(&'static str, String),
    Withdraw,
    Erase,
    Get,
}

#[derive(Debug, Clone, PartialEq)]
enum UserReply {
    Outcome(Outcome),
    Ids(BTreeMap<String, String>),
    Tombstone,
}

impl SequentialSpec for UserSpec {
    type Op = UserRequest;
    type Ret = UserReply;

    fn invoke(&mut self, request: &UserRequest) -> UserReply {
        let (word, then) = match (request, &*self) {
            (UserRequest::Get, Self::Live(ids)) => return UserReply::Ids(ids.clone()),
            (UserRequest::Get, Self::Gone) => return UserReply::Tombstone,
            (UserRequest::Consent, Self::Unknown) => {
                (Outcome::Created, Self::Live(BTreeMap::new()))
            }
            (UserRequest::Consent, Self::Live(_)) => {
                return UserReply::Outcome(Outcome::AlreadyLive);
            }
            (UserRequest::Consent | UserRequest::Sync(..), Self::Gone) => {
                return UserReply::Outcome(Outcome::ConsentWithdrawn);
            }
            (UserRequest::Sync(partner, uid), Self::Live(ids)) => {
                let mut ids = ids.clone();
                ids.insert((*partner).to_owned(), uid.clone());
                (Outcome::Written, Self::Live(ids))
            }
            (UserRequest::Get | UserRequest::Sync(..) | UserRequest::Erase, Self::Unknown) => {
                return UserReply::Outcome(Outcome::NotFound);
            }
            (UserRequest::Withdraw, _) => (Outcome::Withdrawn, Self::Gone),
            (UserRequest::Erase, _) => (Outcome::Deleted, Self::Gone),
        };
        *self = then;
        UserReply::Outcome(word)
    }
}

fn a_graph_is_linearizable(store: &(impl KvStore + Sync)) {
    let clock = ManualClock::default();
    clock.set(edge_cookie::clock::Timestamp::from_unix(NOON).into());
    let graph = KvIdentityGraph::new(store, &clock);
    let mut policy = EcPolicy::default();
    policy.delete.mode = DeleteMode::Tombstone;
    policy.sync.on_missing = OnMissingSync::Reject;
    // Operations never give up: this test is not about retries.
    policy.cas.max_retries = 10_000;
    policy.cas.deadline = Millis::new(u64::MAX);
    for round in 0..ROUNDS {
        let user: EcId = format!("{round:064x}.Ab3xY9").parse().unwrap();
        let run = |request: &UserRequest| {
            let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
            let made;
            let operation = match request {
                UserRequest::Consent => Operation::CreateOrRevive {
                    consent: &consent,
                    geo: &geo,
                },
                UserRequest::Sync(partner, uid) => {
                    made = sync(partner, uid, NOON);
                    Operation::UpsertPartnerId(&made)
                }
                UserRequest::Withdraw => Operation::WriteWithdrawalTombstone,
                UserRequest::Erase => Operation::Delete,
                UserRequest::Get => Operation::Get,
            };
            let done = graph.run(&policy, &user, operation).result.unwrap();
            match done.record {
                Some(record) if record.entry.is_tombstone() => UserReply::Tombstone,
                Some(record) => {
                    let ids = record.entry.ids.iter();
                    let text = |text: &str| text.to_owned();
                    UserReply::Ids(
                        ids.map(|(partner, id)| (text(partner.as_str()), text(&id.uid)))
                            .collect(),
                    )
                }
                None => UserReply::Outcome(done.outcome),
            }
        };
        check_history(
            UserSpec::default(),
            round,
            |thread, draw, send| {
                for step in 0..EACH {
                    send(match draw.below(20) {
                        0 => UserRequest::Withdraw,
                        1 => UserRequest::Erase,
                        2..6 => UserRequest::Consent,
                        6..10 => UserRequest::Get,
                        drawn => {
                            let partner = if drawn < 15 { "a.example" } else { "b.example" };
                            UserRequest::Sync(partner, format!("{thread}-{step}"))
                        }
                    });
                }
            },
            run,
        );
    }
}

fn embedded(test: impl Fn(&EmbeddedStore<SystemClock>)) {
    let folder = tempfile::tempdir().unwrap();
    let policy = EcPolicy::default();
    let path = folder.path().join("store");
    let store =
        EmbeddedStore::open(&path, &policy.root.ec_store, &policy.local, SystemClock).unwrap();
    test(&store);
}

/// A store whose cache is read first, as the native server does.
struct CachedStore<'s>(&'s EmbeddedStore<SystemClock>);

impl KvStore for CachedStore<'_> {
    fn consistency(&self) -> Consistency {
        self.0.consistency()
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        match self.0.lookup_cached(key) {
            Some(stored) => Ok(Some(stored)),
            None => self.0.lookup(key),
        }
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.0.exists(key)
    }

    fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        self.0.insert(key, insert)
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        self.0.delete(key)
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.0.list(prefix, after, limit)
    }
}

#[test]
fn the_memory_store_is_linearizable() {
    a_store_is_linearizable(&MemoryStore::new(ManualClock::default()));
}

#[test]
fn the_embedded_store_is_linearizable() {
    embedded(a_store_is_linearizable);
}

#[test]
fn the_embedded_store_is_linearizable_with_its_cache() {
    embedded(|store| a_store_is_linearizable(&CachedStore(store)));
}

#[test]
fn the_graph_is_linearizable_over_the_memory_store() {
    a_graph_is_linearizable(&MemoryStore::new(ManualClock::default()));
}

#[test]
fn the_graph_is_linearizable_over_the_embedded_store() {
    embedded(a_graph_is_linearizable);
}

#[test]
fn the_graph_is_linearizable_over_the_embedded_store_with_its_cache() {
    embedded(|store| a_graph_is_linearizable(&CachedStore(store)));
}

/// The test can fail: a history that is not linearizable is found.
#[test]
fn a_history_that_is_not_linearizable_is_found() {
    let mut history = LinearizabilityTester::new(RegisterSpec::default());
    history
        .on_invret(0, StoreCall::Put(1), StoreReply::Done(true))
        .unwrap();
    history
        .on_invret(1, StoreCall::Lookup, StoreReply::Holds(None))
        .unwrap();
    assert!(!history.is_consistent());
}
