//! The counters of a running simulation: whole numbers only, so that threads can be merged in any order.

use std::collections::BTreeMap;

use super::diurnal_profile::DAY;
use super::monitor::PromiseCounters;
use super::result::{AvoidedWrites, LostIdentities, WorkloadCounts};
use super::stored_record::StoredRecord;
use edge_cookie::engine::{Finished, Tally};

/// The counters of one day.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DayCounters {
    pub(crate) page_views: u64,
    pub(crate) syncs: u64,
    pub(crate) reads: u64,
    pub(crate) writes: u64,
}

/// The difference between the stored records at the end of a day and the day before.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StoreDelta {
    pub(crate) live: i64,
    pub(crate) tombstones: i64,
    pub(crate) bytes: i64,
}

/// The store calls of operations with one name and outcome.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CallCounts {
    pub(crate) count: u64,
    pub(crate) reads: u64,
    pub(crate) writes: u64,
}

/// The contention that one caller's operations ran into.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ContentionStats {
    pub(crate) operations: u64,
    pub(crate) conflicts: u64,
    pub(crate) retries: u64,
    pub(crate) rate_limited: u64,
    pub(crate) exhausted: u64,
}

impl ContentionStats {
    const fn merge(&mut self, other: &Self) {
        self.operations += other.operations;
        self.conflicts += other.conflicts;
        self.retries += other.retries;
        self.rate_limited += other.rate_limited;
        self.exhausted += other.exhausted;
    }
}

/// Withdrawals and their effects.
#[derive(Debug, Clone, Default)]
pub(crate) struct WithdrawalStats {
    pub(crate) count: u64,
    pub(crate) undone: u64,
    pub(crate) recreated: u64,
    /// The number of withdrawals by the seconds until their last trace was gone.
    pub(crate) after: BTreeMap<u64, u64>,
}

/// The sum and count for a mean.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MeanAccumulator {
    pub(crate) seconds: u64,
    pub(crate) count: u64,
}

impl MeanAccumulator {
    pub(crate) const fn add(&mut self, seconds: u64) {
        self.seconds = self.seconds.saturating_add(seconds);
        self.count += 1;
    }
}

/// All counters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counters {
    pub(crate) happened: WorkloadCounts,
    pub(crate) by_outcome: BTreeMap<(&'static str, &'static str), CallCounts>,
    pub(crate) retries: u64,
    pub(crate) days: Vec<DayCounters>,
    pub(crate) changes: Vec<StoreDelta>,
    pub(crate) avoided: AvoidedWrites,
    pub(crate) lost: LostIdentities,
    /// By partner, in the order of the workload.
    pub(crate) refused: Vec<BTreeMap<&'static str, u64>>,
    pub(crate) withdrawals: WithdrawalStats,
    pub(crate) seen_lag: MeanAccumulator,
    pub(crate) uid_age: MeanAccumulator,
    pub(crate) promises: PromiseCounters,
    /// By partner; visitors are the last.
    pub(crate) contention: Vec<ContentionStats>,
    pub(crate) extra_reads: i64,
    pub(crate) extra_writes: i64,
    /// The batches that were sent, by partner: one bit for each time at which a batch may go out.
    pub(crate) sent: Vec<Vec<u64>>,
}

impl Counters {
    /// The largest number of 64-bit words for the batches of one partner.
    pub(crate) const MOST_WORDS: usize = 1 << 20;

    pub(crate) fn new(days: u64, partners: usize) -> Self {
        let days = usize::try_from(days).unwrap_or(usize::MAX);
        Self {
            days: vec![DayCounters::default(); days],
            changes: vec![StoreDelta::default(); days],
            refused: vec![BTreeMap::new(); partners],
            contention: vec![ContentionStats::default(); partners + 1],
            sent: vec![Vec::new(); partners],
            ..Self::default()
        }
    }

    pub(crate) fn day(&mut self, at: u64) -> Option<&mut DayCounters> {
        self.days.get_mut(usize::try_from(at / DAY).ok()?)
    }

