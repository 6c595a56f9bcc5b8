//! What was simulated.

use serde::Serialize;

/// The workload, in a few words and numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct About {
    /// Its name: that of its file, without folder and `.toml`.
    pub name: String,
    /// What it says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The first day, as `2026-03-02`, in UTC.
    pub starts: String,
    /// How many days it lasts.
    pub days: u64,
    /// Visitors it describes, or that the log holds.
    pub visitors: u64,
    /// Its partners, in the order written.
    pub partners: Vec<String>,
    /// Edges that visitors and partners reach.
    pub edges: u64,
    /// The seed of what is told in detail.
    pub seed: u64,
    /// How many seeds were simulated, counted up from that one.
    pub seeds: u64,
    /// What things cost.
    pub prices: Prices,
}

/// Prices, as the workload sets them. All are zero where it sets none.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Prices {
    /// The day for which they hold, as `2026-03-01`.
    pub as_of: String,
    /// Their currency, as `USD`.
    pub currency: String,
    /// A million reads.
    pub million_reads: f64,
    /// A million writes.
    pub million_writes: f64,
    /// A gigabyte (10^9 bytes) stored for a month of 30 days.
    pub gigabyte_month: f64,
}

/// How much of a log was used. The rest was left out, each line for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LogUse {
    /// The log's file.
    pub file: String,
    /// Lines that are not blank.
    pub lines: u64,
    /// Lines that became page views.
    pub used: u64,
    /// Lines that could not be read.
    pub broken: u64,
    /// Requests of robots.
    pub robots: u64,
    /// Requests whose answer was no page, by its status.
    pub status: u64,
    /// Requests for something else than a page: other methods, images, scripts, this service's own paths.
    pub not_pages: u64,
}

impl Prices {
    /// Whether anything costs anything.
    #[must_use]
    pub fn are_set(&self) -> bool {
        self.million_reads > 0.0 || self.million_writes > 0.0 || self.gigabyte_month > 0.0
    }
}
