//! Chance that is the same on every machine: whole numbers, and of floating point only what IEEE 754 makes exact.

use crate::store::{GOLDEN_GAMMA, mix};

/// How often something happens, as the part of all rolls below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Share(u64);

impl Share {
    /// The share of a fraction between 0 and 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a fraction of all rolls, and a cast saturates"
    )]
    pub(crate) fn of(fraction: f64) -> Self {
        Self((fraction * u64::MAX as f64) as u64)
    }

    /// Whether a roll falls into it.
    pub(crate) const fn holds(self, roll: u64) -> bool {
        roll < self.0 || self.0 == u64::MAX
    }
}

/// What a stream of rolls decides, so that no two decisions share their rolls.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    Visitor,
    Visits,
    Forged,
    Meeting,
    Uid,
    Id,
}

/// `SplitMix64`: a few instructions a roll, and any stream is found without those before it.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

const LN_2: f64 = std::f64::consts::LN_2;
/// Terms of the series of the logarithm; with these it is right to seven digits.
const LAST_TERM: u32 = 13;
/// Bits of a fraction.
const FRACTION_BITS: u32 = 53;

impl Dice {
    /// The rolls of a stream for one thing.
    pub(crate) const fn of(seed: u64, stream: Stream, index: u64) -> Self {
        let stream = mix(seed.wrapping_add((stream as u64).wrapping_mul(GOLDEN_GAMMA)));
        Self(mix(stream.wrapping_add(index.wrapping_mul(GOLDEN_GAMMA))))
    }

    pub(crate) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix(self.0)
    }

    /// A number below `end`; zero where that is zero.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(end)) >> u64::BITS) as u64
    }

    pub(crate) fn chance(&mut self, share: Share) -> bool {
        share.holds(self.roll())
    }

    /// A length of time between events that come at random, `mean` apart.
    ///
    /// A uniform number is `v` halved `k` times, with `v` between a half and one; its logarithm is that of `v` less `k` times
    /// that of two.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "lengths of time far below the limits, never negative"
    )]
    pub(crate) fn exponential(&mut self, mean: u64) -> u64 {
        let roll = self.roll() | 1;
        let halved = roll.leading_zeros();
        let v = ((roll << halved) >> (u64::BITS - FRACTION_BITS)) as f64
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "lengths far below 2^53")]
    fn lengths_are_spread_as_chance_spreads_them() {
        let mut dice = Dice::of(1, Stream::Visitor, 0);
        let (mean, many) = (1_000_000, 200_000_u32);
        let mut lengths: Vec<u64> = (0..many).map(|_| dice.exponential(mean)).collect();
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
    fn a_share_is_met_as_often_as_it_says() {
        let mut dice = Dice::of(1, Stream::Forged, 0);
        for (fraction, least, most) in
            [(0.0, 0, 0), (0.25, 24_500, 25_500), (1.0, 100_000, 100_000)]
        {
            let share = Share::of(fraction);
            let met = (0..100_000).filter(|_| dice.chance(share)).count();
            assert!((least..=most).contains(&met), "{fraction}: {met}");
        }
    }
}
