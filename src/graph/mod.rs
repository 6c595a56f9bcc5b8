//! The identity graph: runs operations against a store, under a policy.
//!
//! The thin driver between the pure engine and a [`KvStore`](crate::store::KvStore): it does what a
//! [`Transaction`](crate::engine::Transaction) asks for, and turns records into bytes at the store's border.
//!
//! [`KvIdentityGraph::under`] gives the operations by name, each with its own outcomes. [`KvIdentityGraph::run`] takes
//! any [`Operation`](crate::engine::Operation) and also returns what it cost.
//!
//! ```
//! use edge_cookie::clock::SystemClock;
//! use edge_cookie::graph::{CreateOutcome, KvIdentityGraph};
//! use edge_cookie::policy::EcPolicy;
//! use edge_cookie::record::{ConsentStrings, EcId, KvGeo};
//! use edge_cookie::store::MemoryStore;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = EcPolicy::default();
//! let graph = KvIdentityGraph::new(MemoryStore::new(SystemClock), SystemClock);
//! let ec = graph.under(&policy);
//! let id: EcId = format!("{}.Ab3xY9", "0f".repeat(32)).parse()?;
//!
//! let created = ec.create(&id, &ConsentStrings::default(), &KvGeo::default())?;
//! assert_eq!(created, CreateOutcome::Created);
//! let record = ec.get(&id)?.ok_or("no record")?;
//! assert!(record.entry.consent.ok);
//! # Ok(())
//! # }
//! ```

mod driver;
mod handle;
mod outcomes;

use std::hash::{BuildHasher, RandomState};

use crate::engine::{Found, Record, UnreadableRecord, WriteRef};
use crate::policy::EcPolicy;
use crate::record::{KvEntry, KvMetadata};
use crate::store::{Insert, Stored};
pub use driver::{StoredAs, run_to_completion};
pub use handle::{AsyncGraphHandle, GraphHandle};
pub use outcomes::{
    CreateOrReviveOutcome, CreateOutcome, DeleteOutcome, UpdateLastSeenOutcome,
    UpsertPartnerIdOutcome, WithdrawalOutcome,
};

/// The identity graph over a store, on a clock.
///
/// ```
/// use edge_cookie::clock::SystemClock;
/// use edge_cookie::graph::KvIdentityGraph;
/// use edge_cookie::policy::EcPolicy;
/// use edge_cookie::record::{ConsentStrings, EcId, KvGeo};
/// use edge_cookie::store::MemoryStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = EcPolicy::default();
/// let graph = KvIdentityGraph::new(MemoryStore::new(SystemClock), SystemClock);
/// let ec = graph.under(&policy);
/// let id: EcId = format!("{}.Ab3xY9", "0f".repeat(32)).parse()?;
/// assert!(ec.get(&id)?.is_none());
/// ec.create(&id, &ConsentStrings::default(), &KvGeo::default())?;
/// assert!(ec.get(&id)?.is_some());
/// # Ok(())
/// # }
/// ```
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

    /// The operations by name, each under `policy`, on a store that blocks.
    pub const fn under<'g>(&'g self, policy: &'g EcPolicy) -> GraphHandle<'g, S, C> {
        GraphHandle::new(self, policy)
    }

    /// The operations by name, each under `policy`, on a store that is awaited.
    pub const fn under_async<'g>(&'g self, policy: &'g EcPolicy) -> AsyncGraphHandle<'g, S, C> {
        AsyncGraphHandle::new(self, policy)
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

#[inline]
fn insert(write: WriteRef<'_>) -> Insert {
    Insert {
        body: write.entry.to_body(),
        metadata: write.metadata.to_bytes(),
        ttl: Some(write.ttl),
        precondition: write.precondition,
    }
}

/// Randomness good enough to spread retries, and nothing else: the standard library's hash keys.
#[must_use]
pub fn machine_random() -> u64 {
    RandomState::new().hash_one(())
}
