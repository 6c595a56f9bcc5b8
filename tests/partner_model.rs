//! Every interleaving of a few changes of one partner, with lost answers and stale lookups: what was revoked stays out.
//!
//! What runs is `Registry` itself, on a store that answers call by call: an operation under way is played again from the
//! answers it had.
#![allow(
    clippy::single_match_else,
    clippy::struct_excessive_bools,
    reason = "a failed test should stop"
)]

mod store;
mod world;

use stateright::{Checker, Model, Property};
use store::{Call, StoreReply};
use world::{Act, Operation, Seen, World};

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
enum How {
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
enum Happens {
    Start(Act),
    Call(usize, How),
    /// A write whose answer was lost is done.
    Lands(usize),
}

impl Model for Scope {
    type State = World;
    type Action = Happens;

    fn init_states(&self) -> Vec<World> {
        vec![
            World::new(self.changes, self.faults, self.eventual, false),
            World::new(self.changes, self.faults, self.eventual, true),
        ]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Happens>) {
        if world.changes_left > 0 && world.running.len() < self.operators {
            actions.extend(Act::ALL.map(Happens::Start));
        }
        for (index, operation) in world.running.iter().enumerate() {
            let mut ways = vec![How::Well];
            if world.faults_left > 0 {
                ways.push(How::Unavailable);
                match operation.asks {
                    Call::Lookup(_) if world.eventual => ways.push(How::Stale),
                    Call::Lookup(_) => {}
                    Call::Insert(..) | Call::Delete(_) => {
                        ways.extend([How::LostDone, How::LostLate, How::NotCleaned]);
                    }
                }
            }
            actions.extend(ways.into_iter().map(|how| Happens::Call(index, how)));
        }
        actions.extend((0..world.late.len()).map(Happens::Lands));
    }

    fn next_state(&self, world: &World, happens: Happens) -> Option<World> {
        let mut world = world.clone();
        world.seen = Seen::default();
        match happens {
            Happens::Start(act) => world.start(act),
            Happens::Call(index, how) => {
                let operation = world.running.remove(index);
                let reply = answer(&mut world, &operation, how)?;
                world.resume(operation, reply, how != How::NotCleaned);
            }
            Happens::Lands(index) => {
                let call = world.late.remove(index);
                world.call(&call);
            }
        }
        world.running.sort();
        world.check();
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("what was revoked stays out", |_, world: &World| {
                world.broken.is_none()
            }),
            Property::sometimes("a disable is acknowledged", |_, world: &World| {
                world.seen.disabled
            }),
            Property::sometimes("a rotation is made again", |_, world: &World| {
                world.seen.rotated_again
            }),
            Property::sometimes("a lost answer is found out", |_, world: &World| {
                world.seen.found_out
            }),
            Property::sometimes("a partner comes back", |_, world: &World| {
                world.seen.added_again
            }),
        ]
    }
}

/// The reply to a call; `None` where it cannot end so.
fn answer(world: &mut World, operation: &Operation, how: How) -> Option<StoreReply> {
    if how != How::Well {
        world.faults_left -= 1;
    }
    let call = &operation.asks;
    Some(match how {
        How::Well | How::NotCleaned => world.call(call),
        How::Stale => world.stale(call)?,
        How::Unavailable => StoreReply::Unavailable,
        How::LostDone => match world.call(call) {
            StoreReply::Conflict => return None,
            _ => StoreReply::Lost,
        },
        How::LostLate => {
            world.late.push(call.clone());
            StoreReply::Lost
        }
    })
}

/// The fewest states that a whole search has: one that stops early looks at far fewer.
const LEAST_STATES: usize = 10_000;

fn withstands(scope: Scope) {
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
    withstands(Scope {
        changes: 3,
        operators: 3,
        faults: 1,
        eventual: false,
    });
}

#[test]
fn lookups_that_are_stale() {
    withstands(Scope {
        changes: 3,
        operators: 2,
        faults: 1,
        eventual: true,
    });
}
