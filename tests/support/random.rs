//! Numbers from a seed, so that a run can be repeated.
#![allow(dead_code, reason = "each test file uses its part")]

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// The same numbers on every machine.
pub struct Random(SplitMix64);

impl Random {
    /// The numbers of this seed.
    pub fn new(seed: u64) -> Self {
        Self(SplitMix64::seed_from_u64(seed))
    }

    /// The seed from which the numbers go on as from here.
    pub fn seed(&self) -> u64 {
        u64::from_le_bytes(self.0.state())
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    pub fn byte(&mut self) -> u8 {
        let [byte, ..] = self.number().to_le_bytes();
        byte
    }
}
