//! The steps that are possible from a state.

use super::actor::StoreRequest;
use super::model::{CallResult, FirstRequest, ModelStep, PolicyModel};
use super::state::ModelState;
use super::time_points;
use edge_cookie::clock::Timestamp;

impl PolicyModel {
    /// Adds the times to which the clock may move.
    pub(super) fn push_time_steps(&self, state: &ModelState, actions: &mut Vec<ModelStep>) {
        if state.passed || state.budget.moves == 0 {
            return;
        }
        let mut moments = time_points::next_times(state, &self.policies, self.short_lived);
        if state.budget.operations == 0 && state.pending.is_empty() {
            // The only violation still possible is a read that returns what no reader may see.
            let current = state.current.as_ref().map(|record| &*record.content);
            let seen = |now: &Timestamp| state.monitor.check_reads(&self.policies, current, *now);
            moments.retain(|moment| seen(moment).is_some());
        }
        actions.extend(moments.into_iter().map(ModelStep::Time));
    }

    /// Adds the next call of a pending operation, with each possible result.
    pub(super) fn push_calls(
        &self,
        state: &ModelState,
        index: usize,
        actions: &mut Vec<ModelStep>,
    ) {
        let Some(pending) = state.pending.get(index) else {
            return;
        };
        // An operation that is delayed before its first call reaches a new state only if time has moved and the record was
        // replaced: it decides by the record that it finds and by the time of its start.
        let is_new = state.differs_from_start(pending);
        if is_new.is_some_and(|is_new| !is_new || !pending.waited) {
            return;
        }
        // A call without a fault could have been made before time moved.
        let later = state.passed && pending.waited && is_new.is_none() && !self.short_lived;
        let fails = matches!(&pending.request, StoreRequest::Insert(write) if !state.holds(write));
        let results = Self::call_results(state, &pending.request).into_iter();
        let results = results.filter(|result| !later || fails || *result != CallResult::Success);
        actions.extend(results.map(|result| ModelStep::Call {
            pending: index,
            result,
        }));
    }

    /// Adds the operations that may start, with each possible result of their first call.
    pub(super) fn push_starts(&self, state: &ModelState, actions: &mut Vec<ModelStep>) {
        let of_store = |first: &&FirstRequest| first.consistency == state.consistency;
        for FirstRequest {
            action,
            policy,
            request,
            ..
        } in self.first_requests.iter().filter(of_store)
        {
            let (action, policy) = (*action, *policy);
            let results = Self::call_results(state, request).into_iter();
            actions.extend(results.map(|result| ModelStep::Start {
                action,
                policy,
                result,
            }));
            actions.push(ModelStep::StartDelayed { action, policy });
        }
    }

    /// The possible results of a call, the faults last.
    fn call_results(state: &ModelState, request: &StoreRequest) -> Vec<CallResult> {
        let mut results = vec![CallResult::Success];
        if state.budget.faults == 0 {
            return results;
        }
        match request {
            StoreRequest::Lookup => {
                if state.stale_record().is_some() {
                    results.push(CallResult::Stale);
                }
                results.push(CallResult::Unavailable);
            }
            StoreRequest::Exists => results.push(CallResult::Unavailable),
            StoreRequest::Insert(write) => {
                results.extend([CallResult::RateLimited, CallResult::DroppedReplyLost]);
                if state.holds(write) {
                    results.push(CallResult::AppliedReplyLost);
                } else if state.would_recreate(write) {
                    results.push(CallResult::Recreated);
                }
            }
            StoreRequest::Delete => results.extend([
                CallResult::RateLimited,
                CallResult::AppliedReplyLost,
                CallResult::DroppedReplyLost,
            ]),
        }
        results
    }
}
