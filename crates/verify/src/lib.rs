//! Model checking of a policy: every interleaving of a few operations on one record, with store faults, on the real engine.
//!
//! A [`Scope`] limits the number of actors, operations and faults; within it the search is exhaustive. The checked
//! properties are the promises (`docs/semantics.md#promises`), as a reader of the record sees them. For each promise that
//! fails you get the shortest [timeline](Violation::trace) to the failure and the settings that cause it.
//!
//! ```
//! use std::sync::Arc;
//!
//! use edge_cookie::policy::EcPolicy;
//! use edge_cookie_verify::{Scope, verify};
//!
//! // Under the defaults a partner's sync re-creates a user whose withdrawal was forgotten.
//! let scope = Scope { actors: 1, partners: 1, operations: 2, faults: 0, moves: 1 };
//! let proof = verify(&[Arc::new(EcPolicy::default())], scope, &|_| {});
//! assert_eq!(proof.violations[0].promise.number(), 1);
//! ```

mod actor;
mod age_bounds;
mod model;
mod model_record;
mod monitor;
mod record_lifetime;
mod scope;
mod state;
mod time_points;
mod timeline;
mod transitions;
mod violation;
mod visited;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use serde::Serialize;
use stateright::{Checker, HasDiscoveries, Model as _, Path};

use edge_cookie::policy::EcPolicy;
use edge_cookie::promise::Promise;
use model::{ModelStep, PolicyModel};
pub use scope::Scope;
use state::ModelState;

/// One step of a counterexample's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineStep {
    /// The time since the start, as `+24h1s`.
    pub at: String,
    /// The operation or the store that acts.
    pub actor: String,
    /// What happens.
    pub event: String,
}

/// A promise that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The promise.
    pub promise: Promise,
    /// What happens to the user.
    pub what: &'static str,
    /// The settings that cause it, without `ec.`. Empty where it is a fault of the engine.
    pub keys: &'static [&'static str],
    /// The shortest path to the failure.
    pub trace: Vec<TimelineStep>,
}

/// One pass of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ProofPass {
    /// The scope it covers.
    pub scope: Scope,
    /// The number of states that were checked.
    pub states: usize,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The passes, in order. A pass that finds a violation is the last.
    pub passes: Vec<ProofPass>,
    /// The promises that fail, in the order of their numbers: each cause once.
    pub violations: Vec<Violation>,
}

/// The time between two progress reports.
const REPORT: Duration = Duration::from_millis(200);

/// Checks every state that `policies` can reach together within `scope`. Calls `progress` with the number of states so far.
#[must_use]
pub fn verify(policies: &[Arc<EcPolicy>], scope: Scope, progress: &dyn Fn(usize)) -> Proof {
    let threads = available_parallelism().map_or(1, NonZeroUsize::get);
    let mut proof = Proof {
        passes: Vec::new(),
        violations: Vec::new(),
    };
    for scope in scope.passes() {
        let mut model = PolicyModel::new(policies, scope);
        let before: usize = proof.passes.iter().map(|pass| pass.states).sum();
        let progress = |states| progress(before + states);
        loop {
            let (states, found) = shortest(&model, threads, &progress);
            let violation = found.and_then(|steps| timeline::violation(&mut model, &steps));
            let Some(violation) = violation else {
                proof.passes.push(ProofPass { scope, states });
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

/// Explores the model. Returns the number of states and the shortest path to one that breaks a promise.
fn shortest(
    model: &PolicyModel,
    threads: usize,
    progress: &dyn Fn(usize),
) -> (usize, Option<StatePath>) {
    let (states, mut found) = explore(model, threads, None, progress);
    if found.is_none() {
        return (states, None);
    }
    // The path with the fewest faults is the easiest to understand.
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
    // One thread finds paths in the order of their lengths, except for the last few: repeat until no shorter one exists.
    let mut depth = found.as_ref().map(|path| path.len() + 1);
    while let Some(longest) = depth {
        let (_, shorter) = explore(&model, 1, Some(longest), progress);
        depth = shorter.as_ref().map(Vec::len);
        found = shorter.or(found);
    }
    (states, found)
}

type StatePath = Vec<(ModelState, Option<ModelStep>)>;

/// Explores the model to a depth. Returns the number of states and the path to one that breaks a promise.
fn explore(
    model: &PolicyModel,
    threads: usize,
    depth: Option<usize>,
    progress: &dyn Fn(usize),
) -> (usize, Option<StatePath>) {
    let model = model.reset();
    let visited = Arc::clone(&model.visited);
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
    visited.switch_off();
    let found = checker
        .discoveries()
        .into_values()
        .next()
        .map(Path::into_vec);
    (checker.unique_state_count(), found)
}
