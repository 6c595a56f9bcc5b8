//! Which states were reached already, and with how much left: one that was reached with as much left or more need not be
//! looked at again.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Scope;

/// How many parts the table has, so that threads seldom meet: a power of two.
const PARTS: usize = 64;

/// What is left of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Left {
    pub(super) operations: usize,
    pub(super) faults: usize,
    pub(super) moves: usize,
}

impl Left {
    pub(super) const fn of(scope: Scope) -> Self {
        Self {
            operations: scope.operations,
            faults: scope.faults,
            moves: scope.moves,
        }
    }

    /// Every combination with as much or less.
    fn within(self) -> impl Iterator<Item = Self> {
        (0..=self.operations).flat_map(move |operations| {
            (0..=self.faults).flat_map(move |faults| {
                (0..=self.moves).map(move |moves| Self {
                    operations,
                    faults,
                    moves,
                })
            })
        })
    }

    const fn is_within(self, other: Self) -> bool {
        self.operations <= other.operations
            && self.faults <= other.faults
            && self.moves <= other.moves
    }
}

/// The table. Each state has a bit for every combination of what can be left.
#[derive(Debug)]
pub(super) struct Reached {
    parts: Vec<Mutex<HashMap<u64, u128, BuildHasherDefault<AsIs>>>>,
    /// Of every combination of what is left: its bit, and those of all with as much left or more.
    bits: HashMap<Left, (u128, u128), ahash::RandomState>,
    /// Whether every state is new: to walk a path again.
    off: AtomicBool,
}

impl Reached {
    pub(super) fn new(scope: Scope) -> Self {
        let whole = Left::of(scope);
        // Where there are more combinations than bits, those of the last have none, and are new each time.
        let single = |(place, left)| {
            Some((
                left,
                u128::from(true).checked_shl(u32::try_from(place).ok()?)?,
            ))
        };
        let singles: Vec<(Left, u128)> = whole.within().enumerate().filter_map(single).collect();
        let or_more = |left: &Left| {
            let more = singles.iter().filter(|(other, _)| left.is_within(*other));
            more.fold(0, |bits, (_, bit)| bits | bit)
        };
        let bits = singles
            .iter()
            .map(|(left, bit)| (*left, (*bit, or_more(left))));
        Self {
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            bits: bits.collect(),
            off: AtomicBool::new(false),
        }
    }

    pub(super) fn switch_off(&self) {
        self.off.store(true, Ordering::SeqCst);
    }

    /// Whether a state is reached for the first time with so much left.
    pub(super) fn is_new(&self, state: u64, left: Left) -> bool {
        if self.off.load(Ordering::Relaxed) {
            return true;
        }
        let Some((bit, or_more)) = self.bits.get(&left) else {
            return true;
        };
        let part = usize::try_from(state).unwrap_or_default() % PARTS;
        let Some(part) = self.parts.get(part) else {
            return true;
        };
        let mut part = part
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let reached = part.entry(state).or_default();
        let new = *reached & or_more == 0;
        *reached |= bit;
        new
    }
}

/// Hashes what is a hash already.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(u8::BITS) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_new_where_it_was_never_reached_with_as_much_left() {
        let reached = Reached::new(Scope::default());
        let left = |operations, faults, moves| Left {
            operations,
            faults,
            moves,
        };
        assert!(reached.is_new(7, left(2, 1, 1)));
        assert!(!reached.is_new(7, left(2, 1, 1)));
        assert!(!reached.is_new(7, left(1, 1, 0)));
        assert!(reached.is_new(7, left(1, 2, 0)));
        assert!(reached.is_new(8, left(1, 1, 0)));
        assert!(reached.is_new(8, left(2, 1, 0)));
        reached.switch_off();
        assert!(reached.is_new(7, left(0, 0, 0)));
    }
}
