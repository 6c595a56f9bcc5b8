//! The key figures, one per line: the same in the terminal and on the page.

use super::number::{bytes, change, count, duration, float, money};
use crate::result::{PolicyResult, SimulationResult, WorkloadSummary};

/// The unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureUnit {
    /// A count.
    Count,
    /// A count per day.
    ADay,
    /// Money per day.
    MoneyADay,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

/// A key figure of each policy.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyFigure {
    /// Its group; the lines of one group follow each other.
    pub group: &'static str,
    /// Its name and period.
    pub label: &'static str,
    /// The value of each policy, formatted; a dash if there is none.
    pub shown: Vec<String>,
    /// The difference of the second policy from the first; `None` for a single policy.
    pub difference: Option<String>,
}

/// Reads a figure from the result of a policy, if it has one.
type FigureFn = fn(&PolicyResult, &WorkloadSummary) -> Option<f64>;

const FIGURES: &[(&str, &str, FigureUnit, FigureFn)] = &[
    (
        "Cost",
        "price a day",
        FigureUnit::MoneyADay,
        |policy, about| about.prices.are_set().then_some(policy.price.a_day),
    ),
    ("Cost", "reads a day", FigureUnit::ADay, |policy, about| {
        Some(a_day(policy.totals.reads, about))
    }),
    ("Cost", "writes a day", FigureUnit::ADay, |policy, about| {
        Some(a_day(policy.totals.writes, about))
    }),
    (
        "Cost",
        "writes avoided a day",
        FigureUnit::ADay,
        |policy, about| Some(a_day(policy.avoided.total(), about)),
    ),
    (
        "Edges",
        "conflicts (total)",
        FigureUnit::Count,
        |policy, _| Some(float(policy.contention.conflicts)),
    ),
    (
        "Edges",
        "rate-limited (total)",
        FigureUnit::Count,
        |policy, _| Some(float(policy.contention.rate_limited)),
    ),
    (
        "Edges",
        "gave up (total)",
        FigureUnit::Count,
        |policy, _| Some(float(policy.contention.exhausted)),
    ),
    (
        "Stored",
        "live entries (at the end)",
        FigureUnit::Count,
        |policy, _| Some(float(policy.over_time.last()?.live)),
    ),
    (
        "Stored",
        "tombstones (at the end)",
        FigureUnit::Count,
        |policy, _| Some(float(policy.over_time.last()?.tombstones)),
    ),
    (
        "Stored",
        "stored (at the end)",
        FigureUnit::Bytes,
        |policy, _| Some(float(policy.over_time.last()?.stored_bytes)),
    ),
    (
        "Users",
        "identities lost (total)",
        FigureUnit::Count,
        |policy, _| Some(float(policy.lost.total())),
    ),
    (
        "Users",
        "syncs refused (total)",
        FigureUnit::Count,
        |policy, _| {
            Some(float(
                policy.refused.iter().map(|refused| refused.syncs).sum(),
            ))
        },
    ),
    (
        "Users",
        "longest time until erased",
        FigureUnit::Seconds,
        |policy, _| policy.forgetting.reached_by(ALL_WITHDRAWALS).map(float),
    ),
    (
        "Fresh",
        "last_seen lag (mean)",
        FigureUnit::Seconds,
        |policy, _| Some(policy.freshness.last_seen_lag_seconds),
    ),
    (
        "Fresh",
        "partner ids' age (mean)",
        FigureUnit::Seconds,
        |policy, _| Some(policy.freshness.uid_age_seconds),
    ),
    (
        "Kept",
        "promise violations",
        FigureUnit::Count,
        |policy, _| Some(float(policy.broken().map(|promise| promise.broken).sum())),
    ),
];

pub(super) const ALL_WITHDRAWALS: u8 = 100;

/// The key figures of a simulation.
#[must_use]
pub fn key_figures(simulation: &SimulationResult) -> Vec<KeyFigure> {
    let about = &simulation.workload;
    let line =
        |&(group, label, unit, figure): &(&'static str, &'static str, FigureUnit, FigureFn)| {
            let values: Vec<Option<f64>> = simulation
                .profiles
                .iter()
                .map(|policy| figure(policy, about))
                .collect();
            // Without prices there is no price figure.
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
            Some(KeyFigure {
                group,
                label,
                shown,
                difference,
            })
        };
    FIGURES.iter().filter_map(line).collect()
}

fn show(value: f64, unit: FigureUnit, about: &WorkloadSummary) -> String {
    match unit {
        FigureUnit::Count | FigureUnit::ADay => count(value),
        FigureUnit::MoneyADay => money(value, &about.prices.currency),
        FigureUnit::Seconds => duration(value),
        FigureUnit::Bytes => bytes(value),
    }
}

/// A count over all days, per day.
pub(super) fn a_day(number: u64, about: &WorkloadSummary) -> f64 {
    float(number) / float(about.days.max(1))
}
