//! Many edges against one store: every step of every operation at its own moment, so that they interleave at each call.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Answer, Deleted, Step, StoreError, Transaction};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::Renewal;

use crate::act::MILLIS;
use crate::draw::Draw;
use crate::oracle::{Broken, Last, Op, Story, explained, may_write, shown};
use crate::policies::Regime;
use crate::report::{Failure, Fault, Tally};
use crate::store::{Call, Refusal, Store};
use crate::traffic::{Planned, RECORDS, Script};

/// How long the edge lets a request live, in milliseconds (`docs/semantics.md#operations` has no longer operation).
const REQUEST: u64 = 120 * MILLIS;

/// Lines of a record's story that are kept.
const LINES: usize = 60;

/// An operation under way.
struct Running<'s> {
    planned: &'s Planned,
    /// Its number in the script.
    number: usize,
    transaction: Transaction<'s>,
    op: Op<'s>,
    /// Until when it has ended, in milliseconds.
    limit: u64,
}

struct World<'s> {
    regime: &'s Regime,
    script: &'s Script,
    store: Store,
    stories: Vec<Story>,
    running: Vec<Option<Box<Running<'s>>>>,
    free: Vec<usize>,
    calls: BinaryHeap<Reverse<(u64, usize)>>,
    draw: Draw,
    visits_keep: bool,
    tally: Tally,
    /// The record whose story is told, and the story.
    told: Option<(u32, VecDeque<String>)>,
}

/// Runs the world of a seed to its end, or until a promise does not hold.
pub fn run(seed: u64, regime: &Regime) -> Result<Tally, Box<Failure>> {
    let script = Script::write(seed, &regime.policies);
    let mut world = World::new(seed, regime, &script, None);
    let Err((record, broken)) = world.run() else {
        return Ok(world.tally);
    };
    // One seed is one run: the same again, with its story told.
    let operations = world.tally.operations;
    let mut again = World::new(seed, regime, &script, Some(record));
    let same = again.run();
    assert_eq!(same, Err((record, broken.clone())), "one seed is one run");
    let (_, story) = again.told.unwrap();
    Err(Box::new(Failure {
        seed,
        regime: format!(
            "{} ({:?} lookups{})",
            regime.name,
            regime.consistency,
            if regime.recreates {
                ", swaps recreate"
            } else {
                ""
            }
        ),
        broken,
        operations,
        story: story.into(),
    }))
}

/// How long an operation may be under way, in milliseconds from the second in which it started.
fn longest(policy: &EcPolicy) -> u64 {
    let millis = |length: std::time::Duration| u64::try_from(length.as_millis()).unwrap();
    let attempt = 2 * millis(policy.store.call_timeout.duration());
    let retries = if policy.cas.max_retries == 0 {
        0
    } else {
        millis(policy.cas.deadline.duration())
    };
    REQUEST + attempt + retries
}

impl<'s> World<'s> {
    fn new(seed: u64, regime: &'s Regime, script: &'s Script, told: Option<u32>) -> Self {
        let store = Store::new(seed, RECORDS, regime);
        Self {
            regime,
            script,
            stories: (0..RECORDS)
                .map(|record| Story::of(store.current(record)))
                .collect(),
            store,
            running: Vec::new(),
            free: Vec::new(),
            calls: BinaryHeap::new(),
            draw: Draw::new(seed, 5),
            visits_keep: (regime.policies.iter())
                .all(|policy| policy.entry.renewal != Renewal::FromCreation),
            tally: Tally {
                worlds: 1,
                records: u64::from(RECORDS),
                ..Tally::default()
            },
            told: told.map(|record| (record, VecDeque::new())),
        }
    }

    fn run(&mut self) -> Result<(), (u32, Broken)> {
        let mut plan = self.script.plan.iter().enumerate().peekable();
        loop {
            let call = self.calls.peek().map(|Reverse((at, _))| *at);
            let start = plan.peek().map(|(_, planned)| planned.at);
            match (start, call) {
                (Some(start), call) if call.is_none_or(|call| start <= call) => {
                    let Some((number, planned)) = plan.next() else {
                        break;
                    };
                    self.start(number, planned)
                        .map_err(|broken| (planned.record, broken))?;
                }
                (_, Some(now)) => {
                    let Some(Reverse((_, slot))) = self.calls.pop() else {
                        break;
                    };
                    let Some(running) = self.running[slot].take() else {
                        continue;
                    };
                    self.free.push(slot);
                    let record = running.planned.record;
                    self.call(running, now).map_err(|broken| (record, broken))?;
                }
                _ => break,
            }
        }
        let plan = &self.script.plan;
        if let (Some(first), Some(last)) = (plan.first(), plan.last()) {
            self.tally.seconds += (last.at - first.at) / MILLIS;
        }
        self.tally
            .faults(Fault::BothPolicies, self.script.mixed as u64);
        Ok(())
    }

