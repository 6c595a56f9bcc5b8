//! Random numbers that are the same in every run.

#[path = "../support/random.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "the checker of seeded faults takes this folder alone"
)]
mod random;

use std::ops::RangeInclusive;

use random::Random;

/// The random numbers of a seed.
pub struct Rng(Random);

impl Rng {
    /// Each `seed` and `purpose` has its own stream.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut rng = Self(Random::new(
            seed.wrapping_mul(0xd134_2543_de82_ef95) ^ purpose,
        ));
        rng.number();
        rng
    }

    pub fn number(&mut self) -> u64 {
        self.0.number()
    }

    pub fn below(&mut self, end: u64) -> u64 {
        u64::try_from((u128::from(self.number()) * u128::from(end)) >> 64).unwrap()
    }

    pub fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    /// Whether an event happens that has this probability, in thousandths.
    pub fn chance(&mut self, in_a_thousand: u64) -> bool {
        self.below(1_000) < in_a_thousand
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    /// One of these, with a probability by its weight.
    pub fn weighted<T: Copy>(&mut self, from: &[(u64, T)]) -> T {
        let mut left = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in from {
            if left < *weight {
                return *one;
            }
            left -= weight;
        }
        unreachable!("the number is below the sum")
    }
}