    pub(crate) fn record_operation(
        &mut self,
        at: u64,
        operation: &'static str,
        outcome: &'static str,
        tally: Tally,
    ) {
        let (reads, writes) = (u64::from(tally.reads), u64::from(tally.writes));
        let cost = self.by_outcome.entry((operation, outcome)).or_default();
        cost.count += 1;
        cost.reads += reads;
        cost.writes += writes;
        self.retries += u64::from(tally.retries);
        if let Some(day) = self.day(at) {
            day.reads += reads;
            day.writes += writes;
        }
    }

    pub(crate) fn record_refusal(&mut self, partner: usize, reason: &'static str, syncs: u64) {
        if let Some(reasons) = self.refused.get_mut(partner) {
            *reasons.entry(reason).or_default() += syncs;
        }
    }

    /// Records that a batch was sent. Beyond [`MOST_WORDS`](Self::MOST_WORDS) times share their bits.
    pub(crate) fn record_batch(&mut self, partner: usize, moment: u64) {
        let Some(bits) = self.sent.get_mut(partner) else {
            return;
        };
        let outcome_name =
            usize::try_from(moment / u64::from(u64::BITS)).unwrap_or(usize::MAX) % Self::MOST_WORDS;
        if bits.len() <= outcome_name {
            bits.resize(outcome_name + 1, 0);
        }
        if let Some(bits) = bits.get_mut(outcome_name) {
            *bits |= 1 << (moment % u64::from(u64::BITS));
        }
    }

    /// Records that a record was replaced at `at`.
    pub(crate) fn record_replacement(
        &mut self,
        at: u64,
        before: Option<&StoredRecord>,
        after: Option<&StoredRecord>,
        until: impl Fn(&StoredRecord) -> u64,
    ) {
        for (record, sign) in [(before, -1), (after, 1)] {
            let Some(record) = record.filter(|record| until(record) > at) else {
                continue;
            };
            self.record_delta(at, record, sign);
            self.record_delta(until(record), record, -sign);
        }
    }

    fn record_delta(&mut self, at: u64, record: &StoredRecord, sign: i64) {
        // The first day that ends at or after `at`.
        let day = usize::try_from(at.div_ceil(DAY).saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(change) = self.changes.get_mut(day) else {
            return;
        };
        if record.entry.is_tombstone() {
            change.tombstones += sign;
        } else {
            change.live += sign;
        }
        change.bytes += sign * i64::try_from(record.bytes).unwrap_or(i64::MAX);
    }

    /// Adds the contention of one operation, of a partner or of a visitor.
    pub(crate) fn record_contention(
        &mut self,
        partner: Option<usize>,
        contention: &ContentionStats,
    ) {
        let visitors = self.contention.len().saturating_sub(1);
        if let Some(mine) = self.contention.get_mut(partner.unwrap_or(visitors)) {
            mine.merge(contention);
        }
    }

    /// Adds the counters of another thread.
    pub(crate) fn merge(&mut self, other: Self) {
        let (mine, others) = (&mut self.happened, &other.happened);
        mine.visitors += others.visitors;
        mine.visits += others.visits;
        mine.page_views += others.page_views;
        mine.identities += others.identities;
        mine.withdrawals += others.withdrawals;
        mine.reconsents += others.reconsents;
        mine.syncs += others.syncs;
        mine.forged += others.forged;
        for (key, cost) in other.by_outcome {
            let mine = self.by_outcome.entry(key).or_default();
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
        self.withdrawals.count += other.withdrawals.count;
        self.withdrawals.undone += other.withdrawals.undone;
        self.withdrawals.recreated += other.withdrawals.recreated;
        for (seconds, count) in other.withdrawals.after {
            *self.withdrawals.after.entry(seconds).or_default() += count;
        }
        for (mine, others) in [
            (&mut self.seen_lag, other.seen_lag),
            (&mut self.uid_age, other.uid_age),
        ] {
            mine.seconds = mine.seconds.saturating_add(others.seconds);
            mine.count += others.count;
        }
        self.promises.merge(&other.promises);
        for (mine, contention) in self.contention.iter_mut().zip(other.contention) {
            mine.merge(&contention);
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

/// The name of an operation's outcome, as `ec apply` prints it.
pub(crate) fn outcome_name(finished: &Finished) -> &'static str {
    const ERROR: &str = "error";
    finished
        .result
        .as_ref()
        .map_or(ERROR, |done| done.outcome.as_str())
}
