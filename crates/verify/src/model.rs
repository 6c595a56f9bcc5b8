//! The model that is checked: its steps, and the state each step leads to.

mod state_space;

use std::sync::Arc;

use super::Scope;
use super::actor::{
    ActorAction, CallFailure, Delay, PendingOperation, START, StoreReply, StoreRequest,
};
use super::age_bounds::AgeBounds;
use super::model_record::{ModelRecord, RecordContent};
use super::monitor::ObservedWrite;
use super::state::ModelState;
use super::time_points;
use super::violation::InvariantViolation;
use super::visited::VisitedStates;
use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Consistency, Finished, Write};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::DeleteMode;
use edge_cookie::record::{KvEntry, KvMetadata};

/// The result of a store call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallResult {
    /// No fault.
    Success,
    /// A lookup sees the previous record.
    Stale,
    /// The store is not reachable.
    Unavailable,
    /// The store refuses the write: too many writes.
    RateLimited,
    /// The call is done, and its reply is lost.
    AppliedReplyLost,
    /// The call is not done, and its reply is lost.
    DroppedReplyLost,
    /// A compare-and-swap on a record that has vanished creates it.
    Recreated,
}

/// A step of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModelStep {
    /// Time moves to this second.
    Time(Timestamp),
    /// The store collects a record whose time to live is over.
    Collect,
    /// An operation starts and makes its first call, with this result.
    Start {
        action: ActorAction,
        policy: usize,
        result: CallResult,
    },
    /// An operation starts and is delayed before its first call.
    StartDelayed { action: ActorAction, policy: usize },
    /// A pending operation makes its next call, with this result.
    Call { pending: usize, result: CallResult },
}

/// The policies and the scope of the check.
#[derive(Debug, Clone)]
pub(super) struct PolicyModel {
    pub(super) policies: Vec<Arc<EcPolicy>>,
    pub(super) scope: Scope,
    pub(super) bounds: AgeBounds,
    /// Whether a record can expire before an operation that was pending when it was written has ended.
    pub(super) short_lived: bool,
    /// Whether a record can vanish that was written while an operation was pending.
    pub(super) vanishes: bool,
    pub(super) visited: Arc<VisitedStates>,
    pub(super) first_requests: Arc<[FirstRequest]>,
    /// Violations found so far: another one with the same cause is not reported.
    pub(super) known: Vec<InvariantViolation>,
}

/// Stores whose lookups are current, and stores whose lookups may be stale.
const CONSISTENCIES: [Consistency; 2] = [Consistency::Strong, Consistency::Eventual];

/// A record that another system wrote, with fields that this version does not know.
const FOREIGN: &str = r#"{"v":1,"created":0,"consent":{"ok":true,"updated":0,"other":1},"geo":{"country":"DE"},"ids":{},"other":[1.10]}"#;

/// Its metadata.
const FOREIGN_METADATA: &str = r#"{"other":true}"#;

/// The first store call of an operation.
#[derive(Debug, Clone)]
pub(super) struct FirstRequest {
    pub(super) action: ActorAction,
    pub(super) policy: usize,
    pub(super) consistency: Consistency,
    pub(super) request: StoreRequest,
}

impl PolicyModel {
    pub(super) fn new(policies: &[Arc<EcPolicy>], scope: Scope) -> Self {
        let mut first_requests = Vec::new();
        for (policy, of) in policies.iter().enumerate() {
            for consistency in CONSISTENCIES {
                let start = |action| {
                    PendingOperation::start(action, (policy, of), START, consistency, Delay::None)
                };
                first_requests.extend(ActorAction::all(scope.partners).filter_map(start).map(
                    |pending| FirstRequest {
                        action: pending.action,
                        policy,
                        consistency,
                        request: pending.request,
                    },
                ));
            }
        }
        let short_lived =
            (policies.iter()).any(|policy| time_points::expires_within_operation(policy));
        let erases = |policy: &Arc<EcPolicy>| policy.delete.mode == DeleteMode::Hard;
        Self {
            short_lived,
            vanishes: short_lived || policies.iter().any(erases),
            policies: policies.to_vec(),
            scope,
            bounds: AgeBounds::for_policies(policies),
            visited: Arc::new(VisitedStates::new(scope)),
            first_requests: first_requests.into(),
            known: Vec::new(),
        }
    }

