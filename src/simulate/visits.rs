//! When a visitor views pages: drawn from the workload's description, or as a log has them.

use super::dice::{Dice, Share};
use super::ground::{Ground, pick};
use super::log::Pages;
use super::workload::{Audience, Workload};

/// A page view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) at: u64,
    /// Whether a visit begins with it.
    pub(crate) first: bool,
}

/// The page views that a description gives a visitor.
pub(crate) struct Drawn<'w> {
    workload: &'w Workload,
    audience: Option<&'w Audience>,
    dice: Dice,
    /// That another page follows.
    goes_on: Share,
    /// The start of the visit under way, in even time.
    even: u64,
    /// The last page view; none before a visit.
    last: Option<u64>,
    /// Before when the next visit cannot begin.
    free_from: u64,
    over: bool,
}

impl<'w> Drawn<'w> {
    pub(crate) fn new(ground: &Ground<'w>, mut dice: Dice) -> Self {
        let workload = ground.workload;
        let shares = workload.audiences.iter().map(|audience| audience.share);
        let audience = workload.audiences.get(pick(&mut dice, shares));
        let length = workload.length();
        let even = match audience {
            Some(Audience {
                every: Some(every),
                new,
                ..
            }) if !dice.chance(*new) => dice.exponential(*every),
            _ => dice.below(length),
        };
        let pages = audience.map_or(1.0, |audience| audience.pages);
        Self {
            workload,
            audience,
            dice,
            goes_on: Share::of(1.0 - 1.0 / pages),
            even,
            last: None,
            free_from: 0,
            over: false,
        }
    }
}

impl Iterator for Drawn<'_> {
    type Item = View;

    fn next(&mut self) -> Option<View> {
        if self.over {
            return None;
        }
        let length = self.workload.length();
        let apart = self.workload.page_every;
        if let Some(last) = self.last {
            let at = last + 1 + self.dice.exponential(apart);
            if self.dice.chance(self.goes_on) && at < length {
                self.last = Some(at);
                return Some(View { at, first: false });
            }
            // Between visits.
            let audience = self.audience?;
            let every = audience
                .every
                .filter(|_| !self.dice.chance(audience.leaves));
            self.last = None;
            self.free_from = at;
            let Some(every) = every else {
                self.over = true;
                return None;
            };
            self.even += self.dice.exponential(every);
        }
        let at = self.workload.rhythm.time(self.even).max(self.free_from);
        if at >= length {
            self.over = true;
            return None;
        }
        self.last = Some(at);
        Some(View { at, first: true })
    }
}

/// The page views that a log has of a visitor.
pub(crate) fn logged(pages: &Pages, visit_gap: u64) -> impl Iterator<Item = View> {
    let mut last = None;
    pages.iter().map(move |at| {
        let first = last.is_none_or(|last| at - last >= visit_gap);
        last = Some(at);
        View { at, first }
    })
}
