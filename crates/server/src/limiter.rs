//! How many requests a partner makes: a sliding window in memory, by a clock that no one sets.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use edge_cookie::policy::types::Seconds;
use edge_cookie::record::PartnerId;
use edge_cookie_service::Admission;

/// The requests of each partner within its window, one time each.
#[derive(Debug, Default)]
pub struct Limiter {
    made: Mutex<HashMap<PartnerId, VecDeque<Instant>>>,
}

impl Limiter {
    /// Counts a request at `now`, unless the partner has made `limit` of them within `window`.
    pub fn admit(
        &self,
        partner: &PartnerId,
        limit: u32,
        window: Seconds,
        now: Instant,
    ) -> Admission {
        let length = Duration::from_secs(window.seconds());
        // What a panic left behind is a count, whole at every step.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let made = made.entry(partner.clone()).or_default();
        while made
            .front()
            .is_some_and(|first| now.saturating_duration_since(*first) >= length)
        {
            made.pop_front();
        }
        if made.len() < limit as usize {
            made.push_back(now);
            return Admission::Admitted;
        }
        let left = made.front().map_or(length, |first| {
            length.saturating_sub(now.saturating_duration_since(*first))
        });
        Admission::too_many(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides() {
        let (limiter, start) = (Limiter::default(), Instant::now());
        let (one, other) = (
            PartnerId::parse("a").unwrap(),
            PartnerId::parse("b").unwrap(),
        );
        let wait = |seconds| Admission::TooMany(Seconds::new(seconds));
        for (partner, millis, expected) in [
            (&one, 0, Admission::Admitted),
            (&one, 4_500, Admission::Admitted),
            (&one, 5_000, wait(5)),
            (&other, 5_000, Admission::Admitted),
            (&one, 9_999, wait(1)),
            (&one, 10_000, Admission::Admitted),
            (&one, 10_001, wait(5)),
            (&one, 14_500, Admission::Admitted),
        ] {
            let now = start + Duration::from_millis(millis);
            let admitted = limiter.admit(partner, 2, Seconds::new(10), now);
            assert_eq!(admitted, expected, "{partner} at {millis}");
        }
        let now = start + Duration::from_secs(20);
        assert_eq!(limiter.admit(&other, 0, Seconds::new(10), now), wait(10));
    }
}
