//! The retry machine: one operation on one record, from its first step to its end.

use std::time::Duration;

use super::answer::{Answer, Consistency, Deleted, Found, Step, StoreError, Wait};
use super::context::OperationContext;
use super::decision::{Intent, IntentOf, OnConflict, RecordOperation};
use super::{Finished, Operation, OperationError, Tally};
use crate::clock::Timestamp;
use crate::policy::EcPolicy;
use crate::policy::settings::OnRateLimited;
use crate::record::Precondition;

/// One operation under way, on an entry where nothing else is said. Ask for the [`step`](Self::step), do it, and [`resume`](Self::resume) with the
/// answer, until the step is [`Step::End`].
#[derive(Debug, Clone)]
pub struct Transaction<'p, O: RecordOperation = Operation<'p>> {
    context: OperationContext<'p>,
    operation: O,
    /// What is asked for, or how it ended.
    wanted: IntentOf<O>,
    /// Whether the write last refused had a precondition.
    conditional: bool,
    /// What was wanted when an answer was lost, so that it may have happened.
    lost: Option<Box<IntentOf<O>>>,
    tally: Tally,
}

impl<'p, O: RecordOperation> Transaction<'p, O> {
    /// An operation that starts at `now` under `policy`, against a store of this consistency.
    #[must_use]
    #[inline]
    pub fn new(
        policy: &'p EcPolicy,
        operation: O,
        now: Timestamp,
        consistency: Consistency,
    ) -> Self {
        let context = OperationContext {
            policy,
            now,
            consistency,
        };
        Self {
            context,
            wanted: operation.open(&context),
            operation,
            conditional: false,
            lost: None,
            tally: Tally::default(),
        }
    }

