//! Figures by day.

use serde::Serialize;

/// One day of the workload.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DayFigures {
    /// The date, as `2026-03-02`, in UTC.
    pub date: String,
    /// Page views, including forged requests.
    pub page_views: u64,
    /// Partner ids that partners sent.
    pub syncs: u64,
    /// Reads, without those of contention.
    pub reads: u64,
    /// Writes, without those of contention.
    pub writes: u64,
    /// Live entries at the end of the day.
    pub live: u64,
    /// Tombstones at the end of the day.
    pub tombstones: u64,
    /// Bytes stored at the end of the day: keys, bodies and metadata.
    pub stored_bytes: u64,
}
