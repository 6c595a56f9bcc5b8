//! What a simulation tells: plain figures, which JSON, the report and the terminal show alike.
//!
//! Counts and seconds are whole numbers. Money, means and deviations are computed from them at the end, so that the same
//! seed tells the same on every run, whatever the number of threads.
//!
//! ```
//! use edge_cookie::simulate::result::{Contention, Totals};
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

pub use contention::{Contention, Meetings};
pub use cost::{Avoided, Ended, Price, Totals};
pub use forgetting::{Forgetting, Reached};
pub use over_time::Day;
pub use spread::{Figure, Spread};
pub use sweep::{Point, Sweep};
pub use workload::{About, LogUse, Prices};

use crate::policy::provenance::Origin;
use crate::policy::value::Value;

/// All that a simulation tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulation {
    /// What was simulated.
    pub workload: About,
    /// What was used of the log, where the workload comes from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogUse>,
    /// What each policy costs and keeps: one, or the two that are compared.
    pub profiles: Vec<Outcomes>,
    /// The settings that differ between the two policies; none where there is one.
    pub settings: Vec<Setting>,
    /// One setting against cost and freshness, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
}

/// What one policy costs and keeps on the workload, with its first seed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcomes {
    /// The profile, or the bundle's file.
    pub profile: String,
    /// The first digits of the policy's digest.
    pub digest: String,
    /// What happened, before any policy: the same for both policies but for who still has a cookie.
    pub happened: Happened,
    /// What the operations cost one after another: exactly what `ec apply` counts for the same events.
    pub totals: Totals,
    /// The same by operation and outcome, in the order of their names.
    pub operations: Vec<Ended>,
    /// What it costs, at the workload's prices.
    pub price: Price,
    /// Writes that the policy spared.
    pub avoided: Avoided,
    /// What edges add by meeting each other on one record.
    pub contention: Contention,
    /// Each day of the workload.
    pub over_time: Vec<Day>,
    /// Identities lost while their visitor was still coming.
    pub lost: Lost,
    /// Syncs that were refused, by partner and reason, in the order of their names.
    pub refused: Vec<Refused>,
    /// From each withdrawal to the last trace of the identity.
    pub forgetting: Forgetting,
    /// How old what the records say is when it is looked at.
    pub freshness: Freshness,
    /// The promises of `POLICY.md`, watched throughout. None is broken where the policy keeps them.
    pub promises: Vec<Promise>,
    /// The main figures over all seeds; none where there was one seed.
    pub spread: Vec<Spread>,
}

/// What happened in the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Happened {
    /// Visitors who came at all.
    pub visitors: u64,
    /// Visits: pages in a row.
    pub visits: u64,
    /// Page views, of visitors and forged requests alike.
    pub page_views: u64,
    /// Identities that were created, revived ones not counted.
    pub identities: u64,
    /// Requests that withdrew the consent of somebody known by a cookie.
    pub withdrawals: u64,
    /// Visitors who gave consent anew after a withdrawal.
    pub reconsents: u64,
    /// Partner ids that partners sent.
    pub syncs: u64,
    /// Batch requests that they came in.
    pub batches: u64,
    /// Requests with an EC id that nobody was given.
    pub forged: u64,
}

/// Identities lost while their visitor was still coming: the visitor began anew as somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Lost {
    /// The visitor came back with the cookie, and the entry had expired.
    pub entry_expired: u64,
    /// The visitor came back, and the cookie had expired while the entry stood.
    pub cookie_expired: u64,
}

/// Syncs of one partner that were refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The partner.
    pub partner: String,
    /// The reason, as the partner sees it (`API.md`): of single ids, or `rate_limit_exceeded` and `batch_too_large` of whole
    /// batches.
    pub reason: String,
    /// How many partner ids.
    pub syncs: u64,
}

/// How old what the records say is when it is looked at. Zero where nothing was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Freshness {
    /// How far `last_seen` lags behind a page view that has just ended: the mean, in seconds.
    pub last_seen_lag_seconds: f64,
    /// How old `synced` is when its partner has just sent the uid again: the mean, in seconds.
    pub uid_age_seconds: f64,
}

/// A promise of `POLICY.md`, as the simulation watched it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Promise {
    /// Its number.
    pub number: u8,
    /// What it says, in a few words.
    pub promise: &'static str,
    /// How often it was put to the test; never where the workload cannot touch it.
    pub watched: u64,
    /// How often it was broken.
    pub broken: u64,
}

/// A setting that the two policies give different values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
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

impl Outcomes {
    /// The promises that were broken.
    pub fn broken(&self) -> impl Iterator<Item = &Promise> {
        self.promises.iter().filter(|promise| promise.broken > 0)
    }
}

impl Lost {
    /// All identities that were lost.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.entry_expired + self.cookie_expired
    }
}
