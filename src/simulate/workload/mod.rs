//! A workload: who comes, what partners send, and the store it meets. Checked and complete.
//!
//! ```
//! use edge_cookie::simulate::workload::Workload;
//!
//! let read = Workload::read("two.toml", "visitors = 2\ndays = 1\nsyncs = 3\n");
//! let told = |message: &str| read.findings.iter().any(|finding| finding.message == message);
//! assert!(told("a workload needs `audience`"));
//! ```

mod fields;
mod lag;
mod read;

use std::path::Path;

pub(crate) use fields::Fields;
pub(crate) use lag::Lag;
pub(crate) use read::MAX_DAYS;
pub use read::Read;

use super::dice::Share;
use super::log::LogRules;
use super::result::Prices;
use super::rhythm::Rhythm;
use crate::clock::Timestamp;
use crate::policy::files::read_text;
use crate::record::{KvGeo, PartnerId};

/// A workload. All lengths of time are in milliseconds.
#[derive(Debug, Clone)]
pub struct Workload {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// The midnight it begins at.
    pub(crate) starts: Timestamp,
    pub(crate) days: u64,
    pub(crate) visitors: u64,
    pub(crate) edges: u64,
    /// Between two pages of a visit, on average.
    pub(crate) page_every: u64,
    pub(crate) rhythm: Rhythm,
    pub(crate) audiences: Vec<Audience>,
    pub(crate) regions: Vec<Region>,
    pub(crate) changes: Changes,
    pub(crate) partners: Vec<Partner>,
    pub(crate) store: Store,
    pub(crate) forged: Forged,
    pub(crate) prices: Prices,
    /// Where visits come from a log.
    pub(crate) log: Option<LogRules>,
}

/// Visitors who come back alike.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audience {
    pub(crate) share: f64,
    /// Between two visits, on average; none comes back where there is none.
    pub(crate) every: Option<u64>,
    /// Pages of a visit, on average.
    pub(crate) pages: f64,
    /// That a visit is the last.
    pub(crate) leaves: Share,
    /// That the visitor is new: comes for the first time somewhen, not at the start.
    pub(crate) new: Share,
}

/// Visitors of one place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Region {
    pub(crate) share: f64,
    pub(crate) geo: KvGeo,
    pub(crate) consents: f64,
    pub(crate) refuses: f64,
}

/// How visitors change their minds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    /// At the start of a visit, somebody who consented.
    pub(crate) withdraws: Share,
    /// A withdrawal sent twice.
    pub(crate) repeats: Share,
    /// At the start of a visit, somebody who withdrew.
    pub(crate) reconsents: Share,
}

/// A partner and how it sends.
#[derive(Debug, Clone)]
pub(crate) struct Partner {
    pub(crate) id: PartnerId,
    /// Visitors whom it knows.
    pub(crate) overlap: Share,
    pub(crate) overlap_fraction: f64,
    /// That a visit of one of them leads to a sync.
    pub(crate) per_visit: Share,
    pub(crate) per_visit_fraction: f64,
    /// That such a sync brings another uid.
    pub(crate) changes: Share,
    /// Mappings in one request, at most.
    pub(crate) batch: u64,
    /// The longest that mappings are gathered.
    pub(crate) sends: u64,
    pub(crate) lag: Lag,
    /// Between two syncs of whom it knows, visit or not.
    pub(crate) every: Option<u64>,
    /// How long after the last visit it goes on.
    pub(crate) keeps: u64,
    pub(crate) uid_bytes: u64,
    /// How far its clock runs ahead.
    pub(crate) ahead: u64,
}

/// The store, as edges see it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Store {
    /// Of one call.
    pub(crate) latency: u64,
    /// How far a lookup may lag behind writes of other edges, at most.
    pub(crate) staleness: u64,
    /// Writes a second that the store takes to one key; no limit where it is zero.
    pub(crate) writes_a_second: u64,
}

/// Requests with ids that nobody was given.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Forged {
    pub(crate) a_day: u64,
    pub(crate) withdraws: Share,
}

/// Why a workload could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// Its file cannot be read.
    #[error("cannot read the workload `{path}`: {why}")]
    Unreadable {
        /// Its path.
        path: String,
        /// The system's word for it.
        why: String,
    },
}

impl Workload {
    /// Opens the workload in a file.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read; what is wrong with what it says is told beside it.
    pub fn open(path: &Path) -> Result<Read, WorkloadError> {
        let shown = path.display().to_string();
        match read_text(path) {
            Ok(text) => Ok(Self::read(&shown, &text)),
            Err(error) => Err(WorkloadError::Unreadable {
                path: shown,
                why: error.to_string(),
            }),
        }
    }

    /// How many days it lasts.
    #[must_use]
    pub const fn days(&self) -> u64 {
        self.days
    }

    /// How many visitors come.
    #[must_use]
    pub const fn visitors(&self) -> u64 {
        self.visitors
    }

    /// The same with another number of visitors and of forged requests, scaled alike.
    #[must_use]
    pub fn with_visitors(mut self, visitors: u64) -> Self {
        self.forged.a_day = self.forged.a_day * visitors / self.visitors.max(1);
        self.visitors = visitors;
        self
    }
}
