//! The retry machine: one operation on one record, from its first step to its end.

use std::time::Duration;

use super::answer::{Answer, Consistency, Deleted, Found, Step, StoreError, Wait, Write};
use super::decision::{Current, Decision};
use super::operation::OnConflict;
use super::scene::Scene;
use super::{Done, Finished, Operation, OperationError, Outcome, Tally};
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
    stage: Stage,
    /// The write last asked for, and how the operation ends where it succeeds.
    pending: Option<(Box<Write>, Done)>,
    /// Whether an answer was lost, so that the pending write may have happened.
    lost: bool,
    tally: Tally,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Look,
    MakeSure,
    Write,
    Remove,
    Wait(Wait, Again),
    Ended(Result<Done, OperationError>),
}

/// Where a retry begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Look,
    Write,
    Remove,
}

impl From<Again> for Stage {
    fn from(again: Again) -> Self {
        match again {
            Again::Look => Self::Look,
            Again::Write => Self::Write,
            Again::Remove => Self::Remove,
        }
    }
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
        let (stage, pending) = begun(operation.open(&scene));
        Self {
            scene,
            operation,
            stage,
            pending,
            lost: false,
            tally: Tally::default(),
        }
    }

    /// What to do next.
    #[must_use]
    #[inline]
    pub fn step(&self) -> Step<'_> {
        match (&self.stage, &self.pending) {
            (Stage::Look, _) => Step::Lookup,
            (Stage::MakeSure, _) => Step::Exists,
            (Stage::Write, Some((write, _))) => Step::Insert(write),
            (Stage::Remove, _) => Step::Delete,
            (Stage::Wait(wait, _), _) => Step::Wait(*wait),
            (Stage::Ended(_), _) | (Stage::Write, None) => Step::End,
        }
    }

    /// Takes the answer to the step. An answer to another step changes nothing.
    #[inline]
    pub fn resume(&mut self, answer: Answer) {
        match (&self.stage, answer) {
            (Stage::Look, Answer::Found(found)) => {
                self.tally.reads += 1;
                self.found(found);
            }
            (Stage::MakeSure, Answer::Exists(there)) => {
                self.tally.reads += 1;
                match self.operation.blind(&self.scene).filter(|_| there) {
                    Some(blind) => self.follow(blind),
                    None => self.end(Outcome::NotFound),
                }
            }
            (Stage::Write, Answer::Written) => {
                self.tally.writes += 1;
                let done = self.pending.take().map(|(_, done)| done);
                self.stage = Stage::Ended(Ok(done.unwrap_or_else(|| Outcome::Written.into())));
            }
            (Stage::Remove, Answer::Deleted(deleted)) => {
                self.tally.writes += 1;
                self.end(self.deleted(deleted));
            }
            (&Stage::Wait(_, again), Answer::Waited { elapsed }) => {
                if self.out_of_time(elapsed) {
                    self.give_up(elapsed);
                } else {
                    self.again(again);
                }
            }
            (Stage::Look | Stage::MakeSure, Answer::Failed { error, .. }) => {
                self.tally.reads += 1;
                self.reading_failed(error);
            }
            (Stage::Write | Stage::Remove, Answer::Failed { error, elapsed }) => {
                self.tally.writes += 1;
                self.writing_failed(error, elapsed);
            }
            _ => {}
        }
    }

    /// How it ended and what it cost. One that has not ended counts as failed.
    #[must_use]
    #[inline]
    pub fn finish(self) -> Finished {
        let result = match self.stage {
            Stage::Ended(result) => result,
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
        self.stage = Stage::Ended(Ok(outcome.into()));
    }

    fn fail(&mut self, error: OperationError) {
        self.stage = Stage::Ended(Err(error));
    }

    #[inline]
    fn follow(&mut self, decision: Decision) {
        let (stage, pending) = begun(decision);
        self.stage = stage;
        if pending.is_some() {
            self.pending = pending;
            self.lost = false;
        }
    }

    fn found(&mut self, found: Found) {
        if self.lost && self.is_own_work(&found) {
            let done = self.pending.take().map(|(_, done)| done);
            self.stage = Stage::Ended(Ok(done.unwrap_or_else(|| Outcome::Written.into())));
            return;
        }
        let current = self.scene.see(found);
        let decision = self.operation.decide(&self.scene, current);
        self.follow(decision);
    }

    /// Whether the write whose answer was lost is what stands there now.
    fn is_own_work(&self, found: &Found) -> bool {
        match (found, &self.pending) {
            (Found::Record(record), Some((write, _))) => {
                record.entry == write.entry && record.metadata == write.metadata
            }
            _ => false,
        }
    }

    fn deleted(&self, deleted: Deleted) -> Outcome {
        match deleted {
            Deleted::Nothing if self.lost => Outcome::Deleted,
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
        match self.operation.blind(&self.scene) {
            Some(blind) => self.follow(blind),
            None => self.fail(match error {
                StoreError::RateLimited => OperationError::RateLimited,
                other => OperationError::Unavailable(reason(other)),
            }),
        }
    }

    #[cold]
    fn writing_failed(&mut self, error: StoreError, elapsed: Duration) {
        let resend = if self.stage == Stage::Remove {
            Again::Remove
        } else {
            Again::Write
        };
        let look_again = if self.precondition() == Precondition::None {
            resend
        } else {
            Again::Look
        };
        match error {
            StoreError::PreconditionFailed => {
                match self.operation.on_conflict(self.tally.reads > 0) {
                    OnConflict::Look => self.stage = Stage::Look,
                    OnConflict::End(outcome) => self.end(outcome),
                    OnConflict::Retry => self.retry(look_again, elapsed),
                }
            }
            StoreError::AnswerLost(_) => {
                self.lost = true;
                self.retry(look_again, elapsed);
            }
            StoreError::RateLimited => {
                let retried = self.scene.policy.cas.on_rate_limited == OnRateLimited::Retry;
                if retried || self.operation.insists() {
                    self.retry(resend, elapsed);
                } else {
                    self.fail(OperationError::RateLimited);
                }
            }
            StoreError::TooLarge(why) => self.fail(OperationError::TooLarge(why)),
            StoreError::Unavailable(_) if self.operation.insists() => self.retry(resend, elapsed),
            StoreError::Unavailable(why) => self.fail(OperationError::Unavailable(why)),
        }
    }

    /// The precondition of the write that is under way; a deletion has none.
    fn precondition(&self) -> Precondition {
        match (&self.stage, &self.pending) {
            (Stage::Write, Some((write, _))) => write.precondition,
            _ => Precondition::None,
        }
    }

    fn retry(&mut self, again: Again, elapsed: Duration) {
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
            self.again(again);
        } else {
            let jitter = rules.jitter;
            self.stage = Stage::Wait(Wait { longest, jitter }, again);
        }
    }

    /// Starts a retry: one that the deadline stops before is none.
    fn again(&mut self, again: Again) {
        self.tally.retries += 1;
        self.stage = again.into();
    }

    fn out_of_time(&self, elapsed: Duration) -> bool {
        elapsed >= self.scene.policy.cas.deadline.duration()
    }

    /// Fails; but a withdrawal that met nothing but conflicts overwrites in the end.
    #[cold]
    fn give_up(&mut self, elapsed: Duration) {
        let conflicting = self
            .pending
            .as_ref()
            .is_some_and(|(write, _)| write.precondition != Precondition::None);
        if let Some(blind) = self.operation.blind(&self.scene).filter(|_| conflicting) {
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

/// The stage that a decision leads to, and the write that it asks for.
#[inline]
fn begun(decision: Decision) -> (Stage, Option<(Box<Write>, Done)>) {
    let stage = match decision {
        Decision::End(result) => Stage::Ended(result),
        Decision::Look => Stage::Look,
        Decision::MakeSure => Stage::MakeSure,
        Decision::Remove => Stage::Remove,
        Decision::Write(write, done) => return (Stage::Write, Some((write, done))),
    };
    (stage, None)
}

/// A store's own words, without what the operation's error says already.
fn reason(error: StoreError) -> String {
    match error {
        StoreError::Unavailable(why) | StoreError::AnswerLost(why) | StoreError::TooLarge(why) => {
            why
        }
        other => other.to_string(),
    }
}
