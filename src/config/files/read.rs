//! Reading text files within bounds, and saying in plain words why one cannot be read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The largest file that policies, bundles and workloads are read from, in bytes: 1 MiB. The shipped ones have a few thousand,
/// and a config store takes 8,000.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system says no.
    #[error("{}", plain(.0))]
    Io(#[from] io::Error),
    /// It is a pipe, a device or a socket, whose end may never come.
    #[error("it is not a regular file: write it to a file and name that")]
    NotRegular,
    /// It is larger than any policy.
    #[error("it is larger than {MAX_FILE_BYTES} bytes: name the file that the policy is in")]
    TooLarge,
    /// It is not text.
    #[error("it is not UTF-8 (byte {0})")]
    NotUtf8(usize),
}

/// Reads a text file: only a regular one, and of at most [`MAX_FILE_BYTES`].
///
/// # Errors
///
/// Where it is none, or cannot be read.
pub fn read_text(path: &Path) -> Result<String, ReadError> {
    // Before it is opened: opening a pipe waits until someone writes to it.
    regular(&std::fs::metadata(path)?)?;
    let file = File::open(path)?;
    // It may have been replaced meanwhile.
    regular(&file.metadata()?)?;
    let mut bytes = Vec::new();
    // It may grow while it is read, or say that it has no bytes, as the files of `/proc` do.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(ReadError::TooLarge);
    }
    String::from_utf8(bytes)
        .map_err(|error| ReadError::NotUtf8(error.utf8_error().valid_up_to() + 1))
}

fn regular(about: &std::fs::Metadata) -> Result<(), ReadError> {
    if about.is_dir() {
        Err(io::Error::from(io::ErrorKind::IsADirectory).into())
    } else if !about.is_file() {
        Err(ReadError::NotRegular)
    } else if about.len() > MAX_FILE_BYTES {
        Err(ReadError::TooLarge)
    } else {
        Ok(())
    }
}

/// A system error in plain words, without its number.
pub(super) fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_are_shown_without_their_numbers() {
        for (kind, expected) in [
            (io::ErrorKind::NotFound, "there is no such file"),
            (io::ErrorKind::PermissionDenied, "permission denied"),
            (io::ErrorKind::IsADirectory, "it is a folder"),
            (io::ErrorKind::Other, "os error 5"),
        ] {
            assert_eq!(plain(&io::Error::new(kind, "os error 5")), expected);
        }
    }

    #[test]
    fn a_file_is_read_up_to_its_bound_and_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let most = usize::try_from(MAX_FILE_BYTES).unwrap();
        std::fs::write(&path, vec![b'a'; most]).unwrap();
        assert_eq!(read_text(&path).unwrap().len(), most);
        std::fs::write(&path, vec![b'a'; most + 1]).unwrap();
        assert!(matches!(read_text(&path), Err(ReadError::TooLarge)));
        std::fs::write(&path, b"ab\xff").unwrap();
        assert!(matches!(read_text(&path), Err(ReadError::NotUtf8(3))));
    }
}
