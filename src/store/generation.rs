//! Generations for our own stores: opaque, unordered, never handed out twice.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::Generation;

/// The step between two states of `SplitMix64` (Steele, Lea, Flood 2014): odd, so that the states visit
/// every number before one comes again.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Turns a counter that never repeats into generations that never repeat either, and show no order.
#[derive(Debug)]
pub struct Generations {
    salt: u64,
    used: AtomicU64,
}

impl Generations {
    /// The generations of a store with this salt that has handed out `used` of them.
    #[must_use]
    pub const fn resume(salt: u64, used: u64) -> Self {
        Self {
            salt,
            used: AtomicU64::new(used),
        }
    }

    /// The generations of a new store.
    #[must_use]
    pub fn fresh() -> Self {
        Self::resume(RandomState::new().hash_one(()), 0)
    }

    /// What distinguishes this store's generations from another's.
    pub const fn salt(&self) -> u64 {
        self.salt
    }

    /// How many were handed out.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// One that was never handed out before.
    pub fn next(&self) -> Generation {
        let count = self.used.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let state = self.salt.wrapping_add(count.wrapping_mul(GOLDEN_GAMMA));
        Generation::from_platform(mix(state))
    }
}

/// The finaliser of `SplitMix64`. Every step is a bijection, so that two counts never meet.
const fn mix(state: u64) -> u64 {
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// `mix` undone, step by step: what has an inverse is a bijection.
    fn unmix(mixed: u64) -> u64 {
        let mut state = mixed ^ (mixed >> 31) ^ (mixed >> 62);
        state = state.wrapping_mul(0x3196_42b2_d24d_8ec3);
        state ^= (state >> 27) ^ (state >> 54);
        state = state.wrapping_mul(0x96de_1b17_3f11_9089);
        state ^ (state >> 30) ^ (state >> 60)
    }

    proptest! {
        #[test]
        fn no_two_states_meet(state in any::<u64>()) {
            prop_assert_eq!(unmix(mix(state)), state);
        }

        #[test]
        fn generations_never_repeat_and_show_no_order(salt in any::<u64>(), used in any::<u64>()) {
            let generations = Generations::resume(salt, used);
            let markers: Vec<u64> = (0..1_000).map(|_| generations.next().to_platform()).collect();
            prop_assert_eq!(markers.iter().collect::<HashSet<_>>().len(), markers.len());
            let rises = markers.windows(2).filter(|pair| pair[0] < pair[1]).count();
            prop_assert!((250..750).contains(&rises), "{} rises", rises);
        }
    }

    #[test]
    fn a_resumed_store_goes_on_where_it_stopped() {
        let whole = Generations::resume(7, 0);
        let all: Vec<Generation> = (0..10).map(|_| whole.next()).collect();
        let resumed = Generations::resume(7, 4);
        let rest: Vec<Generation> = (0..6).map(|_| resumed.next()).collect();
        assert_eq!(all[4..], rest);
    }
}
