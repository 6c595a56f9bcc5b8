//! Durations as people write them, in the units the engine counts in.

use std::fmt;
use std::time::Duration;

use super::parse_duration::{DurationError, missing_unit, parse_duration};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::node::{Node, NodeValue};
use crate::policy::setting::{SettingValue, Shape, full_key, wrong_type};
use crate::policy::value::Value;

const MILLIS: [(u128, &str); 5] = [
    (86_400_000, "d"),
    (3_600_000, "h"),
    (60_000, "m"),
    (1_000, "s"),
    (1, "ms"),
];

/// How long a record is kept: whole seconds, at least one.
///
/// The store takes whole seconds in 32 bits and cuts fractions (Fastly KV), so that a shorter one would
/// expire at once and a longer one wrap around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(u32);

/// A length of time in whole seconds, the unit of the times in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(u64);

/// A length of time in whole milliseconds, for waits and limits inside one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(u64);

impl Ttl {
    /// The shortest.
    pub const MIN: Self = Self(1);
    /// The longest: one second less than the store takes, since the store is [given one more](crate::engine).
    pub const MAX: Self = Self(u32::MAX - 1);

    /// Parses a time to live that is not part of a policy.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and what to do.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        let length = parse_duration(text)?;
        let ttl = Self::from_seconds_clamped(length.as_secs());
        if length == Duration::from_secs(ttl.seconds()) {
            return Ok(ttl);
        }
        Err(DurationError::new(
            Code::OutOfRange,
            format!("`{text}` is not a time a record can be kept"),
            format!(
                "a store takes from {} to {} whole seconds",
                Self::MIN.0,
                Self::MAX.0
            ),
        ))
    }

    /// So many seconds, kept within [`Self::MIN`] and [`Self::MAX`].
    #[must_use]
    pub const fn from_seconds_clamped(seconds: u64) -> Self {
        if seconds > Self::MAX.0 as u64 {
            Self::MAX
        } else if seconds < 1 {
            Self::MIN
        } else {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "compared with the maximum above"
            )]
            Self(seconds as u32)
        }
    }

    /// So many hours.
    #[must_use]
    pub const fn from_hours(hours: u64) -> Self {
        Self::from_seconds_clamped(Seconds::from_hours(hours).0)
    }

    /// So many days.
    #[must_use]
    pub const fn from_days(days: u64) -> Self {
        Self::from_seconds_clamped(Seconds::from_days(days).0)
    }

    /// The length in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0 as u64
    }
}

impl Seconds {
    /// So many seconds.
    #[must_use]
    pub const fn new(seconds: u64) -> Self {
        Self(seconds)
    }

    /// So many hours.
    #[must_use]
    pub const fn from_hours(hours: u64) -> Self {
        Self(hours.saturating_mul(3_600))
    }

    /// So many days.
    #[must_use]
    pub const fn from_days(days: u64) -> Self {
        Self::from_hours(days.saturating_mul(24))
    }

    /// The length in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

impl Millis {
    /// So many milliseconds.
    #[must_use]
    pub const fn new(millis: u64) -> Self {
        Self(millis)
    }

    /// The length.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&exact(Duration::from_secs(self.seconds()), "s"))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&exact(Duration::from_secs(self.0), "s"))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&exact(self.duration(), "ms"))
    }
}

/// The length in the largest unit that holds it exactly; zero in `unit_of_zero`.
fn exact(length: Duration, unit_of_zero: &str) -> String {
    let millis = length.as_millis();
    if millis == 0 {
        return format!("0{unit_of_zero}");
    }
    let (size, unit) = MILLIS
        .into_iter()
        .find(|(size, _)| millis.is_multiple_of(*size))
        .unwrap_or((1, "ms"));
    format!("{}{unit}", millis / size)
}

