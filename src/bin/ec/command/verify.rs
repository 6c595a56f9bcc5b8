//! `ec verify`

use std::io::Write;
use std::sync::Arc;

use clap::Args;
use edge_cookie::diagnostic::Place;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::value::Value;
use edge_cookie::printable::on_one_line;
use edge_cookie::verify::{Pass, Proof, Row, Scope, Violation, verify};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::Format;
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::side::Side;
use crate::{End, FileArgs, Stop};

/// Proves that a policy keeps its promises, or shows how it breaks one.
///
/// Every way in which a few operations on one record can meet is tried on the engine itself, with faults of the store and
/// with time moving to each moment at which this policy decides otherwise. Ends with 0 where every promise holds, with 1
/// where one is broken, with the settings that cause it and the shortest way there, with 2 where that could not be told.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    policy: PolicyArgs,
    /// A profile that runs beside it, as while one replaces the other, or a bundle as `file:PATH`.
    #[arg(long, value_name = "OTHER")]
    deployed: Option<String>,
    /// Operations under way at once.
    #[arg(long, value_name = "N", default_value_t = Scope::default().actors, value_parser = up_to_most)]
    actors: usize,
    /// Operations in all.
    #[arg(long, value_name = "N", default_value_t = Scope::default().operations, value_parser = up_to_most)]
    operations: usize,
    /// Faults of the store in all.
    #[arg(long, value_name = "N", default_value_t = Scope::default().faults, value_parser = up_to_most)]
    faults: usize,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// The most of each: with half as many a machine's memory is full.
const MAX_SCOPE: usize = 8;

fn up_to_most(written: &str) -> Result<usize, String> {
    let number = written.parse().ok();
    let number = number.filter(|number| *number <= MAX_SCOPE);
    number.ok_or_else(|| format!("write a number from 0 to {MAX_SCOPE}"))
}

/// A setting that takes part in what is broken.
#[derive(Serialize)]
struct Cause<'r> {
    profile: &'r str,
    key: String,
    value: &'r Value,
    #[serde(flatten)]
    place: Option<&'r Place>,
}

/// A promise that is broken, as JSON has it.
#[derive(Serialize)]
struct Broken<'r> {
    promise: u8,
    what: &'static str,
    settings: Vec<Cause<'r>>,
    trace: &'r [Row],
}

/// The result, as JSON has it: the first that is broken, and what else is.
#[derive(Serialize)]
struct Told<'r> {
    verdict: &'static str,
    #[serde(flatten)]
    broken: Option<Broken<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<Broken<'r>>,
    states: usize,
    scope: &'r [Pass],
}

impl Verify {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<End, Stop> {
        let loaded = self.policy.load_whole(args)?;
        let mut sides = vec![Side {
            label: on_one_line(&loaded.profile).into_owned(),
            name: loaded.profile,
            resolved: loaded.resolved,
            publisher: loaded.publisher,
        }];
        if let Some(deployed) = &self.deployed {
            sides.push(Side::read(deployed, args)?);
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
            Format::Human => human(&sides, &proof, &mut out)?,
            Format::Json => {
                serde_json::to_writer(&mut out, &told(&sides, &proof))
                    .map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        Ok(if proof.violations.is_empty() {
            End::Well
        } else {
            End::Problems
        })
    }
}

/// The settings that cause it, of each policy that takes part.
fn causes<'r>(sides: &'r [Side], violation: &Violation) -> Vec<Cause<'r>> {
    let of = |side: &'r Side| {
        let resolved: &'r Resolved = &side.resolved;
        violation.keys.iter().filter_map(move |key| {
            let value = resolved.value(key)?;
            Some(Cause {
                profile: &side.label,
                key: format!("ec.{key}"),
                value: &value.value,
                place: value.origin.place.as_ref(),
            })
        })
    };
    sides.iter().flat_map(of).collect()
}

fn told<'r>(sides: &'r [Side], proof: &'r Proof) -> Told<'r> {
    let broken = |violation: &'r Violation| Broken {
        promise: violation.promise,
        what: violation.what,
        settings: causes(sides, violation),
        trace: &violation.trace,
    };
    let mut violations = proof.violations.iter().map(broken);
    let first = violations.next();
    Told {
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

fn human(sides: &[Side], proof: &Proof, out: &mut impl Write) -> std::io::Result<()> {
    let names: Vec<&str> = sides.iter().map(|side| side.label.as_str()).collect();
    let names = names.join(" beside ");
    if proof.violations.is_empty() {
        writeln!(out, "{names}: every promise holds")?;
    }
    for violation in &proof.violations {
        let Violation { promise, what, .. } = violation;
        writeln!(out, "{names}: promise {promise} is broken\n  {what}")?;
        causes_to(sides, violation, out)?;
        timeline(&violation.trace, out)?;
        writeln!(out)?;
    }
    writeln!(out, "looked at {} states:", states(proof))?;
    for Pass { scope, states } in &proof.passes {
        let count = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        writeln!(
            out,
            "  {states} of up to {}, {} under way at once, {}, {}, {} of time",
            count(scope.operations, "operation"),
            scope.actors,
            count(scope.partners, "partner"),
            count(scope.faults, "fault"),
            count(scope.moves, "move"),
        )?;
    }
    Ok(())
}

fn causes_to(sides: &[Side], violation: &Violation, out: &mut impl Write) -> std::io::Result<()> {
    let causes = causes(sides, violation);
    if causes.is_empty() {
        return writeln!(
            out,
            "\nno setting causes it: the engine is at fault; please report it"
        );
    }
    writeln!(out, "\ncaused by")?;
    for cause in causes {
        let place = cause
            .place
            .map_or_else(|| "the default".to_owned(), Place::to_string);
        let profile = if sides.len() > 1 {
            format!(" ({})", cause.profile)
        } else {
            String::new()
        };
        writeln!(out, "  {} = {}{profile}  {place}", cause.key, cause.value)?;
    }
    Ok(())
}

fn timeline(rows: &[Row], out: &mut impl Write) -> std::io::Result<()> {
    let width = |cell: fn(&Row) -> &str| {
        rows.iter()
            .map(|row| cell(row).len())
            .max()
            .unwrap_or_default()
    };
    let (at, actor) = (width(|row| &row.at), width(|row| &row.actor));
    writeln!(out, "\nthe shortest way there")?;
    for row in rows {
        writeln!(
            out,
            "  {:>at$}  {:actor$}  {}",
            row.at, row.actor, row.event
        )?;
    }
    Ok(())
}
