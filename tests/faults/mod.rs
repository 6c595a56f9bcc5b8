//! The fault simulation: many edges against one store with every kind of fault, for years of virtual time, with every promise
//! checked. `scripts/faults.sh` runs it at length.
#![allow(clippy::unreachable, reason = "a failed test should stop")]

mod action;
mod oracle;
mod policies;
mod report;
mod rng;
mod simulation;
mod store;
mod traffic;
use crate::support::written;

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use policies::Environment;
use report::{Failure, Statistics};

/// The simulation allocates millions of records: a fast allocator saves a third of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The default number of operations, and the seed of the first world.
const OPERATIONS: u64 = 1_500_000;
const SEED: u64 = 1;

/// The outcomes of each operation (`docs/semantics.md#operations`), and those that a store's faults cause.
const ENDS: &[(&str, &[&str])] = &[
    ("get", &["found", "not_found"]),
    ("get_metadata", &["found", "not_found"]),
    (
        "create",
        &[
            "created",
            "already_exists",
            "retries_exhausted",
            "entry_too_large",
        ],
    ),
    (
        "create_or_revive",
        &[
            "created",
            "already_live",
            "revived",
            "consent_withdrawn",
            "retries_exhausted",
            "entry_too_large",
        ],
    ),
    (
        "upsert_partner_id",
        &[
            "created_minimal",
            "not_found",
            "written",
            "unchanged",
            "refreshed",
            "stale",
            "too_many_partners",
            "entry_too_large",
            "invalid_uid",
            "invalid_timestamp",
            "consent_withdrawn",
            "retries_exhausted",
        ],
    ),
    (
        "upsert_partner_ids",
        &[
            "created_minimal",
            "not_found",
            "written",
            "unchanged",
            "stale",
            "too_many_partners",
            "entry_too_large",
            "invalid_uid",
            "invalid_timestamp",
            "consent_withdrawn",
            "refused",
            "retries_exhausted",
        ],
    ),
    (
        "update_last_seen",
        &[
            "not_found",
            "touched",
            "debounced",
            "stale",
            "superseded",
            "consent_withdrawn",
            "retries_exhausted",
        ],
    ),
    (
        "write_withdrawal_tombstone",
        &[
            "withdrawn",
            "already_withdrawn",
            "not_found",
            "retries_exhausted",
        ],
    ),
    ("delete", &["deleted", "not_found", "retries_exhausted"]),
];

/// The operations that can fail by an unreadable record or by a faulty store.
const READERS: [&str; 6] = [
    "get",
    "get_metadata",
    "create_or_revive",
    "upsert_partner_id",
    "upsert_partner_ids",
    "update_last_seen",
];
const FAILED: [&str; 3] = ["unreadable_entry", "rate_limited", "kv_unavailable"];

/// The outcomes and faults that never occurred, though they must.
fn missing(statistics: &Statistics) -> Vec<String> {
    let table = ENDS
        .iter()
        .flat_map(|(operation, words)| words.iter().map(move |word| (*operation, *word)));
    let failed = READERS
        .iter()
        .flat_map(|operation| FAILED.map(|word| (*operation, word)));
    let never = table
        .chain(failed)
        .filter(|(operation, word)| statistics.count(operation, word) == 0);
    let ends = never.map(|(operation, word)| format!("{operation}: {word}"));
    ends.chain(statistics.missing_faults().into_iter().map(str::to_owned))
        .collect()
}

/// Runs worlds from `seed` on until there were at least `operations` operations.
fn simulate(operations: u64, seed: u64) -> Result<Statistics, Box<Failure>> {
    let worlds = operations.div_ceil(traffic::OPERATIONS as u64);
    let next = AtomicU64::new(0);
    let sum = Mutex::new(Statistics::default());
    let failed: Mutex<Option<Box<Failure>>> = Mutex::new(None);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut block = None;
                let mut mine = Statistics::default();
                while failed.lock().unwrap().is_none() {
                    let world = next.fetch_add(1, Ordering::Relaxed);
                    if world >= worlds {
                        break;
                    }
                    let seed = seed + world;
                    match simulation::run(seed, &Environment::of(seed, &mut block)) {
                        Ok(statistics) => mine.add(&statistics),
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

fn from_environment(variable: &str, otherwise: u64) -> u64 {
    let number = |written: String| written.replace('_', "").parse().unwrap();
    env::var(variable).map_or(otherwise, number)
}

#[test]
fn every_promise_holds() {
    let (operations, seed) = (
        from_environment("FAULTS", OPERATIONS),
        from_environment("FAULT_SEED", SEED),
    );
    let began = Instant::now();
    let statistics = simulate(operations, seed).unwrap_or_else(|failure| panic!("{failure}"));
    let took = began.elapsed();
    let a_second = u128::from(statistics.operations) * 1_000 / took.as_millis().max(1);
    let last = seed + statistics.worlds - 1;
    // Every outcome and fault must occur, or the test covers too little.
    if operations >= OPERATIONS {
        assert_eq!(missing(&statistics), [""; 0], "{statistics}");
    }
    print!("{statistics}");
    println!(
        "seeds {seed} to {last}, in {} s: {a_second} operations a second",
        took.as_secs()
    );
}
