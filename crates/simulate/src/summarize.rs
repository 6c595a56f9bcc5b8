//! Summarizes the counters as results.

use super::counters::{Counters, MeanAccumulator};
use super::result::{
    CallerContention, Contention, DayFigures, ForgettingPercentile, ForgettingTimes, Freshness,
    OperationCost, PolicyResult, Price, Prices, RefusedSyncs, SeedSpread, SpreadFigure, SweepPoint,
    Totals,
};
use super::run::RunCounters;
use super::workload::Workload;
use edge_cookie::policy::resolve::Resolved;

/// The percentiles of the time to the last trace.
const PERCENTS: [u8; 9] = [0, 10, 25, 50, 75, 90, 95, 99, 100];
const WHOLE: u64 = 100;

const MILLION: f64 = 1e6;
const GIGABYTE: f64 = 1e9;
const DAYS_OF_A_MONTH: f64 = 30.0;
const SECONDS_OF_A_DAY: u64 = 86_400;

/// The name for all callers that are not partners.
const VISITORS: &str = "visitors";

/// The result of one policy.
pub(crate) fn outcomes(
    workload: &Workload,
    profile: &str,
    resolved: &Resolved,
    counted: &RunCounters,
) -> PolicyResult {
    let counters = &counted.counters;
    let totals = totals(counters);
    let over_time = days(workload, counters);
    let contention = contention(workload, counters);
    PolicyResult {
        profile: profile.to_owned(),
        digest: resolved.policy.digest.mark().to_owned(),
        happened: super::result::WorkloadCounts {
            batches: batches(workload, counted),
            ..counters.happened
        },
        price: price(&workload.prices, &totals, &contention, &over_time),
        totals,
        operations: ended(counters),
        avoided: counters.avoided,
        contention,
        over_time,
        lost: counters.lost,
        refused: refused(workload, counters),
        forgetting: forgetting(counters),
        freshness: Freshness {
            last_seen_lag_seconds: mean(counters.seen_lag),
            uid_age_seconds: mean(counters.uid_age),
        },
        promises: counters.promises.to_results(),
        spread: Vec::new(),
    }
}

fn totals(counters: &Counters) -> Totals {
    let mut totals = Totals {
        retries: counters.retries,
        ..Totals::default()
    };
    for cost in counters.by_outcome.values() {
        totals.operations += cost.count;
        totals.reads += cost.reads;
        totals.writes += cost.writes;
    }
    totals
}

fn ended(counters: &Counters) -> Vec<OperationCost> {
    let row = |(&(operation, outcome), cost): (
        &(&'static str, &'static str),
        &super::counters::CallCounts,
    )| {
        OperationCost {
            operation,
            outcome,
            count: cost.count,
            reads: cost.reads,
            writes: cost.writes,
        }
    };
    counters.by_outcome.iter().map(row).collect()
}

/// The number of batches that were sent. For a partner with more sending times than there are bits, all times count.
fn batches(workload: &Workload, counted: &RunCounters) -> u64 {
    let of = |(bits, batches): (&Vec<u64>, &super::partner_traffic::BatchSchedule)| {
        let moments = workload.length() / batches.every + 1;
        let apart = bits.len() as u64 * u64::from(u64::BITS);
        if moments > apart && bits.len() >= Counters::MOST_WORDS {
            return moments;
        }
        bits.iter().map(|word| u64::from(word.count_ones())).sum()
    };
    counted
        .counters
        .sent
        .iter()
        .zip(&counted.batches)
        .map(of)
        .sum()
}

fn days(workload: &Workload, counters: &Counters) -> Vec<DayFigures> {
    let (mut live, mut tombstones, mut bytes) = (0_i64, 0_i64, 0_i64);
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let counted = counters.days.iter().zip(&counters.changes).zip(0_u64..);
    counted
        .map(|((day, change), number)| {
            live += change.live;
            tombstones += change.tombstones;
            bytes += change.bytes;
            DayFigures {
                date: date(workload, number),
                page_views: day.page_views,
                syncs: day.syncs,
                reads: day.reads,
                writes: day.writes,
                live: count(live),
                tombstones: count(tombstones),
                stored_bytes: count(bytes),
            }
        })
        .collect()
}

/// The date of a day of the workload.
pub(crate) fn date(workload: &Workload, day: u64) -> String {
    let time = workload
        .starts
        .plus_seconds(day.saturating_mul(SECONDS_OF_A_DAY))
        .to_string();
    time.split('T').next().unwrap_or_default().to_owned()
}

fn contention(workload: &Workload, counters: &Counters) -> Contention {
    let names = workload
        .partners
        .iter()
        .map(|partner| partner.id.as_str())
        .chain([VISITORS]);
    let mut by: Vec<CallerContention> = names
        .zip(&counters.contention)
        .map(|(who, met)| CallerContention {
            who: who.to_owned(),
            operations: met.operations,
            conflicts: met.conflicts,
            retries: met.retries,
            rate_limited: met.rate_limited,
            exhausted: met.exhausted,
        })
        .collect();
    by.sort_by(|one, other| one.who.cmp(&other.who));
    let sum = |of: fn(&CallerContention) -> u64| by.iter().map(of).sum();
    Contention {
        conflicts: sum(|met| met.conflicts),
        retries: sum(|met| met.retries),
        rate_limited: sum(|met| met.rate_limited),
        exhausted: sum(|met| met.exhausted),
        extra_reads: u64::try_from(counters.extra_reads).unwrap_or_default(),
        extra_writes: u64::try_from(counters.extra_writes).unwrap_or_default(),
        by,
    }
}

