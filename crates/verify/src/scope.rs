//! The limits of a check.

use serde::Serialize;

use super::actor::PARTNERS;

/// The limits of a check. It runs in [two passes](Self::passes), because one pass over everything needs too much memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// Operations that are pending at the same time.
    pub actors: usize,
    /// Partners that sync, at most two.
    pub partners: usize,
    /// Operations in total.
    pub operations: usize,
    /// Store faults in total.
    pub faults: usize,
    /// The number of times the clock moves.
    pub moves: usize,
}

/// The default scope of `ec verify`.
impl Default for Scope {
    fn default() -> Self {
        Self {
            actors: 3,
            partners: PARTNERS.len(),
            operations: 4,
            faults: 2,
            moves: 1,
        }
    }
}

impl Scope {
    /// The limits of a pass over a long time: over a long time few operations overlap.
    const LONG: Self = Self {
        actors: 2,
        partners: PARTNERS.len(),
        operations: 3,
        faults: 1,
        moves: 3,
    };

    /// A pass over a long time with few concurrent operations, then the scope itself if it covers more.
    #[must_use]
    pub fn passes(self) -> Vec<Self> {
        let long = Self {
            actors: self.actors.min(Self::LONG.actors),
            partners: self.partners.min(Self::LONG.partners),
            operations: self.operations.min(Self::LONG.operations),
            faults: self.faults.min(Self::LONG.faults),
            moves: self.moves.max(Self::LONG.moves),
        };
        let further = Self {
            moves: long.moves,
            ..self
        };
        if further == long {
            vec![long]
        } else {
            vec![long, self]
        }
    }
}
