//! Stores: where records are kept. They pass on what the platform says, and decide nothing.
//!
//! A store keeps, under a key, a body and metadata (bytes to it), a [`Generation`] that changes with every
//! write, and a time to live.
//!
//! ```
//! use edge_cookie::store::{Precondition, StoreError};
//!
//! assert_eq!(StoreError::PreconditionFailed.to_string(), "the record is not the one expected");
//! assert_ne!(Precondition::Add, Precondition::None);
//! ```

use std::fmt;

use crate::policy::types::Ttl;

/// Marks one write of one record. Opaque: compared for equality, never by order.
///
/// Our own stores never hand one out twice, not even after a deletion or an expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Generation(u64);

impl Generation {
    /// The marker as the platform gives it.
    #[must_use]
    pub const fn from_platform(marker: u64) -> Self {
        Self(marker)
    }

    /// The marker as the platform takes it.
    #[must_use]
    pub const fn to_platform(self) -> u64 {
        self.0
    }
}

/// Sixteen hex digits, so that nobody reads an order into it.
impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

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

/// What must hold for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing: whatever is there is overwritten.
    None,
    /// No record is there.
    Add,
    /// The record there is of this generation. A record that is gone is a conflict.
    Generation(Generation),
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

/// What a deletion met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// Nothing was there.
    Nothing,
    /// A record was there, and is gone; what it was, where the store can tell.
    Record(Option<Stored>),
}

/// Whether a lookup may be stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// A lookup sees every write that was acknowledged before it.
    Strong,
    /// A lookup may see an older record, or none, for a while after a write.
    Eventual,
}

/// What a store may answer instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The precondition does not hold; nothing was written.
    #[error("the record is not the one expected")]
    PreconditionFailed,
    /// Too many writes; nothing was written.
    #[error("the store takes no more writes for now")]
    RateLimited,
    /// The record is larger than the store takes; nothing was written.
    #[error("the record is larger than the store takes: {0}")]
    TooLarge(String),
    /// The store cannot be reached or cannot serve; nothing was written.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The answer did not arrive: the write may have happened.
    #[error("the store's answer was lost: {0}")]
    AnswerLost(String),
}

/// A key-value store with compare-and-swap.
///
/// An acknowledged write stands: where the store is durable, it is on disk before the call returns.
pub trait KvStore {
    /// Whether [`lookup`](Self::lookup) may be stale.
    fn consistency(&self) -> Consistency;

    /// The record under `key`; none where there is none, or where its time to live is over.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::RateLimited`].
    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError>;

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

    /// Up to `limit` keys that begin with `prefix`, in order, those after `after` where given. May be stale.
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

impl<S: KvStore + ?Sized> KvStore for &S {
    fn consistency(&self) -> Consistency {
        (**self).consistency()
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        (**self).lookup(key)
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
