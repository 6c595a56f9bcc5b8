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
mod files;

pub use builder::{PolicyBuilder, PolicyError};
#[cfg(feature = "files")]
pub use files::{
    Header, LoadError, Loaded, MAX_FILE_BYTES, PolicyFiles, PolicySources, ReadError, Source,
    Sources, document, read_text,
};
