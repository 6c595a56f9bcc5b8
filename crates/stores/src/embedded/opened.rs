//! A database file that was opened, and what was found in it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, ReadableTable, TableDefinition, TableHandle, WriteTransaction};

use super::disk::{Watch, WatchedFile};
use super::error::OpenError;
use super::layout;
use edge_cookie::policy::settings::Local;
use edge_cookie::policy::types::StoreName;
use edge_cookie::private_files;
use edge_cookie::store::Generations;

/// Counters of the file; no store's name has a `#`.
pub(super) const COUNTERS: TableDefinition<'static, &'static str, u64> =
    TableDefinition::new("#counters");
/// The version of the layout of its records.
const LAYOUT: &str = "layout";
/// Sets this file's generations apart from every other's.
const SALT: &str = "salt";
/// How many generations the file has handed out.
pub(super) const COUNTED: &str = "counted";

const BYTES_PER_MIB: usize = 1 << 20;

/// Where a store is, and how it is opened.
pub(super) struct DatabasePath {
    pub(super) path: PathBuf,
    name: StoreName,
    cache_bytes: usize,
}

/// A database that is open.
pub(super) struct Opened {
    pub(super) database: Database,
    pub(super) generations: Generations,
    pub(super) watch: Arc<Watch>,
}

impl DatabasePath {
    pub(super) fn new(path: &Path, name: &StoreName, local: &Local) -> Self {
        Self {
            path: path.to_owned(),
            name: name.clone(),
            cache_bytes: (local.cache_mib as usize).saturating_mul(BYTES_PER_MIB),
        }
    }

    pub(super) fn records(&self) -> TableDefinition<'_, &'static str, &'static [u8]> {
        TableDefinition::new(self.name.as_str())
    }

    /// Opens the file, `create`s it where it is not there and that is wanted.
    pub(super) fn open(&self, create: bool) -> Result<Opened, OpenError> {
        let path = &self.path;
        let system = |error| OpenError::system(path, &error);
        if path.is_dir() {
            return Err(system(ErrorKind::IsADirectory.into()));
        }
        // It holds whole EC ids.
        let mut options = private_files::options();
        options
            .read(true)
            .write(true)
            .create(create)
            .truncate(false);
        let file = options.open(path).map_err(system)?;
        // An empty one would be made a new store.
        if !create && file.metadata().map_err(system)?.len() == 0 {
            return Err(system(ErrorKind::InvalidData.into()));
        }
        let failed = |error| OpenError::of(path, error);
        let (watched, watch) = WatchedFile::new(path, file).map_err(failed)?;
        let mut builder = Database::builder();
        // Pages carry checksums that redb does not look at when it reads them: what opens is whole. The whole file is
        // read for it, as it is after a crash without quick repair.
        builder.set_check_integrity_on_open(true);
        builder.set_cache_size(self.cache_bytes);
        let database = builder
            .create_with_backend(watched)
            .map_err(|error| failed(error.into()))?;
        let generations = prepare(&database, self, create)
            .map_err(failed)
            .and_then(|found| found.generations(path))?;
        Ok(Opened {
            database,
            generations,
            watch,
        })
    }
}

/// What a database file turned out to be.
enum FileContents {
    Store(Generations),
    NothingYet,
    Foreign,
    OtherVersion,
}

impl FileContents {
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
fn prepare(
    database: &Database,
    source: &DatabasePath,
    create: bool,
) -> Result<FileContents, redb::Error> {
    let name = source.name.as_str();
    let transaction = database.begin_write()?;
    let tables: Vec<String> = transaction
        .list_tables()?
        .map(|table| table.name().to_owned())
        .collect();
    let holds = |name| tables.iter().any(|table| table == name);
    if !tables.is_empty() && !holds(COUNTERS.name()) {
        return Ok(FileContents::Foreign);
    }
    if !holds(name) && !create {
        return Ok(FileContents::NothingYet);
    }
    let Some(generations) = resume(&transaction, tables.is_empty())? else {
        return Ok(FileContents::OtherVersion);
    };
    // Opened even where it is there, so that a table of another type shows now.
    transaction.open_table(source.records())?;
    if !holds(name) {
        transaction.commit()?;
    }
    Ok(FileContents::Store(generations))
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
