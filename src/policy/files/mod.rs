//! The files, variables and overrides that policies are written in.
//!
//! ```
//! use edge_cookie::policy::files::{PolicyFiles, PolicySources};
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
//! ```

mod config;
mod construct;
mod folder;
mod inherit;
mod load;
mod manifest;
mod overrides;
mod profile;
mod read;
mod source;
mod stores;
mod toml;

pub use load::{LoadError, Loaded, PolicyFiles, PolicySources};
pub use profile::Header;
pub use read::{MAX_FILE_BYTES, ReadError, read_text};
pub use source::{Source, Sources};
pub use toml::document;
