//! What is known of each setting's change.

use super::pair::Pair;
use super::scene::Scene;
use super::{Kept, Records, Verdict};
use edge_cookie::policy::types::Seconds;

/// What is said of one change.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) records: Records,
    pub(super) effect: &'static str,
    pub(super) verdict: Verdict,
    pub(super) safe_after: Option<Seconds>,
    pub(super) why: String,
    pub(super) mixed: String,
    pub(super) way_out: Option<String>,
    pub(super) scene: Option<Scene>,
    /// What is lost, and of whom; the way out is how to avoid it.
    pub(super) loses: Vec<(Kept, String)>,
}

/// Who answers for a setting, by its key below `ec`.
pub(super) type Known = (&'static str, fn(&Pair<'_>) -> Answer);

const BY_THE_MACHINE: &str = "each request is answered by the rule of the machine that it meets";

impl Answer {
    /// Nobody is worse off.
    pub(super) fn safe(records: Records, why: impl Into<String>) -> Self {
        Self {
            records,
            effect: records.effect(),
            verdict: Verdict::Safe,
            safe_after: None,
            why: why.into(),
            mixed: BY_THE_MACHINE.to_owned(),
            way_out: None,
            scene: None,
            loses: Vec::new(),
        }
    }

    /// The danger is over this long after the last machine of the deployed policy stopped.
    pub(super) fn wait(
        records: Records,
        seconds: u64,
        why: impl Into<String>,
        way_out: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Verdict::Wait,
            safe_after: Some(Seconds::new(seconds)),
            way_out: Some(way_out.into()),
            ..Self::safe(records, why)
        }
    }

    /// Somebody is worse off for good, as the scene shows.
    pub(super) fn never(
        records: Records,
        why: impl Into<String>,
        way_out: impl Into<String>,
        scene: Scene,
    ) -> Self {
        Self {
            verdict: Verdict::Unsafe,
            way_out: Some(way_out.into()),
            scene: Some(scene),
            ..Self::safe(records, why)
        }
    }

    /// After it something that is kept of these users is no longer readable, kept as long, or reachable: the one rule of
    /// what a change loses, whatever it would be called otherwise. A way out and a scene are there before.
    pub(super) fn losing(mut self, kept: Kept, who: impl Into<String>) -> Self {
        self.loses.push((kept, who.into()));
        Self {
            verdict: Verdict::Unsafe,
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

    /// When it takes effect, where its records do not tell that well.
    pub(super) fn effective(self, effect: &'static str) -> Self {
        Self { effect, ..self }
    }

    /// What shows it.
    pub(super) fn shown_by(self, scene: Scene) -> Self {
        Self {
            scene: Some(scene),
            ..self
        }
    }
}
