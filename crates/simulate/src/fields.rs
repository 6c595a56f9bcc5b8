//! Reads the fields of a TOML table, and reports each problem at its position.

use std::ops::RangeInclusive;
use std::time::Duration;

use edge_cookie::diagnostic::{Code, Diagnostic};
use edge_cookie::policy::node::{Node, NodeValue};
use edge_cookie::policy::setting::wrong_type;
use edge_cookie::policy::types::choice::nearest;
use edge_cookie::policy::types::parse_duration;

/// The greatest weight of an hour: finer distributions make no difference.
const MAX_WEIGHT: u64 = 1_000_000;

/// The longest duration: a hundred years, ten times the longest workload.
const MAX_LENGTH: Duration = Duration::from_secs(36_500 * 86_400);

/// Reads a table. The fields that are requested are the fields it may have.
pub(crate) struct TableFields<'n, 'f> {
    node: &'n Node,
    /// The kind of table, as `a partner`.
    what: &'static str,
    asked: Vec<&'static str>,
    findings: &'f mut Vec<Diagnostic>,
}

impl<'n, 'f> TableFields<'n, 'f> {
    pub(crate) fn new(
        node: &'n Node,
        what: &'static str,
        findings: &'f mut Vec<Diagnostic>,
    ) -> Self {
        if !matches!(node.value, NodeValue::Table(_)) {
            findings.push(plain(
                wrong_type(node, what, "a table")
                    .with_help("write its fields below it, as `name = value`"),
            ));
        }
        Self {
            node,
            what,
            asked: Vec::new(),
            findings,
        }
    }

    /// Reports the fields that were not requested.
    pub(crate) fn finish(self) {
        for (key, _) in self.node.members() {
            if self.asked.contains(&key.name.as_str()) {
                continue;
            }
            let help = nearest(&key.name, self.asked.iter().copied()).map_or_else(
                || format!("known keys are `{}`", self.asked.join("`, `")),
                |meant| format!("did you mean `{meant}`?"),
            );
            self.findings.push(
                Diagnostic::error(
                    Code::UnknownKey,
                    format!("unknown key `{}` of {}", key.name, self.what),
                )
                .about(&*key.name)
                .at(key.place.clone())
                .with_help(help),
            );
        }
    }

    pub(crate) fn member(&mut self, name: &'static str) -> Option<&'n Node> {
        self.asked.push(name);
        self.node.member(name)
    }

    /// Reports a required field that is missing.
    pub(crate) fn need(&mut self, name: &'static str) {
        if self.node.member(name).is_none() {
            let node = self.node;
            self.refuse(
                node,
                name,
                format!("{} needs `{name}`", self.what),
                "add it, as in the files under `workloads/`",
            );
        }
    }

    pub(crate) fn refuse(&mut self, node: &Node, name: &str, message: String, help: &str) {
        self.findings.push(
            Diagnostic::error(Code::BadValue, message)
                .about(name)
                .at(node.place.clone())
                .with_help(help),
        );
    }

    fn wrong(&mut self, node: &Node, name: &str, expected: &str, help: &str) {
        self.findings
            .push(plain(wrong_type(node, name, expected).with_help(help)));
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Option<&'n str> {
        let node = self.member(name)?;
        let text = node.as_text();
        if text.is_none() {
            self.wrong(node, name, "a string", "write it in quotes");
        }
        text
    }

    pub(crate) fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let node = self.member(name)?;
        let texts = match &node.value {
            NodeValue::List(items) => items
                .iter()
                .map(|item| item.as_text().map(str::to_owned))
                .collect(),
            _ => None,
        };
        if texts.is_none() {
            self.wrong(
                node,
                name,
                "a list of strings",
                "write it as `[\"one\", \"two\"]`",
            );
        }
        texts
    }

    /// A whole number within bounds.
    pub(crate) fn count(&mut self, name: &'static str, bounds: RangeInclusive<u64>) -> Option<u64> {
        let node = self.member(name)?;
        let NodeValue::Integer(number) = node.value else {
            self.wrong(
                node,
                name,
                "a whole number",
                "write a number without quotes, as `100`",
            );
            return None;
        };
        let read = u64::try_from(number);
        let read = read.ok().filter(|number| bounds.contains(number));
        if read.is_none() {
            let help = format!("write a number from {} to {}", bounds.start(), bounds.end());
            self.out_of_range(node, name, &number.to_string(), &help);
        }
        read
    }