fn read_duration(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Duration> {
    let read = match &node.value {
        NodeValue::Text(text) => parse_duration(text),
        NodeValue::Integer(number) => Err(missing_unit(&number.to_string())),
        NodeValue::Float(number) => Err(missing_unit(&number.to_string())),
        _ => {
            findings.push(
                wrong_type(node, key, "a duration").with_help("write it as a string, as `\"24h\"`"),
            );
            return None;
        }
    };
    read.map_err(|error| findings.push(error.finding(key, full_key(key), node)))
        .ok()
}

fn out_of_range(node: &Node, key: &str, message: &str, help: &str) -> Diagnostic {
    let written = node.as_text().unwrap_or_default();
    Diagnostic::error(
        Code::OutOfRange,
        format!("`{written}` {message} (in `{key}`)"),
    )
    .about(full_key(key))
    .at(node.place.clone())
    .with_help(help)
}

fn read_seconds(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<u64> {
    let length = read_duration(node, key, findings)?;
    if length.subsec_nanos() != 0 {
        findings.push(out_of_range(
            node,
            key,
            "is not a whole number of seconds",
            "records keep whole seconds: write seconds or longer, as `1s`",
        ));
        return None;
    }
    Some(length.as_secs())
}

fn written_text(node: &Node) -> Value {
    Value::from(node.as_text().unwrap_or_default())
}

impl SettingValue for Ttl {
    const SHAPE: Shape = Shape::Duration;

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let seconds = read_seconds(node, key, findings)?;
        let ttl = Self::from_seconds_clamped(seconds);
        if ttl.seconds() == seconds {
            return Some(ttl);
        }
        let help = format!(
            "a store takes from {} to {} seconds",
            Self::MIN.0,
            Self::MAX.0
        );
        findings.push(out_of_range(
            node,
            key,
            "is not a time a record can be kept",
            &help,
        ));
        None
    }

    fn show(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn show_as_written(&self, node: &Node) -> Value {
        written_text(node)
    }
}

impl SettingValue for Seconds {
    const SHAPE: Shape = Shape::Duration;

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        read_seconds(node, key, findings).map(Self)
    }

    fn show(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn show_as_written(&self, node: &Node) -> Value {
        written_text(node)
    }
}

impl SettingValue for Millis {
    const SHAPE: Shape = Shape::Duration;

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let length = read_duration(node, key, findings)?;
        let whole = length.subsec_nanos().is_multiple_of(1_000_000);
        let millis = u64::try_from(length.as_millis()).ok().filter(|_| whole);
        if millis.is_none() {
            findings.push(out_of_range(
                node,
                key,
                "is not a whole number of milliseconds",
                "write milliseconds or longer, as `50ms`",
            ));
        }
        millis.map(Self)
    }

    fn show(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn show_as_written(&self, node: &Node) -> Value {
        written_text(node)
    }
}

/// The word for a duration that is not set, so that a profile can take back its parent's.
const NONE: &str = "none";

impl SettingValue for Option<Seconds> {
    const SHAPE: Shape = Shape::OptionalDuration;

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        if node.as_text() == Some(NONE) {
            return Some(None);
        }
        Seconds::read(node, key, findings).map(Some)
    }

    fn show(&self) -> Value {
        match self {
            Some(seconds) => seconds.show(),
            None => Value::from(NONE),
        }
    }

    fn show_as_written(&self, node: &Node) -> Value {
        written_text(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_show_in_the_largest_exact_unit() {
        let cases = [
            (Seconds::new(0).to_string(), "0s"),
            (Millis::new(0).to_string(), "0ms"),
            (Millis::new(1_500).to_string(), "1500ms"),
            (Millis::new(60_000).to_string(), "1m"),
            (Seconds::new(129_600).to_string(), "36h"),
            (Seconds::new(90).to_string(), "90s"),
            (Ttl::from_days(365).to_string(), "365d"),
            (Ttl::from_hours(24).to_string(), "1d"),
        ];
        for (shown, expected) in cases {
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn a_ttl_stays_within_what_the_store_takes() {
        assert_eq!(Ttl::from_seconds_clamped(0), Ttl::MIN);
        assert_eq!(Ttl::from_seconds_clamped(u64::MAX), Ttl::MAX);
        assert_eq!(Ttl::from_seconds_clamped(7).seconds(), 7);
    }
}
