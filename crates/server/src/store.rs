//! The stores that a server opened, and how each is called.

use super::blocking::CallPermits;
use super::{Blocking, CallTimers, SharedStore};
use edge_cookie::store::{AsyncKvStore, Consistency, Insert, Removed, StoreError, Stored};
use edge_cookie_stores::{RedisServer, RedisStore};

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
    /// A Valkey or Redis that several servers share, which holds both, and the partners' rate limits.
    Shared(RedisServer),
}

/// A store as the service calls it, each call timed.
#[derive(Clone)]
pub struct NativeStore {
    reached: Reached,
    calls: CallTimers,
}

/// How a store is reached.
#[derive(Clone)]
enum Reached {
    /// By calls that block, and are made off the reactor.
    Blocking(Blocking),
    /// By calls that are awaited where they are made, as many at once as there are permits for.
    Async {
        store: RedisStore,
        permits: CallPermits,
    },
}

impl NativeStore {
    /// One whose calls block.
    #[must_use]
    pub const fn blocking(store: Blocking, calls: CallTimers) -> Self {
        Self {
            reached: Reached::Blocking(store),
            calls,
        }
    }

    /// One whose calls are awaited where they are made, as many at once as there are permits for.
    #[must_use]
    pub const fn shared(store: RedisStore, permits: CallPermits, calls: CallTimers) -> Self {
        Self {
            reached: Reached::Async { store, permits },
            calls,
        }
    }
}

/// Makes a call, whichever store it is, and times it, the wait for its permit included.
macro_rules! call {
    ($own:ident, $call:ident($($argument:expr),*)) => {{
        let _timed = $own.calls.$call.start();
        match &$own.reached {
            Reached::Blocking(store) => store.$call($($argument),*).await,
            Reached::Async { store, permits } => {
                let _permit = permits.take().await?;
                store.$call($($argument),*).await
            }
        }
    }};
}

impl AsyncKvStore for NativeStore {
    fn consistency(&self) -> Consistency {
        match &self.reached {
            Reached::Blocking(store) => store.consistency(),
            Reached::Async { store, .. } => store.consistency(),
        }
    }

    async fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        call!(self, lookup(key))
    }

    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        call!(self, exists(key))
    }

    async fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        call!(self, insert(key, insert))
    }

    async fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        call!(self, delete(key))
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        call!(self, list(prefix, after, limit))
    }
}

/// What a file that reaches the limit of this process (`ulimit -f`) ends it by: this number on Linux but for MIPS, on
/// macOS and on the BSDs.
#[cfg(unix)]
const SIGXFSZ: i32 = 25;

/// Makes a write beyond the limit on the size of files fail as on a full disk, where it would end the process.
///
/// # Errors
///
/// If a signal handler cannot be installed.
pub fn survive_file_limit() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // Once it is heard, the system no longer acts on it, whether or not anyone listens.
        drop(signal(SignalKind::from_raw(SIGXFSZ))?);
    }
    Ok(())
}
