//! `ec apply`: runs a stream of operations on the graph, under the policy.

mod census;
mod input;
mod line;
mod session;
mod summary;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use edge_cookie::clock::{Clock, ManualClock, SystemClock};
use edge_cookie::policy::EcPolicy;
use edge_cookie::store::{KvStore, MemoryStore};
use edge_cookie_stores::EmbeddedStore;
use indicatif::{ProgressBar, ProgressStyle};

pub(crate) use census::{Counted, PAGE, count_as, each};

use self::input::{Input, Lines};
use self::session::{Applied, Session};
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::store::{StoreLocation, redis_server, shared};
use crate::{CliError, ExitStatus, FileArgs};

/// Runs a stream of graph operations under the policy: JSON, one operation per line.
///
/// Exits with 0 if every line ran, with 1 if a line was not valid or an operation failed, with 2 if it could not start.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// Files of events, in this order; `-` is the standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<String>,
    #[command(flatten)]
    policy: PolicyArgs,
    /// `memory`, the store's file or folder, or `redis://HOST`; the store of `[ec.local]` by default.
    #[arg(long, value_name = "memory|PATH|URL")]
    store: Option<String>,
    /// The output format.
    #[arg(long, value_enum, default_value_t = Output::Summary)]
    output: Output,
    /// Skip lines that are not valid, instead of stopping at the first.
    #[arg(long)]
    keep_going: bool,
    /// Accept `put_raw`: bytes straight into the store, for restoring and for tests.
    #[arg(long)]
    allow_raw: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// One line of JSON for each line that ran.
    Jsonl,
    /// Counts, at the end.
    Summary,
}

impl ApplyArgs {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<ExitStatus, CliError> {
        let (profile, policy) = self.policy.load(args)?;
        let input = Input::open(&self.files)?;
        let progress = progress(input.bytes());
        let clock = Arc::new(ManualClock::default());
        let place = StoreLocation::of(self.store.as_deref(), &policy)?;
        let mut session = Session::new(&policy, &clock, self.rules(&place));
        let lines = input.read();
        let census = match &place {
            StoreLocation::Memory => {
                let store = MemoryStore::new(Arc::clone(&clock));
                apply_singly(&mut session, &lines, &store, &progress)?;
                self.census(&policy, &session, &store)?
            }
            StoreLocation::Shared(address) => {
                let store = redis_server(address, &policy)?.store(&policy.root.ec_store);
                let store = shared(store.on_clock(Arc::clone(&clock) as _))?;
                apply_singly(&mut session, &lines, &store, &progress)?;
                self.census(&policy, &session, &store)?
            }
            StoreLocation::File(path) => {
                let (name, local) = (&policy.root.ec_store, &policy.local);
                let store = EmbeddedStore::open(path, name, local, Arc::clone(&clock))
                    .map_err(CliError::because)?;
                apply_durably(&mut session, &lines, &store, &progress)?;
                self.census(&policy, &session, &store)?
            }
        };
        progress.finish_and_clear();
        if let Some((elapsed, census)) = census {
            let mut out = output();
            summary::write(
                &mut out,
                &profile,
                &policy,
                &session.tallies,
                elapsed,
                &census,
            )?;
            out.flush()?;
        }
        Ok(if session.all_well {
            ExitStatus::Well
        } else {
            ExitStatus::Problems
        })
    }

    fn rules(&self, place: &StoreLocation) -> session::Rules {
        session::Rules {
            jsonl: self.output == Output::Jsonl,
            keep_going: self.keep_going,
            allow_raw: self.allow_raw,
            latest: (*place != StoreLocation::Memory).then(|| SystemClock.now()),
        }
    }

    fn census(
        &self,
        policy: &EcPolicy,
        session: &Session<'_>,
        store: &impl KvStore,
    ) -> Result<Option<(Duration, census::Census)>, CliError> {
        if self.output == Output::Jsonl {
            return Ok(None);
        }
        // Counting what the store holds is no part of what the events took.
        let elapsed = session.tallies.elapsed();
        census::take(policy, session.last_at().timestamp(), store)
            .map(|census| Some((elapsed, census)))
            .map_err(CliError::because)
    }
}

/// Applies each operation on its own.
fn apply_singly(
    session: &mut Session<'_>,
    lines: &Lines,
    store: &impl KvStore,
    progress: &ProgressBar,
) -> Result<(), CliError> {
    loop {
        let applied = session.apply_group(lines, store, usize::MAX);
        print_group(session, progress)?;
        if applied == Applied::ExitStatus {
            return Ok(());
        }
    }
}

/// A group's results are printed once the commit that holds its writes is on disk.
fn apply_durably(
    session: &mut Session<'_>,
    lines: &Lines,
    store: &EmbeddedStore<Arc<ManualClock>>,
    progress: &ProgressBar,
) -> Result<(), CliError> {
    let most = session.policy.local.commit_writes as usize;
    loop {
        if !session.wait_for_lines(lines) {
            return Ok(());
        }
        let applied = store
            .batch(|batch| session.apply_group(lines, batch, most))
            .map_err(|error| {
                CliError::because(format!(
                    "the last {} lines may not be stored: {error}",
                    session.in_group()
                ))
            })?;
        print_group(session, progress)?;
        if applied == Applied::ExitStatus {
            return Ok(());
        }
    }
}

fn print_group(session: &mut Session<'_>, progress: &ProgressBar) -> Result<(), CliError> {
    progress.suspend(|| session.print_problems());
    progress.set_position(session.bytes_read());
    output().write_all(&session.take_output())?;
    Ok(())
}

/// A bar on standard error, drawn only on a terminal.
fn progress(bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes {
        Some(bytes) => (
            ProgressBar::new(bytes),
            "{wide_bar} {bytes} of {total_bytes}, {eta} left",
        ),
        None => (ProgressBar::no_length(), "{spinner} {bytes} read"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
