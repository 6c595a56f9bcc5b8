//! `ec simulate`: what a policy costs and stores on a workload, before you deploy it.

mod input;
mod summary;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use edge_cookie::clock::{Clock, SystemClock};
use edge_cookie::policy::resolve::Resolved;
use edge_cookie_simulate::report::page;
use edge_cookie_simulate::result::{SimulationResult, Sweep};
use edge_cookie_simulate::{SimulatedPolicy, Simulator, SweepValues};
use indicatif::{ProgressBar, ProgressStyle};

use self::input::SimulationInput;
use super::Format;
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::{CliError, ExitStatus, FileArgs, policy_ref};

/// The most seeds: more of them hardly change the result.
const MAX_SEEDS: u64 = 1_000;

/// Simulate what a policy costs and stores on a workload, or on yesterday's log.
///
/// The workload is a TOML file, as those under `workloads/`. With `--log` the visits come from a log, and the partners and the
/// rest from the workload. A seed always gives the same result. Exits with 0 if every promise held, with 1 if one was broken,
/// with 2 if the simulation could not run.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// The workload file.
    workload: PathBuf,
    #[command(flatten)]
    policy: PolicyArgs,
    /// A second profile to compare with, or a bundle as `file:PATH`.
    #[arg(long, value_name = "OTHER")]
    compare: Option<String>,
    /// The seed of the random numbers.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The number of seeds to simulate, up to 1000, counted up from the first: shows the spread of the main figures.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=MAX_SEEDS))]
    seeds: u64,
    /// Take the visits from this log instead of the one that the workload names.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The format of the log: `combined`, `common`, `vhost_combined` or `json`. The default is the workload's, else `combined`.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Simulate several values of one setting too, as `ec.last_seen.debounce=1m..1h` or `ec.sync.unchanged=rewrite,skip`.
    #[arg(long, value_name = "KEY=A..B")]
    sweep: Option<String>,
    /// Write the operations as an event stream for `ec apply`. They are sorted in memory, which grows with their number.
    #[arg(long, value_name = "FILE")]
    emit: Option<PathBuf>,
    /// Write the result as a self-contained HTML page: charts, and all of their figures.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

impl SimulateArgs {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<ExitStatus, CliError> {
        let loaded = self.policy.load_whole(args)?;
        let other = self
            .compare
            .as_deref()
            .map(|other| policy_ref::ComparedPolicy::read(other, args));
        let other = other.transpose()?;
        let input = SimulationInput::open(
            &self.workload,
            self.log.as_deref(),
            self.log_format.as_deref(),
        )?;
        let first = simulated_policy(&loaded.profile, &loaded.resolved);
        let mut sides = vec![first];
        sides.extend(
            other
                .as_ref()
                .map(|other| simulated_policy(&other.label, &other.resolved)),
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
        let mut result = simulator.compare(&sides);
        result.sweep = sweep.map(|sweep| sweep.run(&simulator, &loaded.profile));
        bar.finish_and_clear();
        if let Some(file) = &self.report {
            std::fs::write(file, page(&result, SystemClock.now().timestamp()))
                .map_err(|error| cannot_write(file, &error))?;
        }
        self.print(&result)?;
        let broken = result
            .profiles
            .iter()
            .any(|profile| profile.broken().next().is_some());
        Ok(if broken {
            ExitStatus::Problems
        } else {
            ExitStatus::Well
        })
    }

    fn print(&self, result: &SimulationResult) -> Result<(), CliError> {
        let mut out = output();
        match self.format {
            Format::Human => summary::write(&mut out, result)?,
            Format::Json => {
                serde_json::to_writer(&mut out, result).map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        Ok(())
    }

    /// The policies of a sweep: the policy with one more override each.
    fn sweep(
        &self,
        profile: &str,
        resolved: &Resolved,
        args: &FileArgs,
    ) -> Result<Option<PolicySweep>, CliError> {
        let Some(written) = &self.sweep else {
            return Ok(None);
        };
        let values = SweepValues::parse(written, resolved).map_err(CliError::because)?;
        let policy = |value: &str| {
            let mut policy = self.policy.clone();
            policy.profile = Some(profile.to_owned()).filter(|_| self.policy.profile.is_some());
            policy.set.push(format!("{}={value}", values.key));
            Ok(policy.load_whole(args)?.resolved)
        };
        let policies = values.values.iter().map(|value| policy(&value.value));
        let policies = policies.collect::<Result<_, CliError>>()?;
        Ok(Some(PolicySweep { values, policies }))
    }
}

/// A sweep, and the policy for each of its values.
struct PolicySweep {
    values: SweepValues,
    policies: Vec<Resolved>,
}

impl PolicySweep {
    fn run(self, simulator: &Simulator<'_>, profile: &str) -> Sweep {
        let pairs = self.values.values.iter().zip(&self.policies);
        Sweep {
            profile: profile.to_owned(),
            unit: self.values.unit,
            points: pairs
                .map(|(value, resolved)| {
                    simulator.point(value, &simulated_policy(profile, resolved))
                })
                .collect(),
            key: self.values.key,
        }
    }
}

const fn simulated_policy<'r>(profile: &'r str, resolved: &'r Resolved) -> SimulatedPolicy<'r> {
    SimulatedPolicy { profile, resolved }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> CliError {
    CliError::because(format!("cannot write `{}`: {error}", path.display()))
}

fn emit(
    simulator: &Simulator<'_>,
    side: &SimulatedPolicy<'_>,
    path: &Path,
) -> Result<(), CliError> {
    let cannot = |error: std::io::Error| cannot_write(path, &error);
    let mut file = BufWriter::new(File::create(path).map_err(cannot)?);
    for event in simulator.events(side) {
        writeln!(file, "{}", event.line()).map_err(cannot)?;
    }
    file.flush().map_err(cannot)
}

/// A progress bar on standard error, shown only in a terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{wide_bar} {percent}%, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
