//! How long a sync is on its way.

use crate::simulate::dice::Dice;

/// How long a sync is on its way: half of them at most `median`, and so on; between these evenly spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lag {
    pub(crate) median: u64,
    pub(crate) p90: u64,
    pub(crate) p99: u64,
    pub(crate) longest: u64,
}

/// What the four lengths stand for, of a hundred.
const PERCENTS: [u64; 4] = [50, 90, 99, 100];
/// Parts of a percent, so that lengths do not come in steps.
const PARTS: u64 = 1 << 32;

impl Lag {
    pub(crate) fn draw(&self, dice: &mut Dice) -> u64 {
        let [.., all] = PERCENTS;
        let drawn = dice.below(all * PARTS);
        let (mut from, mut least) = (0, 0);
        for (percent, most) in
            PERCENTS
                .into_iter()
                .zip([self.median, self.p90, self.p99, self.longest])
        {
            let to = percent * PARTS;
            if drawn < to {
                let span = u128::from(most.saturating_sub(least)) * u128::from(drawn - from);
                return least + u64::try_from(span / u128::from(to - from)).unwrap_or_default();
            }
            (from, least) = (to, most);
        }
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::dice::Stream;

    #[test]
    fn lengths_keep_to_their_percentiles() {
        let lag = Lag {
            median: 1_000,
            p90: 60_000,
            p99: 3_600_000,
            longest: 86_400_000,
        };
        let mut dice = Dice::of(3, Stream::Visitor, 0);
        let drawn: Vec<u64> = (0..100_000).map(|_| lag.draw(&mut dice)).collect();
        for (most, percent) in [
            (1_000, 50),
            (60_000, 90),
            (3_600_000, 99),
            (86_400_000, 100),
        ] {
            let within = drawn.iter().filter(|length| **length <= most).count();
            assert!(
                within.abs_diff(percent * 1_000) < 500,
                "{percent}: {within}"
            );
        }
    }
}
