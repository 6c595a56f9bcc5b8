//! The sweep: cost and freshness over the values of one setting.

use serde::Serialize;

/// Several values of one setting, with all other settings as in the first policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sweep {
    /// The full key, as `ec.last_seen.debounce`.
    pub key: String,
    /// The profile.
    pub profile: String,
    /// The unit of an [`amount`](SweepPoint::amount): `seconds` for durations, `number` for whole numbers, `choice` for words,
    /// which keep the order given.
    pub unit: &'static str,
    /// The points, in rising order of their amounts.
    pub points: Vec<SweepPoint>,
}

/// The result of one value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SweepPoint {
    /// The value as written in a policy, as `5m`.
    pub value: String,
    /// The value as a number, for an axis. For words: their index, from 0.
    pub amount: f64,
    /// Whether this is the current value.
    pub current: bool,
    /// Reads per day.
    pub reads_a_day: f64,
    /// Writes per day.
    pub writes_a_day: f64,
    /// The price per day.
    pub price_a_day: f64,
    /// The mean lag of `last_seen`, in seconds.
    pub last_seen_lag_seconds: f64,
    /// The mean age of `synced`, in seconds.
    pub uid_age_seconds: f64,
    /// All conflicts.
    pub conflicts: u64,
    /// Live entries at the end.
    pub live_at_end: u64,
    /// Identities that active visitors lost.
    pub lost: u64,
    /// Promise violations.
    pub broken: u64,
}
