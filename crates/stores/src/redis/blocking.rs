//! A blocking store over an async one.

use tokio::runtime::{Builder, Runtime};

use edge_cookie::store::{AsyncKvStore, Consistency, Insert, KvStore, Removed, StoreError, Stored};

/// A store whose calls are awaited on a runtime of its own: for the command line, and wherever calls may block.
pub struct BlockingStore<S> {
    store: S,
    runtime: Runtime,
}

impl<S: AsyncKvStore> BlockingStore<S> {
    /// `store`, with a thread that awaits it.
    ///
    /// # Errors
    ///
    /// Where the system gives no thread.
    pub fn new(store: S) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("ec-store")
            .enable_all()
            .build()?;
        Ok(Self { store, runtime })
    }
}

impl<S: AsyncKvStore> KvStore for BlockingStore<S> {
    fn consistency(&self) -> Consistency {
        self.store.consistency()
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.runtime.block_on(self.store.lookup(key))
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.runtime.block_on(self.store.exists(key))
    }

    fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        self.runtime.block_on(self.store.insert(key, insert))
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        self.runtime.block_on(self.store.delete(key))
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.runtime.block_on(self.store.list(prefix, after, limit))
    }
}
