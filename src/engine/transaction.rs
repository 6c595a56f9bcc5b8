//! The retry machine: one operation on one record, from its first step to its end.

use std::time::Duration;

use super::answer::{Answer, Consistency, Deleted, Found, Step, StoreError, Wait};
use super::decision::{Current, Decision};
use super::operation::OnConflict;
use super::scene::Scene;
use super::{Finished, Operation, OperationError, Outcome, Tally};
use crate::clock::Timestamp;
use crate::policy::EcPolicy;
use crate::policy::settings::OnRateLimited;
use crate::record::Precondition;

/// One operation under way. Ask for the [`step`](Self::step), do it, and [`resume`](Self::resume) with the
/// answer, until the step is [`Step::End`].
#[derive(Debug, Clone)]
pub struct Transaction<'p> {
    scene: Scene<'p>,
    operation: Operation<'p>,
    /// What is asked for, or how it ended.
    wanted: Decision<'p>,
    /// Whether the write last refused had a precondition.
    conditional: bool,
    /// What was wanted when an answer was lost, so that it may have happened.
    lost: Option<Box<Decision<'p>>>,
    tally: Tally,
}

impl<'p> Transaction<'p> {
    /// An operation that starts at `now` under `policy`, against a store of this consistency.
    #[must_use]
    #[inline]
    pub fn new(
        policy: &'p EcPolicy,
        operation: Operation<'p>,
        now: Timestamp,
        consistency: Consistency,
    ) -> Self {
        let scene = Scene {
            policy,
            now,
            consistency,
        };
        Self {
            scene,
            operation,
            wanted: operation.open(&scene),
            conditional: false,
            lost: None,
            tally: Tally::default(),
        }
    }

