//! What a run did, in numbers.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use edge_cookie::engine::Tally;
use edge_cookie::policy::EcPolicy;
use edge_cookie_simulate::report::number::exact;

use super::census::Census;

/// Counts of a run under way.
#[derive(Debug)]
pub(super) struct Tallies {
    started: Instant,
    outcomes: BTreeMap<(&'static str, &'static str), u64>,
    events: u64,
    refused: u64,
    reads: u64,
    writes: u64,
    retries: u64,
}

impl Tallies {
    pub(super) fn start() -> Self {
        Self {
            started: Instant::now(),
            outcomes: BTreeMap::new(),
            events: 0,
            refused: 0,
            reads: 0,
            writes: 0,
            retries: 0,
        }
    }

    pub(super) fn add(&mut self, op: &'static str, outcome: &'static str, tally: Tally) {
        *self.outcomes.entry((op, outcome)).or_default() += 1;
        self.events += 1;
        self.reads += u64::from(tally.reads);
        self.writes += u64::from(tally.writes);
        self.retries += u64::from(tally.retries);
    }

    /// The time since the run started.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Counts a line that is not valid.
    pub(super) const fn refuse(&mut self) {
        self.refused += 1;
    }
}

/// Writes the summary for people.
pub(super) fn write(
    out: &mut impl Write,
    profile: &str,
    policy: &EcPolicy,
    tallies: &Tallies,
    elapsed: Duration,
    census: &Census,
) -> io::Result<()> {
    writeln!(out, "profile {profile}, policy {}", policy.digest.mark())?;
    let mut last = "";
    for ((op, outcome), count) in &tallies.outcomes {
        if *op != last {
            writeln!(out, "\n{op}")?;
            last = op;
        }
        writeln!(out, "  {outcome:<20}{:>12}", exact(*count))?;
    }
    writeln!(
        out,
        "\nstore      {} reads, {} writes, {} retries",
        exact(tallies.reads),
        exact(tallies.writes),
        exact(tallies.retries)
    )?;
    write!(
        out,
        "entries    {} live, {} withdrawn",
        exact(census.live),
        exact(census.withdrawn)
    )?;
    if census.unreadable > 0 {
        write!(out, ", {} unreadable", exact(census.unreadable))?;
    }
    let seconds = elapsed.as_secs_f64();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate for reading, never negative"
    )]
    let rate = (tallies.events as f64 / seconds.max(f64::EPSILON)) as u64;
    writeln!(
        out,
        "\nevents     {} in {seconds:.2} s, {} a second",
        exact(tallies.events),
        exact(rate)
    )?;
    if tallies.refused > 0 {
        writeln!(
            out,
            "skipped    {} lines that are not valid",
            exact(tallies.refused)
        )?;
    }
    Ok(())
}
