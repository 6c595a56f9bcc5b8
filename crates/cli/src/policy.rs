//! How every command loads its policy.

use std::path::PathBuf;

use clap::Args;
use edge_cookie::config::{Loaded, PolicyFiles, PolicySources};
use edge_cookie::policy::EcPolicy;

use crate::{CliError, FileArgs, render};

/// Which policy a command is under.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PolicyArgs {
    /// The profile; by default that of `EC_PROFILE`, then that of `[ec]`, then `development`.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Overrides a setting, as `--set ec.tombstone.ttl=12h`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

impl PolicyArgs {
    /// The files, with the environment and these overrides.
    pub(crate) fn open(&self, files: &FileArgs) -> Result<PolicyFiles, CliError> {
        self.open_edited(files, Vec::new())
    }

    /// The same, texts being read in the place of what these files hold.
    pub(crate) fn open_edited(
        &self,
        files: &FileArgs,
        edited: Vec<(PathBuf, String)>,
    ) -> Result<PolicyFiles, CliError> {
        PolicyFiles::open(PolicySources {
            config: files.config.clone(),
            policies: files.policies.clone(),
            environment: environment(),
            sets: self.set.clone(),
            edited,
        })
        .map_err(CliError::because)
    }

    /// The profile that is meant.
    pub(crate) fn choose(&self, files: &PolicyFiles) -> Result<String, CliError> {
        let variable = std::env::var("EC_PROFILE").ok();
        files
            .choose(self.profile.as_deref(), variable.as_deref())
            .map_err(CliError::because)
    }

    /// The profile's name and its policy; findings are printed on standard error.
    pub(crate) fn load(&self, args: &FileArgs) -> Result<(String, EcPolicy), CliError> {
        let loaded = self.load_whole(args)?;
        Ok((loaded.profile, loaded.resolved.policy))
    }

    /// What can be read of the policy. Problems with the rest of it are not reported.
    pub(crate) fn load_quietly(&self, args: &FileArgs) -> Option<EcPolicy> {
        let mut files = self.open(args).ok()?;
        let profile = self.choose(&files).ok()?;
        Some(files.load(&profile).ok()?.resolved.policy)
    }

    /// The policy with everything known of it; findings are printed on standard error.
    pub(crate) fn load_whole(&self, args: &FileArgs) -> Result<Loaded, CliError> {
        let mut files = self.open(args)?;
        let profile = self.choose(&files)?;
        let loaded = files.load(&profile).map_err(CliError::because)?;
        render::findings_in_passing(&loaded.resolved, files.sources());
        if loaded.resolved.is_usable() {
            Ok(loaded)
        } else {
            Err(CliError::BadPolicy)
        }
    }
}

/// The variables that are text; no setting can be any other.
fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
