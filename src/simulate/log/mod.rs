//! Visits from a log: an access log, or JSON lines. Each page request becomes an organic request.
//!
//! Who comes from one address (of IPv6 from one network of 64 bits, as ids are made) with one agent is one visitor. What
//! is kept of a request is its distance from the one before, in few bytes. The lines may be in any order, and compressed
//! by gzip or Zstandard.

mod access;
mod json;
mod open;
mod pages;
mod reading;
mod time;

use std::path::Path;

pub(crate) use json::Mapping;
pub(crate) use pages::Pages;

use super::result::LogUse;
use super::visits::logged;
use super::workload::{MAX_DAYS, Workload};
use crate::clock::{Moment, Timestamp};
use crate::simulate::workload::Fields;

/// The forms a log can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// The Combined Log Format, the Common one, which leaves out who asks, and the Combined one behind the host that was
    /// asked: each line shows which it is.
    #[default]
    Access,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// The words for it.
    pub const WORDS: [&'static str; 4] = ["combined", "common", "vhost_combined", "json"];

    /// The format that `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "combined" | "common" | "vhost_combined" => Some(Self::Access),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// How a log is read.
#[derive(Debug, Clone)]
pub struct LogRules {
    pub(crate) file: Option<String>,
    pub(crate) format: LogFormat,
    pub(crate) mapping: Mapping,
    /// What robots' agents hold beside those of the list, in lower case.
    pub(crate) robots: Vec<String>,
    /// What paths end in that are no pages.
    pub(crate) assets: Vec<String>,
    /// Who comes back after so long begins another visit.
    pub(crate) visit_gap: u64,
}

/// Unless the workload says otherwise: half an hour, as web analytics count.
const VISIT_GAP: u64 = 1_800_000;

const ASSETS: [&str; 20] = [
    "css", "js", "mjs", "map", "json", "xml", "txt", "png", "jpg", "jpeg", "gif", "svg", "webp",
    "avif", "ico", "woff", "woff2", "ttf", "mp4", "pdf",
];

/// A request, as far as it matters.
pub(crate) struct Request<'l> {
    pub(crate) at: Moment,
    pub(crate) address: &'l str,
    pub(crate) agent: &'l str,
    pub(crate) method: &'l str,
    pub(crate) path: &'l str,
    pub(crate) status: u64,
}

/// What is wrong with a line.
pub(crate) struct BadLine {
    /// The byte it is about.
    pub(crate) at: usize,
    pub(crate) message: String,
}

/// Why a log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It cannot be read.
    #[error("cannot read the log `{path}`: {why}")]
    Unreadable {
        /// Its path.
        path: String,
        /// The system's word for it.
        why: String,
    },
    /// Its first and its last page view are too far apart.
    #[error(
        "the log `{path}` covers {days} days, from {from} to {to}: cut it to at most {MAX_DAYS}, and look for a line with a wrong time"
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
    /// Nothing of it is a page view.
    #[error(
        "the log `{path}` holds no page view: of {lines} lines {broken} could not be read{first}"
    )]
    Nothing {
        /// Its path.
        path: String,
        /// Its lines.
        lines: u64,
        /// Those that could not be read.
        broken: u64,
        /// The first of them.
        first: String,
    },
}

/// The visits of a log.
#[derive(Debug, Clone)]
pub struct Log {
    pub(crate) visitors: Vec<Pages>,
    pub(crate) starts: Timestamp,
    pub(crate) days: u64,
    /// How much of it was used.
    pub usage: LogUse,
    /// The first broken lines, each with its place.
    pub problems: Vec<String>,
}

/// The rules where a workload has none of its own.
impl Default for LogRules {
    fn default() -> Self {
        Self {
            file: None,
            format: LogFormat::default(),
            mapping: Mapping::default(),
            robots: Vec::new(),
            assets: ASSETS.map(str::to_owned).to_vec(),
            visit_gap: VISIT_GAP,
        }
    }
}

impl LogRules {
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Self {
        let file = fields.text("file").map(str::to_owned);
        let word = fields.text("format");
        let format = word.map(LogFormat::parse);
        if format == Some(None)
            && let (Some(node), Some(word)) = (fields.member("format"), word)
        {
            let help = format!("write `{}`", LogFormat::WORDS.join("`, `"));
            fields.refuse(
                node,
                "format",
                format!("`{word}` is not a log's format"),
                &help,
            );
        }
        // Agents are compared in lower case.
        let lower = |words: Vec<String>| words.iter().map(|word| word.to_lowercase()).collect();
        let otherwise = Self::default();
        Self {
            file,
            format: format.flatten().unwrap_or_default(),
            mapping: fields
                .table("fields", "`fields`", Mapping::read)
                .unwrap_or_default(),
            robots: fields.texts("robots").map(lower).unwrap_or_default(),
            assets: fields.texts("assets").unwrap_or(otherwise.assets),
            visit_gap: fields.length("visit_gap").unwrap_or(otherwise.visit_gap),
        }
    }
}

impl Workload {
    /// The file that the workload's visits come from, where they come from a log.
    #[must_use]
    pub fn log_file(&self) -> Option<&str> {
        self.log.as_ref()?.file.as_deref()
    }

    /// Whether its visits come from a log.
    #[must_use]
    pub const fn needs_log(&self) -> bool {
        self.log.is_some()
    }

    /// Who comes back after so long begins another visit.
    pub(crate) fn visit_gap(&self) -> u64 {
        self.log.as_ref().map_or(VISIT_GAP, |log| log.visit_gap)
    }

    /// The same with the visitors and days of `log`.
    #[must_use]
    pub fn of_log(mut self, log: &Log) -> Self {
        self.visitors = log.visitors.len() as u64;
        self.days = log.days;
        self.starts = log.starts;
        self
    }

    /// Reads the log in `path`; `format` where it is not the workload's own.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or nothing of it is a page view.
    pub fn open_log(&self, path: &Path, format: Option<LogFormat>) -> Result<Log, LogError> {
        let mut rules = self.log.clone().unwrap_or_default();
        rules.format = format.unwrap_or(rules.format);
        Log::read(path, &rules)
    }
}

impl Log {
    pub(crate) fn pages(&self, visitor: u64) -> Option<&Pages> {
        self.visitors.get(usize::try_from(visitor).ok()?)
    }

    /// Visits a day of all visitors together.
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    pub(crate) fn visits_a_day(&self, visit_gap: u64) -> f64 {
        let of = |pages: &Pages| logged(pages, visit_gap).filter(|view| view.first).count() as u64;
        self.visitors.iter().map(of).sum::<u64>() as f64 / self.days.max(1) as f64
    }
}
