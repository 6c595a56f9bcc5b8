//! TOML to nodes with their places.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Source;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::node::{Key, Node, NodeValue};

/// Reads a TOML document; every syntax error becomes a finding, and the rest is read all the same.
pub(crate) fn document(source: &Source, text: &str, findings: &mut Vec<Diagnostic>) -> Node {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let end = text.len();
        let span = error.span().unwrap_or(end..end);
        findings.push(
            Diagnostic::error(Code::Syntax, format!("not TOML: {}", error.message()))
                .at(source.place(span.start.min(end)..span.end.min(end)))
                .with_help(help_for(source.text(), span.start.min(end))),
        );
    }
    let place = source.place(0..0);
    let offset = 0;
    Node::new(table_of(table.get_ref(), source, offset, findings), place)
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

/// Reads a single value that stands `offset` bytes into its source; none where it is not one.
pub(super) fn value(
    source: &Source,
    text: &str,
    offset: usize,
    findings: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    Some(node(&value, source, offset, findings))
}

fn node(
    spanned: &Spanned<DeValue<'_>>,
    source: &Source,
    offset: usize,
    findings: &mut Vec<Diagnostic>,
) -> Node {
    let span = spanned.span();
    let place = source.place(span.start + offset..span.end + offset);
    let value = match spanned.get_ref() {
        DeValue::String(text) => NodeValue::Text(text.to_string()),
        DeValue::Integer(digits) => {
            let read = i64::from_str_radix(&digits.as_str().replace('_', ""), digits.radix());
            read.map_or_else(
                |_| {
                    findings.push(
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
        DeValue::Array(items) => NodeValue::List(
            items
                .iter()
                .map(|item| node(item, source, offset, findings))
                .collect(),
        ),
        DeValue::Table(table) => table_of(table, source, offset, findings),
    };
    Node::new(value, place)
}

fn table_of(
    table: &DeTable<'_>,
    source: &Source,
    offset: usize,
    findings: &mut Vec<Diagnostic>,
) -> NodeValue {
    let member = |(key, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        let span = key.span();
        let key = Key {
            name: key.get_ref().to_string(),
            place: source.place(span.start + offset..span.end + offset),
        };
        (key, node(value, source, offset, findings))
    };
    NodeValue::Table(table.iter().map(member).collect())
}