    fn start(&mut self, number: usize, planned: &'s Planned) -> Result<(), Broken> {
        let policy = &*self.regime.policies[planned.policy];
        let start = planned.at / MILLIS;
        let operation = planned.act.operation(&self.script.said);
        let consistency = self.regime.consistency;
        let now = Timestamp::from_unix(start);
        self.tally.operations += 1;
        let running = Box::new(Running {
            planned,
            number,
            transaction: Transaction::new(policy, operation, now, consistency),
            op: Op {
                act: &planned.act,
                said: &self.script.said,
                policy,
                visits_keep: self.visits_keep,
                consistency,
                start,
                reads: 0,
                writes: 0,
                refused: 0,
                elapsed: 0,
                told: None,
                last: Last::Nothing,
                lost: None,
                wrote: None,
            },
            limit: start * MILLIS + longest(policy),
        });
        self.tell(&running, planned.at, || {
            format!("starts under policy {}: {:?}", planned.policy, planned.act)
        });
        self.go_on(running, planned.at)
    }

    /// Lets an operation go on to its next call, or to its end.
    fn go_on(&mut self, running: Box<Running<'s>>, now: u64) -> Result<(), Broken> {
        let takes = match running.transaction.step() {
            Step::End => return self.end(running, now),
            Step::Wait(wait) => {
                let drawn = self.draw.number();
                1 + u64::try_from(wait.length(|| drawn).as_millis()).unwrap()
            }
            _ if running.planned.slow => {
                let most = self
                    .draw
                    .weighted(&[(4, 30), (3, 2 * MILLIS), (2, REQUEST)]);
                1 + self.draw.below(most)
            }
            _ => {
                let most = self.draw.weighted(&[(30, 20), (3, MILLIS), (1, REQUEST)]);
                1 + self.draw.below(most)
            }
        };
        if now >= running.limit {
            self.tell(&running, now, || "is cut short".to_owned());
            self.tally.fault(Fault::CutShort);
            return Ok(());
        }
        let at = (now + takes).min(running.limit);
        let slot = self.free.pop().unwrap_or(self.running.len());
        if slot == self.running.len() {
            self.running.push(None);
        }
        self.running[slot] = Some(running);
        self.calls.push(Reverse((at, slot)));
        Ok(())
    }

    /// Makes the call that an operation asks for.
    fn call(&mut self, mut running: Box<Running<'s>>, now: u64) -> Result<(), Broken> {
        let record = running.planned.record;
        if let Some((gone, at)) = self.store.collect(record, now) {
            self.tell(&running, at, || {
                "(the store has collected the record)".to_owned()
            });
            let policies = &self.regime.policies;
            self.stories[record as usize].collected(policies, &gone, at)?;
        }
        let elapsed = std::time::Duration::from_millis(now - running.planned.at);
        running.op.elapsed = now - running.planned.at;
        self.tally.calls += 1;
        let answer = match running.transaction.step() {
            Step::End => return self.end(running, now),
            Step::Wait(_) => {
                self.tally.calls -= 1;
                Answer::Waited { elapsed }
            }
            Step::Lookup => {
                running.op.reads += 1;
                match self.store.lookup(record, now, &mut self.tally) {
                    Call::Done(seen) => {
                        if seen.fresh {
                            let version = seen.version.as_deref();
                            self.stories[record as usize].seen(&running.op, version, now)?;
                        }
                        let found = seen.found();
                        running.op.last = Last::Saw;
                        running.op.told = Some(seen);
                        Answer::Found(found)
                    }
                    Call::Refused(refusal) => {
                        running.op.last = Last::Unread(refusal);
                        failed(refusal, elapsed)
                    }
                }
            }
            Step::Exists => {
                running.op.reads += 1;
                match self.store.exists(record, &mut self.tally) {
                    Call::Done(there) => {
                        running.op.last = Last::Exists(there);
                        Answer::Exists(there)
                    }
                    Call::Refused(refusal) => {
                        running.op.last = Last::Unread(refusal);
                        failed(refusal, elapsed)
                    }
                }
            }
            Step::Insert(pending) => {
                let write = pending.write();
                may_write(&running.op, write.precondition)?;
                running.op.writes += 1;
                let (change, refusal) = self.store.insert(record, now, &write, &mut self.tally);
                if let Some(change) = change {
                    let line = || format!("(written: {})", shown(change.after.as_ref()));
                    tell(&mut self.told, &running, now, line);
                    let story = &mut self.stories[record as usize];
                    running.op.wrote = Some(story.written(&running.op, &change, &write, now)?);
                }
                if refusal == Some(Refusal::AnswerLost) {
                    running.op.lost = Some((write.entry, write.metadata));
                }
                answer(
                    &mut running.op,
                    Answer::Written,
                    Last::Written,
                    refusal,
                    elapsed,
                )
            }
            Step::Delete => {
                running.op.writes += 1;
                let (change, refusal) = self.store.delete(record, now, &mut self.tally);
                let mut deleted = Deleted::Nothing;
                if let Some(change) = change {
                    let before = change.before.as_ref();
                    self.stories[record as usize].removed(&running.op, before)?;
                    if before.is_some() {
                        let seen = crate::store::Seen {
                            version: change.before,
                            fresh: true,
                        };
                        deleted = Deleted::Was(seen.found());
                    }
                }
                let done = Answer::Deleted(deleted);
                answer(&mut running.op, done, Last::Deleted, refusal, elapsed)
            }
        };
        self.tell(&running, now, || told(&running, &answer));
        running.transaction.resume(answer);
        self.go_on(running, now)
    }

