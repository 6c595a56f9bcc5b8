//! The folder of profiles.

use std::fs;
use std::io;
use std::path::Path;

/// Finds every profile below `folder`; a folder that is not there holds none.
pub(super) fn find_profiles(
    folder: &Path,
    prefix: &str,
    names: &mut Vec<String>,
) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => read?,
    };
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.is_dir() {
            find_profiles(&path, &format!("{prefix}{name}/"), names)?;
        } else if let Some(own) = name.strip_suffix(".toml") {
            names.push(format!("{prefix}{own}"));
        }
    }
    Ok(())
}
