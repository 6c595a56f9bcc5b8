//! `ec simulate`: what a policy costs and keeps on a workload, before it ships.

mod input;
mod summary;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use edge_cookie::clock::{Clock, SystemClock};
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::simulate::report::page;
use edge_cookie::simulate::result::{Simulation, Sweep};
use edge_cookie::simulate::{Side, Simulator, SweepValues};
use indicatif::{ProgressBar, ProgressStyle};

use self::input::Input;
use super::Format;
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::{End, FileArgs, Stop, side};

/// The most seeds: what is told of a hundred differs little from what is told of ten.
const MAX_SEEDS: u64 = 1_000;

/// Simulates what a policy costs and keeps on a workload, or on yesterday's log.
///
/// The workload is a TOML description, as those under `workloads/`; with `--log` its visits come from a log, and its partners and
/// the rest from the description. The same seed tells the same. Ends with 0 where every promise held, with 1 where one was
/// broken, with 2 where it could not be told.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The workload's file.
    workload: PathBuf,
    #[command(flatten)]
    policy: PolicyArgs,
    /// A profile to show beside it, or a bundle as `file:PATH`.
    #[arg(long, value_name = "OTHER")]
    compare: Option<String>,
    /// Where chance begins.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many seeds are simulated, up to 1000, counted up from the first: the main figures are told with their spread.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=MAX_SEEDS))]
    seeds: u64,
    /// A log that the visits come from; else the one that the workload names.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The log's format: `combined`, `common` or `json`; else what the workload says, else `combined`.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Simulates one setting at several values too, as `ec.last_seen.debounce=1m..1h` or `ec.sync.unchanged=rewrite,skip`.
    #[arg(long, value_name = "KEY=A..B")]
    sweep: Option<String>,
    /// Writes the operations as events, which `ec apply` runs. They are sorted in memory: it grows with their number.
    #[arg(long, value_name = "FILE")]
    emit: Option<PathBuf>,
    /// Writes the result as a page of HTML, which stands alone: charts, and every figure behind them.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

impl Simulate {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<End, Stop> {
        let loaded = self.policy.load_whole(args)?;
        let other = self
            .compare
            .as_deref()
            .map(|other| side::Side::read(other, args));
        let other = other.transpose()?;
        let input = Input::open(
            &self.workload,
            self.log.as_deref(),
            self.log_format.as_deref(),
        )?;
        let first = side_of(&loaded.profile, &loaded.resolved);
        let mut sides = vec![first];
        sides.extend(
            other
                .as_ref()
                .map(|other| side_of(&other.label, &other.resolved)),
        );
        let sweep = self.sweep(&loaded.profile, &loaded.resolved, args)?;
        let bar = bar();
        let progress = |more| bar.inc(more);
        let simulator = Simulator::new(&input.workload)
            .with_log(input.log.as_ref())
            .with_seeds(self.seed, self.seeds)
            .with_progress(&progress);
        let runs = self.seeds * sides.len() as u64
            + sweep
                .as_ref()
                .map_or(0, |sweep| sweep.policies.len() as u64)
            + u64::from(self.emit.is_some());
        bar.set_length(simulator.steps() * runs);
        if let Some(file) = &self.emit {
            emit(&simulator, &first, file)?;
        }
        let mut told = simulator.compare(&sides);
        told.sweep = sweep.map(|sweep| sweep.run(&simulator, &loaded.profile));
        bar.finish_and_clear();
        if let Some(file) = &self.report {
            std::fs::write(file, page(&told, SystemClock.now().timestamp()))
                .map_err(|error| cannot_write(file, &error))?;
        }
        self.print(&told)?;
        let broken = told
            .profiles
            .iter()
            .any(|profile| profile.broken().next().is_some());
        Ok(if broken { End::Problems } else { End::Well })
    }

    fn print(&self, told: &Simulation) -> Result<(), Stop> {
        let mut out = output();
        match self.format {
            Format::Human => summary::write(&mut out, told)?,
            Format::Json => {
                serde_json::to_writer(&mut out, told).map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        Ok(())
    }

    /// The policies of a sweep: the same with one more override each.
    fn sweep(
        &self,
        profile: &str,
        resolved: &Resolved,
        args: &FileArgs,
    ) -> Result<Option<Swept>, Stop> {
        let Some(written) = &self.sweep else {
            return Ok(None);
        };
        let values = SweepValues::parse(written, resolved).map_err(Stop::because)?;
        let policy = |value: &str| {
            let mut policy = self.policy.clone();
            policy.profile = Some(profile.to_owned()).filter(|_| self.policy.profile.is_some());
            policy.set.push(format!("{}={value}", values.key));
            Ok(policy.load_whole(args)?.resolved)
        };
        let policies = values.values.iter().map(|value| policy(&value.value));
        let policies = policies.collect::<Result<_, Stop>>()?;
        Ok(Some(Swept { values, policies }))
    }
}

/// A sweep and the policy of each of its values.
struct Swept {
    values: SweepValues,
    policies: Vec<Resolved>,
}

impl Swept {
    fn run(self, simulator: &Simulator<'_>, profile: &str) -> Sweep {
        let pairs = self.values.values.iter().zip(&self.policies);
        Sweep {
            profile: profile.to_owned(),
            unit: self.values.unit,
            points: pairs
                .map(|(value, resolved)| simulator.point(value, &side_of(profile, resolved)))
                .collect(),
            key: self.values.key,
        }
    }
}

const fn side_of<'r>(profile: &'r str, resolved: &'r Resolved) -> Side<'r> {
    Side { profile, resolved }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Stop {
    Stop::because(format!("cannot write `{}`: {error}", path.display()))
}

fn emit(simulator: &Simulator<'_>, side: &Side<'_>, path: &Path) -> Result<(), Stop> {
    let cannot = |error: std::io::Error| cannot_write(path, &error);
    let mut file = BufWriter::new(File::create(path).map_err(cannot)?);
    for event in simulator.events(side) {
        writeln!(file, "{}", event.line()).map_err(cannot)?;
    }
    file.flush().map_err(cannot)
}

/// A bar on standard error, drawn only where somebody is watching.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{wide_bar} {percent}%, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
