//! Fields of a signal, as an explanation shows them.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::super::sink::FieldValue;
use edge_cookie::clock::Moment;

/// A field of a signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SignalField {
    /// Its name in the specification.
    pub name: &'static str,
    /// Its value.
    pub value: FieldShown,
    /// What that value means, or each of those values; none where the name says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<String>,
    #[serde(skip)]
    meanings: &'static [&'static str],
}

/// A field's value. In JSON: a number, a text, a list of numbers, or an object with `count` and `ranges`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum FieldShown {
    /// A number.
    Number(u64),
    /// Letters, or a time (RFC 3339).
    Text(String),
    /// The values of a field that has several.
    Numbers(Vec<u64>),
    /// The numbers of the flags that are set, from 1.
    Flags(Vec<u64>),
    /// Many numbers.
    Ranges(Ranges),
}

/// Numbers, as ranges that do not meet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Ranges {
    /// How many numbers there are.
    count: u64,
    /// Each as `first-last`, or as the number alone.
    #[serde(serialize_with = "as_text")]
    ranges: Vec<(u64, u64)>,
}

/// Ranges that are written in a line of text at most.
const MOST_SHOWN: usize = 12;

/// A time's tenths of seconds in milliseconds.
const MILLIS: u64 = 100;

/// Bits of a letter, `A` being 0.
const LETTER_BITS: u32 = 6;
const LETTER_MASK: u64 = 0b11_1111;

impl SignalField {
    pub(super) fn new(name: &'static str, value: FieldValue) -> Self {
        let mut meanings: &[&str] = &[];
        let value = match value {
            FieldValue::Number(number) => FieldShown::Number(number),
            FieldValue::Coded(number, meaning) => {
                meanings = meaning;
                FieldShown::Number(number)
            }
            FieldValue::Letter(letter) => FieldShown::Text(letter.to_string()),
            FieldValue::Time(tenths) => {
                let moment = Moment::from_unix_millis(tenths.saturating_mul(MILLIS));
                FieldShown::Text(moment.to_string())
            }
            FieldValue::TwoLetters(both) => {
                let letters = [both >> LETTER_BITS, both & LETTER_MASK].map(letter);
                FieldShown::Text(letters.iter().collect())
            }
            FieldValue::Flags(flags, width) => {
                let set = |number: &usize| flags >> (width - number) & 1 == 1;
                let numbers = (1..=width).filter(set);
                FieldShown::Flags(numbers.map(|number| number as u64).collect())
            }
            FieldValue::List => FieldShown::Ranges(Ranges::default()),
        };
        Self {
            name,
            value,
            means: None,
            meanings,
        }
    }

    /// Makes one field of this one and a further value of it; whether that is one.
    pub(super) fn takes(&mut self, name: &'static str, value: FieldValue) -> bool {
        let FieldValue::Coded(further, _) = value else {
            return false;
        };
        if self.name != name {
            return false;
        }
        match &mut self.value {
            FieldShown::Number(first) => self.value = FieldShown::Numbers(vec![*first, further]),
            FieldShown::Numbers(numbers) => numbers.push(further),
            _ => return false,
        }
        true
    }

    /// Completes it, once everything of it is read.
    pub(super) fn complete(&mut self) {
        self.count();
        let meaning = |value: &u64| {
            let meaning = usize::try_from(*value).ok();
            let meaning = meaning.and_then(|value| self.meanings.get(value));
            meaning.copied().unwrap_or("not a value of this field")
        };
        self.means = match &self.value {
            _ if self.meanings.is_empty() => None,
            FieldShown::Number(value) => Some(meaning(value).to_owned()),
            FieldShown::Numbers(values) => {
                let distinct: BTreeSet<&u64> = values.iter().collect();
                let each = distinct
                    .into_iter()
                    .map(|value| format!("{value} {}", meaning(value)));
                Some(each.collect::<Vec<_>>().join(", "))
            }
            _ => None,
        };
    }

    /// Adds the numbers from `first` to `last`, where it lists numbers.
    pub(super) fn add(&mut self, first: u64, last: u64) {
        if let FieldShown::Ranges(listed) = &mut self.value {
            match listed.ranges.last_mut() {
                Some((_, end)) if *end + 1 == first => *end = last,
                _ => listed.ranges.push((first, last)),
            }
        }
    }

    /// Counts what it lists, each number once.
    fn count(&mut self) {
        let FieldShown::Ranges(listed) = &mut self.value else {
            return;
        };
        listed.ranges.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::new();
        for (first, last) in listed.ranges.drain(..) {
            match merged.last_mut() {
                Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        listed.count = merged.iter().map(|(first, last)| last - first + 1).sum();
        listed.ranges = merged;
    }
}

fn letter(value: u64) -> char {
    let letter = u8::try_from(value).ok().filter(|value| *value < 26);
    letter.map_or('?', |value| char::from(b'A' + value))
}

fn written((first, last): &(u64, u64)) -> String {
    if first == last {
        first.to_string()
    } else {
        format!("{first}-{last}")
    }
}

fn as_text<S: serde::Serializer>(ranges: &[(u64, u64)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(ranges.iter().map(written))
}

/// As a line of text has it: of many ranges the first, and how many more there are.
impl fmt::Display for FieldShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Flags(numbers) if numbers.is_empty() => f.write_str("none"),
            Self::Flags(numbers) | Self::Numbers(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
                f.write_str(&numbers.join(", "))
            }
            Self::Ranges(Ranges { count: 0, .. }) => f.write_str("none"),
            Self::Ranges(Ranges { count, ranges }) => {
                let shown: Vec<String> = ranges.iter().take(MOST_SHOWN).map(written).collect();
                write!(f, "{count}: {}", shown.join(", "))?;
                match ranges.len().saturating_sub(MOST_SHOWN) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more ranges"),
                }
            }
        }
    }
}
