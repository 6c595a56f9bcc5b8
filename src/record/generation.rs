//! The mark of one write of one record.

use std::fmt;

/// Marks one write of one record. Opaque: compared for equality, never by order.
///
/// Our own stores never hand one out twice, not even after a deletion or an expiry.
///
/// ```
/// use edge_cookie::record::Generation;
///
/// assert_eq!(Generation::from_platform(0xabc).to_string(), "0000000000000abc");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Generation(u64);

impl Generation {
    /// The marker as the platform gives it.
    #[must_use]
    pub const fn from_platform(marker: u64) -> Self {
        Self(marker)
    }

    /// The marker as the platform takes it.
    #[must_use]
    pub const fn to_platform(self) -> u64 {
        self.0
    }
}

/// Sixteen hex digits, so that no one reads an order into it.
impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What must hold for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing: whatever is there is overwritten.
    None,
    /// No record is there.
    Add,
    /// The record there is of this generation. A record that is gone is a conflict.
    Generation(Generation),
}

impl Precondition {
    /// Whether it holds where the record there is of this generation; none where no record is there.
    ///
    /// ```
    /// use edge_cookie::record::{Generation, Precondition};
    ///
    /// let current = Generation::from_platform(1);
    /// assert!(Precondition::Generation(current).holds(Some(current)));
    /// assert!(!Precondition::Generation(current).holds(None));
    /// ```
    #[must_use]
    pub fn holds(self, current: Option<Generation>) -> bool {
        match self {
            Self::None => true,
            Self::Add => current.is_none(),
            Self::Generation(expected) => current == Some(expected),
        }
    }
}
