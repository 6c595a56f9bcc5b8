//! The model that is checked: which steps there are, and where each leads.

use std::sync::Arc;

use stateright::{Model as Checked, Property};

use super::Scope;
use super::act::{Act, Asks, Failure, HeldUp, Running, START, Told};
use super::broken::Broken;
use super::moments;
use super::reached::Reached;
use super::watch::Change;
use super::world::{Content, Held, Matters, World};
use crate::clock::Timestamp;
use crate::engine::{Consistency, Finished, Write};
use crate::policy::EcPolicy;
use crate::policy::settings::DeleteMode;
use crate::record::{KvEntry, KvMetadata};

/// How a call of the store ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// As it should.
    Well,
    /// A lookup sees what was there before.
    Stale,
    /// The store cannot be reached.
    Unavailable,
    /// Too many writes.
    RateLimited,
    /// It is done, and nobody is told.
    LostDone,
    /// It is not done, and nobody is told.
    LostUndone,
    /// A swap on a record that is gone creates it.
    Recreates,
}

/// A step of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happens {
    /// Time moves to this moment.
    Time(Timestamp),
    /// The store collects what is past the time that it was told.
    Collect,
    /// An operation starts, and makes its first call, which ends so.
    Start { act: Act, policy: usize, how: How },
    /// An operation starts, and is held up before its first call.
    HeldUp { act: Act, policy: usize },
    /// An operation makes its next call, which ends so.
    Call { running: usize, how: How },
}

/// Policies, and how far they are checked.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) policies: Vec<Arc<EcPolicy>>,
    pub(super) scope: Scope,
    pub(super) matters: Matters,
    /// Whether a record that is written can be over before an operation that was under way has ended.
    pub(super) short: bool,
    /// Whether a record can vanish that was written while an operation was under way.
    pub(super) vanishes: bool,
    pub(super) reached: Arc<Reached>,
    pub(super) firsts: Arc<[First]>,
    /// What is known to be broken: another with the same cause is nothing new.
    pub(super) known: Vec<Broken>,
}

/// Stores whose lookups may be stale, and stores whose may not.
const CONSISTENCIES: [Consistency; 2] = [Consistency::Strong, Consistency::Eventual];

/// The record of another system's writer, with fields that this version does not know.
const FOREIGN: &str = r#"{"v":1,"created":0,"consent":{"ok":true,"updated":0,"other":1},"geo":{"country":"DE"},"ids":{},"other":[1.10]}"#;

/// Its metadata.
const FOREIGN_METADATA: &str = r#"{"other":true}"#;

/// What an operation asks for first.
#[derive(Debug, Clone)]
pub(super) struct First {
    pub(super) act: Act,
    pub(super) policy: usize,
    pub(super) consistency: Consistency,
    pub(super) asks: Asks,
}

impl Model {
    pub(super) fn new(policies: &[Arc<EcPolicy>], scope: Scope) -> Self {
        let mut firsts = Vec::new();
        for (policy, of) in policies.iter().enumerate() {
            for consistency in CONSISTENCIES {
                let start = |act| Running::start(act, (policy, of), START, consistency, HeldUp::No);
                firsts.extend(
                    Act::all(scope.partners)
                        .filter_map(start)
                        .map(|running| First {
                            act: running.act,
                            policy,
                            consistency,
                            asks: running.asks,
                        }),
                );
            }
        }
        let short = (policies.iter()).any(|policy| moments::forgets_within_an_operation(policy));
        let erases = |policy: &Arc<EcPolicy>| policy.delete.mode == DeleteMode::Hard;
        Self {
            short,
            vanishes: short || policies.iter().any(erases),
            policies: policies.to_vec(),
            scope,
            matters: Matters::to(policies),
            reached: Arc::new(Reached::new(scope)),
            firsts: firsts.into(),
            known: Vec::new(),
        }
    }

    /// The same model, of which nothing was looked at.
    pub(super) fn afresh(&self) -> Self {
        Self {
            reached: Arc::new(Reached::new(self.scope)),
            ..self.clone()
        }
    }

