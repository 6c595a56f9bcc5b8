//! What can go wrong with the file, in words for whoever runs it.

use std::io;

use redb::{DatabaseError, StorageError};

use crate::store::StoreError;

/// Why an embedded store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open: a file belongs to one process at a time.
    #[error(
        "the store `{path}` is in use by another process: stop that one, ask it instead, or name another store"
    )]
    InUse {
        /// The file.
        path: String,
    },
    /// There is no such store.
    #[error("there is no store at `{path}`: `ec apply` creates it on first use")]
    NotFound {
        /// The file.
        path: String,
    },
    /// The file is not a store, or is damaged. It is left as it is.
    #[error("`{path}` is not a store, or is damaged, and was left as it is: {why}")]
    Damaged {
        /// The file.
        path: String,
        /// What was found.
        why: String,
    },
    /// The system does not let it be opened.
    #[error("cannot open the store `{path}`: {why}")]
    System {
        /// The file.
        path: String,
        /// The system's word for it.
        why: String,
    },
}

impl OpenError {
    pub(super) fn of(path: &std::path::Path, error: DatabaseError) -> Self {
        let path = path.display().to_string();
        match error {
            DatabaseError::DatabaseAlreadyOpen => Self::InUse { path },
            DatabaseError::Storage(StorageError::Io(error)) => Self::system(path, &error),
            other => Self::Damaged {
                path,
                why: other.to_string(),
            },
        }
    }

    pub(super) fn system(path: String, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Self::Damaged {
                path,
                why: error.to_string(),
            },
            io::ErrorKind::PermissionDenied => Self::System {
                path,
                why: "permission denied".to_owned(),
            },
            io::ErrorKind::IsADirectory => Self::System {
                path,
                why: "it is a folder".to_owned(),
            },
            _ => Self::System {
                path,
                why: error.to_string(),
            },
        }
    }
}

/// A failure before anything was committed: nothing was written.
pub(super) fn unavailable(error: impl Into<redb::Error>) -> StoreError {
    StoreError::Unavailable(error.into().to_string())
}
