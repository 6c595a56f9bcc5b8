//! A simulation whose figures are known.

use edge_cookie::policy::layers::LayerName;
use edge_cookie::policy::provenance::Origin;
use edge_cookie::policy::value::Value;
use edge_cookie_simulate::result::{
    AvoidedWrites, CallerContention, Contention, DayFigures, ForgettingPercentile, ForgettingTimes,
    Freshness, LostIdentities, OperationCost, PolicyResult, Price, Prices, PromiseCheck,
    RefusedSyncs, SeedSpread, SettingDifference, SimulationResult, SpreadFigure, Totals,
    WorkloadCounts, WorkloadSummary,
};

/// One policy.
pub fn single() -> SimulationResult {
    SimulationResult {
        workload: WorkloadSummary {
            name: "news".to_owned(),
            description: Some("a paper’s site over three days".to_owned()),
            starts: "2026-03-01".to_owned(),
            days: 3,
            visitors: 20_000,
            partners: vec!["liveramp.com".to_owned()],
            edges: 4,
            seed: 1,
            seeds: 2,
            prices: Prices {
                as_of: "2026-03-01".to_owned(),
                currency: "USD".to_owned(),
                million_reads: 0.5,
                million_writes: 5.0,
                gigabyte_month: 1.0,
            },
        },
        log: None,
        profiles: vec![policy("production", 1)],
        settings: Vec::new(),
        sweep: None,
    }
}

/// Two policies, the second of which does half as much.
pub fn compared() -> SimulationResult {
    let origin = Origin {
        layer: LayerName::Default,
        place: None,
        variable: None,
    };
    SimulationResult {
        profiles: vec![policy("production", 1), policy("thrifty", 2)],
        settings: vec![SettingDifference {
            key: "ec.last_seen.debounce".to_owned(),
            from: Value::from("5m"),
            to: Value::from("15m"),
            from_origin: origin.clone(),
            to_origin: origin,
        }],
        ..single()
    }
}

#[expect(clippy::too_many_lines, reason = "every figure, once")]
fn policy(profile: &str, less: u64) -> PolicyResult {
    #[expect(clippy::cast_precision_loss, reason = "one or two")]
    let fewer = less as f64;
    PolicyResult {
        profile: profile.to_owned(),
        digest: "0a1b2c3d".to_owned(),
        happened: WorkloadCounts {
            visitors: 18_000,
            visits: 40_000,
            page_views: 1_200_000,
            identities: 15_000,
            withdrawals: 90,
            reconsents: 9,
            syncs: 60_000,
            batches: 300,
            forged: 12,
        },
        totals: Totals {
            operations: 900_000,
            reads: 1_500_000,
            writes: 360_000 / less,
            retries: 0,
        },
        operations: vec![OperationCost {
            operation: "update_last_seen",
            outcome: "touched",
            count: 300_000,
            reads: 300_000,
            writes: 300_000 / less,
        }],
        price: Price {
            currency: "USD".to_owned(),
            as_of: "2026-03-01".to_owned(),
            reads: 0.75,
            writes: 1.8 / fewer,
            storage: 0.0,
            total: 0.75 + 1.8 / fewer,
            a_day: 0.25 + 0.6 / fewer,
        },
        avoided: AvoidedWrites {
            debounced: 600_000,
            ..AvoidedWrites::default()
        },
        contention: Contention {
            conflicts: 40 / less,
            retries: 40 / less,
            by: vec![CallerContention {
                who: "liveramp.com".to_owned(),
                operations: 100,
                conflicts: 40 / less,
                retries: 40 / less,
                ..CallerContention::default()
            }],
            ..Contention::default()
        },
        over_time: (1..=3)
            .map(|day| DayFigures {
                date: format!("2026-03-0{day}"),
                page_views: 400_000,
                syncs: 20_000,
                reads: 500_000,
                writes: 120_000 / less,
                live: 5_000 * day / less,
                tombstones: 30 * day,
                stored_bytes: 2_000_000 * day / less,
            })
            .collect(),
        lost: LostIdentities {
            entry_expired: 0,
            cookie_expired: 4,
        },
        refused: vec![RefusedSyncs {
            partner: "liveramp.com".to_owned(),
            reason: "consent_withdrawn".to_owned(),
            syncs: 17,
        }],
        forgetting: ForgettingTimes {
            withdrawals: 90,
            undone: 9,
            recreated: 0,
            at_once: 0,
            reached: [0, 50, 100]
                .map(|percent| ForgettingPercentile {
                    percent,
                    seconds: 86_400 + 36 * u64::from(percent),
                })
                .into(),
        },
        freshness: Freshness {
            last_seen_lag_seconds: 60.0 * fewer,
            uid_age_seconds: 3_600.0,
        },
        promises: vec![PromiseCheck {
            number: 1,
            promise: "no sync and no touch makes a record live after a withdrawal",
            watched: 90,
            broken: 0,
        }],
        spread: vec![SeedSpread {
            figure: SpreadFigure::WritesADay,
            mean: 120_500.0,
            least: 120_000.0,
            most: 121_000.0,
            deviation: 707.0,
        }],
    }
}
