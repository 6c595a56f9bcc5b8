//! A way through the model as a timeline that a person can follow.

use super::act::{Act, Asks, PARTNERS, START};
use super::model::{Happens, How, Model};
use super::world::{Held, World};
use super::{Row, Steps, Violation};
use crate::clock::Timestamp;
use crate::engine::{Finished, RecordState, Write, record_state};
use crate::record::Precondition;

/// Up to here a time is told in hours: days begin to be easier to count.
const HOURS_UP_TO: u64 = 72;

const SECONDS_PER_MINUTE: u64 = 60;
const SECONDS_PER_HOUR: u64 = 60 * SECONDS_PER_MINUTE;
const SECONDS_PER_DAY: u64 = 24 * SECONDS_PER_HOUR;

/// What a way through the model breaks, told step by step; the model looks for it no more.
pub(super) fn violation(model: &mut Model, steps: &Steps) -> Option<Violation> {
    let broken = steps.last()?.0.broken?;
    model.known.push(broken);
    let model = &*model;
    let mut told = Told {
        model,
        rows: Vec::new(),
        under_way: Vec::new(),
        started: Vec::new(),
    };
    if let Some((first, _)) = steps.first() {
        told.row(first, "store", begins(first));
    }
    for (before, happens) in steps {
        if let Some(happens) = happens {
            told.step(before, *happens);
        }
    }
    let (last, _) = steps.last()?;
    told.row(
        last,
        &format!("promise {}", broken.promise()),
        broken.what().to_owned(),
    );
    Some(Violation {
        promise: broken.promise(),
        what: broken.what(),
        keys: broken.keys(),
        trace: told.rows,
    })
}

struct Told<'m> {
    model: &'m Model,
    rows: Vec<Row>,
    /// Who is under way, in the model's order.
    under_way: Vec<String>,
    /// Who started so far.
    started: Vec<String>,
}

impl Told<'_> {
    fn row(&mut self, world: &World, actor: &str, event: String) {
        self.rows.push(Row {
            at: at(world.now),
            actor: actor.to_owned(),
            event,
        });
    }

    /// A name of its own for whoever starts.
    fn name(&mut self, act: Act) -> String {
        let name = match act {
            Act::Consent => "visit with consent".to_owned(),
            Act::Touch => "visit".to_owned(),
            Act::Sync { partner, late } => {
                let partner = PARTNERS.get(partner).copied().unwrap_or_default();
                format!("{}sync {partner}", if late { "late " } else { "" })
            }
            Act::Withdraw => "withdrawal".to_owned(),
            Act::Deliver => "late withdrawal".to_owned(),
            Act::Delete => "erasure".to_owned(),
        };
        let same = self
            .started
            .iter()
            .filter(|started| **started == name)
            .count();
        self.started.push(name.clone());
        if same > 0 {
            format!("{name} {}", same + 1)
        } else {
            name
        }
    }

    fn step(&mut self, before: &World, happens: Happens) {
        let Some((after, finished)) = self.model.apply(before, happens) else {
            return;
        };
        match happens {
            Happens::Time(_) => {}
            Happens::Collect => {
                self.row(
                    before,
                    "store",
                    "collects the record, whose time is over".to_owned(),
                );
            }
            Happens::HeldUp { act, policy } => {
                let name = self.name(act);
                let event = format!("starts{}, and is held up", self.under(policy));
                self.row(before, &name, event);
                self.under_way.push(name);
            }
            Happens::Start { act, policy, how } => {
                let name = self.name(act);
                let event = format!("starts{}", self.under(policy));
                let asks = self.model.first(act, policy, before.consistency);
                let call = asks.map(|asks| self.call(before, asks, how, policy));
                let told = [Some(event), call].into_iter().flatten().collect();
                self.end(&name, before, &after, told, finished.as_ref());
            }
            Happens::Call { running, how } => {
                let name = self.under_way.remove(running);
                let Some(running) = before.running.get(running) else {
                    return;
                };
                let call = self.call(before, &running.asks, how, running.policy);
                self.end(&name, before, &after, vec![call], finished.as_ref());
            }
        }
    }

    fn end(
        &mut self,
        name: &str,
        before: &World,
        after: &World,
        mut told: Vec<String>,
        finished: Option<&Finished>,
    ) {
        if let Some(finished) = finished {
            let word = match &finished.result {
                Ok(done) => done.outcome.as_str(),
                Err(error) => error.as_str(),
            };
            told.push(format!("and ends with `{word}`"));
        } else if after.running.len() > self.under_way.len() {
            self.under_way.push(name.to_owned());
        }
        self.row(before, name, told.join(", "));
    }

    /// Which policy it is under, where there are two.
    fn under(&self, policy: usize) -> &'static str {
        match (self.model.policies.len(), policy) {
            (0 | 1, _) => "",
            (_, 0) => " under the policy",
            _ => " under the deployed policy",
        }
    }

    fn call(&self, world: &World, asks: &Asks, how: How, policy: usize) -> String {
        match asks {
            Asks::Lookup => match how {
                How::Stale => {
                    format!(
                        "reads what stood there before: {}",
                        self.seen(world, world.stale().flatten(), policy)
                    )
                }
                How::Unavailable => "cannot read: the store is not available".to_owned(),
                _ => format!("reads {}", self.seen(world, world.current.as_ref(), policy)),
            },
            Asks::Exists => match how {
                How::Well if world.current.is_some() => "makes sure: there is a record".to_owned(),
                How::Well => "makes sure: there is no record".to_owned(),
                _ => "cannot ask: the store is not available".to_owned(),
            },
            Asks::Insert(write) => insert(world, write, how),
            Asks::Delete => match how {
                How::RateLimited => "may not delete: too many writes".to_owned(),
                How::LostUndone => "sends a deletion that is lost".to_owned(),
                How::LostDone => "deletes the record, and the answer is lost".to_owned(),
                _ => "deletes the record".to_owned(),
            },
        }
    }

    /// What a record is to a policy.
    fn seen(&self, world: &World, held: Option<&Held>, policy: usize) -> &'static str {
        let Some(held) = held else { return "nothing" };
        let (Some((entry, metadata)), Some(policy)) =
            (&*held.content, self.model.policies.get(policy))
        else {
            return "a record that cannot be read";
        };
        match record_state(policy, entry, metadata, world.now) {
            RecordState::Live => "a live entry",
            RecordState::Tombstone => "a tombstone",
            RecordState::Expired => "a record whose time is over",
        }
    }
}

