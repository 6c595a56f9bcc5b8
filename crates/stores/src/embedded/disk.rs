//! The file under the database: what its disk refused, and whether it is still the file at its path.
//!
//! redb takes no more reads or writes after the first that fails; [`Watch::failure`] keeps why. A file that was deleted,
//! replaced or truncated takes writes that no restart would find: a commit on one fails before it is acknowledged.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

/// What happened to a file while it was open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Changed {
    /// Nothing is at its path.
    #[error(
        "its file was deleted: put it back, or restart to begin with an empty one; nothing is written until then"
    )]
    Deleted,
    /// Another file is at its path.
    #[error(
        "its file was replaced by another one: restart to use that one, or put the old one back; nothing is written until then"
    )]
    Replaced,
    /// It is shorter than it was written.
    #[error(
        "its file was truncated: put a copy in its place; nothing is read or written until then"
    )]
    Truncated,
}

impl Changed {
    /// What happened to the file, where `error` is about that.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

/// What is known of an open file.
#[derive(Debug)]
pub(super) struct Watch {
    path: PathBuf,
    identity: Identity,
    /// The length that the database gave it.
    length: AtomicU64,
    failure: OnceLock<String>,
}

impl Watch {
    /// Why the database takes no more calls; none while it does.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// The database can be used no longer.
    pub(super) fn fail(&self, why: &str) {
        let _ = self.failure.set(why.to_owned());
    }

    /// Looks whether the file at the path is still this one, and whole.
    pub(super) fn check(&self) -> io::Result<()> {
        let found = match std::fs::metadata(&self.path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(io::Error::other(Changed::Deleted));
            }
            Err(error) => return Err(error),
        };
        if Identity::of(&found) != self.identity {
            return Err(io::Error::other(Changed::Replaced));
        }
        if found.len() < self.length.load(Ordering::Relaxed) {
            return Err(io::Error::other(Changed::Truncated));
        }
        Ok(())
    }

    fn seen<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.fail(&disk_words(error));
        }
        result
    }
}

/// Sets a file apart from every other of its machine.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Identity {
    #[cfg_attr(
        not(unix),
        expect(unused_variables, reason = "there an open file cannot be replaced")
    )]
    fn of(file: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            #[cfg(unix)]
            device: file.dev(),
            #[cfg(unix)]
            inode: file.ino(),
        }
    }
}

/// redb's own access to a file, watched.
#[derive(Debug)]
pub(super) struct WatchedFile {
    file: FileBackend,
    watch: Arc<Watch>,
}

impl WatchedFile {
    /// Watches `file`, which was opened at `path`.
    pub(super) fn new(path: &Path, file: File) -> Result<(Self, Arc<Watch>), redb::Error> {
        let metadata = file.metadata()?;
        let watch = Arc::new(Watch {
            path: path.to_owned(),
            identity: Identity::of(&metadata),
            length: AtomicU64::new(metadata.len()),
            failure: OnceLock::new(),
        });
        let file = FileBackend::new(file)?;
        let watched = Self {
            file,
            watch: Arc::clone(&watch),
        };
        Ok((watched, watch))
    }
}

impl StorageBackend for WatchedFile {
    fn len(&self) -> io::Result<u64> {
        self.watch.seen(self.file.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.watch.seen(self.file.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        // Stored first where it shrinks, and last where it grows: a check meanwhile takes it for truncated never.
        self.watch.length.fetch_min(len, Ordering::Relaxed);
        self.watch.seen(self.file.set_len(len))?;
        self.watch.length.store(len, Ordering::Relaxed);
        Ok(())
    }

    /// What is acknowledged after this is on the disk, in the file at the path.
    fn sync_data(&self) -> io::Result<()> {
        let synced = self.file.sync_data().and_then(|()| self.watch.check());
        self.watch.seen(synced)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.watch.seen(self.file.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

/// What a full disk asks for.
pub(super) const FULL: &str = "no room is left on its disk: free some";

/// What the disk refused, and what to do about it.
pub(super) fn disk_words(error: &io::Error) -> String {
    if let Some(changed) = Changed::of(error) {
        return changed.to_string();
    }
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FULL.to_owned(),
        ErrorKind::FileTooLarge => {
            "its file may not grow: raise the limit on the size of files (`ulimit -f`)".to_owned()
        }
        ErrorKind::ReadOnlyFilesystem => {
            "its disk is read-only: look at the system's log, and mount it writable".to_owned()
        }
        _ => format!("its disk failed: {error}"),
    }
}
