//! The figures that matter, one a line: the same in the terminal and on the page.

use super::number::{bytes, change, count, duration, float, money};
use crate::simulate::result::{About, Outcomes, Simulation};

/// What a figure counts, which decides how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A count.
    Count,
    /// A count a day.
    ADay,
    /// Money a day.
    MoneyADay,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

/// A figure of each policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is about; lines of one group follow each other.
    pub group: &'static str,
    /// What it is, and over which time.
    pub label: &'static str,
    /// For each policy, as shown; a dash where there is none.
    pub shown: Vec<String>,
    /// How the second differs from the first; none where there is one policy.
    pub difference: Option<String>,
}

/// Where a figure is found in the outcomes; none where there is none.
type Found = fn(&Outcomes, &About) -> Option<f64>;

const FIGURES: &[(&str, &str, Unit, Found)] = &[
    ("Cost", "price a day", Unit::MoneyADay, |policy, about| {
        about.prices.are_set().then_some(policy.price.a_day)
    }),
    ("Cost", "reads a day", Unit::ADay, |policy, about| {
        Some(a_day(policy.totals.reads, about))
    }),
    ("Cost", "writes a day", Unit::ADay, |policy, about| {
        Some(a_day(policy.totals.writes, about))
    }),
    (
        "Cost",
        "writes spared a day",
        Unit::ADay,
        |policy, about| Some(a_day(policy.avoided.all(), about)),
    ),
    ("Edges", "conflicts in all", Unit::Count, |policy, _| {
        Some(float(policy.contention.conflicts))
    }),
    ("Edges", "rate-limited in all", Unit::Count, |policy, _| {
        Some(float(policy.contention.rate_limited))
    }),
    ("Edges", "gave up in all", Unit::Count, |policy, _| {
        Some(float(policy.contention.exhausted))
    }),
    (
        "Stored",
        "live entries, at the end",
        Unit::Count,
        |policy, _| Some(float(policy.over_time.last()?.live)),
    ),
    (
        "Stored",
        "tombstones, at the end",
        Unit::Count,
        |policy, _| Some(float(policy.over_time.last()?.tombstones)),
    ),
    ("Stored", "stored, at the end", Unit::Bytes, |policy, _| {
        Some(float(policy.over_time.last()?.stored_bytes))
    }),
    (
        "Users",
        "identities lost in all",
        Unit::Count,
        |policy, _| Some(float(policy.lost.all())),
    ),
    ("Users", "syncs refused in all", Unit::Count, |policy, _| {
        Some(float(
            policy.refused.iter().map(|refused| refused.syncs).sum(),
        ))
    }),
    (
        "Users",
        "withdrawal to last trace, most",
        Unit::Seconds,
        |policy, _| policy.forgetting.reached_by(ALL).map(float),
    ),
    (
        "Fresh",
        "last_seen lags, mean",
        Unit::Seconds,
        |policy, _| Some(policy.freshness.last_seen_lag_seconds),
    ),
    (
        "Fresh",
        "partner ids' age, mean",
        Unit::Seconds,
        |policy, _| Some(policy.freshness.uid_age_seconds),
    ),
    (
        "Kept",
        "promises broken, times",
        Unit::Count,
        |policy, _| Some(float(policy.broken().map(|promise| promise.broken).sum())),
    ),
];

pub(super) const ALL: u8 = 100;

/// The figures that matter.
#[must_use]
pub fn lines(simulation: &Simulation) -> Vec<Line> {
    let about = &simulation.workload;
    let line = |&(group, label, unit, found): &(&'static str, &'static str, Unit, Found)| {
        let values: Vec<Option<f64>> = simulation
            .profiles
            .iter()
            .map(|policy| found(policy, about))
            .collect();
        // What the workload does not price is no figure.
        if values.iter().all(Option::is_none) {
            return None;
        }
        let shown = values
            .iter()
            .map(|value| value.map_or_else(|| "–".to_owned(), |value| show(value, unit, about)))
            .collect();
        let difference = match values.as_slice() {
            [Some(from), Some(to)] => Some(change(*from, *to)),
            [_, _] => Some("–".to_owned()),
            _ => None,
        };
        Some(Line {
            group,
            label,
            shown,
            difference,
        })
    };
    FIGURES.iter().filter_map(line).collect()
}

fn show(value: f64, unit: Unit, about: &About) -> String {
    match unit {
        Unit::Count | Unit::ADay => count(value),
        Unit::MoneyADay => money(value, &about.prices.currency),
        Unit::Seconds => duration(value),
        Unit::Bytes => bytes(value),
    }
}

/// A count over all days, a day.
pub(super) fn a_day(number: u64, about: &About) -> f64 {
    float(number) / float(about.days.max(1))
}
