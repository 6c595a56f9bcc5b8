//! The identity graph: runs operations against a store, under a policy.
//!
//! The thin driver between the pure engine and a [`KvStore`]: it does what a [`Transaction`] asks for, and
//! turns records into bytes at the store's border.
//!
//! ```
//! use edge_cookie::clock::{ManualClock, Moment};
//! use edge_cookie::engine::{Operation, Outcome};
//! use edge_cookie::graph::KvIdentityGraph;
//! use edge_cookie::policy::EcPolicy;
//! use edge_cookie::record::{ConsentStrings, EcId, KvGeo};
//! use edge_cookie::store::MemoryStore;
//!
//! let clock = ManualClock::at(Moment::from_unix_millis(1_772_409_600_000));
//! let graph = KvIdentityGraph::new(MemoryStore::new(&clock), &clock);
//! let policy = EcPolicy::default();
//! let user: EcId = format!("{}.Ab3xY9", "0f".repeat(32)).parse().unwrap();
//!
//! let (consent, geo) = (ConsentStrings::default(), KvGeo::known("DE", None).unwrap());
//! let created = graph.run(&policy, &user, Operation::Create { consent: &consent, geo: &geo });
//! assert_eq!(created.result.unwrap().outcome, Outcome::Created);
//! let read = graph.run(&policy, &user, Operation::Get).result.unwrap();
//! assert_eq!(&*read.record.unwrap().entry.geo.country, "DE");
//! ```

mod side_by_side;

use std::hash::{BuildHasher, RandomState};

use crate::clock::Clock;
use crate::engine::{
    Answer, Finished, Found, Operation, Record, Step, StoreError, Transaction, UnreadableRecord,
    WriteRef,
};
use crate::policy::EcPolicy;
use crate::record::{EcId, KvEntry, KvMetadata};
use crate::store::{Insert, KvStore, Stored};
use side_by_side::deleted;
#[cfg(feature = "service")]
pub(crate) use side_by_side::{StoredAs, run_to_completion};

/// The identity graph over a store, on a clock.
#[derive(Debug, Clone)]
pub struct KvIdentityGraph<S, C> {
    store: S,
    clock: C,
    random: fn() -> u64,
}

impl<S, C> KvIdentityGraph<S, C> {
    /// The graph that `store` holds, on `clock`.
    pub fn new(store: S, clock: C) -> Self {
        Self::with_random(store, clock, machine_random)
    }

    /// The graph that `store` holds, on `clock`, its waits drawn from `random`.
    pub fn with_random(store: S, clock: C, random: fn() -> u64) -> Self {
        Self {
            store,
            clock,
            random,
        }
    }

    /// The store behind the graph.
    pub const fn store(&self) -> &S {
        &self.store
    }
}

impl<S: KvStore, C: Clock> KvIdentityGraph<S, C> {
    /// Runs one operation on `id`'s record to its end, under `policy`.
    pub fn run(&self, policy: &EcPolicy, id: &EcId, operation: Operation<'_>) -> Finished {
        let key = id.as_str();
        let start = self.clock.now();
        let consistency = self.store.consistency();
        let mut transaction = Transaction::new(policy, operation, start.timestamp(), consistency);
        loop {
            let done = match transaction.step() {
                Step::End => return transaction.ended(),
                Step::Lookup => self.store.lookup(key).map(found).map(Answer::Found),
                Step::Exists => self.store.exists(key).map(Answer::Exists),
                Step::Insert(pending) => match self.store.insert(key, pending.with_write(insert)) {
                    Ok(()) => return transaction.written(),
                    Err(error) => Err(error),
                },
                Step::Delete => self
                    .store
                    .delete(key)
                    .map(deleted::<Operation<'_>>)
                    .map(Answer::Deleted),
                Step::Wait(wait) => {
                    self.clock.wait(wait.length(self.random));
                    Ok(Answer::Waited {
                        elapsed: self.clock.now().since(start),
                    })
                }
            };
            transaction.resume(done.unwrap_or_else(|error: StoreError| Answer::Failed {
                error,
                elapsed: self.clock.now().since(start),
            }));
        }
    }
}

/// What the bytes a store holds are to the engine.
#[must_use]
pub fn found(stored: Option<Stored>) -> Found {
    let Some(stored) = stored else {
        return Found::Nothing;
    };
    let entry = KvEntry::from_body(&stored.body);
    match (entry, KvMetadata::from_bytes(&stored.metadata)) {
        (Ok(entry), Ok(metadata)) => Found::Record(Box::new(Record {
            entry,
            metadata,
            generation: stored.generation,
        })),
        (Err(why), _) | (_, Err(why)) => Found::Unreadable(Box::new(UnreadableRecord {
            why,
            generation: stored.generation,
        })),
    }
}

fn insert(write: WriteRef<'_>) -> Insert {
    Insert {
        body: write.entry.to_body(),
        metadata: write.metadata.to_bytes(),
        ttl: Some(write.ttl),
        precondition: write.precondition,
    }
}

/// Randomness good enough to spread retries, and nothing else: the standard library's hash keys.
pub(crate) fn machine_random() -> u64 {
    RandomState::new().hash_one(())
}
