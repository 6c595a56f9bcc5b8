//! The database file: one commit after another.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use redb::backends::FileBackend;
use redb::{
    Database, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    TableDefinition, TableHandle, WriteTransaction,
};

use super::batch::{Batch, keys, look};
use super::error::{OpenError, commit_failed, damaged, unavailable};
use super::layout;
use super::recent::Recent;
use crate::clock::Clock;
use crate::policy::settings::Local;
use crate::policy::types::StoreName;
use crate::store::generation::Generations;
use crate::store::{StoreError, Stored};

/// Counters of the file; no store's name has a `#`.
const COUNTERS: TableDefinition<'static, &'static str, u64> = TableDefinition::new("#counters");
/// The version of the layout of its records.
const LAYOUT: &str = "layout";
/// Sets this file's generations apart from every other's.
const SALT: &str = "salt";
/// How many generations the file has handed out.
const COUNTED: &str = "counted";

const BYTES_PER_MIB: usize = 1 << 20;

/// One store in a database file.
pub(super) struct File<C> {
    database: Database,
    name: StoreName,
    clock: C,
    generations: Generations,
    sweep_per_write: u64,
    recent: Recent,
    /// Where the search for expired records came to.
    swept: Mutex<Option<String>>,
    commits: AtomicU64,
}

/// As [`redb::Builder::create`], with a file that only its owner may read: it holds whole EC ids.
fn create_private(path: &Path, builder: &redb::Builder) -> Result<Database, redb::DatabaseError> {
    let mut options = crate::private::options();
    options.read(true).write(true).create(true).truncate(false);
    builder.create_with_backend(FileBackend::new(options.open(path)?)?)
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
        let mut builder = Database::builder();
        // Pages carry checksums that redb does not look at when it reads them: what opens is whole. The whole file is
        // read for it, as it is after a crash without quick repair.
        builder.set_check_integrity_on_open(true);
        builder.set_cache_size((local.cache_mib as usize).saturating_mul(BYTES_PER_MIB));
        if path.is_dir() {
            return Err(OpenError::system(path, &ErrorKind::IsADirectory.into()));
        }
        let opened = if create {
            create_private(path, &builder)
        } else {
            builder.open(path)
        };
        let database = opened.map_err(|error| OpenError::of(path, error))?;
        let generations = prepare(&database, name, create)
            .map_err(|error| OpenError::of(path, error))
            .and_then(|found| found.generations(path))?;
        Ok(Self {
            database,
            name: name.clone(),
            clock,
            generations,
            sweep_per_write: u64::from(local.sweep_per_write),
            recent: Recent::new(local.recent_records as usize),
            swept: Mutex::new(None),
            commits: AtomicU64::new(0),
        })
    }

    /// Runs `work` on a batch, and commits what it wrote.
    ///
    /// Where the commit itself fails, whether it happened is not known.
    pub(super) fn batch<T>(&self, work: impl FnOnce(&Batch<'_>) -> T) -> Result<T, StoreError> {
        let mut transaction = self.database.begin_write().map_err(unavailable)?;
        // In two phases, so that the file never falls back to an earlier commit where the last is damaged.
        transaction.set_two_phase_commit(true);
        let mut batch = Batch {
            records: RefCell::new(
                transaction
                    .open_table(records(&self.name))
                    .map_err(unavailable)?,
            ),
            clock: &self.clock,
            generations: &self.generations,
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
            .insert(COUNTED, self.generations.used())
            .map_err(unavailable)?;
        transaction.commit().map_err(commit_failed)?;
        drop(taken);
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(result)
    }

    pub(super) fn at_hand(&self, key: &str) -> Option<Stored> {
        self.recent.get(key, self.clock.now())
    }

    pub(super) fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let leave = self.recent.leave(key);
        self.read(|records| {
            look(records, &self.clock, key, |slot| {
                if let Some(leave) = &leave {
                    self.recent.keep(leave, key, &slot);
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
        self.database.cache_stats().evictions()
    }

    /// How many records the file holds, those whose time is over included.
    pub(super) fn held(&self) -> Result<u64, StoreError> {
        self.read(|records| records.len().map_err(unavailable))
    }

    /// Reads the records of the last commit.
    ///
    /// redb panics on pages that were damaged after the file was opened: nothing is held then that could be left
    /// half done.
    fn read<T>(
        &self,
        read: impl FnOnce(&ReadOnlyTable<&'static str, &'static [u8]>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let attempt = || {
            let transaction = self.database.begin_read().map_err(unavailable)?;
            let records = transaction
                .open_table(records(&self.name))
                .map_err(unavailable)?;
            read(&records)
        };
        catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|_| Err(damaged()))
    }
}

fn records(name: &StoreName) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(name.as_str())
}

/// What a database file turned out to be.
enum Contents {
    Store(Generations),
    NothingYet,
    Foreign,
    OtherVersion,
}

impl Contents {
    fn generations(self, path: &Path) -> Result<Generations, OpenError> {
        let path = path.display().to_string();
        match self {
            Self::Store(generations) => Ok(generations),
            Self::NothingYet => Err(OpenError::NotFound { path }),
            Self::Foreign => Err(OpenError::NotAStore { path }),
            Self::OtherVersion => Err(OpenError::OtherVersion { path }),
        }
    }
}

/// Finds out what is in the file; `create` makes what is missing in one that is ours, or empty.
fn prepare(database: &Database, name: &StoreName, create: bool) -> Result<Contents, redb::Error> {
    let transaction = database.begin_write()?;
    let tables: Vec<String> = transaction
        .list_tables()?
        .map(|table| table.name().to_owned())
        .collect();
    let holds = |name: &str| tables.iter().any(|table| table == name);
    if !tables.is_empty() && !holds(COUNTERS.name()) {
        return Ok(Contents::Foreign);
    }
    if !holds(name.as_str()) && !create {
        return Ok(Contents::NothingYet);
    }
    let Some(generations) = resume(&transaction, tables.is_empty())? else {
        return Ok(Contents::OtherVersion);
    };
    // Opened even where it is there, so that a table of another type shows now.
    transaction.open_table(records(name))?;
    if !holds(name.as_str()) {
        transaction.commit()?;
    }
    Ok(Contents::Store(generations))
}

/// The generations of the file, which are begun in a `fresh` one; none where another version began them.
fn resume(transaction: &WriteTransaction, fresh: bool) -> Result<Option<Generations>, redb::Error> {
    let mut counters = transaction.open_table(COUNTERS)?;
    if fresh {
        let begun = Generations::fresh();
        for (counter, count) in [
            (LAYOUT, layout::VERSION),
            (SALT, begun.salt()),
            (COUNTED, begun.used()),
        ] {
            counters.insert(counter, count)?;
        }
        return Ok(Some(begun));
    }
    let read = |counter| Ok::<_, redb::Error>(counters.get(counter)?.map(|count| count.value()));
    Ok(match (read(LAYOUT)?, read(SALT)?, read(COUNTED)?) {
        (Some(layout::VERSION), Some(salt), Some(used)) => Some(Generations::resume(salt, used)),
        _ => None,
    })
}
