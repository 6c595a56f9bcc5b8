//! Time, handed in: the engine never reads a clock, its caller passes the time at which an operation started.
//!
//! Records keep Unix seconds ([`Timestamp`]); deadlines and waits need finer time ([`Moment`]).
//!
//! ```
//! use edge_cookie::clock::{Clock, ManualClock, Moment, Timestamp};
//!
//! let clock = ManualClock::at(Moment::from(Timestamp::from_unix(1_772_409_600)));
//! assert_eq!(clock.now().timestamp().to_string(), "2026-03-02T00:00:00Z");
//! ```

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::platform_facts::internet::MAX_OFFSET_SECONDS;

const MILLIS_PER_SECOND: u64 = 1_000;

/// A point in time as records keep it: whole seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point `seconds` after the Unix epoch.
    #[must_use]
    pub const fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn unix(self) -> u64 {
        self.0
    }

    /// Seconds from `earlier` to this point; zero where `earlier` is later.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The second before this point; the epoch has none before it.
    #[must_use]
    pub const fn second_before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// This point moved `seconds` into the future.
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// RFC 3339 in UTC; a time past the year 9999 shows as its Unix seconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = i64::try_from(self.0)
            .ok()
            .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        match shown {
            Some(time) => write!(f, "{time}"),
            None => write!(f, "{}", self.0),
        }
    }
}

/// Reads Unix seconds.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SecondsVisitor;

        impl Visitor<'_> for SecondsVisitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("Unix seconds")
            }

            fn visit_u64<E>(self, seconds: u64) -> Result<Self::Value, E> {
                Ok(Timestamp(seconds))
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Self::Value, E> {
                Err(E::custom(format!(
                    "`{seconds}` is before 1970, and Unix seconds are not"
                )))
            }
        }

        deserializer.deserialize_u64(SecondsVisitor)
    }
}

/// A point in time in milliseconds since the Unix epoch, for deadlines and waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(u64);

impl Moment {
    /// The point `millis` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_millis(self) -> u64 {
        self.0
    }

    /// The second this moment falls in.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        Timestamp(self.0 / MILLIS_PER_SECOND)
    }

    /// Time from `earlier` to this moment; zero where the clock went back.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// This moment moved into the future.
    #[must_use]
    pub fn plus(self, length: Duration) -> Self {
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

/// RFC 3339 in UTC, to the millisecond; a time past the year 9999 shows as its Unix seconds.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = i64::try_from(self.0)
            .ok()
            .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
        match shown {
            Some(time) => write!(f, "{time}"),
            None => self.timestamp().fmt(f),
        }
    }
}

impl From<Timestamp> for Moment {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.0.saturating_mul(MILLIS_PER_SECOND))
    }
}

/// Whether a written time may have this offset from UTC; what reads times for us takes larger ones.
#[must_use]
pub fn is_usual(offset: Offset) -> bool {
    offset.seconds().abs() <= MAX_OFFSET_SECONDS
}

/// What is wrong with a written time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{written}` is not a time: write RFC 3339, as `2026-03-02T08:30:00Z`, or Unix seconds")]
pub struct TimeError {
    written: String,
}

/// Reads RFC 3339 or Unix seconds; times before 1970 are refused.
impl FromStr for Moment {
    type Err = TimeError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        let refused = || TimeError {
            written: written.to_owned(),
        };
        if let Ok(seconds) = written.parse::<u64>() {
            return Ok(Timestamp(seconds).into());
        }
        let time: jiff::Timestamp = written.parse().map_err(|_| refused())?;
        let offset = Pieces::parse(written)
            .map_err(|_| refused())?
            .to_numeric_offset();
        if !offset.is_none_or(is_usual) {
            return Err(refused());
        }
        u64::try_from(time.as_millisecond())
            .map(Self)
            .map_err(|_| refused())
    }
}

/// Where the time comes from, and how to let it pass.
pub trait Clock {
    /// The current time.
    fn now(&self) -> Moment;

    /// Lets `length` pass before a retry.
    fn wait(&self, length: Duration);
}

/// A clock whose waits are awaited, so that other work goes on meanwhile.
pub trait AsyncClock: Send + Sync {
    /// The current time.
    fn now(&self) -> Moment;

    /// Lets `length` pass before a retry.
    fn wait(&self, length: Duration) -> impl Future<Output = ()> + Send;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Moment {
        (**self).now()
    }

    fn wait(&self, length: Duration) {
        (**self).wait(length);
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Moment {
        (**self).now()
    }

    fn wait(&self, length: Duration) {
        (**self).wait(length);
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let millis = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        Moment(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    fn wait(&self, length: Duration) {
        std::thread::sleep(length);
    }
}

/// A clock that its owner sets; waiting moves it on. For event streams, simulations and tests.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows `moment`.
    #[must_use]
    pub const fn at(moment: Moment) -> Self {
        Self(AtomicU64::new(moment.0))
    }

    /// Puts the clock to `moment`.
    pub fn set(&self, moment: Moment) {
        self.0.store(moment.0, Ordering::Release);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::Acquire))
    }

    fn wait(&self, length: Duration) {
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(millis, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_forms() {
        let cases = [
            ("1772409600", Some(1_772_409_600_000)),
            ("2026-03-02T00:00:00Z", Some(1_772_409_600_000)),
            ("2026-03-02T02:00:00.250+02:00", Some(1_772_409_600_250)),
            ("0", Some(0)),
            ("2026-03-02T23:59:00+23:59", Some(1_772_409_600_000)),
            ("2026-03-03T00:00:00+24:00", None),
            ("2026-03-01T00:00:00-24:00", None),
            ("1969-12-31T23:59:59Z", None),
            ("yesterday", None),
            ("", None),
            ("-5", None),
        ];
        for (written, millis) in cases {
            let read = written.parse::<Moment>().ok().map(Moment::unix_millis);
            assert_eq!(read, millis, "{written}");
        }
    }

    #[test]
    fn a_time_out_of_the_calendar_shows_its_seconds() {
        assert_eq!(
            Timestamp::from_unix(u64::MAX).to_string(),
            u64::MAX.to_string()
        );
    }

    #[test]
    fn waiting_moves_a_manual_clock() {
        let clock = ManualClock::default();
        clock.wait(Duration::from_millis(1_500));
        assert_eq!(clock.now().timestamp(), Timestamp::from_unix(1));
        clock.set(Moment::from_unix_millis(7));
        assert_eq!(
            clock.now().since(Moment::from_unix_millis(9)),
            Duration::ZERO
        );
    }
}
