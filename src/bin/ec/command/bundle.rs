//! `ec bundle`

use std::io::{Write, stdout};
use std::path::PathBuf;

use clap::Args;
use edge_cookie::policy::bundle;

use crate::policy::PolicyArgs;
use crate::{End, FileArgs, Stop};

/// Writes the policy in force as one file, with its origins, for the edge.
///
/// The edge's build embeds it, and one in a config store replaces that without a redeploy.
#[derive(Debug, Args)]
pub(crate) struct Bundle {
    #[command(flatten)]
    policy: PolicyArgs,
    /// The file to write; else standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The longest value that an item of Fastly's config stores takes, in characters (its documentation, limits).
const CONFIG_STORE_ITEM: usize = 8_000;

impl Bundle {
    pub(crate) fn run(&self, files: &FileArgs) -> Result<End, Stop> {
        let loaded = self.policy.load_whole(files)?;
        let deployed = loaded.header.deploy.is_some_and(|(deploy, _)| deploy);
        let written = bundle::write(
            &loaded.profile,
            &loaded.resolved,
            &loaded.publisher,
            deployed,
        )
        .map_err(Stop::because)?;
        let length = written.chars().count();
        if length > CONFIG_STORE_ITEM {
            crate::render::warning(&format!(
                "the bundle has {length} characters, and a config store takes {CONFIG_STORE_ITEM}: embed it, or keep partners in `partner_store`"
            ));
        }
        match &self.out {
            Some(path) => std::fs::write(path, written).map_err(|error| {
                Stop::because(format!("cannot write `{}`: {error}", path.display()))
            })?,
            None => writeln!(stdout().lock(), "{written}")?,
        }
        Ok(End::Well)
    }
}
