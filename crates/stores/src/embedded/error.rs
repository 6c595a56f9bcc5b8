//! What can go wrong with the file, in words for its operator.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::disk::{FULL, disk_words};
use edge_cookie::store::StoreError;

/// Why an embedded store cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open: a file belongs to one process at a time.
    #[error(
        "the store `{path}` is in use by another process: stop it, or name another store with `--store`"
    )]
    InUse {
        /// The file.
        path: String,
    },
    /// There is no file, or no store of that name in it, and none was to be made.
    #[error("there is no store at `{path}`: `ec apply` creates it on first use")]
    NotFound {
        /// The file.
        path: String,
    },
    /// The file is something else.
    #[error("`{path}` is not a store, and was left as it is: name another file with `--store`")]
    NotAStore {
        /// The file.
        path: String,
    },
    /// The file has a layout that this version does not know.
    #[error(
        "the store `{path}` was written by another version: use that one, or name another store with `--store`"
    )]
    OtherVersion {
        /// The file.
        path: String,
    },
    /// The file was a store once.
    #[error(
        "the store `{path}` is damaged: put a copy in its place, or move it away and start with a new one"
    )]
    Damaged {
        /// The file.
        path: String,
    },
    /// The system does not let it be opened.
    #[error("cannot open the store `{path}`: {why}")]
    System {
        /// The file.
        path: String,
        /// What is in the way, and what to do about it.
        why: String,
    },
}

impl OpenError {
    pub(super) fn of(path: &Path, error: impl Into<redb::Error>) -> Self {
        let shown = path.display().to_string();
        match error.into() {
            redb::Error::Io(error) => Self::system(path, &error),
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
                Self::InUse { path: shown }
            }
            redb::Error::UpgradeRequired(_) => Self::OtherVersion { path: shown },
            redb::Error::TableTypeMismatch { .. }
            | redb::Error::TypeDefinitionChanged { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TableIsNotMultimap(_) => Self::NotAStore { path: shown },
            _ => Self::Damaged { path: shown },
        }
    }

    pub(super) fn system(path: &Path, error: &io::Error) -> Self {
        let path = path.display().to_string();
        let why = match error.kind() {
            ErrorKind::NotFound => return Self::NotFound { path },
            // What redb says of a file that does not begin as its own do.
            ErrorKind::InvalidData => return Self::NotAStore { path },
            ErrorKind::UnexpectedEof => return Self::Damaged { path },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                "this user may not read and write it: allow that, or use `--store`".to_owned()
            }
            ErrorKind::IsADirectory => "it is a folder: name a file in it".to_owned(),
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                "its folder is a file: name another with `--store`".to_owned()
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FULL.to_owned(),
            _ => error.to_string(),
        };
        Self::System { path, why }
    }
}

pub(super) const DAMAGED: &str =
    "its file is damaged: put a copy in its place, or move it away and start with a new one";

/// A failure that shows the file to be damaged.
pub(super) fn damaged() -> StoreError {
    StoreError::Unavailable(DAMAGED.to_owned())
}

/// A failure before anything was committed: nothing was written.
pub(super) fn unavailable(error: impl Into<redb::Error>) -> StoreError {
    match error.into() {
        // The largest pair of key and value that redb takes.
        redb::Error::ValueTooLarge(_) => StoreError::TooLarge("at most 3 GiB".to_owned()),
        error => StoreError::Unavailable(words(&error)),
    }
}

/// A commit that broke off: it may have reached the disk, unless it was surely rolled back.
pub(super) fn commit_failed(error: redb::CommitError) -> StoreError {
    match error {
        redb::CommitError::TransactionPoisoned => {
            StoreError::Unavailable("another write in the same commit failed: try again".to_owned())
        }
        error => StoreError::AnswerLost(words(&error.into())),
    }
}

fn words(error: &redb::Error) -> String {
    match error {
        redb::Error::Io(error) => disk_words(error),
        redb::Error::Corrupted(_) => DAMAGED.to_owned(),
        // After a failed read or write redb takes no more until the file is opened again, which the next call does.
        _ => "an earlier failure closed it: it is opened again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_remedy() {
        let path = Path::new("data/graph.redb");
        for (kind, said) in [
            (ErrorKind::NotFound, "there is no store"),
            (ErrorKind::InvalidData, "is not a store"),
            (ErrorKind::UnexpectedEof, "is damaged"),
            (ErrorKind::PermissionDenied, "may not read and write"),
            (ErrorKind::ReadOnlyFilesystem, "may not read and write"),
            (ErrorKind::IsADirectory, "is a folder: name a file"),
            (ErrorKind::NotADirectory, "its folder is a file"),
            (ErrorKind::StorageFull, "no room is left on its disk: free"),
        ] {
            let error = redb::Error::Io(io::Error::from(kind));
            let shown = OpenError::of(path, error).to_string();
            assert!(shown.contains(said), "{kind}: {shown}");
            assert!(shown.contains("`data/graph.redb`"), "{kind}: {shown}");
        }
    }

    #[test]
    fn a_broken_commit_may_have_happened_unless_it_was_rolled_back() {
        let full = redb::StorageError::Io(io::Error::from(ErrorKind::StorageFull));
        let lost = commit_failed(redb::CommitError::Storage(full));
        assert_eq!(lost, StoreError::AnswerLost(FULL.to_owned()));
        let refused = commit_failed(redb::CommitError::TransactionPoisoned);
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    }
}
