//! The folder of profiles.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The most files and folders that a folder of profiles may hold, those in its folders included: far more than anyone reviews.
/// Links can make a folder without end.
const MAX_ENTRIES: usize = 65_536;

/// Every profile below `folder`, by name; a folder that is not there holds none.
pub(super) fn find_profiles(folder: &Path) -> io::Result<Vec<String>> {
    let mut walk = Walk {
        names: Vec::new(),
        entries: 0,
        above: Vec::new(),
    };
    walk.folder(folder, "")?;
    walk.names.sort();
    Ok(walk.names)
}

struct Walk {
    names: Vec<String>,
    entries: usize,
    /// The folders that the one being read is in: a link to one of them leads in a ring.
    above: Vec<PathBuf>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read?,
        };
        let itself = fs::canonicalize(folder)?;
        if self.above.contains(&itself) {
            return Ok(());
        }
        self.above.push(itself);
        for entry in entries {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                let why = format!("it holds more than {MAX_ENTRIES} files and folders");
                return Err(io::Error::other(why));
            }
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if path.is_dir() {
                self.folder(&path, &format!("{prefix}{name}/"))?;
            } else if let Some(own) = name.strip_suffix(".toml") {
                self.names.push(format!("{prefix}{own}"));
            }
        }
        self.above.pop();
        Ok(())
    }
}