    /// What to do next.
    #[must_use]
    #[inline]
    pub fn step(&self) -> Step<O::Write<'_>> {
        match &self.wanted {
            Intent::Lookup => Step::Lookup,
            Intent::ConfirmExists => Step::Exists,
            Intent::Write(plan, _) => Step::Insert(O::write(&self.context, plan)),
            Intent::Remove => Step::Delete,
            Intent::Wait(wait, _) => Step::Wait(*wait),
            Intent::End(_) => Step::End,
        }
    }

    /// Takes the answer to the step. An answer to another step changes nothing.
    pub fn resume(&mut self, answer: Answer<O::Record>) {
        match (&mut self.wanted, answer) {
            (Intent::Write(..), Answer::Written) => {
                self.wanted = Intent::End(self.written().result);
            }
            (Intent::Lookup, Answer::Found(found)) => {
                self.tally.reads += 1;
                self.found(found);
            }
            (Intent::ConfirmExists, Answer::Exists(there)) => {
                self.tally.reads += 1;
                match self.operation.unconditional_fallback() {
                    _ if !there => self.end(O::removed(false)),
                    Some(unconditional_fallback) => self.follow(unconditional_fallback),
                    None => self.fail(OperationError::Unavailable(LAGS.to_owned())),
                }
            }
            (Intent::Remove, Answer::Deleted(deleted)) => {
                self.tally.writes += 1;
                self.end(self.deleted(deleted));
            }
            (Intent::Lookup | Intent::ConfirmExists, Answer::Failed { error, .. }) => {
                self.tally.reads += 1;
                self.reading_failed(error);
            }
            (Intent::Write(..) | Intent::Remove, Answer::Failed { error, elapsed }) => {
                self.tally.writes += 1;
                self.writing_failed(error, elapsed);
            }
            (Intent::Wait(_, next), Answer::Waited { elapsed }) => {
                self.wanted = std::mem::replace(next, Intent::Lookup);
                self.waited(elapsed);
            }
            _ => {}
        }
    }

    /// Takes the answer that the write was done: how it ended, and what it cost.
    #[inline]
    pub(crate) fn written(&mut self) -> Finished<O::Done> {
        let Intent::Write(_, on_success) = &mut self.wanted else {
            return self.ended();
        };
        self.tally.writes += 1;
        Finished {
            result: Ok(O::succeeded(on_success)),
            tally: self.tally,
        }
    }

    /// How it ended and what it cost. One that has not ended counts as failed.
    #[must_use]
    #[inline]
    pub fn finish(mut self) -> Finished<O::Done> {
        self.ended()
    }

    /// As [`finish`](Self::finish), without moving this.
    #[inline]
    pub(crate) fn ended(&mut self) -> Finished<O::Done> {
        let result = match &mut self.wanted {
            Intent::End(result) => std::mem::replace(result, Err(OperationError::RateLimited)),
            _ => Err(OperationError::Unavailable(
                "the operation was cut short".to_owned(),
            )),
        };
        Finished {
            result,
            tally: self.tally,
        }
    }

    fn end(&mut self, done: O::Done) {
        self.wanted = Intent::End(Ok(done));
    }

    fn fail(&mut self, error: OperationError) {
        self.wanted = Intent::End(Err(error));
    }

    #[inline]
    fn follow(&mut self, decision: IntentOf<O>) {
        if let Intent::Write(..) = decision {
            self.lost = None;
        }
        self.wanted = decision;
    }

    fn found(&mut self, found: Found<O::Record>) {
        if let (Found::Record(record), Some(lost)) = (&found, &mut self.lost)
            && let Intent::Write(plan, on_success) = &mut **lost
            && self.operation.leaves(&self.context, plan, record)
        {
            self.wanted = Intent::End(Ok(O::succeeded(on_success)));
            return;
        }
        let write_uncertain = self.lost.is_some();
        let decision = self.operation.decide(&self.context, found, write_uncertain);
        self.follow(decision);
    }

    fn deleted(&self, deleted: Deleted<O::Record>) -> O::Done {
        O::removed(match deleted {
            Deleted::Nothing => self.lost.is_some(),
            Deleted::Something => true,
            Deleted::Was(found) => O::was_there(&self.context, found),
        })
    }

    /// A withdrawal or an erasure is not lost because the record could not be read.
    #[cold]
    fn reading_failed(&mut self, error: StoreError) {
        match self.operation.unconditional_fallback() {
            Some(unconditional_fallback) => self.follow(unconditional_fallback),
            None => self.fail(match error {
                StoreError::RateLimited => OperationError::RateLimited,
                other => OperationError::Unavailable(reason(other)),
            }),
        }
    }

    #[cold]
    fn writing_failed(&mut self, error: StoreError, elapsed: Duration) {
        self.conditional = match &self.wanted {
            Intent::Write(plan, _) => plan.precondition != Precondition::None,
            _ => false,
        };
        match error {
            StoreError::PreconditionFailed => {
                match self.operation.on_conflict(self.tally.reads > 0) {
                    OnConflict::Lookup => self.wanted = Intent::Lookup,
                    OnConflict::End(done) => self.end(done),
                    OnConflict::Retry => self.retry_from_lookup(elapsed),
                }
            }
            StoreError::AnswerLost(_) => {
                self.lost = Some(Box::new(self.wanted.clone()));
                self.retry_from_lookup(elapsed);
            }
            StoreError::RateLimited => {
                let retried = self.context.policy.cas.on_rate_limited == OnRateLimited::Retry;
                if retried || self.operation.must_succeed() {
                    self.retry(elapsed);
                } else {
                    self.fail(OperationError::RateLimited);
                }
            }
            StoreError::TooLarge(why) => self.fail(OperationError::TooLarge(why)),
            StoreError::Unavailable(_) if self.operation.must_succeed() => self.retry(elapsed),
            StoreError::Unavailable(why) => self.fail(OperationError::Unavailable(why)),
        }
    }

    /// Begins again with a lookup, where the stored record matters to the write.
    fn retry_from_lookup(&mut self, elapsed: Duration) {
        if self.conditional {
            self.wanted = Intent::Lookup;
        }
        self.retry(elapsed);
    }

    /// Begins again with what is wanted, after a wait where the policy has one.
    fn retry(&mut self, elapsed: Duration) {
        let rules = &self.context.policy.cas;
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
            let next = Box::new(std::mem::replace(&mut self.wanted, Intent::Lookup));
            self.wanted = Intent::Wait(Wait { longest, jitter }, next);
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
        elapsed >= self.context.policy.cas.deadline.duration()
    }

    /// Fails; but a withdrawal that met nothing but conflicts overwrites in the end.
    #[cold]
    fn give_up(&mut self, elapsed: Duration) {
        if let Some(unconditional_fallback) = self
            .operation
            .unconditional_fallback()
            .filter(|_| self.conditional)
        {
            self.follow(unconditional_fallback);
            return;
        }
        let attempts = self.tally.retries + 1;
        self.fail(
            if self.out_of_time(elapsed) && self.tally.retries < self.context.policy.cas.max_retries
            {
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
