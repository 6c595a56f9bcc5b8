//! The grammar of durations, for what reads them and for the schemas that describe them.

use std::time::Duration;

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// The units with their lengths in nanoseconds; calendar units have none.
const UNITS: [(&[&str], u128); 8] = [
    (&["ns", "nsec", "nanos"], 1),
    (&["us", "usec", "µs"], 1_000),
    (&["ms", "msec", "millis"], 1_000_000),
    (&["s", "sec", "secs", "second", "seconds"], NANOS_PER_SECOND),
    (
        &["m", "min", "mins", "minute", "minutes"],
        60 * NANOS_PER_SECOND,
    ),
    (
        &["h", "hr", "hrs", "hour", "hours"],
        3_600 * NANOS_PER_SECOND,
    ),
    (&["d", "day", "days"], 86_400 * NANOS_PER_SECOND),
    (
        &["w", "wk", "wks", "week", "weeks"],
        604_800 * NANOS_PER_SECOND,
    ),
];

/// What may be between numbers and units.
const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Why a text is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LengthError {
    /// It is not numbers with units.
    Grammar,
    /// It is, but the time is too long, or finer than a nanosecond.
    Size,
}

/// Parses numbers, perhaps with a fraction, each with its unit: `1h 30m`, `1.5h`.
pub(super) fn parse(text: &str) -> Result<Duration, LengthError> {
    let mut rest = text.trim_matches(BLANKS);
    if rest.is_empty() {
        return Err(LengthError::Grammar);
    }
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (whole, after) = split(rest, |character| character.is_ascii_digit());
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => {
                let (fraction, after) = split(after, |character| character.is_ascii_digit());
                (Some(fraction), after)
            }
            None => (None, after),
        };
        let (unit, after) = split(after.trim_start_matches(BLANKS), char::is_alphabetic);
        let mut known = UNITS.iter();
        let known = known.find(|(names, _)| names.contains(&unit));
        if whole.is_empty() || fraction == Some("") {
            return Err(LengthError::Grammar);
        }
        let (_, nanos) = known.ok_or(LengthError::Grammar)?;
        parts.push((whole, fraction.unwrap_or("0"), *nanos));
        rest = after.trim_start_matches(BLANKS);
    }
    // What is written is right: whether it is a time that can be counted is another question.
    let length = |(whole, fraction, nanos): (&str, &str, u128)| {
        let whole = whole.parse::<u128>().ok()?.checked_mul(nanos)?;
        let digits = u32::try_from(fraction.len()).ok()?;
        let parts = 10_u128.checked_pow(digits)?;
        let fraction = fraction.parse::<u128>().ok()?.checked_mul(nanos)?;
        let exact = fraction.is_multiple_of(parts);
        whole.checked_add(exact.then_some(fraction / parts)?)
    };
    let mut parts = parts.into_iter();
    let nanos = parts.try_fold(0_u128, |sum, part| sum.checked_add(length(part)?));
    let nanos = nanos.ok_or(LengthError::Size)?;
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).map_err(|_| LengthError::Size)?;
    let left = u32::try_from(nanos % NANOS_PER_SECOND).map_err(|_| LengthError::Size)?;
    Ok(Duration::new(seconds, left))
}

/// The same grammar as a regular expression (ECMA-262), for editors.
pub(in crate::policy) fn pattern() -> String {
    let units: Vec<&str> = UNITS
        .iter()
        .flat_map(|(names, _)| names.iter().copied())
        .collect();
    let units = units.join("|");
    format!("^[ \\t\\n\\r]*([0-9]+(\\.[0-9]+)?[ \\t\\n\\r]*({units})[ \\t\\n\\r]*)+$")
}

/// What a text begins with, as long as `takes` does, and the rest.
fn split(text: &str, takes: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|character| !takes(character));
    text.split_at_checked(end.unwrap_or(text.len()))
        .unwrap_or((text, ""))
}
