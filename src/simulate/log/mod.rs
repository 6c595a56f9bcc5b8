//! Visits from a log: an access log, or JSON lines. Each page request becomes an organic request.
//!
//! Who comes from one address with one agent is one visitor. What is kept of a request is its distance from the one
//! before, in one or two bytes as a rule.

mod access;
mod json;
mod pages;

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::Path;

pub(crate) use json::Mapping;
pub(crate) use pages::Pages;

use super::result::LogUse;
use super::rhythm::DAY;
use super::visits::logged;
use super::workload::Workload;
use crate::clock::{Moment, Timestamp};
use crate::event::without_byte_order_mark;
use crate::simulate::workload::Fields;

/// The forms a log can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// The Combined Log Format, and the Common one, which leaves out who asks.
    #[default]
    Access,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// The words for it.
    pub const WORDS: [&'static str; 3] = ["combined", "common", "json"];

    /// The format that `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "combined" | "common" => Some(Self::Access),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// How a log is read.
#[derive(Debug, Clone, Default)]
pub struct LogRules {
    pub(crate) file: Option<String>,
    pub(crate) format: LogFormat,
    pub(crate) mapping: Mapping,
    /// What robots' agents hold, in lower case.
    pub(crate) robots: Vec<String>,
    /// What paths end in that are no pages.
    pub(crate) assets: Vec<String>,
    /// Who comes back after so long begins another visit.
    pub(crate) visit_gap: u64,
}

/// Unless the workload says otherwise: half an hour, as web analytics count.
const VISIT_GAP: u64 = 1_800_000;

const ROBOTS: [&str; 9] = [
    "bot", "crawl", "spider", "slurp", "curl/", "wget/", "python-", "headless", "monitor",
];

const ASSETS: [&str; 20] = [
    "css", "js", "mjs", "map", "json", "xml", "txt", "png", "jpg", "jpeg", "gif", "svg", "webp",
    "avif", "ico", "woff", "woff2", "ttf", "mp4", "pdf",
];

/// Statuses of HTTP: the first success, the first redirect, and that the browser has the page still.
const OK: u64 = 200;
const REDIRECTS: u64 = 300;
const NOT_MODIFIED: u64 = 304;

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

/// Broken lines that are told; all are counted.
const TOLD: usize = 10;

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
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            file,
            format: format.flatten().unwrap_or_default(),
            mapping: fields
                .table("fields", "`fields`", Mapping::read)
                .unwrap_or_default(),
            robots: fields.texts("robots").unwrap_or_else(|| own(&ROBOTS)),
            assets: fields.texts("assets").unwrap_or_else(|| own(&ASSETS)),
            visit_gap: fields.length("visit_gap").unwrap_or(VISIT_GAP),
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
        let mut rules = self.log.clone().unwrap_or_else(|| {
            let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
            LogRules {
                robots: own(&ROBOTS),
                assets: own(&ASSETS),
                visit_gap: VISIT_GAP,
                ..LogRules::default()
            }
        });
        rules.format = format.unwrap_or(rules.format);
        Log::read(path, &rules)
    }
}

/// A log under way of being read.
struct Reading<'r> {
    rules: &'r LogRules,
    file: String,
    known: HashMap<u64, usize>,
    visitors: Vec<Pages>,
    first: Option<Moment>,
    last: Moment,
    usage: LogUse,
    problems: Vec<String>,
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

    fn read(path: &Path, rules: &LogRules) -> Result<Self, LogError> {
        let file = path.display().to_string();
        let unreadable = |error: std::io::Error| LogError::Unreadable {
            path: file.clone(),
            why: error.to_string(),
        };
        let mut lines = BufReader::new(File::open(path).map_err(unreadable)?);
        let mut reading = Reading {
            rules,
            file: file.clone(),
            known: HashMap::new(),
            visitors: Vec::new(),
            first: None,
            last: Moment::default(),
            usage: LogUse {
                file: file.clone(),
                ..LogUse::default()
            },
            problems: Vec::new(),
        };
        let mut line = Vec::new();
        let mut number = 0_u64;
        while lines.read_until(b'\n', &mut line).map_err(unreadable)? > 0 {
            number += 1;
            let text = match number {
                1 => without_byte_order_mark(&line),
                _ => &line,
            };
            reading.line(number, text);
            line.clear();
        }
        reading.end()
    }
}

impl Reading<'_> {
    fn line(&mut self, number: u64, raw: &[u8]) {
        let raw = raw.trim_ascii();
        if raw.is_empty() {
            return;
        }
        self.usage.lines += 1;
        let read = str::from_utf8(raw).map_err(|error| BadLine {
            at: error.valid_up_to(),
            message: "not UTF-8".to_owned(),
        });
        let noted = read.and_then(|text| match self.rules.format {
            LogFormat::Access => access::request(text).map(|request| self.request(&request)),
            LogFormat::Json => {
                json::request(text, &self.rules.mapping, |request| self.request(request))
            }
        });
        if let Err(bad) = noted {
            self.usage.broken += 1;
            if self.problems.len() < TOLD {
                let before = raw.get(..bad.at).unwrap_or(raw);
                let column = String::from_utf8_lossy(before).chars().count() + 1;
                self.problems
                    .push(format!("{}:{number}:{column}: {}", self.file, bad.message));
            }
        }
    }

    fn request(&mut self, request: &Request<'_>) {
        let agent = request.agent.to_ascii_lowercase();
        if self.rules.robots.iter().any(|robot| agent.contains(robot)) {
            self.usage.robots += 1;
        } else if !self.is_page(request) {
            self.usage.not_pages += 1;
        } else if !is_success(request.status) {
            self.usage.status += 1;
        } else {
            self.usage.used += 1;
            self.view(request);
        }
    }

    fn is_page(&self, request: &Request<'_>) -> bool {
        const OWN: &str = "/_ts/";
        let path = request.path.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let asset = name.rsplit_once('.').is_some_and(|(_, extension)| {
            let known = |asset: &String| asset.eq_ignore_ascii_case(extension);
            self.rules.assets.iter().any(known)
        });
        request.method == "GET" && !asset && !path.starts_with(OWN)
    }

    fn view(&mut self, request: &Request<'_>) {
        let mut hasher = DefaultHasher::new();
        (request.address, request.agent).hash(&mut hasher);
        let new = self.visitors.len();
        let index = *self.known.entry(hasher.finish()).or_insert(new);
        if index == new {
            self.visitors.push(Pages::default());
        }
        let first = *self.first.get_or_insert_with(|| midnight(request.at));
        self.last = self.last.max(request.at);
        if let Some(pages) = self.visitors.get_mut(index) {
            pages.push(request.at.unix_millis().saturating_sub(first.unix_millis()));
        }
    }

    fn end(self) -> Result<Log, LogError> {
        let Some(first) = self.first else {
            let first = self.problems.first().map(|problem| format!(": {problem}"));
            return Err(LogError::Nothing {
                path: self.file,
                lines: self.usage.lines,
                broken: self.usage.broken,
                first: first.unwrap_or_default(),
            });
        };
        let length = self.last.unix_millis().saturating_sub(first.unix_millis());
        Ok(Log {
            visitors: self.visitors,
            starts: first.timestamp(),
            days: length / DAY + 1,
            usage: self.usage,
            problems: self.problems,
        })
    }
}

fn midnight(moment: Moment) -> Moment {
    Moment::from_unix_millis(moment.unix_millis() / DAY * DAY)
}

/// Answers that show a page: the successes of HTTP, and what the browser has still.
const fn is_success(status: u64) -> bool {
    (status >= OK && status < REDIRECTS) || status == NOT_MODIFIED
}
