//! Many edges against one store: each step of each operation has its own time, so that operations interleave at every call.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Answer, Deleted, Step, StoreError, Transaction};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::Renewal;

use super::action::MILLIS;
use super::oracle::{
    LastReply, ObservedOperation, OracleViolation, RecordOracle, check_outcome, check_write, shown,
};
use super::policies::Environment;
use super::report::{Failure, InjectedFault, Statistics};
use super::rng::Rng;
use super::store::{CallResult, Refusal, Store};
use super::traffic::{RECORDS, ScheduledOperation, TrafficScript};

/// The longest duration of a request at the edge, in milliseconds.
const REQUEST: u64 = 120 * MILLIS;

/// The number of lines of a record's history that are kept.
const LINES: usize = 60;

/// An operation that has not ended.
struct PendingOperation<'s> {
    scheduled: &'s ScheduledOperation,
    /// Its number in the script.
    number: usize,
    transaction: Transaction<'s>,
    op: ObservedOperation<'s>,
    /// The time at which the edge stops it, in milliseconds.
    limit: u64,
}

struct Simulation<'s> {
    environment: &'s Environment,
    script: &'s TrafficScript,
    store: Store,
    oracles: Vec<RecordOracle>,
    pending: Vec<Option<Box<PendingOperation<'s>>>>,
    free: Vec<usize>,
    calls: BinaryHeap<Reverse<(u64, usize)>>,
    rng: Rng,
    visits_keep: bool,
    statistics: Statistics,
    /// The record to log, and its history.
    history: Option<(u32, VecDeque<String>)>,
}

/// Runs the world of a seed to its end, or until a promise fails.
pub fn run(seed: u64, environment: &Environment) -> Result<Statistics, Box<Failure>> {
    let script = TrafficScript::write(seed, &environment.policies);
    let mut world = Simulation::new(seed, environment, &script, None);
    let Err((record, violation)) = world.run() else {
        return Ok(world.statistics);
    };
    // A seed always gives the same run: repeat it and log the history.
    let operations = world.statistics.operations;
    let mut again = Simulation::new(seed, environment, &script, Some(record));
    let same = again.run();
    assert_eq!(
        same,
        Err((record, violation.clone())),
        "a seed always gives the same run"
    );
    let (_, story) = again.history.unwrap();
    Err(Box::new(Failure {
        seed,
        environment: format!(
            "{} ({:?} lookups{})",
            environment.name,
            environment.consistency,
            if environment.recreates {
                ", swaps recreate"
            } else {
                ""
            }
        ),
        violation,
        operations,
        story: story.into(),
    }))
}

/// The longest duration of an operation, in milliseconds from the second in which it started.
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

impl<'s> Simulation<'s> {
    fn new(
        seed: u64,
        environment: &'s Environment,
        script: &'s TrafficScript,
        record_to_log: Option<u32>,
    ) -> Self {
        let store = Store::new(seed, RECORDS, environment);
        Self {
            environment,
            script,
            oracles: (0..RECORDS)
                .map(|record| RecordOracle::of(store.current(record)))
                .collect(),
            store,
            pending: Vec::new(),
            free: Vec::new(),
            calls: BinaryHeap::new(),
            rng: Rng::new(seed, 5),
            visits_keep: (environment.policies.iter())
                .all(|policy| policy.entry.renewal != Renewal::FromCreation),
            statistics: Statistics {
                worlds: 1,
                records: u64::from(RECORDS),
                ..Statistics::default()
            },
            history: record_to_log.map(|record| (record, VecDeque::new())),
        }
    }

    fn run(&mut self) -> Result<(), (u32, OracleViolation)> {
        let mut plan = self.script.plan.iter().enumerate().peekable();
        loop {
            let call = self.calls.peek().map(|Reverse((at, _))| *at);
            let start = plan.peek().map(|(_, scheduled)| scheduled.at);
            match (start, call) {
                (Some(start), call) if call.is_none_or(|call| start <= call) => {
                    let Some((number, scheduled)) = plan.next() else {
                        break;
                    };
                    self.start(number, scheduled)
                        .map_err(|violation| (scheduled.record, violation))?;
                }
                (_, Some(now)) => {
                    let Some(Reverse((_, slot))) = self.calls.pop() else {
                        break;
                    };
                    let Some(pending) = self.pending[slot].take() else {
                        continue;
                    };
                    self.free.push(slot);
                    let record = pending.scheduled.record;
                    self.call(pending, now)
                        .map_err(|violation| (record, violation))?;
                }
                _ => break,
            }
        }
        let plan = &self.script.plan;
        if let (Some(first), Some(last)) = (plan.first(), plan.last()) {
            self.statistics.seconds += (last.at - first.at) / MILLIS;
        }
        self.statistics
            .faults(InjectedFault::BothPolicies, self.script.mixed as u64);
        Ok(())
    }

