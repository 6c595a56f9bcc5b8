//! What was done and seen: counts, and the story of a record that broke a promise.

use std::fmt;

use edge_cookie::engine::Finished;

use crate::oracle::Broken;

/// What can go wrong with a store, or with an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    Conflict,
    RateLimited,
    WriteFailed,
    LostDone,
    LostUndone,
    LookupFailed,
    ExistsFailed,
    StaleLookup,
    Vanished,
    Recreated,
    CollectedLate,
    CutShort,
    BothPolicies,
}

/// Every fault, and what it is in words.
pub const FAULTS: [(Fault, &str); 13] = [
    (Fault::Conflict, "precondition failed"),
    (Fault::RateLimited, "rate limited"),
    (Fault::WriteFailed, "write failed"),
    (Fault::LostDone, "answer lost, written"),
    (Fault::LostUndone, "answer lost, not written"),
    (Fault::LookupFailed, "lookup failed"),
    (Fault::ExistsFailed, "`exists` failed"),
    (Fault::StaleLookup, "stale lookup"),
    (Fault::Vanished, "vanished between read and write"),
    (Fault::Recreated, "recreated by a swap"),
    (Fault::CollectedLate, "read after its time to live"),
    (Fault::CutShort, "edge cut short"),
    (Fault::BothPolicies, "both policies in one rollout"),
];

/// Counts of one or more worlds.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub operations: u64,
    pub worlds: u64,
    pub records: u64,
    /// Store calls.
    pub calls: u64,
    /// Virtual seconds.
    pub seconds: u64,
    pub faults: [u64; FAULTS.len()],
    /// How each operation ended, by their words; a pair may stand there more than once.
    pub ends: Vec<((&'static str, &'static str), u64)>,
}

impl Tally {
    pub fn fault(&mut self, fault: Fault) {
        self.faults(fault, 1);
    }

    pub fn faults(&mut self, fault: Fault, count: u64) {
        self.faults[fault as usize] += count;
    }

    pub fn ended(&mut self, operation: &'static str, finished: &Finished) {
        let word = match &finished.result {
            Ok(done) => done.outcome.as_str(),
            Err(error) => error.as_str(),
        };
        // Words are few, and each is one text in the program: to look for that is quicker than for what it says.
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

    /// How often an operation ended with a word.
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

impl fmt::Display for Tally {
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

/// A promise that did not hold, in the world of a seed.
#[derive(Debug)]
pub struct Failure {
    pub seed: u64,
    /// What the world was under.
    pub regime: String,
    pub broken: Broken,
    /// Operations of the world until then.
    pub operations: u64,
    /// The last of what happened to the record.
    pub story: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken { promise, what } = &self.broken;
        match promise {
            0 => writeln!(f, "the table of operations is broken: {what}")?,
            _ => writeln!(f, "promise {promise} is broken: {what}")?,
        }
        writeln!(
            f,
            "in the world of seed {}, after {} operations, under {}\n",
            self.seed,
            thousands(self.operations),
            self.regime
        )?;
        for line in &self.story {
            writeln!(f, "  {line}")?;
        }
        write!(f, "\nto see it again: scripts/faults.sh 1 {}", self.seed)
    }
}
