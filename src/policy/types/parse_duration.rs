//! Reading a duration from text, with an error that says what to write.

use std::time::Duration;

use super::length::{self, LengthError};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::node::Node;

/// Units whose length is a calendar average, which no one means in a retention promise.
const CALENDAR_UNITS: [&str; 8] = ["M", "month", "months", "mon", "y", "yr", "yrs", "year"];

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {help}")]
#[non_exhaustive]
pub struct DurationError {
    /// The rule that it breaks.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl DurationError {
    pub(super) const fn new(code: Code, message: String, help: String) -> Self {
        Self {
            code,
            message,
            help,
        }
    }

    /// The finding for the value `node`, whose reader calls it `name`; `about` is its full key.
    #[must_use]
    pub fn finding(self, name: &str, about: impl Into<String>, node: &Node) -> Diagnostic {
        Diagnostic::error(self.code, format!("{} (in `{name}`)", self.message))
            .about(about)
            .at(node.place.clone())
            .with_help(self.help)
    }
}

/// Reads a duration of any precision from text, apart from any setting.
///
/// # Errors
///
/// What is wrong, and what to do about it.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let calendar = text
        .split(|character: char| !character.is_alphabetic())
        .find(|unit| CALENDAR_UNITS.contains(unit) || *unit == "years");
    if let Some(unit) = calendar {
        let days = if unit.starts_with(['y', 'Y']) {
            "365.25"
        } else {
            "30.44"
        };
        return Err(DurationError::new(
            Code::CalendarUnit,
            format!("`{text}` counts in `{unit}`, which has no fixed length"),
            format!(
                "a `{unit}` would be {days} days: write the number of days you mean, as `30d` or `365d`"
            ),
        ));
    }
    if !text.is_empty() && text.chars().all(|character| character.is_ascii_digit()) {
        return Err(missing_unit(text));
    }
    length::parse(text).map_err(|error| match error {
        LengthError::Grammar => DurationError::new(
            Code::BadDuration,
            format!("`{text}` is not a duration"),
            "write a number with its unit, as `365d`, `24h`, `300s` or `1h 30m`".to_owned(),
        ),
        LengthError::Size => DurationError::new(
            Code::OutOfRange,
            format!("`{text}` cannot be counted"),
            "write a shorter time, or one with fewer digits after the point".to_owned(),
        ),
    })
}

pub(super) fn missing_unit(number: &str) -> DurationError {
    DurationError::new(
        Code::MissingUnit,
        format!("`{number}` has no unit"),
        format!("add the unit you mean, as `\"{number}s\"` or `\"{number}d\"`"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let cases = [
            ("365d", Ok(31_536_000)),
            ("1h 30m", Ok(5_400)),
            (" 1h30m\n", Ok(5_400)),
            ("1.5 h", Ok(5_400)),
            ("0.333h", Ok(1_198)),
            ("1.0000000001s", Err(Code::OutOfRange)),
            ("99999999999999999999d", Err(Code::OutOfRange)),
            ("1 0s", Err(Code::BadDuration)),
            ("1.5 5m", Err(Code::BadDuration)),
            ("1. 5h", Err(Code::BadDuration)),
            ("1.h", Err(Code::BadDuration)),
            (".5h", Err(Code::BadDuration)),
            ("1\u{85}h", Err(Code::BadDuration)),
            ("2weeks", Ok(1_209_600)),
            ("0s", Ok(0)),
            ("1month", Err(Code::CalendarUnit)),
            ("2 months", Err(Code::CalendarUnit)),
            ("1M", Err(Code::CalendarUnit)),
            ("1year", Err(Code::CalendarUnit)),
            ("1y 2d", Err(Code::CalendarUnit)),
            ("3years", Err(Code::CalendarUnit)),
            ("300", Err(Code::MissingUnit)),
            ("soon", Err(Code::BadDuration)),
            ("", Err(Code::BadDuration)),
            ("-1h", Err(Code::BadDuration)),
        ];
        for (written, expected) in cases {
            let read = parse_duration(written)
                .map(|length| length.as_secs())
                .map_err(|error| error.code);
            assert_eq!(read, expected, "{written}");
        }
    }
}
