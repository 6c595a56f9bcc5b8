//! The database file: one commit after another, and a file that is opened again after its disk failed.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use redb::{ReadOnlyTable, ReadableDatabase, ReadableTableMetadata};

use super::batch::{WriteBatch, keys, look};
use super::disk::{Changed, disk_words};
use super::error::{DAMAGED, OpenError, commit_failed, damaged, unavailable};
use super::opened::{COUNTED, COUNTERS, DatabasePath, Opened};
use super::recent::Recent;
use super::recovery::{WriteTrouble, try_room};
use edge_cookie::clock::Clock;
use edge_cookie::policy::settings::Local;
use edge_cookie::policy::types::StoreName;
use edge_cookie::store::{StoreError, Stored};

/// One store in a database file.
pub(super) struct File<C> {
    source: DatabasePath,
    /// The database; none while it cannot be opened.
    opened: RwLock<Option<Arc<Opened>>>,
    trouble: WriteTrouble,
    clock: C,
    sweep_per_write: u64,
    recent: Recent,
    /// Where the search for expired records came to.
    swept: Mutex<Option<String>>,
    commits: AtomicU64,
}

impl<C: Clock> File<C> {
    /// Opens the file, `create`s it where it is not there and that is wanted.
    pub(super) fn open(
        path: &Path,
        create: bool,
        name: &StoreName,
        local: &Local,
        clock: C,
    ) -> Result<Self, OpenError> {
        let source = DatabasePath::new(path, name, local);
        let opened = source.open(create)?;
        Ok(Self {
            source,
            opened: RwLock::new(Some(Arc::new(opened))),
            trouble: WriteTrouble::default(),
            clock,
            sweep_per_write: u64::from(local.sweep_per_write),
            recent: Recent::new(local.recent_records as usize),
            swept: Mutex::new(None),
            commits: AtomicU64::new(0),
        })
    }

    /// Runs `work` on a batch, and commits what it wrote.
    ///
    /// Where the commit itself fails, whether it happened is not known.
    pub(super) fn batch<T>(
        &self,
        work: impl FnOnce(&WriteBatch<'_>) -> T,
    ) -> Result<T, StoreError> {
        let opened = self.usable()?;
        if let Some(why) = self.trouble.why() {
            return Err(StoreError::Unavailable(why));
        }
        if let Err(error) = opened.watch.check() {
            let why = disk_words(&error);
            self.trouble.begin(&why);
            return Err(StoreError::Unavailable(why));
        }
        let result = self.commit(&opened, work);
        match opened.watch.failure() {
            Some(why) => self.trouble.begin(why),
            None if result.is_ok() => self.trouble.written(),
            None => {}
        }
        result
    }

    /// A batch broke off where redb met what it cannot be: the file is opened again, and read as a whole, before it is
    /// used.
    pub(super) fn broke_off(&self) {
        if let Some(opened) = self.current() {
            opened.watch.fail(DAMAGED);
        }
        self.trouble.begin(DAMAGED);
    }

    fn commit<T>(
        &self,
        opened: &Opened,
        work: impl FnOnce(&WriteBatch<'_>) -> T,
    ) -> Result<T, StoreError> {
        let mut transaction = opened.database.begin_write().map_err(unavailable)?;
        // In two phases, so that the file never falls back to an earlier commit where the last is damaged.
        transaction.set_two_phase_commit(true);
        let mut batch = WriteBatch {
            records: RefCell::new(
                transaction
                    .open_table(self.source.records())
                    .map_err(unavailable)?,
            ),
            clock: &self.clock,
            generations: &opened.generations,
            changes: Cell::new(0),
            changed: self.recent.is_kept().then(RefCell::default),
        };
        let result = work(&batch);
        let changes = batch.changes.get();
        if changes == 0 {
            // Nothing to put on disk: the transaction is dropped.
            return Ok(result);
        }
        {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            *swept = batch.sweep(
                swept.as_deref(),
                changes.saturating_mul(self.sweep_per_write),
            )?;
        }
        let keys = batch.changed.take().map(RefCell::into_inner);
        let taken = self.recent.take(&keys.unwrap_or_default());
        // The transaction commits only tables that are closed.
        drop(batch);
        transaction
            .open_table(COUNTERS)
            .map_err(unavailable)?
            .insert(COUNTED, opened.generations.used())
            .map_err(unavailable)?;
        transaction.commit().map_err(commit_failed)?;
        drop(taken);
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(result)
    }

    pub(super) fn lookup_cached(&self, key: &str) -> Option<Stored> {
        self.recent.get(key, self.clock.now())
    }

    pub(super) fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let ticket = self.recent.ticket(key);
        self.read(|records| {
            look(records, &self.clock, key, |slot| {
                if let Some(ticket) = &ticket {
                    self.recent.keep(ticket, key, &slot);
                }
                slot.to_stored()
            })
        })
    }

    pub(super) fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.read(|records| keys(records, &self.clock, prefix, after, limit))
    }

