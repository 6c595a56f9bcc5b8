//! Asynchronous stores: several calls can be in progress at once.

use std::future::Future;
use std::time::Duration;

use super::{Consistency, Insert, KvStore, Removed, StoreError, Stored};
use crate::clock::{AsyncClock, Clock, Moment};

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

/// Adapts a blocking store or clock: each call blocks the thread that polls it. For stores in memory, and where no other task
/// waits.
#[derive(Debug, Clone, Copy)]
pub struct SyncAdapter<S>(
    /// The store or clock.
    pub S,
);

impl<S: KvStore + Send + Sync> AsyncKvStore for SyncAdapter<S> {
    fn consistency(&self) -> Consistency {
        self.0.consistency()
    }

    async fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.0.lookup(key)
    }

    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.0.exists(key)
    }

    async fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        self.0.insert(key, insert)
    }

    async fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        self.0.delete(key)
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.0.list(prefix, after, limit)
    }
}

impl<C: Clock + Send + Sync> AsyncClock for SyncAdapter<C> {
    fn now(&self) -> Moment {
        self.0.now()
    }

    async fn wait(&self, length: Duration) {
        self.0.wait(length);
    }
}
