//! From counts to what is told.

use super::account::{Accounts, Sum};
use super::result::{
    Contention, Day, Ended, Figure, Forgetting, Freshness, Meetings, Outcomes, Point, Price,
    Prices, Reached, Refused, Spread, Totals,
};
use super::run::Counted;
use super::workload::Workload;
use crate::policy::resolve::Resolved;

/// The shares at which the time to the last trace is told.
const PERCENTS: [u8; 9] = [0, 10, 25, 50, 75, 90, 95, 99, 100];
const WHOLE: u64 = 100;

const MILLION: f64 = 1e6;
const GIGABYTE: f64 = 1e9;
const DAYS_OF_A_MONTH: f64 = 30.0;
const SECONDS_OF_A_DAY: u64 = 86_400;

/// Who is not a partner.
const VISITORS: &str = "visitors";

/// What `counted` says of the policy of `profile`.
pub(crate) fn outcomes(
    workload: &Workload,
    profile: &str,
    resolved: &Resolved,
    counted: &Counted,
) -> Outcomes {
    let accounts = &counted.accounts;
    let totals = totals(accounts);
    let over_time = days(workload, accounts);
    let contention = contention(workload, accounts);
    Outcomes {
        profile: profile.to_owned(),
        digest: resolved.policy.digest.mark().to_owned(),
        happened: super::result::Happened {
            batches: batches(workload, counted),
            ..accounts.happened
        },
        price: price(&workload.prices, &totals, &contention, &over_time),
        totals,
        operations: ended(accounts),
        avoided: accounts.avoided,
        contention,
        over_time,
        lost: accounts.lost,
        refused: refused(workload, accounts),
        forgetting: forgetting(accounts),
        freshness: Freshness {
            last_seen_lag_seconds: mean(accounts.seen_lag),
            uid_age_seconds: mean(accounts.uid_age),
        },
        promises: accounts.promises.told(),
        spread: Vec::new(),
    }
}

fn totals(accounts: &Accounts) -> Totals {
    let mut totals = Totals {
        retries: accounts.retries,
        ..Totals::default()
    };
    for cost in accounts.ended.values() {
        totals.operations += cost.count;
        totals.reads += cost.reads;
        totals.writes += cost.writes;
    }
    totals
}

fn ended(accounts: &Accounts) -> Vec<Ended> {
    let row =
        |(&(operation, outcome), cost): (&(&'static str, &'static str), &super::account::Cost)| {
            Ended {
                operation,
                outcome,
                count: cost.count,
                reads: cost.reads,
                writes: cost.writes,
            }
        };
    accounts.ended.iter().map(row).collect()
}

/// Batches that were sent. Of a partner that may send more often than the moments that are kept apart, all count as sent.
fn batches(workload: &Workload, counted: &Counted) -> u64 {
    let of = |(bits, batches): (&Vec<u64>, &super::traffic::Batches)| {
        let moments = workload.length() / batches.every + 1;
        let apart = bits.len() as u64 * u64::from(u64::BITS);
        if moments > apart && bits.len() >= Accounts::MOST_WORDS {
            return moments;
        }
        bits.iter().map(|word| u64::from(word.count_ones())).sum()
    };
    counted
        .accounts
        .sent
        .iter()
        .zip(&counted.batches)
        .map(of)
        .sum()
}

