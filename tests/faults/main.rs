//! The fault simulation: many edges against one store that fails in every way it may, for years of virtual time, and every
//! promise held against what is seen. `scripts/faults.sh` runs it at length.
#![cfg(all(feature = "files", feature = "service"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a failed test should stop"
)]

mod draw;
mod oracle;
mod policies;
mod report;
mod store;
mod traffic;
mod world;
#[path = "../support/written.rs"]
mod written;

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use policies::Regime;
use report::{Failure, Tally};

/// Operations where nobody asks for more, and the seed of the first world.
const OPERATIONS: u64 = 3_000_000;
const SEED: u64 = 1;

/// Runs worlds from `seed` on until there were so many operations.
fn simulate(operations: u64, seed: u64) -> Result<Tally, Box<Failure>> {
    let worlds = operations.div_ceil(traffic::OPERATIONS as u64);
    let next = AtomicU64::new(0);
    let sum = Mutex::new(Tally::default());
    let failed: Mutex<Option<Box<Failure>>> = Mutex::new(None);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut block = None;
                let mut mine = Tally::default();
                while failed.lock().unwrap().is_none() {
                    let world = next.fetch_add(1, Ordering::Relaxed);
                    if world >= worlds {
                        break;
                    }
                    let seed = seed + world;
                    match world::run(seed, &Regime::of(seed, &mut block)) {
                        Ok(tally) => mine.add(&tally),
                        Err(failure) => *failed.lock().unwrap() = Some(failure),
                    }
                }
                sum.lock().unwrap().add(&mine);
            });
        }
    });
    match failed.into_inner().unwrap() {
        Some(failure) => Err(failure),
        None => Ok(sum.into_inner().unwrap()),
    }
}

fn asked(variable: &str, otherwise: u64) -> u64 {
    let number = |written: String| written.replace('_', "").parse().unwrap();
    env::var(variable).map_or(otherwise, number)
}

#[test]
fn every_promise_holds() {
    let (operations, seed) = (asked("FAULTS", OPERATIONS), asked("FAULT_SEED", SEED));
    let began = Instant::now();
    let tally = simulate(operations, seed).unwrap_or_else(|failure| panic!("{failure}"));
    let took = began.elapsed();
    let a_second = u128::from(tally.operations) * 1_000 / took.as_millis().max(1);
    let last = seed + tally.worlds - 1;
    print!("{tally}");
    println!(
        "seeds {seed} to {last}, in {} s: {a_second} operations a second",
        took.as_secs()
    );
}