    /// A list of `how_many` whole numbers.
    pub(crate) fn counts(&mut self, name: &'static str, how_many: u64) -> Option<Vec<u64>> {
        let node = self.member(name)?;
        let number = |item: &Node| match item.value {
            NodeValue::Integer(number) => u64::try_from(number).ok().filter(|it| *it <= MAX_WEIGHT),
            _ => None,
        };
        let read: Option<Vec<u64>> = match &node.value {
            NodeValue::List(items) if items.len() as u64 == how_many => {
                items.iter().map(number).collect()
            }
            _ => None,
        };
        if read.is_none() {
            self.wrong(
                node,
                name,
                &format!("a list of {how_many} whole numbers up to {MAX_WEIGHT}"),
                "write a weight for each hour of the day",
            );
        }
        read
    }

    pub(crate) fn number(
        &mut self,
        name: &'static str,
        least: f64,
        most: f64,
        help: &str,
    ) -> Option<f64> {
        let node = self.member(name)?;
        let number = match &node.value {
            NodeValue::Float(number) => *number,
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            NodeValue::Integer(number) => *number as f64,
            _ => {
                self.wrong(
                    node,
                    name,
                    "a number",
                    "write a number without quotes, as `0.5`",
                );
                return None;
            }
        };
        if (least..=most).contains(&number) {
            return Some(number);
        }
        self.out_of_range(node, name, &number.to_string(), help);
        None
    }

    /// A share, from 0 to 1.
    pub(crate) fn share(&mut self, name: &'static str) -> Option<f64> {
        self.number(
            name,
            0.0,
            1.0,
            "a share is from 0 to 1: `0.25` is a quarter",
        )
    }

    /// A duration in milliseconds.
    pub(crate) fn length(&mut self, name: &'static str) -> Option<u64> {
        let node = self.member(name)?;
        let Some(text) = node.as_text() else {
            self.wrong(
                node,
                name,
                "a duration",
                "write it as a string, as `\"24h\"`",
            );
            return None;
        };
        match parse_duration(text) {
            Ok(length) if length > MAX_LENGTH => {
                self.out_of_range(node, name, text, "write at most `36500d`");
                None
            }
            Ok(length) => Some(millis(length)),
            Err(error) => {
                self.findings.push(error.finding(name, name, node));
                None
            }
        }
    }

    fn out_of_range(&mut self, node: &Node, name: &str, written: &str, help: &str) {
        self.findings.push(
            Diagnostic::error(
                Code::OutOfRange,
                format!("`{written}` is out of range for `{name}`"),
            )
            .about(name)
            .at(node.place.clone())
            .with_help(help),
        );
    }

    /// A nested table.
    pub(crate) fn table<T>(
        &mut self,
        name: &'static str,
        what: &'static str,
        read: impl FnOnce(&mut TableFields<'_, '_>) -> T,
    ) -> Option<T> {
        let node = self.member(name)?;
        let mut fields = TableFields::new(node, what, self.findings);
        let table = read(&mut fields);
        fields.finish();
        Some(table)
    }

    /// A list of nested tables.
    pub(crate) fn tables<T>(
        &mut self,
        name: &'static str,
        what: &'static str,
        mut read: impl FnMut(&mut TableFields<'_, '_>) -> T,
    ) -> Vec<T> {
        let Some(node) = self.member(name) else {
            return Vec::new();
        };
        let NodeValue::List(items) = &node.value else {
            self.wrong(
                node,
                name,
                "a list of tables",
                "begin each table with its name in double brackets",
            );
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(items.len());
        for item in items {
            let mut fields = TableFields::new(item, what, self.findings);
            tables.push(read(&mut fields));
            fields.finish();
        }
        tables
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

/// The keys of a workload are not settings: removes the `ec.` before them.
fn plain(mut finding: Diagnostic) -> Diagnostic {
    finding.key = (finding.key).map(|key| key.trim_start_matches("ec.").to_owned());
    finding
}