    /// The same model with no visited states.
    pub(super) fn reset(&self) -> Self {
        Self {
            visited: Arc::new(VisitedStates::new(self.scope)),
            ..self.clone()
        }
    }

    fn foreign() -> Option<RecordContent> {
        let mut entry = KvEntry::from_body(FOREIGN.as_bytes()).ok()?;
        entry.created = START;
        entry.consent.updated = START;
        let metadata = KvMetadata::from_bytes(FOREIGN_METADATA.as_bytes()).ok()?;
        Some(Some((entry, metadata)))
    }

    fn policy(&self, index: usize) -> Option<&EcPolicy> {
        self.policies.get(index).map(|policy| &**policy)
    }

    /// The state after `step`, and the result of the operation that ended with it.
    pub(super) fn apply(
        &self,
        before: &ModelState,
        step: ModelStep,
    ) -> Option<(ModelState, Option<Finished>)> {
        let mut state = before.clone();
        state.passed = matches!(step, ModelStep::Time(_));
        let mut ended = None;
        match step {
            ModelStep::Time(to) => state.advance_time(to),
            ModelStep::Collect => {
                state.remove_record();
                state.violation = state.monitor.check_collection(&self.policies, state.now);
            }
            ModelStep::StartDelayed { action, policy } => {
                let pending = self.start(
                    &mut state,
                    action,
                    policy,
                    Delay::Since(before.current_generation()),
                )?;
                state.pending.push(Arc::new(pending));
            }
            ModelStep::Start {
                action,
                policy,
                result,
            } => {
                let pending = self.start(&mut state, action, policy, Delay::None)?;
                ended = self.call(&mut state, pending, result)?;
            }
            ModelStep::Call { pending, result } => {
                let pending = state.pending.remove(pending);
                let mut pending = Arc::unwrap_or_clone(pending);
                pending.delay = Delay::None;
                ended = self.call(&mut state, pending, result)?;
            }
        }
        if state.violation.is_none() {
            let current = state.current.as_ref().map(|record| &*record.content);
            state.violation = state
                .monitor
                .check_reads(&self.policies, current, state.now);
        }
        Some((state, ended))
    }

    /// The first store call of an operation, if it makes one.
    pub(super) fn first_request(
        &self,
        action: ActorAction,
        policy: usize,
        consistency: Consistency,
    ) -> Option<&StoreRequest> {
        let same = |first: &&FirstRequest| {
            (first.action, first.policy, first.consistency) == (action, policy, consistency)
        };
        self.first_requests
            .iter()
            .find(same)
            .map(|first| &first.request)
    }

    fn start(
        &self,
        state: &mut ModelState,
        action: ActorAction,
        policy: usize,
        delay: Delay,
    ) -> Option<PendingOperation> {
        state.budget.operations = state.budget.operations.checked_sub(1)?;
        let of = (policy, self.policy(policy)?);
        PendingOperation::start(action, of, state.now, state.consistency, delay)
    }

