//! The report of a migration: every key of the file, and what becomes of it.

use std::fmt::{self, Write};

/// What becomes of a key, in the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    TakenOver,
    Alike,
    Later,
    Different,
    Ignored,
}

/// What becomes of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyReport {
    /// The key as the file has it, entries of lists by their number: `ec.partners[0].name`.
    pub(crate) key: String,
    pub(crate) fate: Fate,
    pub(crate) words: String,
}

/// What becomes of each key, and what else there is to know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct MigrationReport {
    pub(crate) lines: Vec<KeyReport>,
    pub(crate) notes: Vec<String>,
}

const FATES: [(Fate, &str); 5] = [
    (Fate::TakenOver, "taken over"),
    (Fate::Alike, "alike by default"),
    (Fate::Later, "kept for a feature to come"),
    (Fate::Different, "means something else here"),
    (Fate::Ignored, "ignored"),
];

impl fmt::Display for MigrationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        for (fate, title) in FATES {
            let lines: Vec<&KeyReport> =
                self.lines.iter().filter(|line| line.fate == fate).collect();
            if lines.is_empty() {
                continue;
            }
            writeln!(out, "{title}")?;
            for line in lines {
                writeln!(out, "  {}: {}", line.key, line.words)?;
            }
            out.push('\n');
        }
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        f.write_str(&out)
    }
}
