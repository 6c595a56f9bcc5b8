//! Numbers that are drawn in the same order in every run.

#[path = "../support/random.rs"]
mod random;

use std::ops::RangeInclusive;

use random::Random;

/// What a run draws from its seed.
pub struct Draw(Random);

impl Draw {
    /// Each `seed` and `purpose` has its own course.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut draw = Self(Random(seed.wrapping_mul(0xd134_2543_de82_ef95) ^ purpose));
        draw.number();
        draw
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

    /// Whether something happens that happens so many times in a thousand.
    pub fn happens(&mut self, in_a_thousand: u64) -> bool {
        self.below(1_000) < in_a_thousand
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    /// One of these, each as likely as its weight says.
    pub fn weighted<T: Copy>(&mut self, from: &[(u64, T)]) -> T {
        let mut left = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in from {
            if left < *weight {
                return *one;
            }
            left -= weight;
        }
        unreachable!("what is drawn is below the sum")
    }
}
