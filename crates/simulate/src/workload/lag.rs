//! The distribution of the time that a sync takes.

use crate::rng::Rng;

/// The distribution of the time that a sync takes, by its percentiles; uniform between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lag {
    pub(crate) median: u64,
    pub(crate) p90: u64,
    pub(crate) p99: u64,
    pub(crate) longest: u64,
}

/// The percentiles of the four durations.
const PERCENTS: [u64; 4] = [50, 90, 99, 100];
/// Fractions of a percent, so that durations are continuous.
const PARTS: u64 = 1 << 32;

impl Lag {
    pub(crate) fn draw(&self, rng: &mut Rng) -> u64 {
        let [.., all] = PERCENTS;
        let drawn = rng.below(all * PARTS);
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
    use crate::rng::RngStream;

    #[test]
    fn durations_follow_the_percentiles() {
        let lag = Lag {
            median: 1_000,
            p90: 60_000,
            p99: 3_600_000,
            longest: 86_400_000,
        };
        let mut rng = Rng::for_stream(3, RngStream::Visitor, 0);
        let drawn: Vec<u64> = (0..100_000).map(|_| lag.draw(&mut rng)).collect();
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
