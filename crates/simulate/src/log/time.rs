//! The times in logs.

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::Offset;

use edge_cookie::clock::{Moment, is_usual};

const SECONDS_PER_MINUTE: i32 = 60;
const MINUTES_PER_HOUR: i32 = 60;
const MILLIS_PER_SECOND: u64 = 1_000;

/// Parses a time of the Common Log Format, of RFC 3339, or in Unix seconds. The first two need an offset from UTC.
///
/// # Errors
///
/// If it is not a time: what is wrong, and what to write.
pub(super) fn time(written: &str) -> Result<Moment, String> {
    let (clock, zone) = written.rsplit_once(' ').unwrap_or((written, ""));
    let clock = on_a_clock(clock).or_else(|| on_a_clock(written));
    let moment = match (clock, offset(zone)) {
        (Some(clock), Some(offset)) => moment(clock, offset),
        (Some(_), None) if !zone.starts_with(['+', '-']) => {
            return Err(format!(
                "`{written}` has no offset from UTC: log it as `+0100`, because the name of a zone is ambiguous"
            ));
        }
        (Some(_), None) => None,
        (None, _) => written.parse().ok().or_else(|| unix(written)),
    };
    moment.ok_or_else(|| {
        format!(
            "`{written}` is not a time: write it as `10/Oct/2025:13:55:36 +0000` or `2025-10-10T13:55:36Z`"
        )
    })
}

/// A date and time as Apache and nginx write them, optionally with fractions of a second.
fn on_a_clock(written: &str) -> Option<DateTime> {
    let time = strtime::parse("%d/%b/%Y:%H:%M:%S%.f", written).ok()?;
    time.to_datetime().ok()
}

fn moment(clock: DateTime, offset: Offset) -> Option<Moment> {
    let millis = offset.to_timestamp(clock).ok()?.as_millisecond();
    u64::try_from(millis).ok().map(Moment::from_unix_millis)
}

/// An offset from UTC, as `+0100`, `+01:00`, `Z` or `UTC`.
fn offset(zone: &str) -> Option<Offset> {
    if ["Z", "UTC", "GMT"].contains(&zone) {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match zone.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, zone.strip_prefix('+')?),
    };
    let digits = rest.replacen(':', "", 1);
    let number = |digits: &str| {
        let all = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        all.then(|| digits.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let seconds = sign * (hours * MINUTES_PER_HOUR + minutes) * SECONDS_PER_MINUTE;
    let offset = Offset::from_seconds(seconds).ok()?;
    (minutes < MINUTES_PER_HOUR && is_usual(offset)).then_some(offset)
}

/// Unix seconds with fractions, as nginx's `$msec`.
fn unix(written: &str) -> Option<Moment> {
    let (seconds, parts) = written.split_once('.')?;
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if !digits(seconds) || !digits(parts) || parts.is_empty() {
        return None;
    }
    let seconds: u64 = seconds.parse().ok()?;
    let millis: u64 = format!("{parts:0<3}").get(..3)?.parse().ok()?;
    let whole = seconds.checked_mul(MILLIS_PER_SECOND)?;
    Some(Moment::from_unix_millis(whole.checked_add(millis)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_of_a_time_is_read_with_its_offset() {
        // All of them are the same second, or half a second later.
        const SECOND: u64 = 1_772_442_000_000;
        for (written, expected) in [
            ("02/Mar/2026:09:00:00 +0000", Some(SECOND)),
            ("02/Mar/2026:09:00:00 -0000", Some(SECOND)),
            ("02/Mar/2026:10:00:00 +0100", Some(SECOND)),
            ("02/Mar/2026:10:00:00 +01:00", Some(SECOND)),
            ("02/Mar/2026:14:45:00 +0545", Some(SECOND)),
            ("01/Mar/2026:23:30:00 -0930", Some(SECOND)),
            ("02/Mar/2026:09:00:00 Z", Some(SECOND)),
            ("02/Mar/2026:09:00:00 UTC", Some(SECOND)),
            ("02/Mar/2026:09:00:00 GMT", Some(SECOND)),
            ("02/Mar/2026:10:00:00.500 +0100", Some(SECOND + 500)),
            ("2026-03-02T09:00:00Z", Some(SECOND)),
            ("2026-03-02T10:00:00+01:00", Some(SECOND)),
            ("2026-03-02T10:00:00+0100", Some(SECOND)),
            ("2026-03-02 10:00:00+01:00", Some(SECOND)),
            (
                "2026-03-02T10:00:00.5+01:00[Europe/Berlin]",
                Some(SECOND + 500),
            ),
            ("1772442000", Some(SECOND)),
            ("1772442000.5", Some(SECOND + 500)),
            ("1772442000.500999", Some(SECOND + 500)),
            // The name of a zone is ambiguous, and without an offset the time is unknown.
            ("02/Mar/2026:10:00:00 CET", None),
            ("02/Mar/2026:09:00:00 IST", None),
            ("02/Mar/2026:09:00:00", None),
            ("2026-03-02T09:00:00", None),
            ("02/Mar/2026:09:00:00 +2400", None),
            ("02/Mar/2026:09:00:00 +0060", None),
            ("02/Mar/2026:09:00:00 0100", None),
            ("02/Mar/2026:09:00:00 +1", None),
            ("02/Mar/2026:09:00:00 +01é", None),
            ("31/Feb/2026:09:00:00 +0000", None),
            ("02/Mar/1926:09:00:00 +0000", None),
            ("1772442000.", None),
            (".5", None),
            ("-1.5", None),
            ("", None),
        ] {
            let read = time(written).map(Moment::unix_millis);
            assert_eq!(read.as_ref().ok(), expected.as_ref(), "{written}: {read:?}");
        }
    }

    #[test]
    fn a_missing_offset_is_named() {
        for written in ["02/Mar/2026:10:00:00 CET", "02/Mar/2026:10:00:00"] {
            let why = time(written).unwrap_err();
            assert!(
                why.contains("has no offset from UTC: log it as `+0100`"),
                "{why}"
            );
        }
    }
}
