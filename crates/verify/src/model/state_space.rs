//! The states that the checker explores: those it begins with, and the steps from each.

use stateright::Property;

use super::{CONSISTENCIES, ModelStep, PolicyModel};
use crate::actor::START;
use crate::model_record::ModelRecord;
use crate::state::ModelState;
use crate::violation::InvariantViolation;

impl stateright::Model for PolicyModel {
    type State = ModelState;
    type Action = ModelStep;

    fn init_states(&self) -> Vec<ModelState> {
        let mut states = Vec::new();
        // The checker explores the last one first: the simplest.
        for consistency in CONSISTENCIES {
            let state = |record, live_since| {
                ModelState::new(
                    START,
                    consistency,
                    self.scope,
                    self.bounds,
                    record,
                    live_since,
                )
            };
            states.push(state(Some(None), None));
            states.push(state(None, None));
            states.push(state(Self::foreign(), Some(START)));
        }
        states
    }

    fn actions(&self, state: &ModelState, actions: &mut Vec<ModelStep>) {
        if state.violation.is_some() {
            return;
        }
        // Generations are never reused: refusing such a swap immediately omits no state, unless the record that replaced
        // this one can vanish while the operation is pending, and the store then creates it.
        let creates = state.budget.faults > 0 && self.vanishes;
        let mut pending = state.pending.iter();
        let outdated = pending.position(|pending| !creates && state.is_outdated(&pending.request));
        if let Some(outdated) = outdated {
            self.push_calls(state, outdated, actions);
            return;
        }
        self.push_time_steps(state, actions);
        let may_be_gone =
            |record: &ModelRecord| record.gone_from.is_some_and(|gone| state.now >= gone);
        if state.current.as_ref().is_some_and(may_be_gone) {
            actions.push(ModelStep::Collect);
        }
        for index in 0..state.pending.len() {
            self.push_calls(state, index, actions);
        }
        if state.budget.operations > 0 && state.pending.len() < self.scope.actors {
            self.push_starts(state, actions);
        }
    }

    fn next_state(&self, state: &ModelState, step: ModelStep) -> Option<ModelState> {
        let (mut state, _) = self.apply(state, step)?;
        state.update_fingerprint();
        let new = self.visited.is_new(state.fingerprint, state.budget);
        new.then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "the promises hold",
            |model: &Self, state: &ModelState| {
                let known = |violation: InvariantViolation| {
                    model
                        .known
                        .iter()
                        .any(|known| known.has_cause_of(violation))
                };
                state.violation.is_none_or(known)
            },
        )]
    }
}
