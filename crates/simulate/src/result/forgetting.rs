//! The time from a withdrawal until the last trace is gone.

use serde::Serialize;

/// The time from each withdrawal to the last trace of the identity: until its tombstone expires, or the record that a sync
/// put in its place. A record that is stored at the end of the workload counts until it expires.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ForgettingTimes {
    /// Withdrawals of an identity. A repeated one counts once.
    pub withdrawals: u64,
    /// Withdrawals undone by fresh consent. They are not in the numbers below.
    pub undone: u64,
    /// Withdrawals after which a sync made the record live again.
    pub recreated: u64,
    /// Withdrawals that left no trace from the first second.
    pub at_once: u64,
    /// The time until the last trace was gone, by share of the withdrawals, in rising order. Empty without withdrawals.
    pub reached: Vec<ForgettingPercentile>,
}

/// The time within which a share of the withdrawals had left no trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ForgettingPercentile {
    /// The share, in percent: 0 is the quickest, 100 the slowest.
    pub percent: u8,
    /// Seconds since the withdrawal.
    pub seconds: u64,
}

impl ForgettingTimes {
    /// The seconds within which `percent` of the withdrawals had left no trace; `None` if this percentile is not listed.
    #[must_use]
    pub fn reached_by(&self, percent: u8) -> Option<u64> {
        let reached = self
            .reached
            .iter()
            .find(|reached| reached.percent == percent);
        reached.map(|reached| reached.seconds)
    }
}
