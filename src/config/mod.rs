//! Policies from what people write: files, environment variables, overrides, or values that a program sets. Each is resolved
//! and checked by every rule.
//!
//! ```
//! # #[cfg(feature = "files")] {
//! use edge_cookie::config::{PolicyFiles, PolicySources};
//!
//! let folder = std::env::temp_dir().join(format!("edge-cookie-doc-{}", std::process::id()));
//! std::fs::create_dir_all(folder.join("policies")).unwrap();
//! let config = folder.join("trusted-server.toml");
//! std::fs::write(&config, "[ec.tombstone]\nttl = \"36h\"\n").unwrap();
//!
//! let sources = PolicySources { config, policies: folder.join("policies"), ..PolicySources::default() };
//! let mut files = PolicyFiles::open(sources).unwrap();
//! let profile = files.choose(None, None).unwrap();
//! let loaded = files.load(&profile).unwrap();
//! assert_eq!(loaded.resolved.policy.tombstone.ttl.seconds(), 36 * 60 * 60);
//! assert_eq!(loaded.resolved.value("tombstone.ttl").unwrap().origin.place.as_ref().unwrap().line, 2);
//! # std::fs::remove_dir_all(folder).unwrap();
//! # }
//! ```

mod builder;
#[cfg(feature = "files")]
mod construct;
#[cfg(feature = "files")]
mod ec_table;
#[cfg(feature = "files")]
mod fleet;
#[cfg(feature = "files")]
mod folder;
#[cfg(feature = "files")]
mod inherit;
#[cfg(feature = "files")]
mod load;
#[cfg(feature = "files")]
mod manifest;
#[cfg(feature = "files")]
mod overrides;
#[cfg(feature = "files")]
mod profile;
#[cfg(feature = "files")]
mod read;
#[cfg(feature = "files")]
mod source;
#[cfg(feature = "files")]
mod stores;
#[cfg(feature = "files")]
mod toml;

pub use builder::{PolicyBuilder, PolicyError};
#[cfg(feature = "files")]
pub use load::{LoadError, Loaded, PolicyFiles, PolicySources};
#[cfg(feature = "files")]
pub use profile::Header;
#[cfg(feature = "files")]
pub use read::{MAX_FILE_BYTES, ReadError, read_text};
#[cfg(feature = "files")]
pub use source::{Source, Sources};
#[cfg(feature = "files")]
pub use toml::document;
