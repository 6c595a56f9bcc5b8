//! The stores that a server opened, and how each is called.

#[cfg(feature = "redis")]
use super::blocking::Leave;
use super::{Blocking, SharedStore};
use crate::store::{AsyncKvStore, Consistency, Insert, Removed, StoreError, Stored};
#[cfg(feature = "redis")]
use crate::store::{RedisEngine, RedisStore};

/// The stores that a server opened.
#[derive(Clone)]
pub enum Stores {
    /// Stores of its own, whose calls block.
    Own {
        /// The identity graph's.
        graph: SharedStore,
        /// The partner records'.
        partners: SharedStore,
    },
    /// An engine that several servers share, which holds both, and the partners' rate limits.
    #[cfg(feature = "redis")]
    Shared(RedisEngine),
}

/// A store as the service calls it.
#[derive(Clone)]
pub enum NativeStore {
    /// One whose calls block, and are made off the reactor.
    Blocking(Blocking),
    /// One whose calls are awaited where they are made.
    #[cfg(feature = "redis")]
    Awaited {
        /// The store.
        store: RedisStore,
        /// How many calls may be under way.
        leave: Leave,
    },
}

/// Makes a call, whichever store it is.
macro_rules! call {
    ($own:ident, $store:ident => $call:expr) => {
        match $own {
            Self::Blocking($store) => $call.await,
            #[cfg(feature = "redis")]
            Self::Awaited {
                store: $store,
                leave,
            } => {
                let _leave = leave.take().await?;
                $call.await
            }
        }
    };
}

impl AsyncKvStore for NativeStore {
    fn consistency(&self) -> Consistency {
        match self {
            Self::Blocking(store) => store.consistency(),
            #[cfg(feature = "redis")]
            Self::Awaited { store, .. } => store.consistency(),
        }
    }

    async fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        call!(self, store => store.lookup(key))
    }

    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        call!(self, store => store.exists(key))
    }

    async fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        call!(self, store => store.insert(key, insert))
    }

    async fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        call!(self, store => store.delete(key))
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        call!(self, store => store.list(prefix, after, limit))
    }
}
