//! The result of a simulation: plain figures for JSON, the HTML report and the terminal.
//!
//! Counts and seconds are whole numbers. Money, means and deviations are computed from them at the end, so that a seed gives
//! the same result in every run, with any number of threads.
//!
//! ```
//! use edge_cookie_simulate::result::{Contention, Totals};
//!
//! let totals = Totals { operations: 3, reads: 3, writes: 1, retries: 0 };
//! assert_eq!(serde_json::to_string(&totals).unwrap(), r#"{"operations":3,"reads":3,"writes":1,"retries":0}"#);
//! assert_eq!(Contention::default().conflicts, 0);
//! ```

mod contention;
mod cost;
mod forgetting;
mod over_time;
mod spread;
mod sweep;
mod workload;

use serde::Serialize;

pub use contention::{CallerContention, Contention};
pub use cost::{AvoidedWrites, OperationCost, Price, Totals};
pub use forgetting::{ForgettingPercentile, ForgettingTimes};
pub use over_time::DayFigures;
pub use spread::{SeedSpread, SpreadFigure};
pub use sweep::{Sweep, SweepPoint};
pub use workload::{LogUsage, Prices, WorkloadSummary};

use edge_cookie::policy::provenance::Origin;
use edge_cookie::policy::value::Value;

/// The result of a simulation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimulationResult {
    /// The workload.
    pub workload: WorkloadSummary,
    /// How much of the log was used, if the workload has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogUsage>,
    /// The result of each policy: one, or the two that are compared.
    pub profiles: Vec<PolicyResult>,
    /// The settings that differ between the two policies; empty for a single policy.
    pub settings: Vec<SettingDifference>,
    /// The sweep of one setting, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
}

/// The result of one policy on the workload, with the first seed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyResult {
    /// The name of the profile, or the file of the bundle.
    pub profile: String,
    /// The first digits of the policy's digest.
    pub digest: String,
    /// The counts of the workload: the same for both policies, except for visitors whose cookie has expired.
    pub happened: WorkloadCounts,
    /// The store calls without contention: exactly what `ec apply` counts for the same events.
    pub totals: Totals,
    /// The same by operation and outcome, in the order of their names.
    pub operations: Vec<OperationCost>,
    /// The price, at the workload's prices.
    pub price: Price,
    /// Writes that the policy avoided.
    pub avoided: AvoidedWrites,
    /// Contention between edges on one record.
    pub contention: Contention,
    /// Each day of the workload.
    pub over_time: Vec<DayFigures>,
    /// Identities that active visitors lost.
    pub lost: LostIdentities,
    /// Refused syncs by partner and reason, in the order of their names.
    pub refused: Vec<RefusedSyncs>,
    /// The time from each withdrawal to the last trace of the identity.
    pub forgetting: ForgettingTimes,
    /// The age of the records' data when it is used.
    pub freshness: Freshness,
    /// The promises (`docs/semantics.md#promises`), with how often each was checked and broken.
    pub promises: Vec<PromiseCheck>,
    /// The main figures over all seeds; empty for a single seed.
    pub spread: Vec<SeedSpread>,
}

/// The counts of the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct WorkloadCounts {
    /// Visitors with at least one page view.
    pub visitors: u64,
    /// Visits: series of page views.
    pub visits: u64,
    /// Page views, including forged requests.
    pub page_views: u64,
    /// Identities that were created, without revived ones.
    pub identities: u64,
    /// Requests with a cookie that withdrew consent.
    pub withdrawals: u64,
    /// Visitors who consented again after a withdrawal.
    pub reconsents: u64,
    /// Partner ids that partners sent.
    pub syncs: u64,
    /// Batch requests with these ids.
    pub batches: u64,
    /// Requests with a forged EC id.
    pub forged: u64,
}

/// Identities that active visitors lost: the visitor got a new identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LostIdentities {
    /// The visitor came back with the cookie, and the entry had expired.
    pub entry_expired: u64,
    /// The visitor came back, and the cookie had expired before the entry.
    pub cookie_expired: u64,
}

/// The syncs of one partner that were refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedSyncs {
    /// The partner.
    pub partner: String,
    /// The reason, as the partner sees it (`docs/http-api.md#reasons`): of a single id, or `rate_limit_exceeded` and
    /// `batch_too_large` of a whole batch.
    pub reason: String,
    /// The number of partner ids.
    pub syncs: u64,
}

/// The age of the records' data when it is used. Zero if it was never used.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Freshness {
    /// The mean lag of `last_seen` behind a page view that has just ended, in seconds.
    pub last_seen_lag_seconds: f64,
    /// The mean age of `synced` when its partner has just sent the uid again, in seconds.
    pub uid_age_seconds: f64,
}

/// A promise (`docs/semantics.md#promises`), as the simulation checked it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PromiseCheck {
    /// Its number.
    pub number: u8,
    /// A short text.
    pub promise: &'static str,
    /// How often it was checked; zero if the workload has no such case.
    pub watched: u64,
    /// How often it was broken.
    pub broken: u64,
}

/// A setting with different values in the two policies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingDifference {
    /// The full key, as `ec.tombstone.ttl`.
    pub key: String,
    /// The value in the first policy.
    pub from: Value,
    /// The value in the second policy.
    pub to: Value,
    /// Where the first value comes from.
    pub from_origin: Origin,
    /// Where the second value comes from.
    pub to_origin: Origin,
}

impl PolicyResult {
    /// The promises that were broken.
    pub fn broken(&self) -> impl Iterator<Item = &PromiseCheck> {
        self.promises.iter().filter(|promise| promise.broken > 0)
    }
}

impl LostIdentities {
    /// All identities that were lost.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.entry_expired + self.cookie_expired
    }
}