    fn end(&mut self, running: Box<Running<'s>>, now: u64) -> Result<(), Broken> {
        let operation = running.planned.act.operation(&self.script.said).as_str();
        let Running {
            planned,
            number,
            transaction,
            op,
            ..
        } = *running;
        let finished = transaction.finish();
        self.tally.ended(operation, &finished);
        if let Some((record, story)) = &mut self.told
            && *record == planned.record
        {
            let end = match &finished.result {
                Ok(done) if done.each.is_empty() => done.outcome.to_string(),
                Ok(done) => format!("{} {:?}", done.outcome, done.each),
                Err(error) => error.to_string(),
            };
            push(story, now, number, &format!("ends with `{end}`"));
        }
        explained(&op, &finished)
    }

    fn tell(&mut self, running: &Running<'_>, now: u64, line: impl FnOnce() -> String) {
        tell(&mut self.told, running, now, line);
    }
}

fn tell(
    told: &mut Option<(u32, VecDeque<String>)>,
    running: &Running<'_>,
    now: u64,
    line: impl FnOnce() -> String,
) {
    if let Some((record, story)) = told
        && *record == running.planned.record
    {
        push(story, now, running.number, &line());
    }
}

fn push(story: &mut VecDeque<String>, now: u64, number: usize, line: &str) {
    if story.len() == LINES {
        story.pop_front();
    }
    let at = Timestamp::from_unix(now / MILLIS);
    let millis = now % MILLIS;
    story.push_back(format!("{at} +{millis:03} ms  #{number:<6} {line}"));
}

/// What an operation was told, in words.
fn told(running: &Running<'_>, answer: &Answer) -> String {
    match answer {
        Answer::Found(_) => {
            let seen = running.op.told.as_ref();
            let stale = seen.is_some_and(|seen| !seen.fresh);
            let version = seen.and_then(|seen| seen.version.as_ref());
            let stale = if stale { "sees, stale" } else { "sees" };
            format!("{stale} {}", shown(version))
        }
        Answer::Failed { error, .. } => format!("is told: {error}"),
        other => format!("is told: {other:?}"),
    }
}

fn failed(refusal: Refusal, elapsed: std::time::Duration) -> Answer {
    let error = match refusal {
        Refusal::Conflict => StoreError::PreconditionFailed,
        Refusal::RateLimited => StoreError::RateLimited,
        Refusal::Unavailable => StoreError::Unavailable(String::new()),
        Refusal::AnswerLost => StoreError::AnswerLost(String::new()),
    };
    Answer::Failed { error, elapsed }
}

/// The answer to a write, noted.
fn answer(
    op: &mut Op<'_>,
    done: Answer,
    last: Last,
    refusal: Option<Refusal>,
    elapsed: std::time::Duration,
) -> Answer {
    let Some(refusal) = refusal else {
        op.last = last;
        return done;
    };
    op.last = Last::Refused(refusal);
    op.refused += 1;
    failed(refusal, elapsed)
}
