//! A blocking store off the reactor: its calls are made on threads of their own, so many at once and no longer
//! than the policy says.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::readers::{Readers, Unanswered};
use edge_cookie::store::{AsyncKvStore, Consistency, Insert, KvStore, Removed, StoreError, Stored};

/// A blocking store that many threads share.
pub type SharedStore = Arc<dyn KvStore + Send + Sync>;

/// A blocking store whose calls are awaited.
#[derive(Clone)]
pub struct Blocking {
    store: SharedStore,
    readers: Arc<Readers>,
    permits: CallPermits,
}

/// Permits for calls under way, and how long a permit and an answer are waited for.
#[derive(Clone)]
pub struct CallPermits {
    calls: Arc<Semaphore>,
    call_timeout: Duration,
}

impl CallPermits {
    /// Permits for at most `calls` at once.
    #[must_use]
    pub fn new(calls: usize, call_timeout: Duration) -> Self {
        Self {
            calls: Arc::new(Semaphore::new(calls)),
            call_timeout,
        }
    }

    /// A permit for one call, as soon as there is one.
    pub(super) async fn take(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        let permit = timeout(self.call_timeout, Arc::clone(&self.calls).acquire_owned()).await;
        match permit {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(StoreError::Unavailable(self.waited())),
        }
    }

    fn waited(&self) -> String {
        format!("no answer within {}ms", self.call_timeout.as_millis())
    }
}

impl Blocking {
    /// `store` with as many calls under way as there are permits for.
    #[must_use]
    pub fn new(store: SharedStore, permits: CallPermits) -> Self {
        let most = permits.calls.available_permits();
        Self {
            readers: Arc::new(Readers::new(Arc::clone(&store), most)),
            store,
            permits,
        }
    }

    /// The same store under other bounds. The threads that read it go on: a policy that is read again every second
    /// begins none.
    #[must_use]
    pub(super) fn under(&self, permits: CallPermits) -> Self {
        self.readers.set_most(permits.calls.available_permits());
        Self {
            store: Arc::clone(&self.store),
            readers: Arc::clone(&self.readers),
            permits,
        }
    }

    /// Makes a read, which changes nothing.
    async fn read<T: Send + 'static>(
        &self,
        make: impl FnOnce(&dyn KvStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permits.take().await?;
        let read = self.readers.read(self.permits.call_timeout, move |store| {
            let answer = make(store);
            drop(permit);
            answer
        });
        read.await.unwrap_or_else(|why| {
            Err(StoreError::Unavailable(match why {
                Unanswered::Late => self.permits.waited(),
                Unanswered::Broken => "its call broke off".to_owned(),
            }))
        })
    }

    /// Makes a write, whose answer may be waited for in vain. Each has a thread of its own, so that those under way
    /// together are committed together.
    async fn write<T: Send + 'static>(
        &self,
        make: impl FnOnce(&dyn KvStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permits.take().await?;
        let store = Arc::clone(&self.store);
        // The permit goes with the call: one that no one waits for any longer is still under way.
        let call = spawn_blocking(move || {
            let answer = make(&*store);
            drop(permit);
            answer
        });
        match timeout(self.permits.call_timeout, call).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::AnswerLost("its call broke off".to_owned())),
            Err(_) => Err(StoreError::AnswerLost(self.permits.waited())),
        }
    }
}

impl AsyncKvStore for Blocking {
    fn consistency(&self) -> Consistency {
        self.store.consistency()
    }

    async fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        if let Some(stored) = self.store.lookup_cached(key) {
            return Ok(Some(stored));
        }
        let key = key.to_owned();
        let make = move |store: &dyn KvStore| store.lookup(&key);
        self.read(make).await
    }

    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let key = key.to_owned();
        let make = move |store: &dyn KvStore| store.exists(&key);
        self.read(make).await
    }

    async fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        let key = key.to_owned();
        let make = move |store: &dyn KvStore| store.insert(&key, insert);
        self.write(make).await
    }

    async fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        let key = key.to_owned();
        let make = move |store: &dyn KvStore| store.delete(&key);
        self.write(make).await
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        let make = move |store: &dyn KvStore| store.list(&prefix, after.as_deref(), limit);
        self.read(make).await
    }
}
