//! `ec bundle`

use std::io::{Write, stdout};
use std::path::PathBuf;

use clap::Args;
use edge_cookie::config::{Loaded, PolicyFiles};
use edge_cookie::platform_facts::fastly::MAX_CONFIG_ITEM_CHARS;
use edge_cookie::policy::bundle::{self, Contents};
use edge_cookie::policy::rollout::{Rollout, Share};
use edge_cookie_review::{Plan, PlanVerdict};

use crate::policy::PolicyArgs;
use crate::{CliError, ExitStatus, FileArgs, edit, render};

/// Writes the effective policy as one file, with the origin of each value, for the edge.
///
/// The edge's build embeds the file; a bundle in a config store replaces the embedded one without a redeploy. No bundle is
/// written if `ec check --deny-warnings` finds anything, or if the plan for the candidate is unsafe.
#[derive(Debug, Args)]
pub(crate) struct BundleArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// A second profile to try on a share of the users, who are chosen by their ids.
    #[arg(long, value_name = "NAME", requires = "percent")]
    candidate: Option<String>,
    /// The percentage of the users under the candidate, as `5` or `0.5`.
    #[arg(long, value_name = "N", requires = "candidate", value_parser = share)]
    percent: Option<Share>,
    /// Write it although checks advise against it; the reason is kept in the bundle, and health shows it.
    #[arg(long, value_name = "REASON")]
    force: Option<String>,
    /// The file to write; standard output by default.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn share(written: &str) -> Result<Share, String> {
    let help = "write a percentage from 0 to 100, with two decimals at most, as `5` or `0.5`";
    Share::parse(written).ok_or_else(|| help.to_owned())
}

impl BundleArgs {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<ExitStatus, CliError> {
        let forced = self.force.as_deref().map(str::trim);
        if forced == Some("") {
            return Err(CliError::because(
                "`--force` needs a reason, which is kept in the bundle",
            ));
        }
        let mut files = self.policy.open(args)?;
        let profile = self.policy.choose(&files)?;
        let loaded = clean(&mut files, &profile, forced)?;
        let rollout = match (&self.candidate, self.percent) {
            (Some(name), Some(share)) => {
                let name = files.choose(Some(name), None).map_err(CliError::because)?;
                let candidate = clean(&mut files, &name, forced)?;
                may_be_tried(&loaded, &candidate, forced)?;
                Some(Rollout::new(&name, candidate.resolved, share))
            }
            _ => None,
        };
        let contents = Contents {
            profile: &loaded.profile,
            resolved: &loaded.resolved,
            publisher: &loaded.publisher,
            deployed: loaded.header.deploys(),
            rollout: rollout.as_ref(),
            forced,
        };
        let written = bundle::write(&contents).map_err(CliError::because)?;
        let length = written.chars().count();
        if length > MAX_CONFIG_ITEM_CHARS {
            render::warning(&format!(
                "the bundle has {length} characters, and a config store takes {MAX_CONFIG_ITEM_CHARS}: embed it, or keep partners in `partner_store`"
            ));
        }
        match &self.out {
            Some(path) => {
                let secret = contents.holds_secrets();
                edit::write(path, &written, secret).map_err(|error| {
                    CliError::because(format!("cannot write `{}`: {error}", path.display()))
                })?;
            }
            None => writeln!(stdout().lock(), "{written}")?,
        }
        Ok(ExitStatus::Well)
    }
}

/// Whether a candidate may run beside the profile: its plan is not unsafe, or a reason was given.
fn may_be_tried(
    deployed: &Loaded,
    candidate: &Loaded,
    forced: Option<&str>,
) -> Result<(), CliError> {
    let plan = Plan::of(&deployed.resolved, &candidate.resolved);
    let worst = plan
        .changes
        .iter()
        .find(|change| change.verdict == PlanVerdict::Unsafe);
    let (Some(worst), None) = (worst, forced) else {
        return Ok(());
    };
    let (from, to) = (&deployed.profile, &candidate.profile);
    Err(CliError::because(format!(
        "trying `{to}` beside `{from}` is unsafe, even on a few: of `{}`, {}. See `ec plan --deployed {from} --candidate {to}`, or give a reason with `--force REASON`",
        worst.key, worst.why
    )))
}

/// The policy of a profile; `ec check --deny-warnings` must find nothing in it, unless a reason was given.
fn clean(files: &mut PolicyFiles, profile: &str, forced: Option<&str>) -> Result<Loaded, CliError> {
    let loaded = files.load(profile).map_err(CliError::because)?;
    let findings = &loaded.resolved.findings;
    render::findings(findings, loaded.resolved.omitted, files.sources());
    if !loaded.resolved.is_usable() {
        return Err(CliError::BadPolicy);
    }
    if !findings.is_empty() && forced.is_none() {
        return Err(CliError::because(format!(
            "`{profile}` does not pass `ec check --deny-warnings`: fix the problems above, allow them in the profile with `[[ec.allow]]`, or give a reason with `--force REASON`"
        )));
    }
    Ok(loaded)
}
