//! The daily shape of visits: time that runs faster while more people come.

/// Milliseconds of an hour and a day.
pub(crate) const HOUR: u64 = 3_600_000;
pub(crate) const HOURS: u64 = 24;
pub(crate) const DAY: u64 = HOUR * HOURS;

/// How visits are spread over a day. In *even* time they come at the same rate all day; a day is as long in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rhythm {
    /// The even time at which each hour begins, and the day ends.
    begins: Vec<u64>,
}

impl Rhythm {
    /// The shape with these weights, one for each hour; even where they are all zero.
    pub(crate) fn new(weights: &[u64]) -> Self {
        let sum = weights.iter().sum::<u64>();
        let weight = |hour: usize| match sum {
            0 => 1,
            _ => weights.get(hour).copied().unwrap_or_default(),
        };
        let sum = if sum == 0 { HOURS } else { sum };
        let mut before = 0_u64;
        let mut begins = vec![0];
        for hour in 0..HOURS {
            before += weight(usize::try_from(hour).unwrap_or_default());
            begins.push(before * DAY / sum);
        }
        Self { begins }
    }

    /// The time that even time `even` stands for, both counted from a midnight.
    pub(crate) fn time(&self, even: u64) -> u64 {
        let (day, even) = (even / DAY, even % DAY);
        let hour = self
            .begins
            .partition_point(|begins| *begins <= even)
            .saturating_sub(1);
        let at = |hour: usize| self.begins.get(hour).copied().unwrap_or(DAY);
        let (begins, ends) = (at(hour), at(hour + 1));
        let within = (even - begins) * HOUR / (ends - begins).max(1);
        day * DAY + u64::try_from(hour).unwrap_or_default() * HOUR + within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_hours_take_their_share_and_empty_ones_none() {
        let mut weights = [0; 24];
        (weights[8], weights[20]) = (1, 3);
        let rhythm = Rhythm::new(&weights);
        for (even, expected) in [
            (0, 8 * HOUR),
            (DAY / 8, 8 * HOUR + HOUR / 2),
            (DAY / 4, 20 * HOUR),
            (DAY - 1, 21 * HOUR - 1),
            (DAY, DAY + 8 * HOUR),
        ] {
            assert!(rhythm.time(even).abs_diff(expected) <= 1, "{even}");
        }
        let even = Rhythm::new(&[]);
        assert_eq!(even.time(5 * HOUR + 7), 5 * HOUR + 7);
    }
}
