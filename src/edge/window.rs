//! The windows that the edge's rate counter knows.

use crate::policy::types::Seconds;

/// A window of the edge's rate counter.
///
/// ```
/// use edge_cookie::edge::Window;
/// use edge_cookie::policy::types::Seconds;
///
/// assert_eq!(Window::of(Seconds::new(10)), Ok(Window::TenSeconds));
/// assert_eq!(Window::of(Seconds::new(30)), Err(Window::SixtySeconds));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Window {
    /// One second.
    OneSecond,
    /// Ten seconds.
    TenSeconds,
    /// Sixty seconds.
    SixtySeconds,
}

const ONE: u64 = 1;
const TEN: u64 = 10;
const SIXTY: u64 = 60;

impl Window {
    /// The window of this length.
    ///
    /// # Errors
    ///
    /// Where there is none: the shortest that is longer, or the longest there is, which counts instead.
    pub const fn of(length: Seconds) -> Result<Self, Self> {
        match length.seconds() {
            ONE => Ok(Self::OneSecond),
            TEN => Ok(Self::TenSeconds),
            SIXTY => Ok(Self::SixtySeconds),
            ..ONE => Err(Self::OneSecond),
            ..TEN => Err(Self::TenSeconds),
            _ => Err(Self::SixtySeconds),
        }
    }

    /// Its length.
    #[must_use]
    pub const fn length(self) -> Seconds {
        Seconds::new(match self {
            Self::OneSecond => ONE,
            Self::TenSeconds => TEN,
            Self::SixtySeconds => SIXTY,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_length_counts_as_the_next_longer() {
        for (seconds, window) in [
            (0, Err(Window::OneSecond)),
            (1, Ok(Window::OneSecond)),
            (2, Err(Window::TenSeconds)),
            (10, Ok(Window::TenSeconds)),
            (11, Err(Window::SixtySeconds)),
            (60, Ok(Window::SixtySeconds)),
            (3_600, Err(Window::SixtySeconds)),
        ] {
            assert_eq!(Window::of(Seconds::new(seconds)), window, "{seconds}");
            if let Ok(window) = window {
                assert_eq!(window.length(), Seconds::new(seconds));
            }
        }
    }
}
