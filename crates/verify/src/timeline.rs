//! Renders a path through the model as a timeline for people.

use super::actor::{ActorAction, PARTNERS, START, StoreRequest};
use super::model::{CallResult, ModelStep, PolicyModel};
use super::model_record::ModelRecord;
use super::state::ModelState;
use super::{StatePath, TimelineStep, Violation};
use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Finished, RecordState, Write, record_state};
use edge_cookie::record::Precondition;

/// Up to this many hours a time is shown in hours, beyond it in days.
const HOURS_UP_TO: u64 = 72;

const SECONDS_PER_MINUTE: u64 = 60;
const SECONDS_PER_HOUR: u64 = 60 * SECONDS_PER_MINUTE;
const SECONDS_PER_DAY: u64 = 24 * SECONDS_PER_HOUR;

/// Renders the violation at the end of a path, and adds it to those that the model knows.
pub(super) fn violation(model: &mut PolicyModel, steps: &StatePath) -> Option<Violation> {
    let violation = steps.last()?.0.violation?;
    model.known.push(violation);
    let model = &*model;
    let mut writer = TimelineWriter {
        model,
        rows: Vec::new(),
        pending: Vec::new(),
        started: Vec::new(),
    };
    if let Some((first, _)) = steps.first() {
        writer.row(first, "store", describe_start(first));
    }
    for (before, step) in steps {
        if let Some(step) = step {
            writer.step(before, *step);
        }
    }
    let (last, _) = steps.last()?;
    writer.row(
        last,
        &format!("promise {}", violation.promise()),
        violation.what().to_owned(),
    );
    Some(Violation {
        promise: violation.promise(),
        what: violation.what(),
        keys: violation.keys(),
        trace: writer.rows,
    })
}

struct TimelineWriter<'m> {
    model: &'m PolicyModel,
    rows: Vec<TimelineStep>,
    /// The names of the pending operations, in the model's order.
    pending: Vec<String>,
    /// The names of all operations that have started.
    started: Vec<String>,
}

