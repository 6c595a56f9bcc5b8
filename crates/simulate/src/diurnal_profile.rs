//! The distribution of visits over the hours of a day.

/// The milliseconds of an hour and a day.
pub(crate) const HOUR: u64 = 3_600_000;
pub(crate) const HOURS: u64 = 24;
pub(crate) const DAY: u64 = HOUR * HOURS;

/// The distribution of visits over a day. In *uniform* time, visits have the same rate all day; a day has the same length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiurnalProfile {
    /// The uniform time at which each hour begins, and the day ends.
    begins: Vec<u64>,
}

impl DiurnalProfile {
    /// The profile with these weights, one for each hour; uniform if all are zero.
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

    /// Converts a uniform time to clock time, both counted from midnight.
    pub(crate) fn time(&self, uniform: u64) -> u64 {
        let (day, uniform) = (uniform / DAY, uniform % DAY);
        let hour = self
            .begins
            .partition_point(|begins| *begins <= uniform)
            .saturating_sub(1);
        let at = |hour: usize| self.begins.get(hour).copied().unwrap_or(DAY);
        let (begins, ends) = (at(hour), at(hour + 1));
        let within = (uniform - begins) * HOUR / (ends - begins).max(1);
        day * DAY + u64::try_from(hour).unwrap_or_default() * HOUR + within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_get_visits_by_their_weights() {
        let mut weights = [0; 24];
        (weights[8], weights[20]) = (1, 3);
        let diurnal_profile = DiurnalProfile::new(&weights);
        for (uniform, expected) in [
            (0, 8 * HOUR),
            (DAY / 8, 8 * HOUR + HOUR / 2),
            (DAY / 4, 20 * HOUR),
            (DAY - 1, 21 * HOUR - 1),
            (DAY, DAY + 8 * HOUR),
        ] {
            assert!(
                diurnal_profile.time(uniform).abs_diff(expected) <= 1,
                "{uniform}"
            );
        }
        let uniform = DiurnalProfile::new(&[]);
        assert_eq!(uniform.time(5 * HOUR + 7), 5 * HOUR + 7);
    }
}