    /// What to do next.
    #[must_use]
    #[inline]
    pub fn step(&self) -> Step<'_> {
        match &self.wanted {
            Decision::Look => Step::Lookup,
            Decision::MakeSure => Step::Exists,
            Decision::Write(plan, _) => Step::Insert(self.scene.draft(plan)),
            Decision::Remove => Step::Delete,
            Decision::Wait(wait, _) => Step::Wait(*wait),
            Decision::End(_) => Step::End,
        }
    }

    /// Takes the answer to the step. An answer to another step changes nothing.
    pub fn resume(&mut self, answer: Answer) {
        match (&mut self.wanted, answer) {
            (Decision::Write(..), Answer::Written) => {
                self.wanted = Decision::End(self.written().result);
            }
            (Decision::Look, Answer::Found(found)) => {
                self.tally.reads += 1;
                self.found(found);
            }
            (Decision::MakeSure, Answer::Exists(there)) => {
                self.tally.reads += 1;
                match self.operation.blind() {
                    _ if !there => self.end(Outcome::NotFound),
                    Some(blind) => self.follow(blind),
                    None => self.fail(OperationError::Unavailable(LAGS.to_owned())),
                }
            }
            (Decision::Remove, Answer::Deleted(deleted)) => {
                self.tally.writes += 1;
                self.end(self.deleted(deleted));
            }
            (Decision::Look | Decision::MakeSure, Answer::Failed { error, .. }) => {
                self.tally.reads += 1;
                self.reading_failed(error);
            }
            (Decision::Write(..) | Decision::Remove, Answer::Failed { error, elapsed }) => {
                self.tally.writes += 1;
                self.writing_failed(error, elapsed);
            }
            (Decision::Wait(_, next), Answer::Waited { elapsed }) => {
                self.wanted = std::mem::replace(next, Decision::Look);
                self.waited(elapsed);
            }
            _ => {}
        }
    }

    /// Takes the answer that the write was done: how it ended, and what it cost.
    #[inline]
    pub(crate) fn written(&mut self) -> Finished {
        let Decision::Write(_, ends) = &mut self.wanted else {
            return self.ended();
        };
        self.tally.writes += 1;
        Finished {
            result: Ok(ends.take()),
            tally: self.tally,
        }
    }

    /// How it ended and what it cost. One that has not ended counts as failed.
    #[must_use]
    #[inline]
    pub fn finish(mut self) -> Finished {
        self.ended()
    }

    /// As [`finish`](Self::finish), without moving this.
    #[inline]
    pub(crate) fn ended(&mut self) -> Finished {
        let result = match &mut self.wanted {
            Decision::End(result) => std::mem::replace(result, Ok(Outcome::NotFound.into())),
            _ => Err(OperationError::Unavailable(
                "the operation was cut short".to_owned(),
            )),
        };
        Finished {
            result,
            tally: self.tally,
        }
    }

    fn end(&mut self, outcome: Outcome) {
        self.wanted = Decision::end(outcome);
    }

    fn fail(&mut self, error: OperationError) {
        self.wanted = Decision::End(Err(error));
    }

    #[inline]
    fn follow(&mut self, decision: Decision<'p>) {
        if let Decision::Write(..) = decision {
            self.lost = None;
        }
        self.wanted = decision;
    }

    fn found(&mut self, found: Found) {
        if let (Found::Record(record), Some(lost)) = (&found, &mut self.lost)
            && let Decision::Write(plan, ends) = &mut **lost
            // A write makes a new generation: what it was to replace is not what it left, equal or not.
            && plan.precondition != Precondition::Generation(record.generation)
            && self.scene.draft(plan).leaves(record)
        {
            self.wanted = Decision::End(Ok(ends.take()));
            return;
        }
        let current = self.scene.see(found);
        let decision = self.operation.decide(&self.scene, current);
        self.follow(decision);
    }

    fn deleted(&self, deleted: Deleted) -> Outcome {
        match deleted {
            Deleted::Nothing if self.lost.is_some() => Outcome::Deleted,
            Deleted::Nothing => Outcome::NotFound,
            Deleted::Something => Outcome::Deleted,
            Deleted::Was(found) => match self.scene.see(found) {
                Current::Absent | Current::Expired(_) => Outcome::NotFound,
                _ => Outcome::Deleted,
            },
        }
    }

    /// A withdrawal or an erasure is not lost because the record could not be read.
    #[cold]
    fn reading_failed(&mut self, error: StoreError) {
        match self.operation.blind() {
            Some(blind) => self.follow(blind),
            None => self.fail(match error {
                StoreError::RateLimited => OperationError::RateLimited,
                other => OperationError::Unavailable(reason(other)),
            }),
        }
    }

    #[cold]
    fn writing_failed(&mut self, error: StoreError, elapsed: Duration) {
        self.conditional = match &self.wanted {
            Decision::Write(plan, _) => plan.precondition != Precondition::None,
            _ => false,
        };
        match error {
            StoreError::PreconditionFailed => {
                match self.operation.on_conflict(self.tally.reads > 0) {
                    OnConflict::Look => self.wanted = Decision::Look,
                    OnConflict::End(outcome) => self.end(outcome),
                    OnConflict::Retry => self.look_again(elapsed),
                }
            }
            StoreError::AnswerLost(_) => {
                self.lost = Some(Box::new(self.wanted.clone()));
                self.look_again(elapsed);
            }
            StoreError::RateLimited => {
                let retried = self.scene.policy.cas.on_rate_limited == OnRateLimited::Retry;
                if retried || self.operation.insists() {
                    self.retry(elapsed);
                } else {
                    self.fail(OperationError::RateLimited);
                }
            }
            StoreError::TooLarge(why) => self.fail(OperationError::TooLarge(why)),
            StoreError::Unavailable(_) if self.operation.insists() => self.retry(elapsed),
            StoreError::Unavailable(why) => self.fail(OperationError::Unavailable(why)),
        }
    }

    /// Begins again by looking, where what stands there matters to the write.
    fn look_again(&mut self, elapsed: Duration) {
        if self.conditional {
            self.wanted = Decision::Look;
        }
        self.retry(elapsed);
    }

    /// Begins again with what is wanted, after a wait where the policy has one.
    fn retry(&mut self, elapsed: Duration) {
        let rules = &self.scene.policy.cas;
        if self.tally.retries >= rules.max_retries || self.out_of_time(elapsed) {
            self.give_up(elapsed);
            return;
        }
        let doubled = 2_u32
            .checked_pow(self.tally.retries)
            .and_then(|times| rules.backoff.duration().checked_mul(times));
        let greatest = rules.max_backoff.duration();
        let longest = doubled.map_or(greatest, |wait| wait.min(greatest));
        if longest.is_zero() {
            self.tally.retries += 1;
        } else {
            let jitter = rules.jitter;
            let next = Box::new(std::mem::replace(&mut self.wanted, Decision::Look));
            self.wanted = Decision::Wait(Wait { longest, jitter }, next);
        }
    }

    /// A retry that the deadline stops before it starts is none.
    #[cold]
    fn waited(&mut self, elapsed: Duration) {
        if self.out_of_time(elapsed) {
            self.give_up(elapsed);
        } else {
            self.tally.retries += 1;
        }
    }

    fn out_of_time(&self, elapsed: Duration) -> bool {
        elapsed >= self.scene.policy.cas.deadline.duration()
    }

    /// Fails; but a withdrawal that met nothing but conflicts overwrites in the end.
    #[cold]
    fn give_up(&mut self, elapsed: Duration) {
        if let Some(blind) = self.operation.blind().filter(|_| self.conditional) {
            self.follow(blind);
            return;
        }
        let attempts = self.tally.retries + 1;
        self.fail(
            if self.out_of_time(elapsed) && self.tally.retries < self.scene.policy.cas.max_retries {
                OperationError::DeadlinePassed { attempts }
            } else {
                OperationError::RetriesExhausted { attempts }
            },
        );
    }
}

/// Why nothing is decided where a record is certain to be there and a lookup does not see it.
const LAGS: &str = "its lookups lag behind its writes";

/// A store's own words, without what the operation's error says already.
fn reason(error: StoreError) -> String {
    match error {
        StoreError::Unavailable(why) | StoreError::AnswerLost(why) | StoreError::TooLarge(why) => {
            why
        }
        other => other.to_string(),
    }
}