    /// How many commits were made since the file was opened.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(super) fn evictions(&self) -> u64 {
        let opened = self.current();
        opened.map_or(0, |opened| opened.database.cache_stats().evictions())
    }

    /// How many records the file holds, those whose time is over included.
    pub(super) fn held(&self) -> Result<u64, StoreError> {
        self.read(|records| records.len().map_err(unavailable))
    }

    /// Whether a write under one of health's own keys would show anything: where the disk has no room, the next write may
    /// fail though this one does not.
    pub(super) fn has_room(&self) -> Result<(), StoreError> {
        try_room(&self.source.path).map_err(|error| StoreError::Unavailable(disk_words(&error)))
    }

    /// Reads the records of the last commit.
    ///
    /// redb panics on pages that were damaged after the file was opened: nothing is held then that could be left
    /// half done.
    fn read<T>(
        &self,
        read: impl Fn(&ReadOnlyTable<&'static str, &'static [u8]>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let attempt = || {
            let opened = self.usable()?;
            let transaction = opened.database.begin_read().map_err(unavailable)?;
            let records = transaction
                .open_table(self.source.records())
                .map_err(unavailable)?;
            read(&records)
        };
        let attempt = || catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|_| Err(damaged()));
        let found = attempt();
        // A disk that failed closed the database: once it is opened again, the record may be read after all.
        if found.is_err() && self.has_failed() {
            return attempt();
        }
        found
    }

    /// Notices a database that takes no more calls.
    fn has_failed(&self) -> bool {
        let opened = self.current();
        let Some(why) = opened.as_ref().and_then(|opened| opened.watch.failure()) else {
            return false;
        };
        if !self.trouble.is_any() {
            self.trouble.begin(why);
        }
        true
    }

    fn current(&self) -> Option<Arc<Opened>> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened.clone()
    }

    fn replace(&self, new: Option<Arc<Opened>>) -> Option<Arc<Opened>> {
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *opened, new)
    }

    /// The database, opened again where it takes no more calls.
    fn usable(&self) -> Result<Arc<Opened>, StoreError> {
        if self.trouble.is_any()
            && let Some(_alone) = self.trouble.try_recover()
        {
            match self.recover() {
                Ok(true) => self.trouble.end(),
                Ok(false) => {}
                Err(why) => self.trouble.begin(&why),
            }
        }
        self.current().ok_or_else(|| {
            let why = self.trouble.why();
            StoreError::Unavailable(why.unwrap_or_else(|| "it is being opened again".to_owned()))
        })
    }

    /// Makes reads work again at once, and writes when it is time for that; whether they may be tried.
    fn recover(&self) -> Result<bool, String> {
        let due = self.trouble.is_due();
        let opened = self.current();
        let failed = opened
            .as_ref()
            .map(|opened| opened.watch.failure().is_some());
        if !due && failed != Some(true) {
            return Ok(false);
        }
        match opened.as_ref().map(|opened| opened.watch.check()) {
            Some(Ok(())) if failed == Some(false) => {}
            // What was deleted is still read, until a file is put in its place.
            Some(Err(error))
                if failed == Some(false) && Changed::of(&error) == Some(Changed::Deleted) =>
            {
                return Err(disk_words(&error));
            }
            _ => {
                drop(opened);
                self.reopen()?;
            }
        }
        if due {
            try_room(&self.source.path).map_err(|error| disk_words(&error))?;
        }
        Ok(due)
    }

    fn reopen(&self) -> Result<(), String> {
        let previous = self.replace(None);
        let open = || {
            // Two handles of one file would lock each other out.
            drop(previous);
            self.source.open(false)
        };
        let path = &self.source.path;
        match catch_unwind(AssertUnwindSafe(open)) {
            Ok(Ok(opened)) => {
                self.replace(Some(Arc::new(opened)));
                self.recent.clear();
                Ok(())
            }
            // A read that is under way closes the earlier handle when it ends.
            Ok(Err(error @ OpenError::InUse { .. })) => {
                Err(self.trouble.why().unwrap_or_else(|| error.to_string()))
            }
            Ok(Err(OpenError::NotFound { .. })) if !path.exists() => {
                Err(Changed::Deleted.to_string())
            }
            Ok(Err(OpenError::NotAStore { .. } | OpenError::Damaged { .. })) | Err(_) => {
                Err(DAMAGED.to_owned())
            }
            Ok(Err(error)) => Err(error.to_string()),
        }
    }
}
