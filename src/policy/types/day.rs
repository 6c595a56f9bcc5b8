//! A day of the calendar, as lists of laws name it.
//!
//! Policies are resolved on each start of the edge, in a wasm whose size counts: a date library would be two tenths of it.

use std::fmt;
use std::str::FromStr;

use crate::clock::Timestamp;

/// A day, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Day {
    year: u64,
    month: u64,
    of_month: u64,
}

/// It is no day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoDay;

const SECONDS: u64 = 86_400;

/// Days from the 1 March before year 0 to 1 January 1970.
const TO_1970: u64 = 719_468;

impl Day {
    /// 00:00 UTC; a day before 1970 is the start of 1970.
    pub(super) const fn midnight(self) -> Timestamp {
        // Years from March on: the leap day is their last.
        let (year, month) = match self.month {
            before_march @ ..3 => (self.year.saturating_sub(1), before_march + 9),
            month => (self.year, month - 3),
        };
        let of_years = year * 365 + year / 4 - year / 100 + year / 400;
        // Months of 31, 30, 31, 30 and 31 days, again and again.
        let of_months = (153 * month + 2) / 5;
        let days = (of_years + of_months + self.of_month - 1).saturating_sub(TO_1970);
        Timestamp::from_unix(days * SECONDS)
    }
}

const fn days_of(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, NoDay> {
        let mut parts = text.split('-');
        let mut number = |length: usize| {
            let digits = parts.next().ok_or(NoDay)?;
            let right = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = right.then(|| digits.parse().ok()).flatten();
            number.ok_or(NoDay)
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let known = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
        match parts.next() {
            None if known => Ok(Self {
                year,
                month,
                of_month: day,
            }),
            _ => Err(NoDay),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.of_month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Date;

    #[test]
    fn every_day_is_the_calendars() {
        let first: Date = "1969-12-01".parse().unwrap();
        for day in first.series(jiff::ToSpan::days(1)).take(160_000) {
            let written = day.to_string();
            let own: Day = written.parse().unwrap();
            let time = jiff::tz::Offset::UTC
                .to_timestamp(day.at(0, 0, 0, 0))
                .unwrap();
            let seconds = u64::try_from(time.as_second()).unwrap_or(0);
            assert_eq!(own.midnight(), Timestamp::from_unix(seconds), "{written}");
            assert_eq!(own.to_string(), written);
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2027",
            "2027-1-01",
            "2027-13-01",
            "2027-00-01",
            "2027-02-29",
            "2100-02-29",
            "2027-04-31",
            "2027-01-00",
            "2027-01-01-",
            "2027-01-01T00:00",
            "20270101",
            "+027-01-01",
            "2027-01-0é",
        ] {
            assert_eq!(text.parse::<Day>(), Err(NoDay), "{text}");
        }
        assert_eq!("2028-02-29".parse::<Day>().map(|day| day.of_month), Ok(29));
        assert_eq!(
            "0000-01-01".parse::<Day>().map(Day::midnight),
            Ok(Timestamp::from_unix(0))
        );
    }
}
