//! Reads a log and collects the page views of each visitor. The lines may be in any order.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::lines::{LineLength, LogLines};
use super::{BadLine, LogError, LogRequest, MAX_DAYS, VisitLog, VisitLogFormat, access_log, json};
use crate::diurnal_profile::DAY;
use crate::log_rules::LogRules;
use crate::page_times::PageTimes;
use crate::result::LogUsage;
use edge_cookie::clock::Moment;
use edge_cookie::event::without_byte_order_mark;
use edge_cookie::policy::settings::Ipv6Form;
use edge_cookie_service::robots::is_robot;
use edge_cookie_service::{hashed_address, parse_address};

/// The number of unreadable lines that are reported; all are counted.
const REPORTED: usize = 10;

/// HTTP statuses: the first success, the first redirect, and "not modified".
const OK: u64 = 200;
const REDIRECTS: u64 = 300;
const NOT_MODIFIED: u64 = 304;

/// The state while reading a log.
struct LogReader<'r> {
    rules: &'r LogRules,
    file: String,
    /// Whether the user agent with this hash is a robot: a cache, because the list of robots is long.
    agents: HashMap<u64, bool>,
    /// Page views by visitor, in milliseconds since 1970.
    visitors: HashMap<u64, PageTimes>,
    last: Moment,
    usage: LogUsage,
    problems: Vec<String>,
}

impl VisitLog {
    pub(super) fn read(path: &Path, rules: &LogRules) -> Result<Self, LogError> {
        let file = path.display().to_string();
        let unreadable = |why| LogError::Unreadable {
            path: file.clone(),
            why,
        };
        let mut lines = LogLines::open(path).map_err(unreadable)?;
        let mut reader = LogReader {
            rules,
            file: file.clone(),
            agents: HashMap::new(),
            visitors: HashMap::new(),
            last: Moment::default(),
            usage: LogUsage {
                file: file.clone(),
                ..LogUsage::default()
            },
            problems: Vec::new(),
        };
        let mut line = Vec::new();
        let mut number = 0_u64;
        while let Some(read) = lines.next(&mut line).map_err(unreadable)? {
            number += 1;
            let text = match number {
                1 => without_byte_order_mark(&line),
                _ => &line,
            };
            reader.line(number, text, read);
        }
        reader.end()
    }
}

impl LogReader<'_> {
    fn line(&mut self, number: u64, raw: &[u8], read: LineLength) {
        let raw = raw.trim_ascii();
        if raw.is_empty() {
            return;
        }
        self.usage.lines += 1;
        let text = str::from_utf8(raw).map_err(|error| BadLine {
            at: error.valid_up_to(),
            message: "not UTF-8".to_owned(),
        });
        let text = match read {
            LineLength::Whole => text,
            LineLength::TooLong => Err(BadLine {
                at: 0,
                message: "the line is too long for a request".to_owned(),
            }),
        };
        let noted = text.and_then(|text| match self.rules.format {
            VisitLogFormat::Access => {
                access_log::request(text).map(|request| self.request(&request))
            }
            VisitLogFormat::Json => {
                json::request(text, &self.rules.mapping, |request| self.request(request))
            }
        });
        if let Err(bad) = noted {
            self.usage.broken += 1;
            if self.problems.len() < REPORTED {
                let before = raw.get(..bad.at).unwrap_or(raw);
                let column = String::from_utf8_lossy(before).chars().count() + 1;
                self.problems
                    .push(format!("{}:{number}:{column}: {}", self.file, bad.message));
            }
        }
    }

    fn request(&mut self, request: &LogRequest<'_>) {
        if self.is_robots(request.agent) {
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

    fn is_robots(&mut self, agent: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        agent.hash(&mut hasher);
        let words = &self.rules.robots;
        *self.agents.entry(hasher.finish()).or_insert_with(|| {
            let lower = agent.to_ascii_lowercase();
            is_robot(agent) || words.iter().any(|word| lower.contains(word))
        })
    }

    fn is_page(&self, request: &LogRequest<'_>) -> bool {
        const OWN: &str = "/_ts/";
        let path = request.path.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let asset = name.rsplit_once('.').is_some_and(|(_, extension)| {
            let known = |asset: &String| asset.eq_ignore_ascii_case(extension);
            self.rules.assets.iter().any(known)
        });
        request.method == "GET" && !asset && !path.starts_with(OWN)
    }

    fn view(&mut self, request: &LogRequest<'_>) {
        let pages = self.visitors.entry(visitor(request)).or_default();
        pages.push(request.at.unix_millis().cast_signed());
        self.last = self.last.max(request.at);
    }

    fn end(self) -> Result<VisitLog, LogError> {
        let mut visitors: Vec<(i64, u64, PageTimes)> = self
            .visitors
            .into_iter()
            .filter_map(|(visitor, pages)| Some((pages.first()?, visitor, pages)))
            .collect();
        // Sorted by the first page view, so that the order of the lines makes no difference.
        visitors.sort_unstable_by_key(|(first, visitor, _)| (*first, *visitor));
        let Some((first, ..)) = visitors.first() else {
            let first = self.problems.first().map(|problem| format!(": {problem}"));
            return Err(LogError::Nothing {
                path: self.file,
                lines: self.usage.lines,
                broken: self.usage.broken,
                first: first.unwrap_or_default(),
            });
        };
        let first = midnight(Moment::from_unix_millis(first.cast_unsigned()));
        let start = first.unix_millis().cast_signed();
        let length = self.last.unix_millis().saturating_sub(first.unix_millis());
        let days = length / DAY + 1;
        if days > MAX_DAYS {
            return Err(LogError::TooLong {
                path: self.file,
                days,
                from: first,
                to: self.last,
            });
        }
        Ok(VisitLog {
            visitors: visitors
                .into_iter()
                .map(|(_, _, pages)| pages.in_order(start))
                .collect(),
            starts: first.timestamp(),
            days,
            usage: self.usage,
            problems: self.problems,
        })
    }
}

/// The visitor of a request: one user agent at one address, for IPv6 in one network, as for EC ids. The hash is the same
/// in every build, because it orders visitors with the same first page view.
fn visitor(request: &LogRequest<'_>) -> u64 {
    let address = parse_address(request.address);
    let household = address.map_or_else(
        || request.address.to_ascii_lowercase(),
        |address| hashed_address(address, Ipv6Form::Groups),
    );
    let hash = Sha256::new()
        .chain_update(household)
        .chain_update([0])
        .chain_update(request.agent)
        .finalize();
    u64::from_be_bytes(hash.first_chunk().copied().unwrap_or_default())
}

fn midnight(moment: Moment) -> Moment {
    Moment::from_unix_millis(moment.unix_millis() / DAY * DAY)
}

/// Whether the response shows a page: a success, or "not modified".
const fn is_success(status: u64) -> bool {
    (status >= OK && status < REDIRECTS) || status == NOT_MODIFIED
}
