//! Contention between edges.

use serde::Serialize;

/// The extra calls of concurrent operations on one record: the same operations at the same times, with the workload's store
/// latency, staleness and rate limit. The totals do not include them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Contention {
    /// Writes that were refused because the record had changed.
    pub conflicts: u64,
    /// Attempts after the first one.
    pub retries: u64,
    /// Writes that the store's rate limit refused.
    pub rate_limited: u64,
    /// Operations that gave up: no retries or no time left, or a rate-limited write that is not retried.
    pub exhausted: u64,
    /// Reads beyond those in the totals.
    pub extra_reads: u64,
    /// Writes beyond those in the totals.
    pub extra_writes: u64,
    /// By caller, in the order of their names.
    pub by: Vec<CallerContention>,
}

/// The contention of one caller's operations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CallerContention {
    /// The partner, or `visitors`.
    pub who: String,
    /// Operations that an earlier one could still affect.
    pub operations: u64,
    /// Writes of theirs that were refused because the record had changed.
    pub conflicts: u64,
    /// Their attempts after the first one.
    pub retries: u64,
    /// Writes of theirs that the store's rate limit refused.
    pub rate_limited: u64,
    /// Operations of theirs that gave up.
    pub exhausted: u64,
}
