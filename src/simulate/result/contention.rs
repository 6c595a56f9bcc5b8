//! What edges add by meeting each other.

use serde::Serialize;

/// What edges add by meeting each other on one record: the same operations at the same times, with the workload's store
/// latency, staleness and write limit. None of it is in the totals.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Contention {
    /// Writes that were refused because another one had come between.
    pub conflicts: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Writes that the store refused for their rate.
    pub rate_limited: u64,
    /// Operations that gave up: their retries or their time were used up, or a rate-limited write is not retried.
    pub exhausted: u64,
    /// Reads beyond those in the totals.
    pub extra_reads: u64,
    /// Writes beyond those in the totals.
    pub extra_writes: u64,
    /// Of whom, in the order of their names.
    pub by: Vec<Meetings>,
}

/// The operations of one side that met others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Meetings {
    /// The partner, or `visitors`.
    pub who: String,
    /// Operations that ran while what an earlier one did could still matter.
    pub operations: u64,
    /// Their writes that were refused because another one had come between.
    pub conflicts: u64,
    /// Their attempts after the first.
    pub retries: u64,
    /// Their writes that the store refused for their rate.
    pub rate_limited: u64,
    /// Those of them that gave up.
    pub exhausted: u64,
}
