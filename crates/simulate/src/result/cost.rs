//! The cost of the operations.

use serde::Serialize;

/// The store calls of all operations, run one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Operations on the graph.
    pub operations: u64,
    /// Lookups and checks for existence.
    pub reads: u64,
    /// Inserts and deletions, including refused ones.
    pub writes: u64,
    /// Attempts after the first one: zero without contention.
    pub retries: u64,
}

/// The cost of the operations with one name and one outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationCost {
    /// The operation, as event streams name it.
    pub operation: &'static str,
    /// The outcome, as `ec apply` prints it.
    pub outcome: &'static str,
    /// Their number.
    pub count: u64,
    /// Their reads.
    pub reads: u64,
    /// Their writes.
    pub writes: u64,
}

/// The price of a policy over the workload's time, at the workload's prices.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Price {
    /// The currency of all amounts, as the workload names it.
    pub currency: String,
    /// The date of the prices, as the workload has it.
    pub as_of: String,
    /// Reads, including those of contention.
    pub reads: f64,
    /// Writes, including those of contention.
    pub writes: f64,
    /// Storage, by the bytes stored at the end of each day.
    pub storage: f64,
    /// The sum.
    pub total: f64,
    /// The sum, divided by the workload's days.
    pub a_day: f64,
}

/// Writes that the policy avoided. Each would have been one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct AvoidedWrites {
    /// Touches within `last_seen.debounce`.
    pub debounced: u64,
    /// Syncs whose uids were already stored, under `sync.unchanged` `skip` or `refresh`.
    pub unchanged: u64,
    /// Repeated withdrawals, under `tombstone.repeat` `keep`.
    pub repeated: u64,
    /// Withdrawals for unknown ids, under `tombstone.on_missing` `skip`.
    pub unknown: u64,
}

impl AvoidedWrites {
    /// All writes that were avoided.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.debounced + self.unchanged + self.repeated + self.unknown
    }
}