    fn foreign() -> Option<Content> {
        let mut entry = KvEntry::from_body(FOREIGN.as_bytes()).ok()?;
        entry.created = START;
        entry.consent.updated = START;
        let metadata = KvMetadata::from_bytes(FOREIGN_METADATA.as_bytes()).ok()?;
        Some(Some((entry, metadata)))
    }

    fn policy(&self, index: usize) -> Option<&EcPolicy> {
        self.policies.get(index).map(|policy| &**policy)
    }

    /// What `happens` makes of a state, and the operation that ended with it.
    pub(super) fn apply(
        &self,
        state: &World,
        happens: Happens,
    ) -> Option<(World, Option<Finished>)> {
        let mut world = state.clone();
        world.passed = matches!(happens, Happens::Time(_));
        let mut ended = None;
        match happens {
            Happens::Time(to) => world.pass(to),
            Happens::Collect => {
                world.remove();
                world.broken = world.watch.collected(&self.policies, world.now);
            }
            Happens::HeldUp { act, policy } => {
                let running =
                    self.start(&mut world, act, policy, HeldUp::Since(state.identity()))?;
                world.running.push(Arc::new(running));
            }
            Happens::Start { act, policy, how } => {
                let running = self.start(&mut world, act, policy, HeldUp::No)?;
                ended = self.call(&mut world, running, how)?;
            }
            Happens::Call { running, how } => {
                let running = world.running.remove(running);
                let mut running = Arc::unwrap_or_clone(running);
                running.held_up = HeldUp::No;
                ended = self.call(&mut world, running, how)?;
            }
        }
        if world.broken.is_none() {
            let current = world.current.as_ref().map(|held| &*held.content);
            world.broken = world.watch.seen(&self.policies, current, world.now);
        }
        Some((world, ended))
    }

    /// What an operation asks for first, if anything.
    pub(super) fn first(&self, act: Act, policy: usize, consistency: Consistency) -> Option<&Asks> {
        let same = |first: &&First| {
            (first.act, first.policy, first.consistency) == (act, policy, consistency)
        };
        self.firsts.iter().find(same).map(|first| &first.asks)
    }

    fn start(
        &self,
        world: &mut World,
        act: Act,
        policy: usize,
        held_up: HeldUp,
    ) -> Option<Running> {
        world.left.operations = world.left.operations.checked_sub(1)?;
        let of = (policy, self.policy(policy)?);
        Running::start(act, of, world.now, world.consistency, held_up)
    }

    /// Makes the call that an operation asks for, and goes on with it.
    #[allow(
        clippy::option_option,
        reason = "whether the call can be made, and whether the operation then ended"
    )]
    fn call(&self, world: &mut World, mut running: Running, how: How) -> Option<Option<Finished>> {
        let stale = world.stale().map(Option::<&Held>::cloned);
        if how != How::Well {
            world.left.faults = world.left.faults.checked_sub(1)?;
        }
        let told = match running.asks.clone() {
            Asks::Lookup => lookup(world, stale, how, &running)?,
            Asks::Exists => match how {
                How::Well => Told::Exists(world.current.is_some()),
                _ => failed(Failure::Unavailable, world, &running),
            },
            Asks::Insert(write) => self.insert(world, &running, &write, how)?,
            Asks::Delete => self.delete(world, &running, how)?,
        };
        let policy = self.policy(running.policy)?;
        let Some(finished) = running.tell(told, policy, world.consistency) else {
            world.running.push(Arc::new(running));
            return Some(None);
        };
        let outcome = finished.result.as_ref().ok().map(|done| done.outcome);
        let current = world.current.as_ref().map(|held| &*held.content);
        let end = (outcome, finished.tally);
        let broken = world
            .watch
            .ended(running.act, policy, running.start, end, current);
        world.broken = world.broken.or(broken);
        Some(Some(finished))
    }

    fn insert(
        &self,
        world: &mut World,
        running: &Running,
        write: &Write,
        how: How,
    ) -> Option<Told> {
        let failure = match how {
            How::RateLimited => Some(Failure::RateLimited),
            How::LostUndone => Some(Failure::AnswerLost),
            How::LostDone | How::Recreates => None,
            _ if !world.holds(write) => Some(Failure::PreconditionFailed),
            _ => None,
        };
        if let Some(failure) = failure {
            return Some(failed(failure, world, running));
        }
        let before = world.current.as_ref().map(|held| Arc::clone(&held.content));
        world.put(write, running.start, self.short);
        let change = Change {
            act: running.act,
            policy: (running.policy, self.policy(running.policy)?),
            start: running.start,
            now: world.now,
            before: before.as_deref(),
            after: (&write.entry, &write.metadata),
        };
        world.broken = world.watch.written(&change);
        Some(match how {
            How::LostDone => failed(Failure::AnswerLost, world, running),
            _ => Told::Written,
        })
    }

    fn delete(&self, world: &mut World, running: &Running, how: How) -> Option<Told> {
        match how {
            How::RateLimited => return Some(failed(Failure::RateLimited, world, running)),
            How::LostUndone => return Some(failed(Failure::AnswerLost, world, running)),
            _ => {}
        }
        let removed = world.remove();
        if removed.is_some() {
            let policy = self.policy(running.policy)?;
            world.watch.erased(running.start, policy, world.now);
        }
        Some(match how {
            How::LostDone => failed(Failure::AnswerLost, world, running),
            _ => Told::Deleted(removed),
        })
    }
}