fn days(workload: &Workload, accounts: &Accounts) -> Vec<Day> {
    let (mut live, mut tombstones, mut bytes) = (0_i64, 0_i64, 0_i64);
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let counted = accounts.days.iter().zip(&accounts.changes).zip(0_u64..);
    counted
        .map(|((day, change), number)| {
            live += change.live;
            tombstones += change.tombstones;
            bytes += change.bytes;
            Day {
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

fn contention(workload: &Workload, accounts: &Accounts) -> Contention {
    let names = workload
        .partners
        .iter()
        .map(|partner| partner.id.as_str())
        .chain([VISITORS]);
    let mut by: Vec<Meetings> = names
        .zip(&accounts.met)
        .map(|(who, met)| Meetings {
            who: who.to_owned(),
            operations: met.operations,
            conflicts: met.conflicts,
            retries: met.retries,
            rate_limited: met.rate_limited,
            exhausted: met.exhausted,
        })
        .collect();
    by.sort_by(|one, other| one.who.cmp(&other.who));
    let sum = |of: fn(&Meetings) -> u64| by.iter().map(of).sum();
    Contention {
        conflicts: sum(|met| met.conflicts),
        retries: sum(|met| met.retries),
        rate_limited: sum(|met| met.rate_limited),
        exhausted: sum(|met| met.exhausted),
        extra_reads: u64::try_from(accounts.extra_reads).unwrap_or_default(),
        extra_writes: u64::try_from(accounts.extra_writes).unwrap_or_default(),
        by,
    }
}

fn refused(workload: &Workload, accounts: &Accounts) -> Vec<Refused> {
    let partners = workload.partners.iter().zip(&accounts.refused);
    let mut refused: Vec<Refused> = partners
        .flat_map(|(partner, reasons)| {
            reasons.iter().map(|(reason, syncs)| Refused {
                partner: partner.id.to_string(),
                reason: (*reason).to_owned(),
                syncs: *syncs,
            })
        })
        .collect();
    refused.sort_by(|one, other| (&one.partner, &one.reason).cmp(&(&other.partner, &other.reason)));
    refused
}

fn forgetting(accounts: &Accounts) -> Forgetting {
    let gone = &accounts.gone;
    let all: u64 = gone.after.values().sum();
    let by = |percent: u8| {
        // The first of them for the least share.
        let rank = (all * u64::from(percent)).div_ceil(WHOLE).max(1);
        let mut sum = 0;
        let reached = gone.after.iter().find(|(_, count)| {
            sum += **count;
            sum >= rank
        });
        reached.map(|(seconds, _)| Reached {
            percent,
            seconds: *seconds,
        })
    };
    Forgetting {
        withdrawals: gone.withdrawals,
        undone: gone.undone,
        recreated: gone.recreated,
        at_once: gone.after.get(&0).copied().unwrap_or_default(),
        reached: PERCENTS.into_iter().filter_map(by).collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "money and means, for reading")]
const fn float(number: u64) -> f64 {
    number as f64
}

fn mean(sum: Sum) -> f64 {
    float(sum.seconds) / float(sum.count.max(1))
}

fn price(prices: &Prices, totals: &Totals, contention: &Contention, over_time: &[Day]) -> Price {
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

impl Point {
    /// The point of a sweep that `outcomes` make.
    pub(crate) fn of(value: String, amount: f64, current: bool, outcomes: &Outcomes) -> Self {
        let figure = |figure| figure_of(figure, outcomes);
        Self {
            value,
            amount,
            current,
            reads_a_day: figure(Figure::ReadsADay),
            writes_a_day: figure(Figure::WritesADay),
            price_a_day: figure(Figure::PriceADay),
            last_seen_lag_seconds: outcomes.freshness.last_seen_lag_seconds,
            uid_age_seconds: outcomes.freshness.uid_age_seconds,
            conflicts: outcomes.contention.conflicts,
            live_at_end: outcomes.over_time.last().map_or(0, |day| day.live),
            lost: outcomes.lost.entry_expired + outcomes.lost.cookie_expired,
            broken: outcomes.broken().map(|promise| promise.broken).sum(),
        }
    }
}

/// The figures that are followed over seeds.
const FIGURES: [Figure; 8] = [
    Figure::ReadsADay,
    Figure::WritesADay,
    Figure::PriceADay,
    Figure::Conflicts,
    Figure::LiveAtEnd,
    Figure::Lost,
    Figure::LastSeenLagSeconds,
    Figure::Broken,
];

fn figure_of(figure: Figure, outcomes: &Outcomes) -> f64 {
    let days = float((outcomes.over_time.len() as u64).max(1));
    match figure {
        Figure::ReadsADay => float(outcomes.totals.reads) / days,
        Figure::WritesADay => float(outcomes.totals.writes) / days,
        Figure::PriceADay => outcomes.price.a_day,
        Figure::Conflicts => float(outcomes.contention.conflicts),
        Figure::LiveAtEnd => float(outcomes.over_time.last().map_or(0, |day| day.live)),
        Figure::Lost => float(outcomes.lost.entry_expired + outcomes.lost.cookie_expired),
        Figure::LastSeenLagSeconds => outcomes.freshness.last_seen_lag_seconds,
        Figure::Broken => float(outcomes.broken().map(|promise| promise.broken).sum()),
    }
}

/// The main figures over all seeds; none where there is one.
pub(crate) fn spread(seeds: &[Outcomes]) -> Vec<Spread> {
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
        Spread {
            figure,
            mean,
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            deviation: (squares / float(count - 1)).sqrt(),
        }
    };
    FIGURES.into_iter().map(of).collect()
}
