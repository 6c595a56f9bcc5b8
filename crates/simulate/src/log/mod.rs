//! Visits from a log: an access log or JSON lines. Each page request becomes an organic request.
//!
//! Requests with the same address (for IPv6 the same 64-bit network, as for EC ids) and the same user agent are one visitor.
//! Only the time since the previous request is kept, in few bytes. The lines may be in any order, and compressed with gzip or
//! Zstandard.

mod access_log;
mod json;
mod lines;
mod reader;
mod time;

use std::path::Path;

use super::log_rules::VISIT_GAP;
pub use super::log_rules::VisitLogFormat;
use super::page_times::PageTimes;
use super::result::LogUsage;
use super::visits::visits_from_log;
use super::workload::{MAX_DAYS, Workload};
use edge_cookie::clock::{Moment, Timestamp};

/// The fields of a request that are used.
pub(crate) struct LogRequest<'l> {
    pub(crate) at: Moment,
    pub(crate) address: &'l str,
    pub(crate) agent: &'l str,
    pub(crate) method: &'l str,
    pub(crate) path: &'l str,
    pub(crate) status: u64,
}

/// Why a line cannot be read.
pub(crate) struct BadLine {
    /// The position in bytes.
    pub(crate) at: usize,
    pub(crate) message: String,
}

/// An error of a log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// It cannot be read.
    #[error("cannot read the log `{path}`: {why}")]
    Unreadable {
        /// Its path.
        path: String,
        /// Why not.
        #[source]
        why: std::io::Error,
    },
    /// It covers too many days.
    #[error(
        "the log `{path}` covers {days} days, from {from} to {to}: shorten it to at most {MAX_DAYS} days, and look for a line with a wrong time"
    )]
    TooLong {
        /// Its path.
        path: String,
        /// The days it covers.
        days: u64,
        /// Its first page view.
        from: Moment,
        /// Its last.
        to: Moment,
    },
    /// It has no page view.
    #[error(
        "the log `{path}` has no page views: {broken} of {lines} lines could not be read{first}"
    )]
    Nothing {
        /// Its path.
        path: String,
        /// The number of its lines.
        lines: u64,
        /// The number of lines that could not be read.
        broken: u64,
        /// The first line that could not be read.
        first: String,
    },
}

/// The visits of a log.
#[derive(Debug, Clone)]
pub struct VisitLog {
    pub(crate) visitors: Vec<PageTimes>,
    pub(crate) starts: Timestamp,
    pub(crate) days: u64,
    /// How much of it was used.
    pub usage: LogUsage,
    /// The first lines that could not be read, each with its position.
    pub problems: Vec<String>,
}

impl Workload {
    /// The log file that the workload names, if it has one.
    #[must_use]
    pub fn log_file(&self) -> Option<&str> {
        self.log.as_ref()?.file.as_deref()
    }

    /// Whether its visits come from a log.
    #[must_use]
    pub const fn needs_log(&self) -> bool {
        self.log.is_some()
    }

    /// The time without a page view after which a new visit begins.
    pub(crate) fn visit_gap(&self) -> u64 {
        self.log.as_ref().map_or(VISIT_GAP, |log| log.visit_gap)
    }

    /// Sets the visitors and days to those of `log`.
    #[must_use]
    pub fn of_log(mut self, log: &VisitLog) -> Self {
        self.visitors = log.visitors.len() as u64;
        self.days = log.days;
        self.starts = log.starts;
        self
    }

    /// Reads the log in `path`. `format` overrides that of the workload.
    ///
    /// # Errors
    ///
    /// If it cannot be read or has no page view.
    pub fn open_log(
        &self,
        path: &Path,
        format: Option<VisitLogFormat>,
    ) -> Result<VisitLog, LogError> {
        let mut rules = self.log.clone().unwrap_or_default();
        rules.format = format.unwrap_or(rules.format);
        VisitLog::read(path, &rules)
    }
}

impl VisitLog {
    pub(crate) fn pages(&self, visitor: u64) -> Option<&PageTimes> {
        self.visitors.get(usize::try_from(visitor).ok()?)
    }

    /// The visits per day of all visitors.
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    pub(crate) fn visits_a_day(&self, visit_gap: u64) -> f64 {
        let of = |pages: &PageTimes| {
            visits_from_log(pages, visit_gap)
                .filter(|view| view.first)
                .count() as u64
        };
        self.visitors.iter().map(of).sum::<u64>() as f64 / self.days.max(1) as f64
    }
}
