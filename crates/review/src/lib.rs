//! The plan of a policy change: what happens to users and records when a candidate replaces what is deployed.
//!
//! Every changed setting has a [`Change`] of its own, derived from both complete policies: when it takes effect, on
//! which records, what happens while both versions are deployed, and a [`PlanVerdict`]. A change that is
//! not safe comes with an [`example`](Change::example): events run on the real engine, once under the deployed policy
//! all through, and once with the candidate taking over at `0s`. Nothing here does I/O or reads a clock.
//!
//! ```
//! use edge_cookie_review::{Plan, PlanVerdict};
//! use edge_cookie::policy::layers::{Layer, LayerName};
//! use edge_cookie::policy::resolve::resolve;
//!
//! let deployed = resolve(&[]);
//! let plan = Plan::of(&deployed, &deployed);
//! assert_eq!(plan.verdict, PlanVerdict::Safe);
//! assert!(plan.changes.is_empty());
//! ```

mod consent;
mod consent_signal;
mod cookie;
mod entry;
mod example_server;
mod faulty_store;
mod impact;
mod impacts;
mod operating;
mod pair;
mod publisher;
mod scenario;
mod scenario_run;
mod scenarios;
mod signals;
mod storage;
mod sync;
mod unused_settings;
mod withdrawals;

use serde::Serialize;

use edge_cookie::policy::difference::{Difference, between};
use edge_cookie::policy::provenance::EffectiveValue;
use edge_cookie::policy::publisher::Publisher;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::setting::full_key;
use edge_cookie::policy::types::{Seconds, UsState};
use edge_cookie::policy::value::Value;
use edge_cookie::policy::{EcPolicy, known_setting};
use impact::Impact;
use pair::Pair;
pub use storage::new_ids;

/// How a change may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanVerdict {
    /// At once: no one loses anything that the deployed policy promised.
    Safe,
    /// A danger comes with the change-over, for users of the deployed policy and for syncs under way, and is over once
    /// `safe_after` has passed since the last machine of the deployed policy stopped.
    Wait,
    /// Waiting does not help: some users are worse off for good.
    Unsafe,
}

impl PlanVerdict {
    /// The word, as JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Wait => "wait",
            Self::Unsafe => "unsafe",
        }
    }
}

/// Which records a change reaches, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Records {
    /// Records that are new.
    New,
    /// New ones, and old ones when they are next written.
    Rewritten,
    /// All at once: each server applies its own policy to what it reads.
    All,
    /// No existing ones: they keep what they were written with until they expire.
    NoneUntilExpiry,
    /// The cookies that are set from now on.
    NewCookies,
    /// None: it governs requests.
    None,
}

impl Records {
    const fn effect(self) -> &'static str {
        match self {
            Self::New => "at once, for new records; existing ones are not touched",
            Self::Rewritten => {
                "at once for new records; for an existing one, when it is next written"
            }
            Self::All => {
                "at once, for every existing record: each server applies its own policy to what it reads"
            }
            Self::NoneUntilExpiry => {
                "for records written from now on; existing ones keep what they were written with until they expire"
            }
            Self::NewCookies => {
                "for cookies set from now on; browsers keep the others as they were set"
            }
            Self::None => "at once, for every request; no record changes",
        }
    }
}

/// What is kept, and can be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// Live users: their records, or the cookies by which they are known.
    Users,
    /// Withdrawals.
    Tombstones,
    /// What partners have synced, and the partners themselves.
    PartnerIds,
}

impl DataKind {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Tombstones => "tombstones",
            Self::PartnerIds => "partner ids",
        }
    }
}

/// What a change loses: after it, this is no longer readable, kept as long, or reachable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The full key of the setting that does it.
    pub key: String,
    /// What is lost.
    pub what: DataKind,
    /// Of which kinds of users.
    pub who: String,
    /// How to avoid it.
    pub avoid: String,
}

/// One moment of a worked example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// When, counted from the change-over, as `-1h` or `13h`.
    pub at: String,
    /// What happens.
    pub event: String,
    /// How it ends where the deployed policy runs all through.
    pub deployed: &'static str,
    /// How it ends where the candidate takes over.
    pub candidate: &'static str,
}

