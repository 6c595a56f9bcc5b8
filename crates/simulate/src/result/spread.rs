//! The spread of figures over seeds.

use serde::Serialize;

/// A figure that is compared over seeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SpreadFigure {
    /// Reads per day.
    ReadsADay,
    /// Writes per day.
    WritesADay,
    /// The price per day.
    PriceADay,
    /// All conflicts.
    Conflicts,
    /// Live entries at the end.
    LiveAtEnd,
    /// Identities lost.
    LostIdentities,
    /// The mean lag of `last_seen`, in seconds.
    LastSeenLagSeconds,
    /// Promise violations.
    Broken,
}

/// One figure over all seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SeedSpread {
    /// The figure.
    pub figure: SpreadFigure,
    /// Its mean.
    pub mean: f64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
    /// The standard deviation of the sample.
    pub deviation: f64,
}
