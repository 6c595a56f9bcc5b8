//! Every interleaving of a few changes of one partner, with lost answers and stale lookups: what was revoked stays out.
//!
//! What runs is `Registry` itself, on a store that answers call by call: an operation under way is played again from the
//! answers it had.
#![allow(
    clippy::single_match_else,
    clippy::struct_excessive_bools,
    reason = "a failed test should stop"
)]

mod state;
mod store;

use state::{Act, ModelState, Operation, Seen};
use stateright::{Checker, Model, Property};
use store::{Call, StoreReply};

/// How far the model goes.
#[derive(Clone, Copy)]
struct Scope {
    /// Changes in all.
    changes: usize,
    /// Operators: changes under way at once.
    operators: usize,
    /// Calls that fail, lose their answer or see what was there before.
    faults: usize,
    /// Whether a lookup may be stale.
    eventual: bool,
}

/// How a call of the store ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum CallResult {
    Well,
    /// A lookup sees what was there before.
    Stale,
    Unavailable,
    /// It is done, and the answer is lost.
    LostDone,
    /// The answer is lost, and it may be done at any time from now on.
    LostLate,
    /// It is done, and an index that is no longer needed stays: the operator's machine crashes, or the store fails then.
    NotCleaned,
}

/// A step of the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Start(Act),
    Call(usize, CallResult),
    /// A write whose answer was lost is done.
    Lands(usize),
}

impl Model for Scope {
    type State = ModelState;
    type Action = Step;

    fn init_states(&self) -> Vec<ModelState> {
        vec![
            ModelState::new(self.changes, self.faults, self.eventual, false),
            ModelState::new(self.changes, self.faults, self.eventual, true),
        ]
    }

    fn actions(&self, state: &ModelState, actions: &mut Vec<Step>) {
        if state.changes_left > 0 && state.running.len() < self.operators {
            actions.extend(Act::ALL.map(Step::Start));
        }
        for (index, operation) in state.running.iter().enumerate() {
            let mut ways = vec![CallResult::Well];
            if state.faults_left > 0 {
                ways.push(CallResult::Unavailable);
                match operation.asks {
                    Call::Lookup(_) if state.eventual => ways.push(CallResult::Stale),
                    Call::Lookup(_) => {}
                    Call::Insert(..) | Call::Delete(_) => {
                        ways.extend([
                            CallResult::LostDone,
                            CallResult::LostLate,
                            CallResult::NotCleaned,
                        ]);
                    }
                }
            }
            actions.extend(ways.into_iter().map(|how| Step::Call(index, how)));
        }
        actions.extend((0..state.late.len()).map(Step::Lands));
    }

    fn next_state(&self, state: &ModelState, step: Step) -> Option<ModelState> {
        let mut state = state.clone();
        state.seen = Seen::default();
        match step {
            Step::Start(act) => state.start(act),
            Step::Call(index, how) => {
                let operation = state.running.remove(index);
                let reply = answer(&mut state, &operation, how)?;
                state.resume(operation, reply, how != CallResult::NotCleaned);
            }
            Step::Lands(index) => {
                let call = state.late.remove(index);
                state.call(&call);
            }
        }
        state.running.sort();
        state.check();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("what was revoked stays out", |_, state: &ModelState| {
                state.broken.is_none()
            }),
            Property::sometimes("a disable is acknowledged", |_, state: &ModelState| {
                state.seen.disabled
            }),
            Property::sometimes("a rotation is made again", |_, state: &ModelState| {
                state.seen.rotated_again
            }),
            Property::sometimes("a lost answer is found out", |_, state: &ModelState| {
                state.seen.found_out
            }),
            Property::sometimes("a partner comes back", |_, state: &ModelState| {
                state.seen.added_again
            }),
        ]
    }
}

/// The reply to a call; `None` where it cannot end so.
fn answer(state: &mut ModelState, operation: &Operation, how: CallResult) -> Option<StoreReply> {
    if how != CallResult::Well {
        state.faults_left -= 1;
    }
    let call = &operation.asks;
    Some(match how {
        CallResult::Well | CallResult::NotCleaned => state.call(call),
        CallResult::Stale => state.stale(call)?,
        CallResult::Unavailable => StoreReply::Unavailable,
        CallResult::LostDone => match state.call(call) {
            StoreReply::Conflict => return None,
            _ => StoreReply::Lost,
        },
        CallResult::LostLate => {
            state.late.push(call.clone());
            StoreReply::Lost
        }
    })
}

/// The fewest states that a whole search has: one that stops early looks at far fewer.
const LEAST_STATES: usize = 10_000;

fn check_all(scope: Scope) {
    let checker = scope.checker().threads(2).spawn_bfs().join();
    println!(
        "{} states, {} deep",
        checker.unique_state_count(),
        checker.max_depth()
    );
    if let Some(path) = checker.discovery("what was revoked stays out") {
        let steps: Vec<String> = path
            .clone()
            .into_actions()
            .iter()
            .map(|step| format!("{step:?}"))
            .collect();
        let broken = path.last_state().broken;
        panic!("{}: {}", broken.unwrap(), steps.join(", "));
    }
    checker.assert_properties();
    assert!(checker.unique_state_count() > LEAST_STATES);
}

#[test]
fn three_operators_at_once() {
    check_all(Scope {
        changes: 3,
        operators: 3,
        faults: 1,
        eventual: false,
    });
}

#[test]
fn lookups_that_are_stale() {
    check_all(Scope {
        changes: 3,
        operators: 2,
        faults: 1,
        eventual: true,
    });
}
