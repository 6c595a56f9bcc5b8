//! Policies for a program that embeds the library: read from a text or from files, in one call.

use std::path::PathBuf;

use super::ec_table::Config;
use super::{PolicyFiles, PolicySources, Source};
use crate::config::builder::{PolicyError, accept};
use crate::policy::EcPolicy;
use crate::policy::resolve::resolve;
use crate::rules::{self, Subject};

/// The file that findings name where the policy was given as a text.
const TEXT: &str = "<text>";

impl EcPolicy {
    /// Reads the `[ec]` table of a configuration. What it leaves out has its default; other tables are not read,
    /// nor is `profile` in `[ec]`.
    ///
    /// ```
    /// use edge_cookie::policy::EcPolicy;
    ///
    /// let policy = EcPolicy::from_toml_str("[ec.tombstone]\nttl = \"48h\"\n").unwrap();
    /// assert_eq!(policy.tombstone.ttl.seconds(), 48 * 60 * 60);
    ///
    /// let error = EcPolicy::from_toml_str("[ec.tombstone]\nttl = \"1month\"\n").unwrap_err();
    /// assert!(error.to_string().contains("<text>:2:7: EC0005"));
    /// ```
    ///
    /// # Errors
    ///
    /// [`PolicyError::Invalid`] with every error: of the text, of single settings, and between settings.
    pub fn from_toml_str(text: &str) -> Result<Self, PolicyError> {
        let Config {
            layer,
            mut findings,
            ..
        } = Config::read(&Source::new(TEXT, text), text, Vec::new());
        let layers = [layer];
        let mut resolved = resolve(&layers);
        findings.extend(rules::check(&Subject {
            layers: &layers,
            ..Subject::of(&resolved)
        }));
        resolved.findings.extend(findings);
        accept(resolved)
    }

    /// Reads a configuration file (`trusted-server.toml`) and a profile of the folder `policies` next to it.
    ///
    /// `profile` names the profile; where it is `None`, the configuration chooses it (`profile` in `[ec]`), else it is
    /// `development`, which need not exist. The environment is not read: see [`PolicyFiles`] for it, for every finding
    /// and for the origin of every value.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Load`] where a file cannot be read or there is no such profile, [`PolicyError::Invalid`] with every
    /// error in them.
    pub fn from_files(
        config: impl Into<PathBuf>,
        profile: Option<&str>,
    ) -> Result<Self, PolicyError> {
        let config = config.into();
        let policies = config.with_file_name("policies");
        let mut files = PolicyFiles::open(PolicySources {
            config,
            policies,
            ..PolicySources::default()
        })?;
        let profile = files.choose(profile, None)?;
        accept(files.load(&profile)?.resolved)
    }
}
