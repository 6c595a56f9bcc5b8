//! What the operations cost.

use serde::Serialize;

/// What operations cost, as they ran one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Operations on the graph.
    pub operations: u64,
    /// Lookups, and questions whether a record is there.
    pub reads: u64,
    /// Inserts and deletions sent, refused ones included.
    pub writes: u64,
    /// Attempts after the first: none, one after another.
    pub retries: u64,
}

/// Operations of one name that ended in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// The operation, as event streams name it.
    pub operation: &'static str,
    /// How it ended, as `ec apply` tells it.
    pub outcome: &'static str,
    /// How many.
    pub count: u64,
    /// Their reads.
    pub reads: u64,
    /// Their writes.
    pub writes: u64,
}

/// What a policy costs over the workload's time, at its prices.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Price {
    /// The currency of all amounts, as the workload names it.
    pub currency: String,
    /// The day for which the prices hold, as the workload says.
    pub as_of: String,
    /// For reads, those that contention adds included.
    pub reads: f64,
    /// For writes, those that contention adds included.
    pub writes: f64,
    /// For storage, by what is stored at the end of each day.
    pub storage: f64,
    /// All of it.
    pub total: f64,
    /// All of it, divided by the workload's days.
    pub a_day: f64,
}

/// Writes that the policy spared. Each would have been one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Avoided {
    /// Touches within `last_seen.debounce`.
    pub debounced: u64,
    /// Operations whose uids stood already, under `sync.unchanged` `skip` or `refresh`.
    pub unchanged: u64,
    /// Withdrawals of somebody who had withdrawn, under `tombstone.repeat` `keep`.
    pub repeated: u64,
    /// Withdrawals for ids that nobody has, under `tombstone.on_missing` `skip`.
    pub unknown: u64,
}

impl Avoided {
    /// All writes that were spared.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.debounced + self.unchanged + self.repeated + self.unknown
    }
}
