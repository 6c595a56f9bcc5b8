//! Stores whose calls can be under way side by side.

use std::future::Future;

use super::{Consistency, Insert, Removed, StoreError, Stored};

/// A [`KvStore`](super::KvStore) that is awaited, so that many calls can be under way at once.
///
/// The service runs on this: natively the calls of a blocking store are made off the reactor, at the edge
/// they are the platform's pending handles. What each call means, and its errors, are those of
/// [`KvStore`](super::KvStore).
pub trait AsyncKvStore: Send + Sync {
    /// Whether [`lookup`](Self::lookup) may be stale.
    fn consistency(&self) -> Consistency;

    /// The record under `key`; none where there is none, or where its time to live is over.
    fn lookup(&self, key: &str) -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// Whether a record is under `key` for certain, never stale.
    fn exists(&self, key: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Writes the record under `key` where its precondition holds.
    fn insert(
        &self,
        key: &str,
        insert: Insert,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes the record under `key`, whatever it is.
    fn delete(&self, key: &str) -> impl Future<Output = Result<Removed, StoreError>> + Send;

    /// Up to `limit` keys that begin with `prefix`, in order, those after `after` where given. May be stale.
    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;
}
