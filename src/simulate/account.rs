//! Counts of a simulation under way: whole numbers only, so that parts add up to the same in any order.

use std::collections::BTreeMap;

use super::held::Held;
use super::result::{Avoided, Happened, Lost};
use super::rhythm::DAY;
use super::watch::Promises;
use crate::engine::{Finished, Tally};

/// What one day counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DayCount {
    pub(crate) page_views: u64,
    pub(crate) syncs: u64,
    pub(crate) reads: u64,
    pub(crate) writes: u64,
}

/// By how much the records at the end of a day differ from the day before.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Change {
    pub(crate) live: i64,
    pub(crate) tombstones: i64,
    pub(crate) bytes: i64,
}

/// What operations of one name and outcome cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) count: u64,
    pub(crate) reads: u64,
    pub(crate) writes: u64,
}

/// What one side's operations met.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Met {
    pub(crate) operations: u64,
    pub(crate) conflicts: u64,
    pub(crate) retries: u64,
    pub(crate) rate_limited: u64,
    pub(crate) exhausted: u64,
}

impl Met {
    const fn add(&mut self, other: &Self) {
        self.operations += other.operations;
        self.conflicts += other.conflicts;
        self.retries += other.retries;
        self.rate_limited += other.rate_limited;
        self.exhausted += other.exhausted;
    }
}

/// Withdrawals, and what became of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gone {
    pub(crate) withdrawals: u64,
    pub(crate) undone: u64,
    pub(crate) recreated: u64,
    /// How many left their last trace after so many seconds.
    pub(crate) after: BTreeMap<u64, u64>,
}

/// A sum whose mean is told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    pub(crate) seconds: u64,
    pub(crate) count: u64,
}

impl Sum {
    pub(crate) const fn note(&mut self, seconds: u64) {
        self.seconds = self.seconds.saturating_add(seconds);
        self.count += 1;
    }
}

/// All counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts {
    pub(crate) happened: Happened,
    pub(crate) ended: BTreeMap<(&'static str, &'static str), Cost>,
    pub(crate) retries: u64,
    pub(crate) days: Vec<DayCount>,
    pub(crate) changes: Vec<Change>,
    pub(crate) avoided: Avoided,
    pub(crate) lost: Lost,
    /// By partner, in the workload's order.
    pub(crate) refused: Vec<BTreeMap<&'static str, u64>>,
    pub(crate) gone: Gone,
    pub(crate) seen_lag: Sum,
    pub(crate) uid_age: Sum,
    pub(crate) promises: Promises,
    /// By partner, visitors last.
    pub(crate) met: Vec<Met>,
    pub(crate) extra_reads: i64,
    pub(crate) extra_writes: i64,
    /// Batches that were sent, by partner: a bit for each moment at which one may be.
    pub(crate) sent: Vec<Vec<u64>>,
}

impl Accounts {
    /// Words of bits for the batches of one partner, at most.
    pub(crate) const MOST_WORDS: usize = 1 << 20;

    pub(crate) fn new(days: u64, partners: usize) -> Self {
        let days = usize::try_from(days).unwrap_or(usize::MAX);
        Self {
            days: vec![DayCount::default(); days],
            changes: vec![Change::default(); days],
            refused: vec![BTreeMap::new(); partners],
            met: vec![Met::default(); partners + 1],
            sent: vec![Vec::new(); partners],
            ..Self::default()
        }
    }

    pub(crate) fn day(&mut self, at: u64) -> Option<&mut DayCount> {
        self.days.get_mut(usize::try_from(at / DAY).ok()?)
    }

    pub(crate) fn ran(
        &mut self,
        at: u64,
        operation: &'static str,
        outcome: &'static str,
        tally: Tally,
    ) {
        let (reads, writes) = (u64::from(tally.reads), u64::from(tally.writes));
        let cost = self.ended.entry((operation, outcome)).or_default();
        cost.count += 1;
        cost.reads += reads;
        cost.writes += writes;
        self.retries += u64::from(tally.retries);
        if let Some(day) = self.day(at) {
            day.reads += reads;
            day.writes += writes;
        }
    }

    pub(crate) fn refuse(&mut self, partner: usize, reason: &'static str, syncs: u64) {
        if let Some(reasons) = self.refused.get_mut(partner) {
            *reasons.entry(reason).or_default() += syncs;
        }
    }

