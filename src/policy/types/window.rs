//! The windows that the edge's rate counter knows.

use super::Seconds;

/// A window of the edge's rate counter.
///
/// ```
/// use edge_cookie::policy::types::EdgeWindow;
/// use edge_cookie::policy::types::Seconds;
///
/// assert_eq!(EdgeWindow::of(Seconds::new(10)), Ok(EdgeWindow::TenSeconds));
/// assert_eq!(EdgeWindow::of(Seconds::new(30)), Err(EdgeWindow::SixtySeconds));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeWindow {
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

impl EdgeWindow {
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
            0 => Err(Self::OneSecond),
            shorter if shorter < TEN => Err(Self::TenSeconds),
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
            (0, Err(EdgeWindow::OneSecond)),
            (1, Ok(EdgeWindow::OneSecond)),
            (2, Err(EdgeWindow::TenSeconds)),
            (10, Ok(EdgeWindow::TenSeconds)),
            (11, Err(EdgeWindow::SixtySeconds)),
            (60, Ok(EdgeWindow::SixtySeconds)),
            (3_600, Err(EdgeWindow::SixtySeconds)),
        ] {
            assert_eq!(EdgeWindow::of(Seconds::new(seconds)), window, "{seconds}");
            if let Ok(window) = window {
                assert_eq!(window.length(), Seconds::new(seconds));
            }
        }
    }
}
