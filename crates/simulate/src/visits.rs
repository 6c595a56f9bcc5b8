//! The page views of a visitor: generated from the workload's description, or read from a log.

use super::context::{SimulationContext, pick_weighted};
use super::page_times::PageTimes;
use super::rng::{Probability, Rng};
use super::workload::{Audience, Workload};

/// A page view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageView {
    pub(crate) at: u64,
    /// Whether it is the first of a visit.
    pub(crate) first: bool,
}

/// Generates the page views of a visitor from a description.
pub(crate) struct GeneratedVisits<'w> {
    workload: &'w Workload,
    audience: Option<&'w Audience>,
    rng: Rng,
    /// The probability of another page in the visit.
    continues: Probability,
    /// The start of the current visit, in uniform time.
    uniform: u64,
    /// The last page view; `None` between visits.
    last: Option<u64>,
    /// The earliest start of the next visit.
    free_from: u64,
    over: bool,
}

impl<'w> GeneratedVisits<'w> {
    pub(crate) fn new(context: &SimulationContext<'w>, mut rng: Rng) -> Self {
        let workload = context.workload;
        let shares = workload.audiences.iter().map(|audience| audience.share);
        let audience = workload.audiences.get(pick_weighted(&mut rng, shares));
        let length = workload.length();
        let uniform = match audience {
            Some(Audience {
                every: Some(every),
                new,
                ..
            }) if !rng.chance(*new) => rng.exponential(*every),
            _ => rng.below(length),
        };
        let pages = audience.map_or(1.0, |audience| audience.pages);
        Self {
            workload,
            audience,
            rng,
            continues: Probability::from_fraction(1.0 - 1.0 / pages),
            uniform,
            last: None,
            free_from: 0,
            over: false,
        }
    }
}

impl Iterator for GeneratedVisits<'_> {
    type Item = PageView;

    fn next(&mut self) -> Option<PageView> {
        if self.over {
            return None;
        }
        let length = self.workload.length();
        let apart = self.workload.page_every;
        if let Some(last) = self.last {
            let at = last + 1 + self.rng.exponential(apart);
            if self.rng.chance(self.continues) && at < length {
                self.last = Some(at);
                return Some(PageView { at, first: false });
            }
            // Between visits.
            let audience = self.audience?;
            let every = audience.every.filter(|_| !self.rng.chance(audience.leaves));
            self.last = None;
            self.free_from = at;
            let Some(every) = every else {
                self.over = true;
                return None;
            };
            self.uniform += self.rng.exponential(every);
        }
        let at = self
            .workload
            .diurnal_profile
            .time(self.uniform)
            .max(self.free_from);
        if at >= length {
            self.over = true;
            return None;
        }
        self.last = Some(at);
        Some(PageView { at, first: true })
    }
}

/// The page views of a visitor in a log.
pub(crate) fn visits_from_log(pages: &PageTimes, visit_gap: u64) -> impl Iterator<Item = PageView> {
    let mut last = None;
    pages.iter().map(move |at| {
        let first = last.is_none_or(|last| at - last >= visit_gap);
        last = Some(at);
        PageView { at, first }
    })
}
