//! What the suite reports of a store that fails.

use std::fmt;

use super::{Case, Report};
use crate::store::StoreError;

/// A case that failed: what was done, what the contract expects, and what the store answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{case}: {step}: expected {expected}, but the store answered {answered}")]
#[non_exhaustive]
pub struct Failure {
    /// The case.
    pub case: Case,
    /// The call, with its key and what preceded it.
    pub step: String,
    /// What the contract expects.
    pub expected: String,
    /// What the store answered.
    pub answered: String,
    /// The store's error, where it answered one that no contract expects.
    pub source: Option<StoreError>,
}

/// A store that breaks its contract. It prints every case that failed, with `{}` and with `{:?}`, so that a test which
/// returns it or unwraps it shows them all.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct ConformanceError {
    /// How every case ended.
    pub report: Report,
}

impl ConformanceError {
    /// The cases that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.report.failures()
    }
}

impl fmt::Display for ConformanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (failed, all) = (self.failures().count(), self.report.results().len());
        write!(f, "the store fails {failed} of {all} conformance cases")?;
        for failure in self.failures() {
            write!(f, "\n  {failure}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ConformanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