impl TimelineWriter<'_> {
    fn row(&mut self, state: &ModelState, actor: &str, event: String) {
        self.rows.push(TimelineStep {
            at: at(state.now),
            actor: actor.to_owned(),
            event,
        });
    }

    /// A unique name for an operation that starts.
    fn actor_name(&mut self, action: ActorAction) -> String {
        let name = match action {
            ActorAction::Consent => "visit with consent".to_owned(),
            ActorAction::Touch => "visit".to_owned(),
            ActorAction::Sync { partner, late } => {
                let partner = PARTNERS.get(partner).copied().unwrap_or_default();
                format!("{}sync {partner}", if late { "late " } else { "" })
            }
            ActorAction::Withdraw => "withdrawal".to_owned(),
            ActorAction::Deliver => "late withdrawal".to_owned(),
            ActorAction::Delete => "erasure".to_owned(),
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

    fn step(&mut self, before: &ModelState, step: ModelStep) {
        let Some((after, finished)) = self.model.apply(before, step) else {
            return;
        };
        match step {
            ModelStep::Time(_) => {}
            ModelStep::Collect => {
                self.row(
                    before,
                    "store",
                    "collects the record, whose time to live is over".to_owned(),
                );
            }
            ModelStep::StartDelayed { action, policy } => {
                let name = self.actor_name(action);
                let event = format!("starts{}, and is delayed", self.policy_label(policy));
                self.row(before, &name, event);
                self.pending.push(name);
            }
            ModelStep::Start {
                action,
                policy,
                result,
            } => {
                let name = self.actor_name(action);
                let event = format!("starts{}", self.policy_label(policy));
                let request = self.model.first_request(action, policy, before.consistency);
                let call =
                    request.map(|request| self.describe_call(before, request, result, policy));
                let events = [Some(event), call].into_iter().flatten().collect();
                self.end(&name, before, &after, events, finished.as_ref());
            }
            ModelStep::Call { pending, result } => {
                let name = self.pending.remove(pending);
                let Some(pending) = before.pending.get(pending) else {
                    return;
                };
                let call = self.describe_call(before, &pending.request, result, pending.policy);
                self.end(&name, before, &after, vec![call], finished.as_ref());
            }
        }
    }

    fn end(
        &mut self,
        name: &str,
        before: &ModelState,
        after: &ModelState,
        mut events: Vec<String>,
        finished: Option<&Finished>,
    ) {
        if let Some(finished) = finished {
            events.push(format!("and ends with `{}`", finished.as_str()));
        } else if after.pending.len() > self.pending.len() {
            self.pending.push(name.to_owned());
        }
        self.row(before, name, events.join(", "));
    }

    /// The policy of an operation, if there are two.
    fn policy_label(&self, policy: usize) -> &'static str {
        match (self.model.policies.len(), policy) {
            (0 | 1, _) => "",
            (_, 0) => " under the policy",
            _ => " under the deployed policy",
        }
    }

    fn describe_call(
        &self,
        state: &ModelState,
        request: &StoreRequest,
        result: CallResult,
        policy: usize,
    ) -> String {
        match request {
            StoreRequest::Lookup => match result {
                CallResult::Stale => {
                    format!(
                        "reads the previous state: {}",
                        self.describe_record(state, state.stale_record().flatten(), policy)
                    )
                }
                CallResult::Unavailable => "cannot read: the store is not available".to_owned(),
                _ => format!(
                    "reads {}",
                    self.describe_record(state, state.current.as_ref(), policy)
                ),
            },
            StoreRequest::Exists => match result {
                CallResult::Success if state.current.is_some() => {
                    "checks that there is a record: yes".to_owned()
                }
                CallResult::Success => "checks that there is a record: no".to_owned(),
                _ => "cannot check that there is a record: the store is not available".to_owned(),
            },
            StoreRequest::Insert(write) => insert(state, write, result),
            StoreRequest::Delete => match result {
                CallResult::RateLimited => "cannot delete: too many writes".to_owned(),
                CallResult::DroppedReplyLost => "sends a deletion, which is lost".to_owned(),
                CallResult::AppliedReplyLost => {
                    "deletes the record, and the reply is lost".to_owned()
                }
                _ => "deletes the record".to_owned(),
            },
        }
    }

    /// A record, as a policy sees it.
    fn describe_record(
        &self,
        state: &ModelState,
        record: Option<&ModelRecord>,
        policy: usize,
    ) -> &'static str {
        let Some(record) = record else {
            return "nothing";
        };
        let (Some((entry, metadata)), Some(policy)) =
            (&*record.content, self.model.policies.get(policy))
        else {
            return "an unreadable record";
        };
        match record_state(policy, entry, metadata, state.now) {
            RecordState::Live => "a live entry",
            RecordState::Tombstone => "a tombstone",
            RecordState::Expired => "an expired record",
            RecordState::UnknownAge => "a record of unknown age, which the policy refuses",
        }
    }
}

/// The record at the start.
fn describe_start(state: &ModelState) -> String {
    let record = match state.current.as_ref().map(|record| &*record.content) {
        None => "holds no record",
        Some(None) => "holds an unreadable record",
        Some(Some(_)) => "holds a live entry, which another system wrote just now",
    };
    record.to_owned()
}

fn insert(state: &ModelState, write: &Write, result: CallResult) -> String {
    let what = if write.entry.is_tombstone() {
        "a tombstone"
    } else {
        "a live entry"
    };
    match result {
        CallResult::RateLimited => format!("cannot write {what}: too many writes"),
        CallResult::DroppedReplyLost => format!("sends {what}, which is lost"),
        CallResult::AppliedReplyLost => format!("writes {what}, and the reply is lost"),
        CallResult::Recreated => {
            format!("swaps in {what} for a record that has vanished, and the store creates it")
        }
        _ if state.holds(write) => format!("writes {what}"),
        _ if write.precondition == Precondition::Add => {
            "is refused: there already is a record".to_owned()
        }
        _ => "is refused: the record has changed".to_owned(),
    }
}

/// A time since the start.
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
    let mut text = String::new();
    for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&count.to_string());
        text.push_str(unit);
    }
    format!("+{}", if text.is_empty() { "0s" } else { &text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_the_unit_that_fits() {
        let cases = [
            (0, "+0s"),
            (1, "+1s"),
            (122, "+2m2s"),
            (86_401, "+24h1s"),
            (72 * 3_600, "+72h"),
            (365 * 86_400 + 1, "+365d1s"),
        ];
        for (seconds, text) in cases {
            assert_eq!(at(START.plus_seconds(seconds)), text);
        }
    }
}
