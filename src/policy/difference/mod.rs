//! What differs between two resolved policies: by meaning, not by text.
//!
//! ```
//! use edge_cookie::policy::difference::between;
//! use edge_cookie::policy::resolve::resolve;
//!
//! let defaults = resolve(&[]);
//! assert!(between(&defaults, &defaults).is_empty());
//! ```

mod partners;

use serde::Serialize;

pub use partners::PartnerDifference;

use crate::policy::provenance::{EffectiveValue, Origin};
use crate::policy::resolve::Resolved;
use crate::policy::setting::full_key;
use crate::policy::value::Value;

/// A setting that two policies give different values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference<'r> {
    /// The value in the one.
    pub from: &'r EffectiveValue,
    /// The value in the other.
    pub to: &'r EffectiveValue,
}

/// A difference as JSON reports it.
#[derive(Debug, Serialize)]
pub struct DifferenceReport<'r> {
    key: String,
    from: &'r Value,
    to: &'r Value,
    from_origin: &'r Origin,
    to_origin: &'r Origin,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    partners: Vec<PartnerDifference>,
}

impl<'r> Difference<'r> {
    /// The key below `ec`.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        self.from.key
    }

    /// The difference as programs read it.
    #[must_use]
    pub fn report(&self) -> DifferenceReport<'r> {
        DifferenceReport {
            key: full_key(self.key()),
            from: &self.from.value,
            to: &self.to.value,
            from_origin: &self.from.origin,
            to_origin: &self.to.origin,
            partners: self.partners(),
        }
    }

    /// Both values as people read them; of secrets only that they differ.
    #[must_use]
    pub fn shown(&self) -> (String, String) {
        shown(&self.from.value, &self.to.value)
    }

    /// What differs of declared partners, where it is they that differ; empty where only their order does.
    #[must_use]
    pub fn partners(&self) -> Vec<PartnerDifference> {
        match self.key() {
            "partners" => partners::between(self),
            _ => Vec::new(),
        }
    }
}

/// Two values that differ, as people read them.
fn shown(from: &Value, to: &Value) -> (String, String) {
    let (from, to) = (from.to_string(), to.to_string());
    if from == to {
        // Only what is not shown can differ under the same text.
        return (from, format!("{to} (another)"));
    }
    (from, to)
}

/// Every setting whose effective value differs, in the order of the settings: `24h` and `1d` are the same.
#[must_use]
pub fn between<'r>(from: &'r Resolved, to: &'r Resolved) -> Vec<Difference<'r>> {
    let pairs = from.values.iter().zip(&to.values);
    pairs
        .map(|(from, to)| Difference { from, to })
        .filter(|difference| difference.from.digested != difference.to.digested)
        .collect()
}