    fn start(
        &mut self,
        number: usize,
        scheduled: &'s ScheduledOperation,
    ) -> Result<(), OracleViolation> {
        let policy = &*self.environment.policies[scheduled.policy];
        let start = scheduled.at / MILLIS;
        let operation = scheduled.action.operation(&self.script.inputs);
        let consistency = self.environment.consistency;
        let now = Timestamp::from_unix(start);
        self.statistics.operations += 1;
        let pending = Box::new(PendingOperation {
            scheduled,
            number,
            transaction: Transaction::new(policy, operation, now, consistency),
            op: ObservedOperation {
                action: &scheduled.action,
                inputs: &self.script.inputs,
                policy,
                visits_keep: self.visits_keep,
                consistency,
                start,
                reads: 0,
                writes: 0,
                refused: 0,
                elapsed: 0,
                seen: None,
                last: LastReply::Nothing,
                lost: None,
                wrote: None,
            },
            limit: start * MILLIS + longest(policy),
        });
        self.log(&pending, scheduled.at, || {
            format!(
                "starts under policy {}: {:?}",
                scheduled.policy, scheduled.action
            )
        });
        self.advance(pending, scheduled.at)
    }

    /// Advances an operation to its next call or to its end.
    fn advance(
        &mut self,
        pending: Box<PendingOperation<'s>>,
        now: u64,
    ) -> Result<(), OracleViolation> {
        let takes = match pending.transaction.step() {
            Step::End => return self.end(pending, now),
            Step::Wait(wait) => {
                let drawn = self.rng.number();
                1 + u64::try_from(wait.length(|| drawn).as_millis()).unwrap()
            }
            _ if pending.scheduled.slow => {
                let most = self.rng.weighted(&[(4, 30), (3, 2 * MILLIS), (2, REQUEST)]);
                1 + self.rng.below(most)
            }
            _ => {
                let most = self.rng.weighted(&[(30, 20), (3, MILLIS), (1, REQUEST)]);
                1 + self.rng.below(most)
            }
        };
        if now >= pending.limit {
            self.log(&pending, now, || "is cut short".to_owned());
            self.statistics.fault(InjectedFault::CutShort);
            return Ok(());
        }
        let at = (now + takes).min(pending.limit);
        let slot = self.free.pop().unwrap_or(self.pending.len());
        if slot == self.pending.len() {
            self.pending.push(None);
        }
        self.pending[slot] = Some(pending);
        self.calls.push(Reverse((at, slot)));
        Ok(())
    }

