//! The statistics of a run, and the report of a broken promise.

use std::fmt;

use edge_cookie::engine::Finished;

use super::oracle::OracleViolation;

/// A fault of the store or an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InjectedFault {
    Conflict,
    RateLimited,
    WriteFailed,
    AppliedReplyLost,
    DroppedReplyLost,
    LookupFailed,
    ExistsFailed,
    StaleLookup,
    Vanished,
    Recreated,
    CollectedLate,
    CutShort,
    BothPolicies,
}

/// All faults with their names.
pub const FAULTS: [(InjectedFault, &str); 13] = [
    (InjectedFault::Conflict, "precondition failed"),
    (InjectedFault::RateLimited, "rate limited"),
    (InjectedFault::WriteFailed, "write failed"),
    (InjectedFault::AppliedReplyLost, "reply lost, written"),
    (InjectedFault::DroppedReplyLost, "reply lost, not written"),
    (InjectedFault::LookupFailed, "lookup failed"),
    (InjectedFault::ExistsFailed, "`exists` failed"),
    (InjectedFault::StaleLookup, "stale lookup"),
    (InjectedFault::Vanished, "vanished between read and write"),
    (InjectedFault::Recreated, "recreated by a swap"),
    (InjectedFault::CollectedLate, "read after its time to live"),
    (InjectedFault::CutShort, "edge cut short"),
    (InjectedFault::BothPolicies, "both policies in one rollout"),
];

/// The statistics of one or more worlds.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    pub operations: u64,
    pub worlds: u64,
    pub records: u64,
    /// Store calls.
    pub calls: u64,
    /// Virtual seconds.
    pub seconds: u64,
    pub faults: [u64; FAULTS.len()],
    /// The outcomes by operation and outcome; a pair may be in the list more than once.
    pub ends: Vec<((&'static str, &'static str), u64)>,
}

impl Statistics {
    pub fn fault(&mut self, fault: InjectedFault) {
        self.faults(fault, 1);
    }

    pub fn faults(&mut self, fault: InjectedFault, count: u64) {
        self.faults[fault as usize] += count;
    }

    pub fn ended(&mut self, operation: &'static str, finished: &Finished) {
        let word = finished.as_str();
        // Comparing the addresses of the static strings is faster than comparing their content.
        let same = |one: &str, other: &str| std::ptr::eq(one, other);
        let known = self.ends.iter_mut();
        for ((known_operation, known_word), count) in known {
            if same(known_operation, operation) && same(known_word, word) {
                *count += 1;
                return;
            }
        }
        self.ends.push(((operation, word), 1));
    }

    pub fn add(&mut self, other: &Self) {
        self.operations += other.operations;
        self.worlds += other.worlds;
        self.records += other.records;
        self.calls += other.calls;
        self.seconds += other.seconds;
        for (mine, other) in self.faults.iter_mut().zip(other.faults) {
            *mine += other;
        }
        for (end, count) in &other.ends {
            match self.ends.iter_mut().find(|(known, _)| known == end) {
                Some((_, mine)) => *mine += count,
                None => self.ends.push((*end, *count)),
            }
        }
    }

    /// How often an operation had an outcome.
    pub fn count(&self, operation: &'static str, word: &'static str) -> u64 {
        let these = self
            .ends
            .iter()
            .filter(|(end, _)| *end == (operation, word));
        these.map(|(_, count)| count).sum()
    }

    /// The faults that never happened.
    pub fn missing_faults(&self) -> Vec<&'static str> {
        let never = FAULTS
            .iter()
            .filter(|(fault, _)| self.faults[*fault as usize] == 0);
        never.map(|(_, word)| *word).collect()
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "operations by outcome")?;
        let mut last = "";
        let mut ends = self.ends.clone();
        ends.sort_unstable();
        for ((operation, word), count) in &ends {
            if *operation != last {
                writeln!(f, "  {operation}")?;
                last = operation;
            }
            writeln!(f, "    {word:<22}{:>14}", thousands(*count))?;
        }
        writeln!(f, "faults")?;
        for (fault, word) in FAULTS {
            writeln!(
                f,
                "    {word:<34}{:>14}",
                thousands(self.faults[fault as usize])
            )?;
        }
        writeln!(
            f,
            "{} operations, {} store calls, {} records, {} years of virtual time in {} worlds",
            thousands(self.operations),
            thousands(self.calls),
            thousands(self.records),
            thousands(self.seconds / 31_557_600),
            thousands(self.worlds),
        )
    }
}

/// A promise that failed in the world of a seed.
#[derive(Debug)]
pub struct Failure {
    pub seed: u64,
    /// The environment of the world.
    pub environment: String,
    pub violation: OracleViolation,
    /// The number of operations until then.
    pub operations: u64,
    /// The last lines of the record's history.
    pub story: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OracleViolation { promise, what } = &self.violation;
        match promise {
            None => writeln!(f, "the table of operations is broken: {what}")?,
            Some(promise) => writeln!(f, "promise {promise} is broken: {what}")?,
        }
        writeln!(
            f,
            "in the world of seed {}, after {} operations, under {}\n",
            self.seed,
            thousands(self.operations),
            self.environment
        )?;
        for line in &self.story {
            writeln!(f, "  {line}")?;
        }
        write!(f, "\nto run it again: scripts/faults.sh 1 {}", self.seed)
    }
}
