//! A seed gives the same result on any number of threads; several seeds give a spread.
#![allow(
    clippy::float_cmp,
    reason = "a failed test should stop; the same is the same to the last bit"
)]

use std::num::NonZeroUsize;
use std::path::Path;

use edge_cookie::policy::resolve::{Resolved, resolve};
use edge_cookie_simulate::result::{SimulationResult, SpreadFigure};
use edge_cookie_simulate::workload::Workload;
use edge_cookie_simulate::{SimulatedPolicy, Simulator};

fn late() -> Workload {
    let file = Path::new(env!("REPOSITORY")).join("tests/workloads/late.toml");
    Workload::open(&file)
        .unwrap()
        .workload
        .unwrap()
        // More than a thread takes at a time.
        .with_visitors(1_100)
}

fn policy(resolved: &Resolved) -> SimulatedPolicy<'_> {
    SimulatedPolicy {
        profile: "defaults",
        resolved,
    }
}

fn simulate(workload: &Workload, seed: u64, seeds: u64, threads: usize) -> SimulationResult {
    let defaults = resolve(&[]);
    Simulator::new(workload)
        .with_seeds(seed, seeds)
        .with_threads(NonZeroUsize::new(threads).unwrap())
        .compare(&[policy(&defaults)])
}

#[test]
fn a_seed_gives_the_same_result_on_any_number_of_threads() {
    let workload = late();
    let once = simulate(&workload, 7, 1, 1);
    for threads in [1, 3] {
        assert_eq!(
            once,
            simulate(&workload, 7, 1, threads),
            "{threads} threads"
        );
    }
    assert_ne!(once.profiles, simulate(&workload, 8, 1, 1).profiles);
}

#[test]
fn events_have_the_same_order_on_any_number_of_threads() {
    let workload = late();
    let defaults = resolve(&[]);
    let events = |threads| {
        let simulator = Simulator::new(&workload).with_threads(NonZeroUsize::new(threads).unwrap());
        let lines = simulator.events(&policy(&defaults)).into_iter();
        lines
            .map(|event| event.line().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(events(1) == events(4));
}

#[test]
fn the_spread_is_that_of_the_seeds_run_one_by_one() {
    const FIRST: u64 = 3;
    const SEEDS: u64 = 4;
    const DAYS: f64 = 14.0;
    let workload = late();
    let together = simulate(&workload, FIRST, SEEDS, 2);
    let each: Vec<f64> = (FIRST..FIRST + SEEDS)
        .map(|seed| {
            let one = simulate(&workload, seed, 1, 2);
            assert!(one.profiles[0].spread.is_empty(), "one seed has no spread");
            let writes = u32::try_from(one.profiles[0].totals.writes).unwrap();
            f64::from(writes) / DAYS
        })
        .collect();
    let writes = together.profiles[0]
        .spread
        .iter()
        .find(|spread| spread.figure == SpreadFigure::WritesADay)
        .unwrap();
    let least = each.iter().copied().fold(f64::INFINITY, f64::min);
    let most = each.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert_eq!((writes.least, writes.most), (least, most));
    assert!(least < most, "seeds differ");
    let mean = each.iter().sum::<f64>() / 4.0;
    assert!((writes.mean - mean).abs() < 1e-6);
    let squares: f64 = each.iter().map(|value| (value - mean).powi(2)).sum();
    assert!((writes.deviation - (squares / 3.0).sqrt()).abs() < 1e-6);
    // The main figures are those of the first seed.
    assert_eq!(
        together.profiles[0].totals,
        simulate(&workload, FIRST, 1, 2).profiles[0].totals
    );
}
