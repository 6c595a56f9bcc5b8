//! The workload of a simulation.

use serde::Serialize;

/// A summary of the workload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkloadSummary {
    /// Its name: the file name without folder and `.toml`.
    pub name: String,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The first day, as `2026-03-02`, in UTC.
    pub starts: String,
    /// Its number of days.
    pub days: u64,
    /// The number of visitors, of the description or in the log.
    pub visitors: u64,
    /// Its partners, in the order of the file.
    pub partners: Vec<String>,
    /// The number of edges.
    pub edges: u64,
    /// The seed of the detailed results.
    pub seed: u64,
    /// The number of seeds, counted up from `seed`.
    pub seeds: u64,
    /// The prices.
    pub prices: Prices,
}

/// The prices of the workload; all zero if it has none.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Prices {
    /// Their date, as `2026-03-01`.
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

/// How much of a log was used. Each other line was skipped for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LogUsage {
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
    /// Requests whose status shows that the response was not a page.
    pub status: u64,
    /// Requests that are not for a page: other methods, images, scripts, this service's own paths.
    pub not_pages: u64,
}

impl Prices {
    /// Whether any price is above zero.
    #[must_use]
    pub fn are_set(&self) -> bool {
        self.million_reads > 0.0 || self.million_writes > 0.0 || self.gigabyte_month > 0.0
    }
}
