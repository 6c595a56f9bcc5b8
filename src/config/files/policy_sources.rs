//! What policies are read from, and why they cannot be.

use std::path::{Path, PathBuf};

use super::read::{ReadError, read_text};

/// What policies are read from. The environment is handed in: nothing here reads it.
#[derive(Debug, Clone, Default)]
pub struct PolicySources {
    /// The configuration file.
    pub config: PathBuf,
    /// The folder of profiles.
    pub policies: PathBuf,
    /// The environment's variables.
    pub environment: Vec<(String, String)>,
    /// `KEY=VALUE` overrides, in the order given.
    pub sets: Vec<String>,
    /// Texts that are read in the place of what these files hold: edits that are not written yet. A file of the folder of
    /// profiles counts as one that exists.
    pub edited: Vec<(PathBuf, String)>,
}

impl PolicySources {
    pub(super) fn text(&self, path: &Path) -> Result<String, ReadError> {
        let edited = self.edited.iter().find(|(edited, _)| edited == path);
        edited.map_or_else(|| read_text(path), |(_, text)| Ok(text.clone()))
    }

    /// The profiles among the edits.
    pub(super) fn edited_profiles(&self) -> impl Iterator<Item = String> {
        let below = |(path, _): &(PathBuf, String)| {
            let name = path.strip_prefix(&self.policies).ok()?.to_str()?;
            name.strip_suffix(".toml").map(str::to_owned)
        };
        self.edited.iter().filter_map(below)
    }
}

/// Why policies could not be loaded at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The configuration cannot be read.
    #[error("cannot read `{path}`: {why}: name the configuration with `--config FILE`")]
    Config {
        /// Its path.
        path: String,
        /// Why not.
        #[source]
        why: ReadError,
    },
    /// The folder of profiles cannot be read.
    #[error("cannot read the profiles in `{path}`: {why}: name their folder with `--policies DIR`")]
    Policies {
        /// Its path.
        path: String,
        /// Why not.
        #[source]
        why: ReadError,
    },
    /// There is no such profile.
    #[error("there is no profile `{name}` in `{folder}`{hint}")]
    UnknownProfile {
        /// The name given.
        name: String,
        /// The folder looked in.
        folder: String,
        /// The names there are.
        hint: String,
    },
}
