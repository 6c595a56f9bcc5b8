//! Reports what the engine that it is built with breaks: `checker model` by the model checker, under policies that should keep
//! every promise; `checker simulation` by the fault simulation; `checker side-by-side` on one store with a model of the
//! trusted-server.
#![allow(
    dead_code,
    reason = "the simulation's own test counts more than is checked here"
)]

#[path = "../faults/action.rs"]
mod action;
#[path = "../faults/oracle/mod.rs"]
mod oracle;
#[path = "../faults/policies.rs"]
mod policies;
#[path = "../faults/report.rs"]
mod report;
#[path = "../faults/rng.rs"]
mod rng;
#[path = "../side_by_side/mod.rs"]
mod side_by_side;
#[path = "../faults/simulation.rs"]
mod simulation;
#[path = "../faults/store.rs"]
mod store;
#[path = "../faults/traffic.rs"]
mod traffic;
#[path = "../support/written.rs"]
mod written;

use std::sync::Arc;

use edge_cookie::engine::Consistency;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{DeleteMode, OnMissingSync, Renewal};
use edge_cookie::policy::types::Seconds;
use edge_cookie_verify::{Scope, verify};

use policies::Environment;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use side_by_side::policies::POLICIES;
use side_by_side::world::World;

/// Worlds of the simulation. The fault that takes longest to find shows in the eighth.
const WORLDS: u64 = 16;

/// Turns that are drawn side by side.
const TURNS: usize = 2_048;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("model") => check_model(),
        Some("simulation") => simulate(),
        Some("side-by-side") => run_side_by_side(),
        other => panic!("no such proof: {other:?}"),
    }
}

fn check_model() {
    let mut patient = EcPolicy::default();
    patient.delete.mode = DeleteMode::Tombstone;
    patient.entry.renewal = Renewal::OnVisit;
    patient.sync.on_missing = OnMissingSync::Reject;
    patient.sync.max_age = Some(Seconds::new(86_400));
    // Two faults are more than its retries.
    let mut impatient = patient.clone();
    impatient.cas.max_retries = 0;
    let scope = Scope {
        actors: 2,
        partners: 2,
        operations: 2,
        faults: 2,
        moves: 2,
    };
    for policy in [patient, impatient] {
        for violation in verify(&[Arc::new(policy)], scope, &|_| {}).violations {
            println!("promise {}", violation.promise);
        }
    }
}

/// Prints the first promise that each world breaks.
fn simulate() {
    let mut block = None;
    for seed in 1..=WORLDS {
        let Err(failure) = simulation::run(seed, &Environment::of(seed, &mut block)) else {
            continue;
        };
        let (what, after) = (&failure.violation.what, failure.operations);
        match failure.violation.promise {
            None => println!("the table of operations"),
            Some(promise) => println!("promise {promise}"),
        }
        eprintln!("seed {seed}, after {after} operations: {what}");
    }
}

/// What each draw of turns breaks first.
fn run_side_by_side() {
    let mut runner = TestRunner::deterministic();
    for number in 0..TURNS {
        let drawn = side_by_side::draw::case().new_tree(&mut runner).unwrap();
        let (policy, eventual, turns) = drawn.current();
        let (name, policy) = &POLICIES[policy % POLICIES.len()];
        let consistency = match eventual {
            true => Consistency::Eventual,
            false => Consistency::Strong,
        };
        let world = World::new(Arc::clone(policy), consistency);
        if let Some((promise, how)) = world.run(&turns) {
            println!("{promise}");
            eprintln!("draw {number}, under {name}: {promise}: {how}");
        }
    }
}