fn failed(failure: Failure, world: &World, running: &Running) -> Told {
    Told::Failed(failure, world.now.seconds_since(running.start))
}

#[allow(
    clippy::option_option,
    reason = "whether there can be a stale lookup, and whether it sees a record"
)]
fn lookup(world: &World, stale: Option<Option<Held>>, how: How, running: &Running) -> Option<Told> {
    let seen = match how {
        How::Well => world.current.clone(),
        How::Stale => stale?,
        How::Unavailable => return Some(failed(Failure::Unavailable, world, running)),
        _ => return None,
    };
    Some(seen.map_or(Told::Nothing, Told::Saw))
}

impl Checked for Model {
    type State = World;
    type Action = Happens;

    fn init_states(&self) -> Vec<World> {
        let mut states = Vec::new();
        // The last is looked at first: the plainest.
        for consistency in CONSISTENCIES {
            let world = |record, lives_from| {
                World::new(
                    START,
                    consistency,
                    self.scope,
                    self.matters,
                    record,
                    lives_from,
                )
            };
            states.push(world(Some(None), None));
            states.push(world(None, None));
            states.push(world(Self::foreign(), Some(START)));
        }
        states
    }

    fn actions(&self, world: &World, actions: &mut Vec<Happens>) {
        if world.broken.is_some() {
            return;
        }
        // A generation never comes back: that such a swap is refused at once leaves nothing out, unless what replaced the
        // record can vanish while the operation is under way, and the store then creates it.
        let creates = world.left.faults > 0 && self.vanishes;
        let mut running = world.running.iter();
        let outdated = running.position(|running| !creates && world.is_outdated(&running.asks));
        if let Some(outdated) = outdated {
            self.calls(world, outdated, actions);
            return;
        }
        self.moments(world, actions);
        let may_be_gone = |held: &Held| held.gone_from.is_some_and(|gone| world.now >= gone);
        if world.current.as_ref().is_some_and(may_be_gone) {
            actions.push(Happens::Collect);
        }
        for index in 0..world.running.len() {
            self.calls(world, index, actions);
        }
        if world.left.operations > 0 && world.running.len() < self.scope.actors {
            self.starts(world, actions);
        }
    }

    fn next_state(&self, world: &World, happens: Happens) -> Option<World> {
        let (mut world, _) = self.apply(world, happens)?;
        world.fingerprint();
        let new = self.reached.is_new(world.print, world.left);
        new.then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "the promises hold",
            |model: &Self, world: &World| {
                let known =
                    |broken: Broken| model.known.iter().any(|known| known.has_cause_of(broken));
                world.broken.is_none_or(known)
            },
        )]
    }
}
