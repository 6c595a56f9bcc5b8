//! What threads see of one record is what some order of their operations explains, each taking effect at one moment
//! between its start and its end: of the stores, and of the graph over them.
#![cfg(all(feature = "verify", feature = "embedded"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test should stop"
)]

#[path = "support/random.rs"]
mod random;
mod support;

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
    Consistency, EmbeddedStore, Insert, KvStore, MemoryStore, Precondition, Removed, StoreError,
    Stored,
};
use random::Random;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};
use support::{NOON, sync};

const THREADS: usize = 4;
const EACH: usize = 6;
const ROUNDS: usize = 200;

/// Runs `act` on threads that start at once, and holds what they see against `spec`.
fn holds<S>(
    spec: S,
    round: usize,
    act: impl Fn(usize, &mut Random, &mut dyn FnMut(S::Op) -> S::Ret) + Sync,
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
            let (history, start, act, run) = (&history, &start, &act, &run);
            scope.spawn(move || {
                let mut draw = Random((round * THREADS + thread) as u64);
                start.wait();
                act(thread, &mut draw, &mut |op: S::Op| {
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

/// A record as the store's trait says it behaves; each write has a value of its own, which stands for its generation.
#[derive(Debug, Clone, Default)]
struct Cell(Option<u64>);

#[derive(Debug, Clone)]
enum Call {
    Lookup,
    Exists,
    Put(u64),
    Add(u64),
    Swap { expected: u64, value: u64 },
    Delete,
}

#[derive(Debug, Clone, PartialEq)]
enum Said {
    Holds(Option<u64>),
    Exists(bool),
    Done(bool),
}

impl SequentialSpec for Cell {
    type Op = Call;
    type Ret = Said;

    fn invoke(&mut self, call: &Call) -> Said {
        let write = |cell: &mut Self, value, holds| {
            if holds {
                cell.0 = Some(value);
            }
            Said::Done(holds)
        };
        match *call {
            Call::Lookup => Said::Holds(self.0),
            Call::Exists => Said::Exists(self.0.is_some()),
            Call::Put(value) => write(self, value, true),
            Call::Add(value) => write(self, value, self.0.is_none()),
            Call::Swap { expected, value } => write(self, value, self.0 == Some(expected)),
            Call::Delete => Said::Holds(self.0.take()),
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
                Ok(()) => Said::Done(true),
                Err(StoreError::PreconditionFailed) => Said::Done(false),
                Err(error) => panic!("{error}"),
            }
        };
        let run = |call: &Call| match *call {
            Call::Lookup => Said::Holds(store.lookup(&key).unwrap().map(|stored| {
                let value = value(&stored);
                generations.lock().unwrap().insert(value, stored.generation);
                value
            })),
            Call::Exists => Said::Exists(store.exists(&key).unwrap()),
            Call::Put(value) => insert(value, Precondition::None),
            Call::Add(value) => insert(value, Precondition::Add),
            Call::Swap { expected, value } => {
                let generation = generations.lock().unwrap()[&expected];
                insert(value, Precondition::Generation(generation))
            }
            Call::Delete => match store.delete(&key).unwrap() {
                Removed::Nothing => Said::Holds(None),
                Removed::Record(stored) => Said::Holds(Some(value(&stored.unwrap()))),
            },
        };
        holds(
            Cell::default(),
            round,
            |thread, draw, call| {
                let mut seen = None;
                for step in 0..EACH {
                    let value = (thread * EACH + step) as u64;
                    let said = call(match (draw.below(8), seen) {
                        (0, _) => Call::Exists,
                        (1, _) => Call::Put(value),
                        (2, _) => Call::Add(value),
                        (3, _) => Call::Delete,
                        (4 | 5, Some(expected)) => Call::Swap { expected, value },
                        _ => Call::Lookup,
                    });
                    if let Said::Holds(Some(value)) = said {
                        seen = Some(value)
                            .filter(|value| generations.lock().unwrap().contains_key(value));
                    }
                }
            },
            run,
        );
    }
}

/// A user's record as `docs/semantics.md#operations` has it behave, within one second: no one revives.
#[derive(Debug, Clone, Default)]
enum User {
    #[default]
    Unknown,
    Live(BTreeMap<String, String>),
    Gone,
}

#[derive(Debug, Clone)]
enum Asked {
    Consent,
    Sync(&'static str, String),
    Withdraw,
    Erase,
    Get,
}

#[derive(Debug, Clone, PartialEq)]
enum Answered {
    Word(Outcome),
    Ids(BTreeMap<String, String>),
    Tombstone,
}

impl SequentialSpec for User {
    type Op = Asked;
    type Ret = Answered;

    fn invoke(&mut self, asked: &Asked) -> Answered {
        let (word, then) = match (asked, &*self) {
            (Asked::Get, Self::Live(ids)) => return Answered::Ids(ids.clone()),
            (Asked::Get, Self::Gone) => return Answered::Tombstone,
            (Asked::Consent, Self::Unknown) => (Outcome::Created, Self::Live(BTreeMap::new())),
            (Asked::Consent, Self::Live(_)) => return Answered::Word(Outcome::AlreadyLive),
            (Asked::Consent | Asked::Sync(..), Self::Gone) => {
                return Answered::Word(Outcome::ConsentWithdrawn);
            }
            (Asked::Sync(partner, uid), Self::Live(ids)) => {
                let mut ids = ids.clone();
                ids.insert((*partner).to_owned(), uid.clone());
                (Outcome::Written, Self::Live(ids))
            }
            (Asked::Get | Asked::Sync(..) | Asked::Erase, Self::Unknown) => {
                return Answered::Word(Outcome::NotFound);
            }
            (Asked::Withdraw, _) => (Outcome::Withdrawn, Self::Gone),
            (Asked::Erase, _) => (Outcome::Deleted, Self::Gone),
        };
        *self = then;
        Answered::Word(word)
    }
}

fn a_graph_is_linearizable(store: &(impl KvStore + Sync)) {
    let clock = ManualClock::default();
    clock.set(edge_cookie::clock::Timestamp::from_unix(NOON).into());
    let graph = KvIdentityGraph::new(store, &clock);
    let mut policy = EcPolicy::default();
    policy.delete.mode = DeleteMode::Tombstone;
    policy.sync.on_missing = OnMissingSync::Reject;
    // Nobody gives up here: that is not what is asked.
    policy.cas.max_retries = 10_000;
    policy.cas.deadline = Millis::new(u64::MAX);
    for round in 0..ROUNDS {
        let user: EcId = format!("{round:064x}.Ab3xY9").parse().unwrap();
        let run = |asked: &Asked| {
            let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
            let made;
            let operation = match asked {
                Asked::Consent => Operation::CreateOrRevive {
                    consent: &consent,
                    geo: &geo,
                },
                Asked::Sync(partner, uid) => {
                    made = sync(partner, uid, NOON);
                    Operation::UpsertPartnerId(&made)
                }
                Asked::Withdraw => Operation::WriteWithdrawalTombstone,
                Asked::Erase => Operation::Delete,
                Asked::Get => Operation::Get,
            };
            let done = graph.run(&policy, &user, operation).result.unwrap();
            match done.record {
                Some(record) if record.entry.is_tombstone() => Answered::Tombstone,
                Some(record) => {
                    let ids = record.entry.ids.iter();
                    let text = |text: &str| text.to_owned();
                    Answered::Ids(
                        ids.map(|(partner, id)| (text(partner.as_str()), text(&id.uid)))
                            .collect(),
                    )
                }
                None => Answered::Word(done.outcome),
            }
        };
        holds(
            User::default(),
            round,
            |thread, draw, ask| {
                for step in 0..EACH {
                    ask(match draw.below(20) {
                        0 => Asked::Withdraw,
                        1 => Asked::Erase,
                        2..6 => Asked::Consent,
                        6..10 => Asked::Get,
                        drawn => {
                            let partner = if drawn < 15 { "a.example" } else { "b.example" };
                            Asked::Sync(partner, format!("{thread}-{step}"))
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
        EmbeddedStore::open(&path, &policy.stores.ec_store, &policy.local, SystemClock).unwrap();
    test(&store);
}

/// A store that is asked first for what it has at hand, as the native server asks it.
struct AtHand<'s>(&'s EmbeddedStore<SystemClock>);

impl KvStore for AtHand<'_> {
    fn consistency(&self) -> Consistency {
        self.0.consistency()
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        match self.0.at_hand(key) {
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
fn the_embedded_store_is_linearizable_with_records_at_hand() {
    embedded(|store| a_store_is_linearizable(&AtHand(store)));
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
fn the_graph_is_linearizable_over_the_embedded_store_with_records_at_hand() {
    embedded(|store| a_graph_is_linearizable(&AtHand(store)));
}

/// The test itself can fail: a history that no order explains is told.
#[test]
fn a_history_that_no_order_explains_is_found() {
    let mut history = LinearizabilityTester::new(Cell::default());
    history
        .on_invret(0, Call::Put(1), Said::Done(true))
        .unwrap();
    history
        .on_invret(1, Call::Lookup, Said::Holds(None))
        .unwrap();
    assert!(!history.is_consistent());
}
