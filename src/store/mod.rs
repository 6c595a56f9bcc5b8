//! Stores: where records are kept. They pass on what the platform says, and decide nothing.
//!
//! A store keeps, under a key, a body and metadata (bytes to it), a [`Generation`] that changes with every
//! write, and a time to live.
//!
//! ```
//! use edge_cookie::store::{Precondition, StoreError};
//!
//! assert_eq!(StoreError::PreconditionFailed.to_string(), "the record changed since it was read");
//! assert_ne!(Precondition::Add, Precondition::None);
//! ```

pub use crate::engine::{Consistency, StoreError};
mod async_store;
#[cfg(feature = "conformance")]
pub mod conformance;
mod generation;
mod memory;

pub use async_store::{AsyncKvStore, SyncAdapter};
pub use generation::Generations;
pub use memory::{Calls, MemoryStore};

use std::time::Duration;

use crate::clock::Moment;
use crate::policy::types::Ttl;
pub use crate::record::{Generation, Precondition};

/// A record as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The body.
    pub body: Vec<u8>,
    /// The metadata; empty where none was given.
    pub metadata: Vec<u8>,
    /// Marks the write that put it there.
    pub generation: Generation,
}

/// A write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insert {
    /// The body.
    pub body: Vec<u8>,
    /// The metadata; empty for none.
    pub metadata: Vec<u8>,
    /// How long the store keeps the record, from now; for ever where there is none.
    pub ttl: Option<Ttl>,
    /// What must hold for the write to happen.
    pub precondition: Precondition,
}

impl Insert {
    /// When a record written at `now` is gone; never where there is no time to live.
    #[must_use]
    pub fn expires(&self, now: Moment) -> Option<Moment> {
        self.ttl.map(|ttl| Self::expires_after(ttl, now))
    }

    /// When a record that is kept for `ttl` from `now` on is gone.
    #[must_use]
    pub fn expires_after(ttl: Ttl, now: Moment) -> Moment {
        now.plus(Duration::from_secs(ttl.seconds()))
    }
}

/// What a deletion met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// Nothing was there.
    Nothing,
    /// A record was there, and is gone; what it was, where the store knows.
    Record(Option<Stored>),
}

/// A key-value store with compare-and-swap.
///
/// An acknowledged write is permanent: where the store is durable, it is on disk before the call returns.
///
/// ```
/// use edge_cookie::clock::SystemClock;
/// use edge_cookie::store::{Insert, KvStore, MemoryStore, Precondition, StoreError};
///
/// let store = MemoryStore::new(SystemClock);
/// let insert = |body: &str, precondition| {
///     let insert = Insert { body: body.into(), metadata: vec![], ttl: None, precondition };
///     store.insert("key", insert)
/// };
/// insert("1", Precondition::Add)?;
/// let seen = store.lookup("key")?.expect("a record").generation;
/// insert("2", Precondition::Generation(seen))?;
/// // Someone wrote since: look the record up again.
/// let late = insert("3", Precondition::Generation(seen));
/// assert_eq!(late, Err(StoreError::PreconditionFailed));
/// # Ok::<(), StoreError>(())
/// ```
///
/// `docs/embedding.md#write-your-own-store` shows one, and the feature `conformance` has the suite that tests it.
pub trait KvStore {
    /// Whether [`lookup`](Self::lookup) may be stale.
    fn consistency(&self) -> Consistency;

    /// The record under `key`; none where there is none, or where its time to live is over.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::RateLimited`].
    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError>;

    /// What [`lookup`](Self::lookup) would find under `key`, where that is known without waiting for a disk, another machine
    /// or another thread. `None` means not known: look it up.
    fn lookup_cached(&self, _key: &str) -> Option<Stored> {
        None
    }

    /// Whether a record is under `key` for certain, never stale.
    ///
    /// # Errors
    ///
    /// As [`lookup`](Self::lookup).
    fn exists(&self, key: &str) -> Result<bool, StoreError>;

    /// Writes the record under `key` where its precondition holds.
    ///
    /// # Errors
    ///
    /// Every [`StoreError`]; after all but [`StoreError::AnswerLost`] the store is as it was.
    fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError>;

    /// Removes the record under `key`, whatever it is.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert).
    fn delete(&self, key: &str) -> Result<Removed, StoreError>;

    /// Up to `limit` keys that begin with `prefix`, in order, those after `after` where given, and none of
    /// [`PROBE_KEYS`]. May be stale.
    ///
    /// # Errors
    ///
    /// As [`lookup`](Self::lookup).
    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError>;
}

/// How the keys begin that health writes to see whether a store can be written. No EC id and no partner's key begins so,
/// and no store lists them: they are not users' records.
pub const PROBE_KEYS: &str = "health/";

/// Whether a listing shows `key`.
#[must_use]
pub fn is_listed(key: &str) -> bool {
    !key.starts_with(PROBE_KEYS)
}

/// A store behind a pointer is that store.
macro_rules! through {
    ($($pointer:ty),*) => { $(
        impl<S: KvStore + ?Sized> KvStore for $pointer {
            fn consistency(&self) -> Consistency {
                (**self).consistency()
            }

            fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
                (**self).lookup(key)
            }

            fn lookup_cached(&self, key: &str) -> Option<Stored> {
                (**self).lookup_cached(key)
            }

            fn exists(&self, key: &str) -> Result<bool, StoreError> {
                (**self).exists(key)
            }

            fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
                (**self).insert(key, insert)
            }

            fn delete(&self, key: &str) -> Result<Removed, StoreError> {
                (**self).delete(key)
            }

            fn list(
                &self,
                prefix: &str,
                after: Option<&str>,
                limit: usize,
            ) -> Result<Vec<String>, StoreError> {
                (**self).list(prefix, after, limit)
            }
        }
    )* };
}

through!(&S, Box<S>, std::sync::Arc<S>);