/// What is there at the start.
fn begins(world: &World) -> String {
    let held = match world.current.as_ref().map(|held| &*held.content) {
        None => "holds no record",
        Some(None) => "holds a record that cannot be read",
        Some(Some(_)) => "holds a live entry, which another system wrote just now",
    };
    held.to_owned()
}

fn insert(world: &World, write: &Write, how: How) -> String {
    let what = if write.entry.is_tombstone() {
        "a tombstone"
    } else {
        "a live entry"
    };
    match how {
        How::RateLimited => format!("may not write {what}: too many writes"),
        How::LostUndone => format!("sends {what}, which is lost"),
        How::LostDone => format!("writes {what}, and the answer is lost"),
        How::Recreates => {
            format!("swaps {what} for a record that is gone, and the store creates it")
        }
        _ if world.holds(write) => format!("writes {what}"),
        _ if write.precondition == Precondition::Add => {
            "is refused: there is a record already".to_owned()
        }
        _ => "is refused: the record is another one by now".to_owned(),
    }
}

/// A time, counted from the start.
fn at(now: Timestamp) -> String {
    let seconds = now.seconds_since(START);
    let days = match seconds / SECONDS_PER_HOUR {
        hours if hours > HOURS_UP_TO => seconds / SECONDS_PER_DAY,
        _ => 0,
    };
    let rest = seconds - days * SECONDS_PER_DAY;
    let parts = [
        (days, "d"),
        (rest / SECONDS_PER_HOUR, "h"),
        (rest % SECONDS_PER_HOUR / SECONDS_PER_MINUTE, "m"),
        (rest % SECONDS_PER_MINUTE, "s"),
    ];
    let mut told = String::new();
    for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
        told.push_str(&count.to_string());
        told.push_str(unit);
    }
    format!("+{}", if told.is_empty() { "0s" } else { &told })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_as_people_say_it() {
        let cases = [
            (0, "+0s"),
            (1, "+1s"),
            (122, "+2m2s"),
            (86_401, "+24h1s"),
            (72 * 3_600, "+72h"),
            (365 * 86_400 + 1, "+365d1s"),
        ];
        for (seconds, told) in cases {
            assert_eq!(at(START.plus_seconds(seconds)), told);
        }
    }
}
