//! Which steps there are from a state.

use super::act::Asks;
use super::model::{First, Happens, How, Model};
use super::moments;
use super::world::World;
use crate::clock::Timestamp;

impl Model {
    /// The moments to which time may move.
    pub(super) fn moments(&self, world: &World, actions: &mut Vec<Happens>) {
        if world.passed || world.left.moves == 0 {
            return;
        }
        let mut moments = moments::ahead(world, &self.policies, self.short);
        if world.left.operations == 0 && world.running.is_empty() {
            // All that can still be found is a reader who sees what nobody may see.
            let current = world.current.as_ref().map(|held| &*held.content);
            let seen = |now: &Timestamp| world.watch.seen(&self.policies, current, *now);
            moments.retain(|moment| seen(moment).is_some());
        }
        actions.extend(moments.into_iter().map(Happens::Time));
    }

    /// The next call of an operation under way, as it may end.
    pub(super) fn calls(&self, world: &World, index: usize, actions: &mut Vec<Happens>) {
        let Some(running) = world.running.get(index) else {
            return;
        };
        // Held up before its first call, an operation shows something new only where time has passed and the record is
        // another one: it decides by the record that it finds and the time of its start.
        let is_new = world.is_new_to(running);
        if is_new.is_some_and(|is_new| !is_new || !running.waited) {
            return;
        }
        // A call that goes well might as well have been made before the time passed.
        let later = world.passed && running.waited && is_new.is_none() && !self.short;
        let fails = matches!(&running.asks, Asks::Insert(write) if !world.holds(write));
        let ways = Self::ways(world, &running.asks).into_iter();
        let ways = ways.filter(|how| !later || fails || *how != How::Well);
        actions.extend(ways.map(|how| Happens::Call {
            running: index,
            how,
        }));
    }

    /// The operations that may start, and how their first calls may end.
    pub(super) fn starts(&self, world: &World, actions: &mut Vec<Happens>) {
        let of_store = |first: &&First| first.consistency == world.consistency;
        for First {
            act, policy, asks, ..
        } in self.firsts.iter().filter(of_store)
        {
            let (act, policy) = (*act, *policy);
            let ways = Self::ways(world, asks).into_iter();
            actions.extend(ways.map(|how| Happens::Start { act, policy, how }));
            actions.push(Happens::HeldUp { act, policy });
        }
    }

    /// How a call may end, the faults last.
    fn ways(world: &World, asks: &Asks) -> Vec<How> {
        let mut ways = vec![How::Well];
        if world.left.faults == 0 {
            return ways;
        }
        match asks {
            Asks::Lookup => {
                if world.stale().is_some() {
                    ways.push(How::Stale);
                }
                ways.push(How::Unavailable);
            }
            Asks::Exists => ways.push(How::Unavailable),
            Asks::Insert(write) => {
                ways.extend([How::RateLimited, How::LostUndone]);
                if world.holds(write) {
                    ways.push(How::LostDone);
                } else if world.would_recreate(write) {
                    ways.push(How::Recreates);
                }
            }
            Asks::Delete => ways.extend([How::RateLimited, How::LostDone, How::LostUndone]),
        }
        ways
    }
}