/// What becomes of one setting that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The full key, as `ec.tombstone.ttl`.
    pub key: String,
    /// The deployed value.
    pub from: Value,
    /// The candidate's.
    pub to: Value,
    /// Both as people read them; of secrets only that they differ.
    #[serde(skip)]
    pub shown: (String, String),
    /// When it takes effect.
    pub effect: &'static str,
    /// On which records.
    pub records: Records,
    /// How it may be made.
    pub verdict: PlanVerdict,
    /// How long until it is safe, as a setting has it or in the largest exact unit; only where it is a matter of waiting.
    pub safe_after: Option<String>,
    /// What it means to users, and why the verdict is what it is.
    pub why: String,
    /// What happens while both versions are deployed.
    pub mixed: String,
    /// How to make the change without the danger, where there is one.
    #[serde(rename = "way_out")]
    pub fix: Option<String>,
    /// What it loses, and of whom; empty where it loses nothing. What loses something is unsafe.
    pub loses: Vec<Loss>,
    /// What goes wrong, on a timeline; empty where nothing does.
    pub example: Vec<Row>,
}

/// A policy as it is deployed: with whose pages it is for.
#[derive(Debug, Clone, Copy)]
pub struct Deployment<'d> {
    /// The policy.
    pub resolved: &'d Resolved,
    /// The publisher.
    pub publisher: &'d Publisher,
}

/// What happens when a candidate replaces the deployed policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The worst of its changes.
    pub verdict: PlanVerdict,
    /// The longest of its changes, in the same way; none where it is safe, or never will be.
    pub safe_after: Option<String>,
    /// Every loss of its changes.
    pub loses: Vec<Loss>,
    /// Everything that differs: of the publisher, and then of the settings in their order.
    pub changes: Vec<Change>,
    /// The example of the first of its worst changes that has one.
    pub example: Vec<Row>,
    /// Laws of the candidate's lists that begin to apply after the day of the shipped table, whatever changes.
    pub coming: Vec<ComingLaw>,
}

/// A state's opt-out law that begins to apply on a day to come: from then on users there who say nothing are no longer granted
/// anything, and those who opt out are withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComingLaw {
    /// The state, as in ISO 3166-2 after `US-`.
    pub state: String,
    /// The day, `YYYY-MM-DD`.
    pub from: String,
}

impl Plan {
    /// The plan for `candidate` to replace `deployed`, on the pages of the same publisher.
    #[must_use]
    pub fn of(deployed: &Resolved, candidate: &Resolved) -> Self {
        let publisher = Publisher::default();
        let of = |resolved| Deployment {
            resolved,
            publisher: &publisher,
        };
        Self::between(of(deployed), of(candidate))
    }

    /// Adds what is lost by something that is no setting of either policy. What loses something is unsafe.
    pub fn add_loss(&mut self, loss: Option<Loss>) {
        if let Some(loss) = loss {
            self.loses.insert(0, loss);
            self.verdict = PlanVerdict::Unsafe;
            self.safe_after = None;
        }
    }

    /// The plan for `candidate` to replace `deployed`.
    #[must_use]
    pub fn between(deployed: Deployment<'_>, candidate: Deployment<'_>) -> Self {
        let written = [deployed.resolved, candidate.resolved];
        let pair = Pair::of(deployed, candidate);
        let mut longest: Option<Seconds> = None;
        let mut verdict = PlanVerdict::Safe;
        let mut changes = Vec::new();
        for (differs, impact) in impacts(&pair, written) {
            verdict = verdict.max(impact.verdict);
            longest = longest.max(impact.safe_after);
            changes.push(change(differs, impact, &pair, written));
        }
        let worst = changes.iter().filter(|change| change.verdict == verdict);
        let example = worst
            .map(|change| &change.example)
            .find(|example| !example.is_empty());
        let losses = changes.iter().flat_map(|change| &change.loses);
        Self {
            verdict,
            safe_after: longest
                .filter(|_| verdict == PlanVerdict::Wait)
                .map(|after| as_written(after, written)),
            example: example.cloned().unwrap_or_default(),
            loses: losses.cloned().collect(),
            changes,
            coming: coming(pair.candidate),
        }
    }
}

