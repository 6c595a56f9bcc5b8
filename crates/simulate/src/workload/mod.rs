//! A workload: the visitors, the partners' syncs, and the store's behaviour. It is validated.
//!
//! ```
//! use edge_cookie_simulate::workload::Workload;
//!
//! let read = Workload::read("two.toml", "visitors = 2\ndays = 1\nsyncs = 3\n");
//! let has = |message: &str| read.findings.iter().any(|finding| finding.message == message);
//! assert!(has("a workload needs `audience`"));
//! ```

mod lag;
mod read;

use std::path::Path;

pub(crate) use lag::Lag;
pub(crate) use read::MAX_DAYS;
pub use read::ParsedWorkload;

use super::diurnal_profile::DiurnalProfile;
use super::log_rules::LogRules;
use super::result::Prices;
use super::rng::Probability;
use edge_cookie::clock::Timestamp;
use edge_cookie::config::{ReadError, read_text};
use edge_cookie::record::{KvGeo, PartnerId};

/// A workload. All durations are in milliseconds.
#[derive(Debug, Clone)]
pub struct Workload {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// The midnight at which it begins.
    pub(crate) starts: Timestamp,
    pub(crate) days: u64,
    pub(crate) visitors: u64,
    pub(crate) edges: u64,
    /// The mean time between two pages of a visit.
    pub(crate) page_every: u64,
    pub(crate) diurnal_profile: DiurnalProfile,
    pub(crate) audiences: Vec<Audience>,
    pub(crate) regions: Vec<Region>,
    pub(crate) changes: ChoiceChanges,
    pub(crate) partners: Vec<WorkloadPartner>,
    pub(crate) store: StoreProfile,
    pub(crate) forged: ForgedRequests,
    pub(crate) prices: Prices,
    /// The options of the log, if the visits come from one.
    pub(crate) log: Option<LogRules>,
}

/// A group of visitors with the same behaviour.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audience {
    pub(crate) share: f64,
    /// The mean time between two visits; `None` if they never come back.
    pub(crate) every: Option<u64>,
    /// The mean number of pages per visit.
    pub(crate) pages: f64,
    /// The probability that a visit is the last one.
    pub(crate) leaves: Probability,
    /// The probability that the first visit is at a random time, not near the start.
    pub(crate) new: Probability,
}

/// The visitors of one region.
#[derive(Debug, Clone, Default)]
pub(crate) struct Region {
    pub(crate) share: f64,
    pub(crate) geo: KvGeo,
    pub(crate) consents: f64,
    pub(crate) refuses: f64,
}

/// The probabilities of changes of the consent choice.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChoiceChanges {
    /// That a visitor withdraws at the start of a visit.
    pub(crate) withdraws: Probability,
    /// That a withdrawal is sent twice.
    pub(crate) repeats: Probability,
    /// That a visitor who withdrew consents again at the start of a visit.
    pub(crate) reconsents: Probability,
}

/// A partner and its traffic.
#[derive(Debug, Clone)]
pub(crate) struct WorkloadPartner {
    pub(crate) id: PartnerId,
    /// The probability that it knows a visitor.
    pub(crate) overlap: Probability,
    pub(crate) overlap_fraction: f64,
    /// The probability that a visit of a known visitor causes a sync.
    pub(crate) per_visit: Probability,
    pub(crate) per_visit_fraction: f64,
    /// The probability that such a sync has a new uid.
    pub(crate) changes: Probability,
    /// The largest number of mappings in a batch.
    pub(crate) batch: u64,
    /// The longest time between two batches.
    pub(crate) sends: u64,
    pub(crate) lag: Lag,
    /// The time between two syncs of a known visitor without a visit.
    pub(crate) every: Option<u64>,
    /// How long it sends such syncs after the last visit.
    pub(crate) keeps: u64,
    pub(crate) uid_bytes: u64,
    /// How far its clock is ahead.
    pub(crate) ahead: u64,
}

/// The behaviour of the store, as the edges see it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StoreProfile {
    /// The latency of one call.
    pub(crate) latency: u64,
    /// The longest time that a lookup lags behind the writes of other edges.
    pub(crate) staleness: u64,
    /// The rate limit: writes per second to one key. Zero is no limit.
    pub(crate) writes_a_second: u64,
}

/// Requests with forged ids.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ForgedRequests {
    pub(crate) a_day: u64,
    pub(crate) withdraws: Probability,
}

/// An error when opening a workload.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// Its file cannot be read.
    #[error("cannot read the workload `{path}`: {why}")]
    Unreadable {
        /// Its path.
        path: String,
        /// Why not.
        #[source]
        why: ReadError,
    },
}

impl Workload {
    /// Opens the workload in a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read. Problems with its content are in the findings.
    pub fn open(path: &Path) -> Result<ParsedWorkload, WorkloadError> {
        let shown = path.display().to_string();
        match read_text(path) {
            Ok(text) => Ok(Self::read(&shown, &text)),
            Err(why) => Err(WorkloadError::Unreadable { path: shown, why }),
        }
    }

    /// The number of days.
    #[must_use]
    pub const fn days(&self) -> u64 {
        self.days
    }

    /// The number of visitors.
    #[must_use]
    pub const fn visitors(&self) -> u64 {
        self.visitors
    }

    /// Sets the number of visitors, and scales the number of forged requests with it.
    #[must_use]
    pub fn with_visitors(mut self, visitors: u64) -> Self {
        self.forged.a_day = self.forged.a_day * visitors / self.visitors.max(1);
        self.visitors = visitors;
        self
    }
}
