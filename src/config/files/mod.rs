//! Policies from files, environment variables and overrides.

mod construct;
mod ec_table;
mod fleet;
mod folder;
mod inherit;
mod load;
mod manifest;
mod overrides;
mod policy_sources;
mod profile;
mod read;
mod source;
mod stores;
mod toml;

pub use load::{Loaded, PolicyFiles};
pub use policy_sources::{LoadError, PolicySources};
pub use profile::Header;
pub use read::{MAX_FILE_BYTES, ReadError, read_text};
pub use source::{Source, Sources};
pub use toml::document;