impl PlanVerdict {
    /// The verdict alone on `candidate` replacing `deployed`, for which no example is run.
    #[must_use]
    pub fn between(deployed: Deployment<'_>, candidate: Deployment<'_>) -> Self {
        let written = [deployed.resolved, candidate.resolved];
        let impacts = impacts(&Pair::of(deployed, candidate), written);
        let verdicts = impacts.into_iter().map(|(_, impact)| impact.verdict);
        verdicts.max().unwrap_or(Self::Safe)
    }
}

/// When a change is effective that a running server refuses.
const AFTER_RESTART: &str =
    "when each native server is restarted: until then it keeps the previous value";

/// Everything that differs, of the publisher and of the settings, and what is known of it.
fn impacts(pair: &Pair<'_>, [deployed, candidate]: [&Resolved; 2]) -> Vec<(Differs, Impact)> {
    let differences = between(deployed, candidate);
    let of_settings = differences.iter().map(|difference| {
        let differs = Differs::from(difference);
        let mut impact = impacts::of(difference.key(), pair);
        if known_setting(difference.key()).is_some_and(|setting| setting.restart) {
            impact.effect = AFTER_RESTART;
        }
        (differs, impact)
    });
    publisher::between(pair).chain(of_settings).collect()
}

fn coming(candidate: &EcPolicy) -> Vec<ComingLaw> {
    let states = candidate.consent.us_states.coming();
    let law = |state: &UsState| ComingLaw {
        state: state.code.clone(),
        from: scenarios::date(state.starts),
    };
    states.into_iter().map(law).collect()
}

/// What differs: its full key, both values, and both as people read them.
struct Differs {
    key: String,
    from: Value,
    to: Value,
    shown: (String, String),
}

impl From<&Difference<'_>> for Differs {
    fn from(difference: &Difference<'_>) -> Self {
        Self {
            key: full_key(difference.key()),
            from: difference.from.value.clone(),
            to: difference.to.value.clone(),
            shown: shown(difference),
        }
    }
}

/// Both values as people read them; of declared partners the fields that differ.
fn shown(difference: &Difference<'_>) -> (String, String) {
    let partners = difference.partners();
    if partners.is_empty() {
        return difference.shown();
    }
    let each = partners.iter().map(|partner| {
        let key = partner.key();
        let name = key.strip_prefix("partners.").unwrap_or(&key);
        let (from, to) = partner.shown();
        (format!("{name} = {from}"), format!("{name} = {to}"))
    });
    let (from, to): (Vec<String>, Vec<String>) = each.unzip();
    (from.join("; "), to.join("; "))
}

/// A time as it is written in a policy, where it is a setting's: `48h` and not `2d`; else in the largest exact unit.
fn as_written(time: Seconds, policies: [&Resolved; 2]) -> String {
    let exact = time.to_string();
    let meant = Value::from(exact.as_str());
    let values = policies.into_iter().flat_map(|policy| &policy.values);
    match values.into_iter().find(|value| value.digested == meant) {
        Some(EffectiveValue {
            value: Value::Text(written),
            ..
        }) => written.clone(),
        _ => exact,
    }
}

fn change(differs: Differs, impact: Impact, pair: &Pair<'_>, written: [&Resolved; 2]) -> Change {
    let loss = |(what, who)| Loss {
        key: differs.key.clone(),
        what,
        who,
        avoid: impact.fix.clone().unwrap_or_default(),
    };
    Change {
        loses: impact.loses.into_iter().map(loss).collect(),
        key: differs.key,
        from: differs.from,
        to: differs.to,
        shown: differs.shown,
        effect: impact.effect,
        records: impact.records,
        verdict: impact.verdict,
        safe_after: impact.safe_after.map(|after| as_written(after, written)),
        why: impact.why,
        mixed: impact.mixed,
        fix: impact.fix,
        example: impact
            .scenario
            .map_or_else(Vec::new, |scenario| scenario.run(pair)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_cookie::policy::known_settings;

    #[test]
    fn every_setting_has_its_own_impact_and_every_impact_a_setting() {
        for setting in known_settings() {
            assert!(impacts::is_known(setting.key), "{} has none", setting.key);
        }
        assert_eq!(impacts::count(), known_settings().len());
    }
}
