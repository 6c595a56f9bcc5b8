//! From a withdrawal to the last trace.

use serde::Serialize;

/// From each withdrawal to the last trace of the identity: the end of its tombstone, or of the record that a sync put in
/// its place. A record that stands at the end of the workload goes when its time is over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Forgetting {
    /// Withdrawals of an identity; one that is repeated counts once.
    pub withdrawals: u64,
    /// Those undone by fresh consent: not counted below.
    pub undone: u64,
    /// Those after which a sync made the record live again.
    pub recreated: u64,
    /// Those that left no trace from the first second.
    pub at_once: u64,
    /// How long until the last trace was gone: by share of the withdrawals, in rising order; none where there was no
    /// withdrawal.
    pub reached: Vec<Reached>,
}

/// The time by which a share of the withdrawals had left no trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// The share, in percent: 0 is the quickest, 100 the slowest.
    pub percent: u8,
    /// Seconds since the withdrawal.
    pub seconds: u64,
}

impl Forgetting {
    /// The seconds after which so many percent of the withdrawals had left no trace; none where that is not told.
    #[must_use]
    pub fn reached_by(&self, percent: u8) -> Option<u64> {
        let reached = self
            .reached
            .iter()
            .find(|reached| reached.percent == percent);
        reached.map(|reached| reached.seconds)
    }
}
