//! One setting against cost and freshness.

use serde::Serialize;

/// One setting at several values, everything else as in the first policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sweep {
    /// The full key, as `ec.last_seen.debounce`.
    pub key: String,
    /// The profile that is swept.
    pub profile: String,
    /// What an [`amount`](Point::amount) counts: `seconds` of a duration, `number` of a whole number, `choice` where the values
    /// are words, which stand in the order given.
    pub unit: &'static str,
    /// The points, in rising order.
    pub points: Vec<Point>,
}

/// The simulation at one value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The value as a policy says it, as `5m`.
    pub value: String,
    /// The value as a number, for an axis: for words their place, counted from 0.
    pub amount: f64,
    /// Whether this is the value in force.
    pub current: bool,
    /// Reads a day.
    pub reads_a_day: f64,
    /// Writes a day.
    pub writes_a_day: f64,
    /// The price a day.
    pub price_a_day: f64,
    /// The mean lag of `last_seen`, in seconds: freshness.
    pub last_seen_lag_seconds: f64,
    /// The mean age of `synced`, in seconds: freshness.
    pub uid_age_seconds: f64,
    /// Conflicts in all.
    pub conflicts: u64,
    /// Live entries at the end.
    pub live_at_end: u64,
    /// Identities lost while their visitor was still coming.
    pub lost: u64,
    /// Promises broken, each time counted.
    pub broken: u64,
}
