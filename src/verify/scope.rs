//! How far a proof goes.

use serde::Serialize;

use super::act::PARTNERS;

/// How far a proof goes. It is made in [two passes](Self::passes), since everything at once is more than a machine holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// Operations under way at once.
    pub actors: usize,
    /// Partners that sync, at most two.
    pub partners: usize,
    /// Operations in all.
    pub operations: usize,
    /// Faults of the store in all.
    pub faults: usize,
    /// How often time moves on to a moment that matters.
    pub moves: usize,
}

/// What a proof covers unless told otherwise.
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
    /// The most of each that a pass over a long time has: what takes long meets few others.
    const LONG: Self = Self {
        actors: 2,
        partners: PARTNERS.len(),
        operations: 3,
        faults: 1,
        moves: 3,
    };

    /// A pass over a long time with little at once, then the scope itself where that goes further.
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