    /// Makes the call that an operation requests.
    fn call(
        &mut self,
        mut pending: Box<PendingOperation<'s>>,
        now: u64,
    ) -> Result<(), OracleViolation> {
        let record = pending.scheduled.record;
        if let Some((withdrawal, at)) = self.store.collect(record, now) {
            self.log(&pending, at, || {
                "(the store has collected the record)".to_owned()
            });
            let policies = &self.environment.policies;
            self.oracles[record as usize].check_collection(policies, &withdrawal, at)?;
        }
        let elapsed = std::time::Duration::from_millis(now - pending.scheduled.at);
        pending.op.elapsed = now - pending.scheduled.at;
        self.statistics.calls += 1;
        let answer = match pending.transaction.step() {
            Step::End => return self.end(pending, now),
            Step::Wait(_) => {
                self.statistics.calls -= 1;
                Answer::Waited { elapsed }
            }
            Step::Lookup => {
                pending.op.reads += 1;
                match self.store.lookup(record, now, &mut self.statistics) {
                    CallResult::Done(seen) => {
                        if seen.fresh {
                            let version = seen.version.as_deref();
                            self.oracles[record as usize].check_read(&pending.op, version, now)?;
                        }
                        let found = seen.found();
                        pending.op.last = LastReply::Saw;
                        pending.op.seen = Some(seen);
                        Answer::Found(found)
                    }
                    CallResult::Refused(refusal) => {
                        pending.op.last = LastReply::Unread(refusal);
                        failed(refusal, elapsed)
                    }
                }
            }
            Step::Exists => {
                pending.op.reads += 1;
                match self.store.exists(record, &mut self.statistics) {
                    CallResult::Done(there) => {
                        pending.op.last = LastReply::Exists(there);
                        Answer::Exists(there)
                    }
                    CallResult::Refused(refusal) => {
                        pending.op.last = LastReply::Unread(refusal);
                        failed(refusal, elapsed)
                    }
                }
            }
            Step::Insert(insert) => {
                let write = insert.write();
                check_write(&pending.op, write.precondition)?;
                pending.op.writes += 1;
                let (change, refusal) =
                    self.store.insert(record, now, &write, &mut self.statistics);
                if let Some(change) = change {
                    let line = || format!("(written: {})", shown(change.after.as_ref()));
                    log(&mut self.history, &pending, now, line);
                    let oracle = &mut self.oracles[record as usize];
                    pending.op.wrote =
                        Some(oracle.check_write(&pending.op, &change, &write, now)?);
                }
                if refusal == Some(Refusal::AnswerLost) {
                    pending.op.lost = Some((write.entry, write.metadata));
                }
                answer(
                    &mut pending.op,
                    Answer::Written,
                    LastReply::Written,
                    refusal,
                    elapsed,
                )
            }
            Step::Delete => {
                pending.op.writes += 1;
                let (change, refusal) = self.store.delete(record, now, &mut self.statistics);
                let mut deleted = Deleted::Nothing;
                if let Some(change) = change {
                    let before = change.before.as_ref();
                    self.oracles[record as usize].check_removal(&pending.op, before)?;
                    if before.is_some() {
                        let seen = super::store::LookupResult {
                            version: change.before,
                            fresh: true,
                        };
                        deleted = Deleted::Was(seen.found());
                    }
                }
                let done = Answer::Deleted(deleted);
                answer(&mut pending.op, done, LastReply::Deleted, refusal, elapsed)
            }
        };
        self.log(&pending, now, || describe_answer(&pending, &answer));
        pending.transaction.resume(answer);
        self.advance(pending, now)
    }

    fn end(&mut self, pending: Box<PendingOperation<'s>>, now: u64) -> Result<(), OracleViolation> {
        let operation = pending
            .scheduled
            .action
            .operation(&self.script.inputs)
            .as_str();
        let PendingOperation {
            scheduled,
            number,
            transaction,
            op,
            ..
        } = *pending;
        let finished = transaction.finish();
        self.statistics.ended(operation, &finished);
        if let Some((record, story)) = &mut self.history
            && *record == scheduled.record
        {
            let end = match &finished.result {
                Ok(done) if done.each.is_empty() => done.outcome.to_string(),
                Ok(done) => format!("{} {:?}", done.outcome, done.each),
                Err(error) => error.to_string(),
            };
            push(story, now, number, &format!("ends with `{end}`"));
        }
        check_outcome(&op, &finished)
    }

    fn log(&mut self, pending: &PendingOperation<'_>, now: u64, line: impl FnOnce() -> String) {
        log(&mut self.history, pending, now, line);
    }
}

fn log(
    history: &mut Option<(u32, VecDeque<String>)>,
    pending: &PendingOperation<'_>,
    now: u64,
    line: impl FnOnce() -> String,
) {
    if let Some((record, story)) = history
        && *record == pending.scheduled.record
    {
        push(story, now, pending.number, &line());
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

/// An answer to an operation, as text.
fn describe_answer(pending: &PendingOperation<'_>, answer: &Answer) -> String {
    match answer {
        Answer::Found(_) => {
            let seen = pending.op.seen.as_ref();
            let stale = seen.is_some_and(|seen| !seen.fresh);
            let version = seen.and_then(|seen| seen.version.as_ref());
            let stale = if stale { "sees, stale" } else { "sees" };
            format!("{stale} {}", shown(version))
        }
        Answer::Failed { error, .. } => format!("gets the error: {error}"),
        other => format!("gets: {other:?}"),
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

/// Records the result of a write, and returns the answer.
fn answer(
    op: &mut ObservedOperation<'_>,
    done: Answer,
    last: LastReply,
    refusal: Option<Refusal>,
    elapsed: std::time::Duration,
) -> Answer {
    let Some(refusal) = refusal else {
        op.last = last;
        return done;
    };
    op.last = LastReply::Refused(refusal);
    op.refused += 1;
    failed(refusal, elapsed)
}
