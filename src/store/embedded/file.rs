//! The database file: one commit after another.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::batch::{Batch, keys, look};
use super::error::{OpenError, unavailable};
use crate::clock::Clock;
use crate::policy::settings::Local;
use crate::policy::types::StoreName;
use crate::store::generation::Generations;
use crate::store::{StoreError, Stored};

/// Counters of the file; no store's name has a `#`.
const COUNTERS: TableDefinition<'static, &'static str, u64> = TableDefinition::new("#counters");
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
        let mut builder = Database::builder();
        builder.set_cache_size((local.cache_mib as usize).saturating_mul(BYTES_PER_MIB));
        let opened = if create {
            builder.create(path)
        } else {
            builder.open(path)
        };
        let database = opened.map_err(|error| OpenError::of(path, error))?;
        let salt = prepare(&database, name).map_err(|error| OpenError::Damaged {
            path: path.display().to_string(),
            why: error.to_string(),
        })?;
        Ok(Self {
            database,
            name: name.clone(),
            clock,
            generations: Generations::salted(salt),
            sweep_per_write: u64::from(local.sweep_per_write),
            swept: Mutex::new(None),
            commits: AtomicU64::new(0),
        })
    }

    /// Runs `work` on a batch, and commits what it wrote.
    ///
    /// Where the commit itself fails, whether it happened is not known.
    pub(super) fn batch<T>(&self, work: impl FnOnce(&Batch<'_>) -> T) -> Result<T, StoreError> {
        let transaction = self.database.begin_write().map_err(unavailable)?;
        let result;
        {
            let mut counters = transaction.open_table(COUNTERS).map_err(unavailable)?;
            let counted = counters
                .get(COUNTED)
                .map_err(unavailable)?
                .map_or(0, |count| count.value());
            let batch = Batch {
                records: RefCell::new(
                    transaction
                        .open_table(records(&self.name))
                        .map_err(unavailable)?,
                ),
                clock: &self.clock,
                generations: self.generations,
                counted: Cell::new(counted),
                changes: Cell::new(0),
            };
            result = work(&batch);
            let changes = batch.changes.get();
            if changes == 0 {
                // Nothing to put on disk: the transaction is dropped.
                return Ok(result);
            }
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            *swept = batch.sweep(
                swept.as_deref(),
                changes.saturating_mul(self.sweep_per_write),
            )?;
            counters
                .insert(COUNTED, batch.counted.get())
                .map_err(unavailable)?;
        }
        transaction
            .commit()
            .map_err(|error| StoreError::AnswerLost(redb::Error::from(error).to_string()))?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(result)
    }

    pub(super) fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let transaction = self.database.begin_read().map_err(unavailable)?;
        let records = transaction
            .open_table(records(&self.name))
            .map_err(unavailable)?;
        look(&records, &self.clock, key, |slot| slot.to_stored())
    }

    pub(super) fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let transaction = self.database.begin_read().map_err(unavailable)?;
        let records = transaction
            .open_table(records(&self.name))
            .map_err(unavailable)?;
        keys(&records, &self.clock, prefix, after, limit)
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
        use redb::ReadableTableMetadata;
        let transaction = self.database.begin_read().map_err(unavailable)?;
        let records = transaction
            .open_table(records(&self.name))
            .map_err(unavailable)?;
        records.len().map_err(unavailable)
    }
}

fn records(name: &StoreName) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(name.as_str())
}

/// Creates the tables that are not there; gives the file's salt.
fn prepare(database: &Database, name: &StoreName) -> Result<u64, redb::Error> {
    let ready = {
        let transaction = database.begin_read()?;
        let salt = match transaction.open_table(COUNTERS) {
            Ok(counters) => counters.get(SALT)?.map(|salt| salt.value()),
            Err(redb::TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(error.into()),
        };
        salt.filter(|_| transaction.open_table(records(name)).is_ok())
    };
    if let Some(salt) = ready {
        return Ok(salt);
    }
    let transaction = database.begin_write()?;
    let salt;
    {
        let mut counters = transaction.open_table(COUNTERS)?;
        let known = counters.get(SALT)?.map(|salt| salt.value());
        salt = known.unwrap_or_else(Generations::fresh_salt);
        counters.insert(SALT, salt)?;
        transaction.open_table(records(name))?;
    }
    transaction.commit()?;
    Ok(salt)
}