    /// Makes the call that an operation requests, and continues the operation.
    #[allow(
        clippy::option_option,
        reason = "the outer one: the call is possible; the inner one: the operation ended"
    )]
    fn call(
        &self,
        state: &mut ModelState,
        mut pending: PendingOperation,
        result: CallResult,
    ) -> Option<Option<Finished>> {
        let previous = state.stale_record().map(Option::<&ModelRecord>::cloned);
        if result != CallResult::Success {
            state.budget.faults = state.budget.faults.checked_sub(1)?;
        }
        let reply = match pending.request.clone() {
            StoreRequest::Lookup => lookup(state, previous, result, &pending)?,
            StoreRequest::Exists => match result {
                CallResult::Success => StoreReply::Exists(state.current.is_some()),
                _ => failed(CallFailure::Unavailable, state, &pending),
            },
            StoreRequest::Insert(write) => self.insert(state, &pending, &write, result)?,
            StoreRequest::Delete => self.delete(state, &pending, result)?,
        };
        let policy = self.policy(pending.policy)?;
        let Some(finished) = pending.receive(reply, policy, state.consistency) else {
            state.pending.push(Arc::new(pending));
            return Some(None);
        };
        let outcome = finished.result.as_ref().ok().map(|done| done.outcome);
        let current = state.current.as_ref().map(|record| &*record.content);
        let end = (outcome, finished.tally);
        let violation =
            state
                .monitor
                .check_outcome(pending.action, policy, pending.start, end, current);
        state.violation = state.violation.or(violation);
        Some(Some(finished))
    }

    fn insert(
        &self,
        state: &mut ModelState,
        pending: &PendingOperation,
        write: &Write,
        result: CallResult,
    ) -> Option<StoreReply> {
        let failure = match result {
            CallResult::RateLimited => Some(CallFailure::RateLimited),
            CallResult::DroppedReplyLost => Some(CallFailure::AnswerLost),
            CallResult::AppliedReplyLost | CallResult::Recreated => None,
            _ if !state.holds(write) => Some(CallFailure::PreconditionFailed),
            _ => None,
        };
        if let Some(failure) = failure {
            return Some(failed(failure, state, pending));
        }
        let before = state
            .current
            .as_ref()
            .map(|record| Arc::clone(&record.content));
        state.write_record(write, pending.start, self.short_lived);
        let observed = ObservedWrite {
            action: pending.action,
            policy: (pending.policy, self.policy(pending.policy)?),
            start: pending.start,
            now: state.now,
            before: before.as_deref(),
            after: (&write.entry, &write.metadata),
        };
        state.violation = state.monitor.check_write(&observed);
        Some(match result {
            CallResult::AppliedReplyLost => failed(CallFailure::AnswerLost, state, pending),
            _ => StoreReply::Written,
        })
    }

    fn delete(
        &self,
        state: &mut ModelState,
        pending: &PendingOperation,
        result: CallResult,
    ) -> Option<StoreReply> {
        match result {
            CallResult::RateLimited => {
                return Some(failed(CallFailure::RateLimited, state, pending));
            }
            CallResult::DroppedReplyLost => {
                return Some(failed(CallFailure::AnswerLost, state, pending));
            }
            _ => {}
        }
        let removed = state.remove_record();
        if removed.is_some() {
            let policy = self.policy(pending.policy)?;
            state
                .monitor
                .record_erasure(pending.start, policy, state.now);
        }
        Some(match result {
            CallResult::AppliedReplyLost => failed(CallFailure::AnswerLost, state, pending),
            _ => StoreReply::Deleted(removed),
        })
    }
}

fn failed(failure: CallFailure, state: &ModelState, pending: &PendingOperation) -> StoreReply {
    StoreReply::Failed(failure, state.now.seconds_since(pending.start))
}

#[allow(
    clippy::option_option,
    reason = "the outer one: a stale lookup is possible; the inner one: it sees a record"
)]
fn lookup(
    state: &ModelState,
    previous: Option<Option<ModelRecord>>,
    result: CallResult,
    pending: &PendingOperation,
) -> Option<StoreReply> {
    let seen = match result {
        CallResult::Success => state.current.clone(),
        CallResult::Stale => previous?,
        CallResult::Unavailable => return Some(failed(CallFailure::Unavailable, state, pending)),
        _ => return None,
    };
    Some(seen.map_or(StoreReply::Nothing, StoreReply::Saw))
}
