//! The outbox's files: opened, locked, and their space reserved in advance.

use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::layout::{EMPTY, KeptWithdrawal, OutboxSlot, SLOT_BYTES, decode, encode};
use edge_cookie::private_files;

/// Servers that may have their outboxes in one folder at once.
const MAX_FILES: u32 = 64;

/// How much is written at once where space is reserved, in slots.
const RESERVED_AT_ONCE: usize = 1_024;

/// A file of the outbox, which no other process has open.
pub(super) struct OutboxFile {
    file: File,
    pub(super) path: PathBuf,
}

/// The files that a server finds in its folder.
pub(super) struct OutboxFiles {
    /// The file that is its own from now on.
    pub(super) own: OutboxFile,
    /// Files of servers that run no longer.
    pub(super) left_behind: Vec<OutboxFile>,
}

/// Opens the files of the graph `name` that no running server uses; makes one where every one is used.
pub(super) fn open(folder: &Path, name: &str) -> Result<OutboxFiles> {
    make_private(folder)?;
    let mut own = None;
    let mut left_behind = Vec::new();
    for number in 0..MAX_FILES {
        let path = folder.join(format!("{name}-{number}.outbox"));
        if own.is_some() && !path.exists() {
            continue;
        }
        let Some(opened) = OutboxFile::open(path)? else {
            continue;
        };
        match own {
            None => own = Some(opened),
            Some(_) => left_behind.push(opened),
        }
    }
    let own = own.ok_or_else(|| {
        let why = format!("{MAX_FILES} servers keep their outboxes there already");
        Error::new(ErrorKind::ResourceBusy, why)
    })?;
    sync_folder(folder)?;
    Ok(OutboxFiles { own, left_behind })
}

impl OutboxFile {
    /// Opens a file, and makes it where there is none; nothing where another process has it open.
    fn open(path: PathBuf) -> Result<Option<Self>> {
        let mut options = private_files::options();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file, path })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Reserves space for so many slots, so that a disk that is full later does not stop a write.
    pub(super) fn reserve(&mut self, slots: u32) -> Result<()> {
        let wanted = offset(slots);
        let mut length = self.file.metadata()?.len();
        if length >= wanted {
            return Ok(());
        }
        let zeros = EMPTY.repeat(RESERVED_AT_ONCE);
        self.file.seek(SeekFrom::Start(length))?;
        while length < wanted {
            let left = usize::try_from(wanted - length).unwrap_or(usize::MAX);
            let written = zeros.get(..left).unwrap_or(&zeros);
            self.file.write_all(written)?;
            length += written.len() as u64;
        }
        self.file.sync_all()
    }

    /// Whether what is written is found at its path, with the space of so many slots: a file that was deleted, replaced
    /// or truncated under the server takes writes that the next start would not find.
    pub(super) fn is_whole(&self, slots: u32) -> Result<bool> {
        if !self.is_at_its_path()? {
            return Ok(false);
        }
        Ok(self.file.metadata()?.len() >= offset(slots))
    }

    /// Creates the file again where it is gone from its path, and reserves its space again.
    pub(super) fn restore(&mut self, slots: u32) -> Result<()> {
        if !self.is_at_its_path()? {
            if self.path.exists() {
                let why = "another file is in the place of the outbox's file: restart to use that";
                return Err(Error::new(ErrorKind::AlreadyExists, why));
            }
            if let Some(folder) = self.path.parent() {
                make_private(folder)?;
            }
            let made = Self::open(self.path.clone())?;
            *self = made.ok_or_else(|| Error::from(ErrorKind::ResourceBusy))?;
        }
        self.reserve(slots)
    }

    #[cfg(unix)]
    fn is_at_its_path(&self) -> Result<bool> {
        use std::os::unix::fs::MetadataExt;
        let own = self.file.metadata()?;
        match std::fs::metadata(&self.path) {
            Ok(found) => Ok((found.dev(), found.ino()) == (own.dev(), own.ino())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    #[cfg(not(unix))]
    fn is_at_its_path(&self) -> Result<bool> {
        Ok(self.path.exists())
    }

    /// What each slot holds.
    pub(super) fn read(&mut self) -> Result<Vec<OutboxSlot>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes.chunks(SLOT_BYTES).map(decode).collect())
    }

    /// Writes a withdrawal into a slot.
    pub(super) fn write(&mut self, slot: u32, withdrawal: &KeptWithdrawal) -> Result<()> {
        self.put(slot, &encode(withdrawal))
    }

    /// Empties a slot.
    pub(super) fn clear(&mut self, slot: u32) -> Result<()> {
        self.put(slot, &EMPTY)
    }

    /// Waits until everything that was written is on the disk.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_data()
    }

    fn put(&mut self, slot: u32, bytes: &[u8]) -> Result<()> {
        self.file.seek(SeekFrom::Start(offset(slot)))?;
        self.file.write_all(bytes)
    }
}

/// Where a slot begins in the file.
fn offset(slot: u32) -> u64 {
    u64::from(slot) * SLOT_BYTES as u64
}

/// Creates the folder, or takes the rights of others off one that exists.
fn make_private(folder: &Path) -> Result<()> {
    private_files::create_folder(folder)?;
    #[cfg(unix)]
    std::fs::set_permissions(
        folder,
        std::os::unix::fs::PermissionsExt::from_mode(private_files::PRIVATE_FOLDER),
    )?;
    Ok(())
}

/// Puts the folder's new entries on the disk, where the system lets a folder be opened.
fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
