//! Reading text files, and saying in plain words why one cannot be read.

use std::fs;
use std::io;
use std::path::Path;

/// Reads a text file, or says in a few words why not.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| plain(&error))?;
    String::from_utf8(bytes).map_err(|error| {
        format!(
            "it is not UTF-8 (byte {})",
            error.utf8_error().valid_up_to() + 1
        )
    })
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
    fn system_errors_are_told_without_their_numbers() {
        for (kind, expected) in [
            (io::ErrorKind::NotFound, "there is no such file"),
            (io::ErrorKind::PermissionDenied, "permission denied"),
            (io::ErrorKind::IsADirectory, "it is a folder"),
            (io::ErrorKind::Other, "os error 5"),
        ] {
            assert_eq!(plain(&io::Error::new(kind, "os error 5")), expected);
        }
    }
}
