//! Files and folders that only the user who runs `ec` may read: they hold whole EC ids, or secrets.
//!
//! The mode is given when a file is created, so that no one can open it before. On systems without modes, files are
//! created as the system does.
//!
//! ```
//! let folder = std::env::temp_dir().join(format!("edge-cookie-private-{}", std::process::id()));
//! edge_cookie::private_files::create_folder(&folder).unwrap();
//! let file = edge_cookie::private_files::options().write(true).create(true).open(folder.join("file"));
//! assert!(file.is_ok());
//! # std::fs::remove_dir_all(folder).unwrap();
//! ```

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// What the modes of a folder and of a file let their owner do, and no one else.
#[cfg(unix)]
pub const PRIVATE_FOLDER: u32 = 0o700;
#[cfg(unix)]
const PRIVATE_FILE: u32 = 0o600;

/// Creates a folder and those that it is in, where they are missing. One that exists keeps its mode.
///
/// # Errors
///
/// As [`DirBuilder::create`].
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, PRIVATE_FOLDER);
    builder.recursive(true).create(path)
}

/// Options for opening a file, which is private where they create it.
#[must_use]
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE_FILE);
    options
}
