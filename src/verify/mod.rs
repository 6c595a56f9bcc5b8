//! The proof of a policy: every interleaving of a few operations on one record, with faults, on the real engine.
//!
//! A [`Scope`] says how many actors, operations and faults there may be; within it nothing is left out. What is checked
//! are the promises of `POLICY.md` as a reader of the record sees them. A promise that does not hold comes with the
//! shortest [timeline](Violation::trace) that breaks it, and the settings that cause it.
//!
//! ```
//! use std::sync::Arc;
//!
//! use edge_cookie::policy::EcPolicy;
//! use edge_cookie::verify::{Scope, verify};
//!
//! // Under the defaults a partner's sync creates a user who withdrew and was forgotten.
//! let scope = Scope { actors: 1, partners: 1, operations: 2, faults: 0, moves: 1 };
//! let proof = verify(&[Arc::new(EcPolicy::default())], scope, &|_| {});
//! assert_eq!(proof.violations[0].promise, 1);
//! ```

mod act;
mod broken;
mod model;
mod moments;
mod reached;
mod scope;
mod steps;
mod timeline;
mod watch;
mod world;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use serde::Serialize;
use stateright::{Checker, HasDiscoveries, Model as _, Path};

use crate::policy::EcPolicy;
use model::{Happens, Model};
pub use scope::Scope;
use world::World;

/// A moment of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// When, counted from the start, as `+24h1s`.
    pub at: String,
    /// Who acts.
    pub actor: String,
    /// What happens.
    pub event: String,
}

/// A promise that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its number in `POLICY.md`, promises.
    pub promise: u8,
    /// What becomes of whom.
    pub what: &'static str,
    /// The settings that cause it, below `ec`; none where it is the engine's fault.
    pub keys: &'static [&'static str],
    /// The shortest way there.
    pub trace: Vec<Row>,
}

/// How far one pass of a proof went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pass {
    /// What it covers.
    pub scope: Scope,
    /// The states that were looked at.
    pub states: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What was looked at; a pass that finds something is the last.
    pub passes: Vec<Pass>,
    /// What does not hold, by promise: each cause once.
    pub violations: Vec<Violation>,
}

/// Between two reports of how far the check has come.
const REPORT: Duration = Duration::from_millis(200);

/// Checks every state that `policies` can reach together within `scope`. `progress` is told the states so far.
#[must_use]
pub fn verify(policies: &[Arc<EcPolicy>], scope: Scope, progress: &dyn Fn(usize)) -> Proof {
    let threads = available_parallelism().map_or(1, NonZeroUsize::get);
    let mut proof = Proof {
        passes: Vec::new(),
        violations: Vec::new(),
    };
    for scope in scope.passes() {
        let mut model = Model::new(policies, scope);
        let before: usize = proof.passes.iter().map(|pass| pass.states).sum();
        let progress = |states| progress(before + states);
        loop {
            let (states, found) = shortest(&model, threads, &progress);
            let violation = found.and_then(|steps| timeline::violation(&mut model, &steps));
            let Some(violation) = violation else {
                proof.passes.push(Pass { scope, states });
                break;
            };
            proof.violations.push(violation);
        }
        if !proof.violations.is_empty() {
            proof.violations.sort_by_key(|violation| violation.promise);
            break;
        }
    }
    proof
}

/// Explores the model; gives back the states and the shortest way to one that breaks a promise.
fn shortest(model: &Model, threads: usize, progress: &dyn Fn(usize)) -> (usize, Option<Steps>) {
    let (states, mut found) = explore(model, threads, None, progress);
    if found.is_none() {
        return (states, None);
    }
    // The fewest faults make the plainest way.
    let mut model = model.clone();
    for faults in 0..model.scope.faults {
        model.scope.faults = faults;
        let (_, fewer) = explore(&model, 1, None, progress);
        if fewer.is_some() {
            found = fewer;
            break;
        }
        model.scope.faults = faults + 1;
    }
    // One thread finds ways in the order of their lengths, but for the last few: until there is none that is shorter.
    let mut depth = found.as_ref().map(|path| path.len() + 1);
    while let Some(longest) = depth {
        let (_, shorter) = explore(&model, 1, Some(longest), progress);
        depth = shorter.as_ref().map(Vec::len);
        found = shorter.or(found);
    }
    (states, found)
}

type Steps = Vec<(World, Option<Happens>)>;

/// Explores the model to a depth; gives back the states and the steps to one that breaks a promise.
fn explore(
    model: &Model,
    threads: usize,
    depth: Option<usize>,
    progress: &dyn Fn(usize),
) -> (usize, Option<Steps>) {
    let model = model.afresh();
    let reached = Arc::clone(&model.reached);
    let builder = model
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::AnyFailures);
    let builder = match depth {
        Some(depth) => builder.target_max_depth(depth),
        None => builder,
    };
    let mut checker = builder.spawn_bfs();
    let handles = checker.handles();
    while !handles.iter().all(std::thread::JoinHandle::is_finished) {
        progress(checker.unique_state_count());
        std::thread::park_timeout(REPORT);
    }
    reached.switch_off();
    let found = checker
        .discoveries()
        .into_values()
        .next()
        .map(Path::into_vec);
    (checker.unique_state_count(), found)
}
