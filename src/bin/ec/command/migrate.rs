//! `ec migrate`

use std::io::Write;

use clap::Args;
use edge_cookie::policy::files::read_text;

use crate::edit::{Edit, replace};
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::{End, FileArgs, Stop};

/// Rewrites the old `[edge_cookie]` table of the configuration to `[ec]`; comments and order stay.
#[derive(Debug, Args)]
pub(crate) struct Migrate {}

const OLD: &str = "edge_cookie";
const NEW: &str = "ec";

impl Migrate {
    #[expect(clippy::unused_self, reason = "every command is run in the same way")]
    pub(crate) fn run(&self, args: &FileArgs) -> Result<End, Stop> {
        let path = args.config.display();
        let because =
            |why: &dyn std::fmt::Display| Stop::because(format!("cannot migrate `{path}`: {why}"));
        let text = read_text(&args.config).map_err(|error| because(&error))?;
        let mut edit = Edit::of(&text).map_err(|error| because(&error))?;
        let mut out = output();
        if !edit.has(OLD) {
            writeln!(out, "{path}: there is no `[{OLD}]`, and nothing to do")?;
            return Ok(End::Well);
        }
        if edit.has(NEW) {
            return Err(because(
                &"it has both `[edge_cookie]` and `[ec]`: move what is still wanted of the first into the second, and remove the first",
            ));
        }
        edit.rename(OLD, NEW);
        let edited = edit.text();
        replace(&args.config, &edited).map_err(|error| because(&error))?;
        writeln!(out, "{path}: `[{OLD}]` is `[{NEW}]` now")?;
        // What the seed system named otherwise is told now, and by `ec check`.
        let policy = PolicyArgs::default();
        let mut files = policy.open(args)?;
        let name = policy.choose(&files)?;
        let loaded = files.load(&name).map_err(Stop::because)?;
        crate::render::findings_in_passing(&loaded.resolved, files.sources());
        Ok(if loaded.resolved.is_usable() {
            End::Well
        } else {
            End::Problems
        })
    }
}
