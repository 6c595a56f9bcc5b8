//! The durable store in one file, for the native server and the command line.
//!
//! Calls of many threads share a commit: a writer thread takes everything that waits, does it in one
//! transaction, and answers when that is on disk. A lone caller never waits for company.
//!
//! A disk that fails (full, read-only, gone) closes the database. The next call opens it again, so that reads go on;
//! writes are refused until the disk has room, and then taken without a restart. Writes to a file that was deleted,
//! replaced or truncated are never acknowledged: the file that is put in its place is opened.
//!
//! ```
//! use edge_cookie::clock::SystemClock;
//! use edge_cookie::policy::EcPolicy;
//! use edge_cookie::store::{Insert, KvStore, Precondition};
//! use edge_cookie_stores::{EmbeddedStore};
//!
//! let file = std::env::temp_dir().join(format!("edge-cookie-doc-{}.redb", std::process::id()));
//! let policy = EcPolicy::default();
//! let store =
//!     EmbeddedStore::open(&file, &policy.root.ec_store, &policy.local, SystemClock).unwrap();
//! let add = Insert { body: b"1".to_vec(), metadata: vec![], ttl: None, precondition: Precondition::Add };
//! store.insert("key", add).unwrap();
//! assert_eq!(store.lookup("key").unwrap().unwrap().body, b"1");
//! # drop(store);
//! # std::fs::remove_file(file).unwrap();
//! ```

mod batch;
mod disk;
mod error;
mod file;
mod layout;
mod opened;
mod recent;
mod recovery;
mod writer;

use std::path::Path;
use std::sync::Arc;

pub use batch::WriteBatch;
pub use error::OpenError;

use self::file::File;
pub use self::writer::Pending;
use self::writer::Writer;
use edge_cookie::clock::Clock;
use edge_cookie::policy::settings::Local;
use edge_cookie::policy::types::StoreName;
use edge_cookie::store::{Consistency, Insert, KvStore, Removed, StoreError, Stored, is_listed};

/// A durable store in one file. Expiry counts on a handed-in clock.
pub struct EmbeddedStore<C> {
    file: Arc<File<C>>,
    writer: Writer,
}

impl<C: Clock + Send + Sync + 'static> EmbeddedStore<C> {
    /// Opens the store `name` in the file at `path`; creates the file and its folder on first use.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says what to do.
    pub fn open(path: &Path, name: &StoreName, local: &Local, clock: C) -> Result<Self, OpenError> {
        if let Some(folder) = path.parent() {
            edge_cookie::private_files::create_folder(folder)
                .map_err(|error| OpenError::system(path, &error))?;
        }
        Self::start(path, File::open(path, true, name, local, clock)?, local)
    }

    /// Opens the store `name` in the file at `path`, which must be there.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`OpenError::NotFound`] where there is no such store.
    pub fn open_existing(
        path: &Path,
        name: &StoreName,
        local: &Local,
        clock: C,
    ) -> Result<Self, OpenError> {
        Self::start(path, File::open(path, false, name, local, clock)?, local)
    }

    fn start(path: &Path, file: File<C>, local: &Local) -> Result<Self, OpenError> {
        let file = Arc::new(file);
        let writer = Writer::start(Arc::clone(&file), local.commit_writes as usize)
            .map_err(|error| OpenError::system(path, &error))?;
        Ok(Self { file, writer })
    }

    /// Runs `work` on a [`WriteBatch`], whose writes are durable when this returns. Where it panics, nothing is
    /// written.
    ///
    /// No other thread writes meanwhile, so that a write in `work` must go through its batch: one through the
    /// store would wait for its own end.
    ///
    /// # Errors
    ///
    /// [`StoreError::AnswerLost`] where the commit failed; any other where nothing was written.
    pub fn batch<T>(&self, work: impl FnOnce(&WriteBatch<'_>) -> T) -> Result<T, StoreError> {
        self.file.batch(work)
    }

    /// Sends a write on its way, to be waited for later: those on their way together share a commit.
    pub fn insert_later(&self, key: &str, insert: Insert) -> Pending<()> {
        self.writer.insert(key, insert)
    }

    /// How many pages had to leave the memory that `local.cache_mib` allows; counted only where redb is built
    /// with `cache_metrics`.
    #[must_use]
    pub fn evictions(&self) -> u64 {
        self.file.evictions()
    }

    /// How many commits to disk were made since the store was opened.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.file.commits()
    }

    /// How many records the file holds, those past their time and not yet swept included.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub fn held(&self) -> Result<u64, StoreError> {
        self.file.held()
    }
}

impl<C: Clock + Send + Sync + 'static> KvStore for EmbeddedStore<C> {
    fn consistency(&self) -> Consistency {
        Consistency::Strong
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.file.lookup(key)
    }

    fn lookup_cached(&self, key: &str) -> Option<Stored> {
        self.file.lookup_cached(key)
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.file.lookup(key)?.is_some())
    }

    fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        // Health asks by such a key whether the next write will be taken, too.
        if !is_listed(key) {
            self.file.has_room()?;
        }
        self.insert_later(key, insert).wait()
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        self.writer.delete(key).wait()
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.file.list(prefix, after, limit)
    }
}
