//! `ec migrate`

use std::io::Write;

use clap::Args;
use edge_cookie::policy::files::read_text;
use edge_cookie::policy::layers::LayerName;

use crate::edit::{Edit, replace};
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::{End, FileArgs, Stop};

/// Rewrites the old `[edge_cookie]` table of the configuration to `[ec]`; comments and order stay.
#[derive(Debug, Args)]
pub(crate) struct Migrate {}

const OLD: &str = "edge_cookie";
const NEW: &str = "ec";

/// What depends on a default that has changed.
const REFUSALS: &str = "note: it does not set `consent.honour_refusals`, which was `by_place` and is `everywhere` now: a user who refuses (GPC, \
US Privacy, GPP or TCF) outside the places with a law is withdrawn at their next page. To keep what was, write \
`honour_refusals = \"by_place\"` under `[ec.consent]`";

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
        // It depended on the default of its time, unless it said otherwise.
        let refusals = loaded.resolved.value("consent.honour_refusals");
        if refusals.is_some_and(|value| value.origin.layer == LayerName::Default) {
            writeln!(out, "{REFUSALS}")?;
        }
        Ok(if loaded.resolved.is_usable() {
            End::Well
        } else {
            End::Problems
        })
    }
}
