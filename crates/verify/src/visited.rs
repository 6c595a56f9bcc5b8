//! The visited states, each with its remaining budget: a state that was visited with the same or a larger budget need not
//! be explored again.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Scope;

/// The number of shards, so that threads rarely contend for a lock: a power of two.
const SHARDS: usize = 64;

/// The remaining operations, faults and time steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Budget {
    pub(super) operations: usize,
    pub(super) faults: usize,
    pub(super) moves: usize,
}

impl Budget {
    pub(super) const fn of(scope: Scope) -> Self {
        Self {
            operations: scope.operations,
            faults: scope.faults,
            moves: scope.moves,
        }
    }

    /// Every budget that is the same or smaller.
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

/// The table of visited states. Each state has a bit for every budget.
#[derive(Debug)]
pub(super) struct VisitedStates {
    shards: Vec<Mutex<HashMap<u64, u128, BuildHasherDefault<PassthroughHasher>>>>,
    /// For every budget: its bit, and the bits of all that are the same or larger.
    bits: HashMap<Budget, (u128, u128), ahash::RandomState>,
    /// Whether every state counts as new: to replay a path.
    off: AtomicBool,
}

impl VisitedStates {
    pub(super) fn new(scope: Scope) -> Self {
        let whole = Budget::of(scope);
        // Where there are more budgets than bits, the last ones have no bit, and their states are new each time.
        let single = |(place, budget)| {
            Some((
                budget,
                u128::from(true).checked_shl(u32::try_from(place).ok()?)?,
            ))
        };
        let singles: Vec<(Budget, u128)> = whole.within().enumerate().filter_map(single).collect();
        let or_more = |budget: &Budget| {
            let more = singles.iter().filter(|(other, _)| budget.is_within(*other));
            more.fold(0, |bits, (_, bit)| bits | bit)
        };
        let bits = singles
            .iter()
            .map(|(budget, bit)| (*budget, (*bit, or_more(budget))));
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            bits: bits.collect(),
            off: AtomicBool::new(false),
        }
    }

    pub(super) fn switch_off(&self) {
        self.off.store(true, Ordering::SeqCst);
    }

    /// Whether a state is visited for the first time with this budget. Marks it as visited.
    pub(super) fn is_new(&self, state: u64, budget: Budget) -> bool {
        if self.off.load(Ordering::Relaxed) {
            return true;
        }
        let Some((bit, or_more)) = self.bits.get(&budget) else {
            return true;
        };
        let shard = usize::try_from(state).unwrap_or_default() % SHARDS;
        let Some(shard) = self.shards.get(shard) else {
            return true;
        };
        let mut shard = shard
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let visited = shard.entry(state).or_default();
        let new = *visited & or_more == 0;
        *visited |= bit;
        new
    }
}

/// Passes through a key that is already a hash.
#[derive(Debug, Default)]
struct PassthroughHasher(u64);

impl Hasher for PassthroughHasher {
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
        let visited = VisitedStates::new(Scope::default());
        let budget = |operations, faults, moves| Budget {
            operations,
            faults,
            moves,
        };
        assert!(visited.is_new(7, budget(2, 1, 1)));
        assert!(!visited.is_new(7, budget(2, 1, 1)));
        assert!(!visited.is_new(7, budget(1, 1, 0)));
        assert!(visited.is_new(7, budget(1, 2, 0)));
        assert!(visited.is_new(8, budget(1, 1, 0)));
        assert!(visited.is_new(8, budget(2, 1, 0)));
        visited.switch_off();
        assert!(visited.is_new(7, budget(0, 0, 0)));
    }
}
