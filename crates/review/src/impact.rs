//! What the change of each setting does.

use super::pair::Pair;
use super::scenario::Scenario;
use super::{DataKind, PlanVerdict, Records};
use edge_cookie::policy::types::Seconds;

/// What one change does.
#[derive(Debug)]
pub(super) struct Impact {
    pub(super) records: Records,
    pub(super) effect: &'static str,
    pub(super) verdict: PlanVerdict,
    pub(super) safe_after: Option<Seconds>,
    pub(super) why: String,
    pub(super) mixed: String,
    pub(super) fix: Option<String>,
    pub(super) scenario: Option<Scenario>,
    /// What is lost, and by whom; `fix` says how to avoid it.
    pub(super) loses: Vec<(DataKind, String)>,
}

/// The function that assesses a setting's change, by the setting's key below `ec`.
pub(super) type Known = (&'static str, fn(&Pair<'_>) -> Impact);

const BY_THE_MACHINE: &str = "each request is answered by the rule of the machine that it meets";

impl Impact {
    /// No one is worse off.
    pub(super) fn safe(records: Records, why: impl Into<String>) -> Self {
        Self {
            records,
            effect: records.effect(),
            verdict: PlanVerdict::Safe,
            safe_after: None,
            why: why.into(),
            mixed: BY_THE_MACHINE.to_owned(),
            fix: None,
            scenario: None,
            loses: Vec::new(),
        }
    }

    /// The danger is over this long after the last machine of the deployed policy stopped.
    pub(super) fn wait(
        records: Records,
        seconds: u64,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            verdict: PlanVerdict::Wait,
            safe_after: Some(Seconds::new(seconds)),
            fix: Some(fix.into()),
            ..Self::safe(records, why)
        }
    }

    /// Some users are worse off for good, as the scenario shows.
    pub(super) fn never(
        records: Records,
        why: impl Into<String>,
        fix: impl Into<String>,
        scenario: Scenario,
    ) -> Self {
        Self {
            verdict: PlanVerdict::Unsafe,
            fix: Some(fix.into()),
            scenario: Some(scenario),
            ..Self::safe(records, why)
        }
    }

    /// Adds a loss: after the change, something that is kept of these users is no longer readable, kept as long, or reachable.
    /// A change that loses something is unsafe, whatever its verdict was before. It already has a fix and a scenario.
    pub(super) fn losing(mut self, kept: DataKind, who: impl Into<String>) -> Self {
        self.loses.push((kept, who.into()));
        Self {
            verdict: PlanVerdict::Unsafe,
            safe_after: None,
            ..self
        }
    }

    /// What the time means while machines of both run, where it is more than one or the other.
    pub(super) fn mixed(self, mixed: impl Into<String>) -> Self {
        Self {
            mixed: mixed.into(),
            ..self
        }
    }

    /// When it takes effect, where that does not follow from its records.
    pub(super) fn effective(self, effect: &'static str) -> Self {
        Self { effect, ..self }
    }

    /// The scenario that shows it.
    pub(super) fn shown_by(self, scenario: Scenario) -> Self {
        Self {
            scenario: Some(scenario),
            ..self
        }
    }
}