fn refused(workload: &Workload, counters: &Counters) -> Vec<RefusedSyncs> {
    let partners = workload.partners.iter().zip(&counters.refused);
    let mut refused: Vec<RefusedSyncs> = partners
        .flat_map(|(partner, reasons)| {
            reasons.iter().map(|(reason, syncs)| RefusedSyncs {
                partner: partner.id.to_string(),
                reason: (*reason).to_owned(),
                syncs: *syncs,
            })
        })
        .collect();
    refused.sort_by(|one, other| (&one.partner, &one.reason).cmp(&(&other.partner, &other.reason)));
    refused
}

fn forgetting(counters: &Counters) -> ForgettingTimes {
    let withdrawals = &counters.withdrawals;
    let all: u64 = withdrawals.after.values().sum();
    let by = |percent: u8| {
        // At least the first one, for 0 percent.
        let rank = (all * u64::from(percent)).div_ceil(WHOLE).max(1);
        let mut sum = 0;
        let reached = withdrawals.after.iter().find(|(_, count)| {
            sum += **count;
            sum >= rank
        });
        reached.map(|(seconds, _)| ForgettingPercentile {
            percent,
            seconds: *seconds,
        })
    };
    ForgettingTimes {
        withdrawals: withdrawals.count,
        undone: withdrawals.undone,
        recreated: withdrawals.recreated,
        at_once: withdrawals.after.get(&0).copied().unwrap_or_default(),
        reached: PERCENTS.into_iter().filter_map(by).collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "money and means, for reading")]
const fn float(number: u64) -> f64 {
    number as f64
}

fn mean(sum: MeanAccumulator) -> f64 {
    float(sum.seconds) / float(sum.count.max(1))
}

fn price(
    prices: &Prices,
    totals: &Totals,
    contention: &Contention,
    over_time: &[DayFigures],
) -> Price {
    let days = over_time.len() as u64;
    let reads = float(totals.reads + contention.extra_reads) / MILLION * prices.million_reads;
    let writes = float(totals.writes + contention.extra_writes) / MILLION * prices.million_writes;
    let stored: f64 = over_time
        .iter()
        .map(|day| float(day.stored_bytes) / GIGABYTE)
        .sum();
    let storage = stored / DAYS_OF_A_MONTH * prices.gigabyte_month;
    let total = reads + writes + storage;
    Price {
        currency: prices.currency.clone(),
        as_of: prices.as_of.clone(),
        reads,
        writes,
        storage,
        total,
        a_day: total / float(days.max(1)),
    }
}

impl SweepPoint {
    /// The point of a sweep with these results.
    pub(crate) fn from_result(
        value: String,
        amount: f64,
        current: bool,
        outcomes: &PolicyResult,
    ) -> Self {
        let figure = |figure| figure_of(figure, outcomes);
        Self {
            value,
            amount,
            current,
            reads_a_day: figure(SpreadFigure::ReadsADay),
            writes_a_day: figure(SpreadFigure::WritesADay),
            price_a_day: figure(SpreadFigure::PriceADay),
            last_seen_lag_seconds: outcomes.freshness.last_seen_lag_seconds,
            uid_age_seconds: outcomes.freshness.uid_age_seconds,
            conflicts: outcomes.contention.conflicts,
            live_at_end: outcomes.over_time.last().map_or(0, |day| day.live),
            lost: outcomes.lost.entry_expired + outcomes.lost.cookie_expired,
            broken: outcomes.broken().map(|promise| promise.broken).sum(),
        }
    }
}

/// The figures that are compared over seeds.
const FIGURES: [SpreadFigure; 8] = [
    SpreadFigure::ReadsADay,
    SpreadFigure::WritesADay,
    SpreadFigure::PriceADay,
    SpreadFigure::Conflicts,
    SpreadFigure::LiveAtEnd,
    SpreadFigure::LostIdentities,
    SpreadFigure::LastSeenLagSeconds,
    SpreadFigure::Broken,
];

fn figure_of(figure: SpreadFigure, outcomes: &PolicyResult) -> f64 {
    let days = float((outcomes.over_time.len() as u64).max(1));
    match figure {
        SpreadFigure::ReadsADay => float(outcomes.totals.reads) / days,
        SpreadFigure::WritesADay => float(outcomes.totals.writes) / days,
        SpreadFigure::PriceADay => outcomes.price.a_day,
        SpreadFigure::Conflicts => float(outcomes.contention.conflicts),
        SpreadFigure::LiveAtEnd => float(outcomes.over_time.last().map_or(0, |day| day.live)),
        SpreadFigure::LostIdentities => {
            float(outcomes.lost.entry_expired + outcomes.lost.cookie_expired)
        }
        SpreadFigure::LastSeenLagSeconds => outcomes.freshness.last_seen_lag_seconds,
        SpreadFigure::Broken => float(outcomes.broken().map(|promise| promise.broken).sum()),
    }
}

/// The main figures over all seeds; empty for a single seed.
pub(crate) fn spread(seeds: &[PolicyResult]) -> Vec<SeedSpread> {
    let count = seeds.len() as u64;
    if count <= 1 {
        return Vec::new();
    }
    let of = |figure| {
        let values: Vec<f64> = seeds
            .iter()
            .map(|outcomes| figure_of(figure, outcomes))
            .collect();
        let mean = values.iter().sum::<f64>() / float(count);
        let squares: f64 = values
            .iter()
            .map(|value| (value - mean) * (value - mean))
            .sum();
        SeedSpread {
            figure,
            mean,
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            deviation: (squares / float(count - 1)).sqrt(),
        }
    };
    FIGURES.into_iter().map(of).collect()
}
