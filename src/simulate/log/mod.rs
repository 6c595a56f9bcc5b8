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
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
pub(crate) use json::Mapping;
pub(crate) use pages::Pages;
use pages::Unsorted;
use ruzstd::decoding::StreamingDecoder;

use super::result::LogUse;
use super::rhythm::DAY;
use super::visits::logged;
use super::workload::Workload;
use crate::clock::{Moment, Timestamp};
use crate::event::without_byte_order_mark;
use crate::robots::is_robot;
use crate::service::{household, parse_address};
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
            robots: fields.texts("robots").unwrap_or_default(),
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
    visitors: HashMap<u64, Unsorted>,
    /// Whether an agent is a robot's: there are few of them, and the list is long.
    robots: HashMap<u64, bool>,
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
        let mut lines = BufReader::new(decompressed(path).map_err(unreadable)?);
        let mut reading = Reading {
            rules,
            file: file.clone(),
            visitors: HashMap::new(),
            robots: HashMap::new(),
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
        if self.is_robot(request.agent) {
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

    fn is_robot(&mut self, agent: &str) -> bool {
        let listed = self.robots.entry(hash(&agent)).or_insert_with(|| {
            let lowered = agent.to_ascii_lowercase();
            is_robot(agent)
                || self
                    .rules
                    .robots
                    .iter()
                    .any(|robot| lowered.contains(robot))
        });
        *listed
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

    /// Who comes from one address, of IPv6 one household's network as ids are made from, with one agent is one visitor.
    fn view(&mut self, request: &Request<'_>) {
        let address = parse_address(request.address).map(household);
        let address = address.as_deref().unwrap_or(request.address);
        let visitor = hash(&(address, request.agent));
        self.last = self.last.max(request.at);
        let pages = self.visitors.entry(visitor).or_default();
        pages.push(request.at.unix_millis());
    }

    fn end(self) -> Result<Log, LogError> {
        // Whatever the order of its lines, a log tells of the same visitors in the same order.
        let mut visitors: Vec<(Option<u64>, u64, Unsorted)> = (self.visitors.into_iter())
            .map(|(visitor, pages)| (pages.first(), visitor, pages))
            .collect();
        visitors.sort_unstable_by_key(|(first, visitor, _)| (*first, *visitor));
        let Some(first) = visitors.first().and_then(|(first, ..)| *first) else {
            let first = self.problems.first().map(|problem| format!(": {problem}"));
            return Err(LogError::Nothing {
                path: self.file,
                lines: self.usage.lines,
                broken: self.usage.broken,
                first: first.unwrap_or_default(),
            });
        };
        let first = midnight(Moment::from_unix_millis(first));
        let start = first.unix_millis();
        let sorted = visitors.into_iter().map(|(.., pages)| pages.sorted(start));
        Ok(Log {
            visitors: sorted.collect(),
            starts: first.timestamp(),
            days: self.last.unix_millis().saturating_sub(start) / DAY + 1,
            usage: self.usage,
            problems: self.problems,
        })
    }
}

/// The same for the same value in every run.
fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// How files begin that gzip (RFC 1952, section 2.3.1) and Zstandard (RFC 8878, section 3.1.1) wrote.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The text of a file, decompressed where it is compressed.
fn decompressed(path: &Path) -> std::io::Result<Box<dyn Read>> {
    let mut file = BufReader::new(File::open(path)?);
    let begins = file.fill_buf()?;
    if begins.starts_with(&GZIP) {
        return Ok(Box::new(MultiGzDecoder::new(file)));
    }
    if begins.starts_with(&ZSTD) {
        let decoder = StreamingDecoder::new(file).map_err(std::io::Error::other)?;
        return Ok(Box::new(decoder));
    }
    Ok(Box::new(file))
}

fn midnight(moment: Moment) -> Moment {
    Moment::from_unix_millis(moment.unix_millis() / DAY * DAY)
}

/// Answers that show a page: the successes of HTTP, and what the browser has still.
const fn is_success(status: u64) -> bool {
    (status >= OK && status < REDIRECTS) || status == NOT_MODIFIED
}
