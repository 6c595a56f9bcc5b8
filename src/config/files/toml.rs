//! TOML to nodes with their places.

use std::collections::HashSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Source;
use crate::diagnostic::{Code, Diagnostic, SourceLocation};
use crate::policy::node::{Key, MAX_DEPTH, Node, NodeValue};

/// Reads a TOML document; every syntax error becomes a finding, and the rest is read all the same.
pub fn document(source: &Source, text: &str, findings: &mut Vec<Diagnostic>) -> Node {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut lines = HashSet::new();
    for error in errors {
        let end = text.len();
        let span = error.span().unwrap_or(end..end);
        let place = source.place(span.start.min(end)..span.end.min(end));
        // What a parser says next of a line that it could not read follows from the first.
        if lines.insert(place.line) {
            findings.push(
                Diagnostic::error(Code::Syntax, format!("not TOML: {}", error.message()))
                    .at(place)
                    .with_help(help_for(source.text(), span.start.min(end))),
            );
        }
    }
    let place = source.place(0..0);
    let mut reading = Reading {
        source,
        offset: 0,
        findings,
    };
    Node::new(reading.table(table.get_ref(), 0), place)
}

/// What to write instead, by the line that is wrong; its secrets are masked.
fn help_for(text: &str, at: usize) -> String {
    let start = text.get(..at).and_then(|before| before.rfind('\n'));
    let line = text.get(start.map_or(0, |at| at + 1)..).unwrap_or_default();
    let line = line.lines().next().unwrap_or_default().trim();
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    let (key, value) = (
        key.trim(),
        value.split('#').next().unwrap_or_default().trim(),
    );
    let plain = |text: &str| {
        let of_a_word = |c: char| c.is_alphanumeric() || "_-. :/".contains(c);
        !text.is_empty() && text.chars().all(of_a_word)
    };
    if line.starts_with('[') && !line.ends_with(']') {
        return "close the brackets of the table's name, as `[ec.tombstone]`".to_owned();
    }
    if !line.contains('=') && !line.starts_with('[') {
        return match key.split_once(':') {
            Some((key, _)) => format!("write `{} = …`: TOML sets a value with `=`", key.trim()),
            None => format!("write a key and its value, as `{} = …`", plain_key(key)),
        };
    }
    if value.is_empty() {
        return format!("write a value after `{key} =`");
    }
    if ["True", "False", "TRUE", "FALSE", "yes", "no"].contains(&value) {
        return format!("write `{key} = true` or `{key} = false`, in lower case");
    }
    let quotes = |quote: char| value.matches(quote).count();
    if quotes('"') == 1 || quotes('\'') == 1 {
        return format!("close the quotes of the value of `{key}`");
    }
    if value.starts_with('[') || value.starts_with('{') {
        return format!(
            "close what is opened in the value of `{key}`, with commas between its parts"
        );
    }
    if plain(value) {
        return format!("strings are written in quotes, durations too: `{key} = \"{value}\"`");
    }
    "see https://toml.io for how TOML is written".to_owned()
}

/// A key as an example, where what was written may be one.
fn plain_key(written: &str) -> &str {
    let of_a_key = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if !written.is_empty() && written.chars().all(of_a_key) {
        written
    } else {
        "key"
    }
}

/// Reads a single value that begins `offset` bytes into its source; none where it is not one.
pub(super) fn value(
    source: &Source,
    text: &str,
    offset: usize,
    findings: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    let mut reading = Reading {
        source,
        offset,
        findings,
    };
    Some(reading.node(&value, 0))
}

/// A text that is being read.
struct Reading<'r> {
    source: &'r Source,
    /// How many bytes it begins into its source.
    offset: usize,
    findings: &'r mut Vec<Diagnostic>,
}

impl Reading<'_> {
    fn place(&self, span: &Range<usize>) -> SourceLocation {
        self.source
            .place(span.start + self.offset..span.end + self.offset)
    }

    /// A value so many tables and lists deep. What is in one that is deeper than any setting is left out: whatever holds it is
    /// refused, or belongs to another program.
    fn node(&mut self, spanned: &Spanned<DeValue<'_>>, depth: usize) -> Node {
        let place = self.place(&spanned.span());
        let value = match spanned.get_ref() {
            DeValue::String(text) => NodeValue::Text(text.to_string()),
            DeValue::Integer(digits) => {
                let read = i64::from_str_radix(&digits.as_str().replace('_', ""), digits.radix());
                read.map_or_else(
                    |_| {
                        self.findings.push(
                            Diagnostic::error(
                                Code::OutOfRange,
                                format!("`{}` is out of range", digits.as_str()),
                            )
                            .at(place.clone())
                            .with_help("no setting takes a number this large"),
                        );
                        // A float is read by no setting, and names the number as what it is.
                        NodeValue::Float(f64::INFINITY)
                    },
                    NodeValue::Integer,
                )
            }
            DeValue::Float(digits) => {
                NodeValue::Float(digits.as_str().replace('_', "").parse().unwrap_or(f64::NAN))
            }
            DeValue::Boolean(truth) => NodeValue::Boolean(*truth),
            DeValue::Datetime(time) => NodeValue::Datetime(time.to_string()),
            DeValue::Array(_) if depth >= MAX_DEPTH => NodeValue::List(Vec::new()),
            DeValue::Array(items) => NodeValue::List(
                items
                    .iter()
                    .map(|item| self.node(item, depth + 1))
                    .collect(),
            ),
            DeValue::Table(table) => self.table(table, depth),
        };
        Node::new(value, place)
    }

    fn table(&mut self, table: &DeTable<'_>, depth: usize) -> NodeValue {
        if depth >= MAX_DEPTH {
            return NodeValue::Table(Vec::new());
        }
        let member =
            |(key, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                let key = Key {
                    name: key.get_ref().to_string(),
                    place: self.place(&key.span()),
                };
                (key, self.node(value, depth + 1))
            };
        NodeValue::Table(table.iter().map(member).collect())
    }
}
