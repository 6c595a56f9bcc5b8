//! Why a decision is what it is: every signal field by field, the rules that follow from them, the law of the place.
//!
//! The same decoders report that decide: no field is read in another way than the decision reads it.

mod fields;
mod law;
mod recorder;

pub use fields::{FieldShown, Ranges, SignalField};
pub use law::ExplainedLaw;
pub use recorder::{ExplainedPart, ExplainedSignal, FieldFault, Meaning};

use serde::{Serialize, Serializer};

use super::decoded::DecodedSignals;
use super::law::{Law, Location};
use super::rules::{ConsentRule, RULES, RuleRow};
use super::signal::Signals;
use super::{Honoured, Verdict, consent, deciding};
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::PolicyDigest;
use edge_cookie::policy::setting::SettingValue;
use edge_cookie::policy::settings::Consent;
use edge_cookie::policy::value::Value;
use recorder::Recorder;

/// A decision with everything that it follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The policy that it is under, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<ExplainedPolicy>,
    /// Whether an identity may be kept.
    #[serde(serialize_with = "as_word")]
    pub verdict: Verdict,
    /// The name of the rule that decides.
    pub rule: &'static str,
    /// The time at which it is decided.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// Where the user is, as `US-CA`; none where that is not known.
    pub place: Option<String>,
    /// The law of that place.
    pub law: ExplainedLaw,
    /// The policy's settings that decisions depend on.
    pub settings: Vec<ExplainedSetting>,
    /// Every value of every signal, in the order sent.
    pub signals: Vec<ExplainedSignal>,
    /// The rules that the signals and the place lead to, in the order of the table.
    pub rules: Vec<MatchedRule>,
}

impl Explanation {
    /// The same, with the policy that it is under.
    #[must_use]
    pub fn under(self, profile: &str, digest: &PolicyDigest) -> Self {
        let policy = ExplainedPolicy {
            profile: profile.to_owned(),
            digest: digest.as_str().to_owned(),
        };
        Self {
            policy: Some(policy),
            ..self
        }
    }
}

/// The policy that an explanation is under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExplainedPolicy {
    /// Its profile.
    pub profile: String,
    /// Its digest.
    pub digest: String,
}

/// A setting that decisions depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExplainedSetting {
    /// Its key.
    pub key: &'static str,
    /// Its value, as it is written.
    pub value: Value,
}

/// A row of the table, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MatchedRule {
    /// Its name.
    pub rule: &'static str,
    /// What it decides where no other comes first.
    #[serde(serialize_with = "as_word")]
    pub verdict: Verdict,
    /// `decides`; `outranked`, where another one comes first; `not_here`, where it does not count at this place.
    pub effect: &'static str,
    /// What says it; empty where the place alone leads to it.
    pub by: Vec<String>,
    /// Where it applies.
    pub place: &'static str,
    /// What the signals say.
    pub says: &'static str,
    /// The law, the specification's section, or the setting that it follows from.
    pub source: &'static str,
    /// The day from which it applies, `YYYY-MM-DD`.
    pub since: Option<&'static str>,
}

/// Explains what [`decide`](super::decide) decides.
#[must_use]
pub fn explain(
    signals: &Signals<'_>,
    place: Option<&Location<'_>>,
    rules: &Consent,
    now: Timestamp,
) -> Explanation {
    let mut recorder = Recorder::default();
    if signals.has_gpc() {
        recorder.gpc();
    }
    let region = place.and_then(|place| place.region);
    let said = DecodedSignals::of(signals, region, rules, now, &mut recorder);
    let law = Law::of(place, rules, now);
    let decides = deciding(&said, signals, law, rules);
    let of_signals = |row: &&RuleRow| recorder.said.iter().any(|said| said.rule == row.rule);
    let of_the_place = |row: &&RuleRow| {
        row.rule == decides || (row.rule == ConsentRule::TooManyValues && signals.overflown())
    };
    let matched = RULES
        .iter()
        .filter(|row| of_signals(row) || of_the_place(row));
    let matched = matched.map(|row| MatchedRule {
        rule: row.name,
        verdict: row.verdict,
        effect: match row.rule {
            rule if rule == decides => "decides",
            rule if counts(rule, &said, law, rules) => "outranked",
            _ => "not_here",
        },
        by: recorder.sources(row.rule),
        place: row.place,
        says: row.says,
        source: row.source,
        since: row.since,
    });
    let matched = matched.collect();
    let mut signals = recorder.signals;
    let parts = signals.iter_mut().flat_map(|signal| &mut signal.parts);
    for field in parts.flat_map(|part| &mut part.fields) {
        field.complete();
    }
    Explanation {
        policy: None,
        verdict: decides.verdict(),
        rule: decides.name(),
        at: now,
        place: place.map(|place| match place.region {
            Some(region) => format!("{}-{region}", place.country),
            None => place.country.to_owned(),
        }),
        law: ExplainedLaw::of(law, place, rules, now),
        settings: settings(rules),
        signals,
        rules: matched,
    }
}

/// Whether a rule that the signals lead to counts where this law applies.
fn counts(rule: ConsentRule, said: &DecodedSignals, law: Law, rules: &Consent) -> bool {
    let honoured = Honoured::at(law, consent(said, law).is_some(), rules);
    match rule {
        ConsentRule::TcfRefusal => honoured.tcf,
        ConsentRule::SaleOptOut | ConsentRule::SharingOptOut | ConsentRule::TargetedOptOut => {
            honoured.us
        }
        ConsentRule::Gpc => honoured.gpc,
        ConsentRule::TcfConsent => matches!(law, Law::OptIn | Law::OptOut),
        ConsentRule::CanadaConsent => law == Law::OptInCanada,
        ConsentRule::NotOptedOut => law == Law::OptOut,
        _ => true,
    }
}

fn settings(rules: &Consent) -> Vec<ExplainedSetting> {
    let setting = |key, value| ExplainedSetting { key, value };
    vec![
        setting("ec.consent.honour_refusals", rules.honour_refusals.show()),
        setting(
            "ec.consent.us_without_signal",
            rules.us_without_signal.show(),
        ),
        setting("ec.consent.gpc_in_opt_in", rules.gpc_in_opt_in.show()),
        setting("ec.consent.tcf_max_age", rules.tcf_max_age.show()),
        setting("ec.consent.clock_skew", rules.clock_skew.show()),
        setting("ec.consent.tcf_validity", rules.tcf_validity.show()),
    ]
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference over"
)]
fn as_word<S: Serializer>(verdict: &Verdict, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(verdict.as_str())
}

fn as_text<S: Serializer>(shown: &impl ToString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&shown.to_string())
}
