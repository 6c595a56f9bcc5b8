//! A blocking store off the reactor: its calls are made on threads of their own, so many at once and no longer
//! than the policy says.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::store::{AsyncKvStore, Consistency, Insert, KvStore, Removed, StoreError, Stored};

/// A blocking store that many threads share.
pub type SharedStore = Arc<dyn KvStore + Send + Sync>;

/// A blocking store whose calls are awaited.
#[derive(Clone)]
pub struct Blocking {
    store: SharedStore,
    /// What leave there is for calls under way.
    leave: Arc<Semaphore>,
    call_timeout: Duration,
}

impl Blocking {
    /// `store` with at most as many calls under way as `leave` has permits, each waited for no longer than
    /// `call_timeout`.
    #[must_use]
    pub fn new(store: SharedStore, leave: Arc<Semaphore>, call_timeout: Duration) -> Self {
        Self {
            store,
            leave,
            call_timeout,
        }
    }

    /// Makes a call; `late` is what it means to have waited for its answer in vain.
    async fn call<T: Send + 'static>(
        &self,
        late: fn(String) -> StoreError,
        make: impl FnOnce(&dyn KvStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let waited = || format!("no answer within {}ms", self.call_timeout.as_millis());
        let leave = timeout(self.call_timeout, Arc::clone(&self.leave).acquire_owned()).await;
        let Ok(Ok(leave)) = leave else {
            return Err(StoreError::Unavailable(waited()));
        };
        let store = Arc::clone(&self.store);
        // The leave goes with the call: one that nobody waits for any longer is still under way.
        let call = spawn_blocking(move || {
            let answer = make(&*store);
            drop(leave);
            answer
        });
        match timeout(self.call_timeout, call).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(late("its call broke off".to_owned())),
            Err(_) => Err(late(waited())),
        }
    }
}

impl AsyncKvStore for Blocking {
    fn consistency(&self) -> Consistency {
        self.store.consistency()
    }

    async fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let key = key.to_owned();
        let make = move |store: &dyn KvStore| store.lookup(&key);
        self.call(StoreError::Unavailable, make).await
    }

    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let key = key.to_owned();
        let make = move |store: &dyn KvStore| store.exists(&key);
        self.call(StoreError::Unavailable, make).await
    }

    async fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        let key = key.to_owned();
        let make = move |store: &dyn KvStore| store.insert(&key, insert);
        self.call(StoreError::AnswerLost, make).await
    }

    async fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        let key = key.to_owned();
        let make = move |store: &dyn KvStore| store.delete(&key);
        self.call(StoreError::AnswerLost, make).await
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        let make = move |store: &dyn KvStore| store.list(&prefix, after.as_deref(), limit);
        self.call(StoreError::Unavailable, make).await
    }
}
