//! How far figures differ from seed to seed.

use serde::Serialize;

/// A figure that is followed over seeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Reads a day.
    ReadsADay,
    /// Writes a day.
    WritesADay,
    /// The price a day.
    PriceADay,
    /// Conflicts in all.
    Conflicts,
    /// Live entries at the end.
    LiveAtEnd,
    /// Identities lost.
    Lost,
    /// The mean lag of `last_seen`, in seconds.
    LastSeenLagSeconds,
    /// Promises broken, each time counted.
    Broken,
}

/// One figure over all seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Which.
    pub figure: Figure,
    /// Its mean.
    pub mean: f64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
    /// The standard deviation of the sample.
    pub deviation: f64,
}
