//! Generations for our own stores: opaque, unordered, never handed out twice.

use std::hash::{BuildHasher, RandomState};

use crate::record::Generation;

/// Turns a counter that never repeats into generations that never repeat either, and show no order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Generations {
    salt: u64,
}

impl Generations {
    /// Generations of a store with this salt.
    pub(super) const fn salted(salt: u64) -> Self {
        Self { salt }
    }

    /// A salt for a new store.
    pub(super) fn fresh_salt() -> u64 {
        RandomState::new().hash_one(())
    }

    /// The generation of the `count`th write.
    ///
    /// Every step is a bijection (the finaliser of `SplitMix64`), so that two counts never meet.
    pub(super) const fn of(self, count: u64) -> Generation {
        let mut mixed = count ^ self.salt;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Generation::from_platform(mixed ^ (mixed >> 31))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn generations_never_repeat_and_show_no_order() {
        let generations = Generations::salted(Generations::fresh_salt());
        let markers: Vec<u64> = (0..10_000)
            .map(|count| generations.of(count).to_platform())
            .collect();
        assert_eq!(markers.iter().collect::<HashSet<_>>().len(), markers.len());
        let rises = markers.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((3_000..7_000).contains(&rises), "{rises}");
    }
}