    /// Notes that a batch was sent; so many moments are kept apart at most.
    pub(crate) fn sent(&mut self, partner: usize, moment: u64) {
        let Some(bits) = self.sent.get_mut(partner) else {
            return;
        };
        let word =
            usize::try_from(moment / u64::from(u64::BITS)).unwrap_or(usize::MAX) % Self::MOST_WORDS;
        if bits.len() <= word {
            bits.resize(word + 1, 0);
        }
        if let Some(bits) = bits.get_mut(word) {
            *bits |= 1 << (moment % u64::from(u64::BITS));
        }
    }

    /// A record was written at `at` in the place of another.
    pub(crate) fn replaced(
        &mut self,
        at: u64,
        before: Option<&Held>,
        after: Option<&Held>,
        until: impl Fn(&Held) -> u64,
    ) {
        for (held, sign) in [(before, -1), (after, 1)] {
            let Some(held) = held.filter(|held| until(held) > at) else {
                continue;
            };
            self.step(at, held, sign);
            self.step(until(held), held, -sign);
        }
    }

    fn step(&mut self, at: u64, held: &Held, sign: i64) {
        // The first day that ends at or after it.
        let day = usize::try_from(at.div_ceil(DAY).saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(change) = self.changes.get_mut(day) else {
            return;
        };
        if held.entry.is_tombstone() {
            change.tombstones += sign;
        } else {
            change.live += sign;
        }
        change.bytes += sign * i64::try_from(held.bytes).unwrap_or(i64::MAX);
    }

    /// Notes what an operation met: a partner's, or a visitor's.
    pub(crate) fn meet(&mut self, partner: Option<usize>, met: &Met) {
        let visitors = self.met.len().saturating_sub(1);
        if let Some(mine) = self.met.get_mut(partner.unwrap_or(visitors)) {
            mine.add(met);
        }
    }

    /// Adds what another part counted.
    pub(crate) fn add(&mut self, other: Self) {
        let (mine, others) = (&mut self.happened, &other.happened);
        mine.visitors += others.visitors;
        mine.visits += others.visits;
        mine.page_views += others.page_views;
        mine.identities += others.identities;
        mine.withdrawals += others.withdrawals;
        mine.reconsents += others.reconsents;
        mine.syncs += others.syncs;
        mine.forged += others.forged;
        for (key, cost) in other.ended {
            let mine = self.ended.entry(key).or_default();
            mine.count += cost.count;
            mine.reads += cost.reads;
            mine.writes += cost.writes;
        }
        self.retries += other.retries;
        for (mine, day) in self.days.iter_mut().zip(other.days) {
            mine.page_views += day.page_views;
            mine.syncs += day.syncs;
            mine.reads += day.reads;
            mine.writes += day.writes;
        }
        for (mine, change) in self.changes.iter_mut().zip(other.changes) {
            mine.live += change.live;
            mine.tombstones += change.tombstones;
            mine.bytes += change.bytes;
        }
        self.avoided.debounced += other.avoided.debounced;
        self.avoided.unchanged += other.avoided.unchanged;
        self.avoided.repeated += other.avoided.repeated;
        self.avoided.unknown += other.avoided.unknown;
        self.lost.entry_expired += other.lost.entry_expired;
        self.lost.cookie_expired += other.lost.cookie_expired;
        for (mine, reasons) in self.refused.iter_mut().zip(other.refused) {
            for (reason, syncs) in reasons {
                *mine.entry(reason).or_default() += syncs;
            }
        }
        self.gone.withdrawals += other.gone.withdrawals;
        self.gone.undone += other.gone.undone;
        self.gone.recreated += other.gone.recreated;
        for (seconds, count) in other.gone.after {
            *self.gone.after.entry(seconds).or_default() += count;
        }
        for (mine, others) in [
            (&mut self.seen_lag, other.seen_lag),
            (&mut self.uid_age, other.uid_age),
        ] {
            mine.seconds = mine.seconds.saturating_add(others.seconds);
            mine.count += others.count;
        }
        self.promises.add(&other.promises);
        for (mine, met) in self.met.iter_mut().zip(other.met) {
            mine.add(&met);
        }
        self.extra_reads += other.extra_reads;
        self.extra_writes += other.extra_writes;
        for (mine, bits) in self.sent.iter_mut().zip(other.sent) {
            if mine.len() < bits.len() {
                mine.resize(bits.len(), 0);
            }
            for (mine, bits) in mine.iter_mut().zip(bits) {
                *mine |= bits;
            }
        }
    }
}

/// The word for how an operation ended, as `ec apply` tells it.
pub(crate) fn word(finished: &Finished) -> &'static str {
    const ERROR: &str = "error";
    finished
        .result
        .as_ref()
        .map_or(ERROR, |done| done.outcome.as_str())
}
