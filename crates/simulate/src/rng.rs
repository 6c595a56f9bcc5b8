//! Random numbers that are the same on every machine: whole numbers, and only the floating-point operations that IEEE 754
//! makes exact. `rand_distr` is not used for that reason: its distributions call the platform's `exp` and `ln`, which round
//! differently from one platform to the next, and its algorithms may change from one version to the next.

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};

/// A probability, as the limit below which a random 64-bit number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Probability(u64);

impl Probability {
    /// The probability `fraction`, between 0 and 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a fraction of all draws, and a cast saturates"
    )]
    pub(crate) fn from_fraction(fraction: f64) -> Self {
        Self((fraction * u64::MAX as f64) as u64)
    }

    /// Whether a draw counts.
    pub(crate) const fn contains(self, draw: u64) -> bool {
        draw < self.0 || self.0 == u64::MAX
    }
}

/// The purpose of a random stream, so that no two decisions share their draws.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RngStream {
    Visitor,
    Visits,
    ForgedRequests,
    ContentionWindow,
    Uid,
    Id,
}

/// `SplitMix64`: a few instructions per draw, and each stream is independent of the others.
#[derive(Debug, Clone)]
pub(crate) struct Rng(SplitMix64);

/// How far a draw moves the state of `SplitMix64` (Steele, Lea, Flood 2014).
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

const LN_2: f64 = std::f64::consts::LN_2;
/// The last term of the logarithm's series: it is then accurate to seven digits.
const LAST_TERM: u32 = 13;
/// The bits of a fraction.
const FRACTION_BITS: u32 = 53;

impl Rng {
    /// The stream for one visitor, id or window, named by `index`.
    pub(crate) fn for_stream(seed: u64, stream: RngStream, index: u64) -> Self {
        let stream = draw_number(stream as u64, seed);
        Self(SplitMix64::seed_from_u64(draw_number(index, stream)))
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `end`; zero if `end` is zero.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(end)) >> u64::BITS) as u64
    }

    pub(crate) fn chance(&mut self, probability: Probability) -> bool {
        probability.contains(self.next_u64())
    }

    /// A random time between events that are `mean` apart on average (exponential distribution).
    ///
    /// A uniform number is `v` halved `k` times, with `v` between 0.5 and 1. Its logarithm is that of `v` minus `k` times
    /// that of 2.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "durations far below the limits, never negative"
    )]
    pub(crate) fn exponential(&mut self, mean: u64) -> u64 {
        let draw = self.next_u64() | 1;
        let halved = draw.leading_zeros();
        let v = ((draw << halved) >> (u64::BITS - FRACTION_BITS)) as f64
            / (1_u64 << FRACTION_BITS) as f64;
        let s = (v - 1.0) / (v + 1.0);
        let mut power = s;
        let mut half_of_log = 0.0;
        for odd in (1..=LAST_TERM).step_by(ODD) {
            half_of_log += power / f64::from(odd);
            power *= s * s;
        }
        let length = f64::from(halved) * LN_2 - (half_of_log + half_of_log);
        (length * mean as f64) as u64
    }
}

const ODD: usize = 2;

/// The draw with this number from `seed`; the first has number 1, and number 0 is the one that would come before it.
fn draw_number(number: u64, seed: u64) -> u64 {
    let drawn = number.wrapping_sub(1).wrapping_mul(GOLDEN_GAMMA);
    SplitMix64::seed_from_u64(seed.wrapping_add(drawn)).next_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "lengths far below 2^53")]
    fn durations_follow_the_exponential_distribution() {
        let mut rng = Rng::for_stream(1, RngStream::Visitor, 0);
        let (mean, many) = (1_000_000, 200_000_u32);
        let mut lengths: Vec<u64> = (0..many).map(|_| rng.exponential(mean)).collect();
        lengths.sort_unstable();
        // The quantile `q` of an exponential distribution is -ln(1 - q) times its mean.
        for percent in [10, 50, 90, 99] {
            let expected = -(1.0 - f64::from(percent) / 100.0).ln() * 1_000_000.0;
            let index = (many * percent / 100) as usize;
            let found = lengths[index] as f64;
            assert!(
                (found / expected - 1.0).abs() < 0.02,
                "{percent}: {found}, {expected}"
            );
        }
    }

    #[test]
    fn a_probability_counts_as_often_as_it_should() {
        let mut rng = Rng::for_stream(1, RngStream::ForgedRequests, 0);
        for (fraction, least, most) in
            [(0.0, 0, 0), (0.25, 24_500, 25_500), (1.0, 100_000, 100_000)]
        {
            let share = Probability::from_fraction(fraction);
            let met = (0..100_000).filter(|_| rng.chance(share)).count();
            assert!((least..=most).contains(&met), "{fraction}: {met}");
        }
    }
}
