//! `ec verify`

use std::io::Write;
use std::sync::Arc;

use clap::Args;
use edge_cookie::diagnostic::SourceLocation;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::value::Value;
use edge_cookie::printable::on_one_line;
use edge_cookie::promise::Promise;
use edge_cookie_verify::{Proof, ProofPass, Scope, TimelineStep, Violation, verify};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::Format;
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::policy_ref::ComparedPolicy;
use crate::{CliError, ExitStatus, FileArgs};

/// Check that a policy keeps its promises, or show how it breaks one.
///
/// Runs the engine through every interleaving of a few concurrent operations on one record, with store faults, and with the
/// clock moved to each time at which this policy decides differently. Exits with 0 if every promise holds; with 1 if one is
/// broken, and shows the settings that cause it and the shortest path to it; with 2 if the check could not run.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// A second profile that is deployed at the same time, as during a rollout, or a bundle as `file:PATH`.
    #[arg(long, value_name = "OTHER")]
    deployed: Option<String>,
    /// The number of concurrent operations.
    #[arg(long, value_name = "N", default_value_t = Scope::default().actors, value_parser = parse_limited)]
    actors: usize,
    /// The total number of operations.
    #[arg(long, value_name = "N", default_value_t = Scope::default().operations, value_parser = parse_limited)]
    operations: usize,
    /// The total number of store faults.
    #[arg(long, value_name = "N", default_value_t = Scope::default().faults, value_parser = parse_limited)]
    faults: usize,
    /// The output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// The upper limit of each option: half as many already fill a machine's memory.
const MAX_SCOPE: usize = 8;

fn parse_limited(written: &str) -> Result<usize, String> {
    let number = written.parse().ok();
    let number = number.filter(|number| *number <= MAX_SCOPE);
    number.ok_or_else(|| format!("write a number from 0 to {MAX_SCOPE}"))
}

/// A setting that takes part in a violation.
#[derive(Serialize)]
struct ViolationCause<'r> {
    profile: &'r str,
    key: String,
    value: &'r Value,
    #[serde(flatten)]
    place: Option<&'r SourceLocation>,
}

/// A broken promise in the JSON output.
#[derive(Serialize)]
struct ViolationJson<'r> {
    promise: Promise,
    what: &'static str,
    settings: Vec<ViolationCause<'r>>,
    trace: &'r [TimelineStep],
}

/// The JSON output: the first broken promise, and the others.
#[derive(Serialize)]
struct ProofJson<'r> {
    verdict: &'static str,
    #[serde(flatten)]
    broken: Option<ViolationJson<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<ViolationJson<'r>>,
    states: usize,
    scope: &'r [ProofPass],
}

impl VerifyArgs {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<ExitStatus, CliError> {
        let loaded = self.policy.load_whole(args)?;
        let mut sides = vec![ComparedPolicy {
            label: on_one_line(&loaded.profile).into_owned(),
            name: loaded.profile,
            resolved: loaded.resolved,
            publisher: loaded.publisher,
        }];
        if let Some(deployed) = &self.deployed {
            sides.push(ComparedPolicy::read(deployed, args)?);
        }
        let policies: Vec<_> = sides
            .iter()
            .map(|side| Arc::new(side.resolved.policy.clone()))
            .collect();
        let scope = Scope {
            actors: self.actors,
            operations: self.operations,
            faults: self.faults,
            ..Scope::default()
        };
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{human_pos} states, {per_sec}, {elapsed}")
        {
            bar.set_style(style);
        }
        let proof = verify(&policies, scope, &|states| bar.set_position(states as u64));
        bar.finish_and_clear();
        let mut out = output();
        match self.format {
            Format::Human => print_human(&sides, &proof, &mut out)?,
            Format::Json => {
                serde_json::to_writer(&mut out, &to_json(&sides, &proof))
                    .map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        Ok(if proof.violations.is_empty() {
            ExitStatus::Well
        } else {
            ExitStatus::Problems
        })
    }
}

/// The settings that cause a violation, from each policy.
fn causes<'r>(sides: &'r [ComparedPolicy], violation: &Violation) -> Vec<ViolationCause<'r>> {
    let of = |side: &'r ComparedPolicy| {
        let resolved: &'r Resolved = &side.resolved;
        violation.keys.iter().filter_map(move |key| {
            let value = resolved.value(key)?;
            Some(ViolationCause {
                profile: &side.label,
                key: format!("ec.{key}"),
                value: &value.value,
                place: value.origin.place.as_ref(),
            })
        })
    };
    sides.iter().flat_map(of).collect()
}

fn to_json<'r>(sides: &'r [ComparedPolicy], proof: &'r Proof) -> ProofJson<'r> {
    let broken = |violation: &'r Violation| ViolationJson {
        promise: violation.promise,
        what: violation.what,
        settings: causes(sides, violation),
        trace: &violation.trace,
    };
    let mut violations = proof.violations.iter().map(broken);
    let first = violations.next();
    ProofJson {
        verdict: if first.is_some() { "violated" } else { "holds" },
        broken: first,
        also: violations.collect(),
        states: states(proof),
        scope: &proof.passes,
    }
}

fn states(proof: &Proof) -> usize {
    proof.passes.iter().map(|pass| pass.states).sum()
}

fn print_human(
    sides: &[ComparedPolicy],
    proof: &Proof,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let names: Vec<&str> = sides.iter().map(|side| side.label.as_str()).collect();
    let names = names.join(" with ");
    if proof.violations.is_empty() {
        writeln!(out, "{names}: every promise holds")?;
    }
    for violation in &proof.violations {
        let Violation { promise, what, .. } = violation;
        writeln!(out, "{names}: promise {promise} is broken\n  {what}")?;
        print_causes(sides, violation, out)?;
        print_timeline(&violation.trace, out)?;
        writeln!(out)?;
    }
    writeln!(out, "checked {} states:", states(proof))?;
    for ProofPass { scope, states } in &proof.passes {
        let count = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        writeln!(
            out,
            "  {states} with up to {}, {} at the same time, {}, {}, {} of the clock",
            count(scope.operations, "operation"),
            scope.actors,
            count(scope.partners, "partner"),
            count(scope.faults, "fault"),
            count(scope.moves, "move"),
        )?;
    }
    Ok(())
}

fn print_causes(
    sides: &[ComparedPolicy],
    violation: &Violation,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let causes = causes(sides, violation);
    if causes.is_empty() {
        return writeln!(
            out,
            "\nno setting causes this: it is an engine bug; please report it"
        );
    }
    writeln!(out, "\ncaused by")?;
    for cause in causes {
        let place = cause
            .place
            .map_or_else(|| "the default".to_owned(), SourceLocation::to_string);
        let profile = if sides.len() > 1 {
            format!(" ({})", cause.profile)
        } else {
            String::new()
        };
        writeln!(out, "  {} = {}{profile}  {place}", cause.key, cause.value)?;
    }
    Ok(())
}

fn print_timeline(rows: &[TimelineStep], out: &mut impl Write) -> std::io::Result<()> {
    let width = |cell: fn(&TimelineStep) -> &str| {
        rows.iter()
            .map(|row| cell(row).len())
            .max()
            .unwrap_or_default()
    };
    let (at, actor) = (width(|row| &row.at), width(|row| &row.actor));
    writeln!(out, "\nshortest path to it")?;
    for row in rows {
        writeln!(
            out,
            "  {:>at$}  {:actor$}  {}",
            row.at, row.actor, row.event
        )?;
    }
    Ok(())
}
