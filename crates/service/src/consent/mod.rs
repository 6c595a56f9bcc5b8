//! Consent: what a browser's signals mean under the law of the place where its user is (`docs/consent.md`).
//!
//! No grant over a refusal, and no refusal lost: every value of every signal counts, a refusal among them beats whatever else is
//! said, and what cannot be decoded grants nothing. Which rule decides, and by which law, is a row of [`RULES`].
//!
//! ```
//! use edge_cookie::clock::Timestamp;
//! use edge_cookie_service::consent::{Location, ConsentRule, Signals, Verdict, decide};
//! use edge_cookie::policy::EcPolicy;
//!
//! let policy = EcPolicy::default();
//! let now = Timestamp::from_unix(1_790_000_000);
//! let california = Location { country: "US", region: Some("CA") };
//! let opted_out = Signals::gpc(true);
//! let decision = decide(&opted_out, Some(&california), &policy.consent, now);
//! assert_eq!((decision.verdict(), decision.rule), (Verdict::Withdrawn, ConsentRule::Gpc));
//! ```

mod asked;
mod bits;
#[cfg(test)]
mod bounds;
mod canada;
mod decoded;
mod evidence;
pub mod explain;
mod fault;
mod gpp;
mod law;
mod request;
mod rules;
pub mod sample;
mod sections;
mod segments;
mod signal;
mod sink;
mod tcf;
mod us;
mod validity;

pub use asked::{AskError, AskedRequest, WrittenRequest};
pub use explain::{Explanation, explain};
pub use fault::{Fault, Why};
pub use law::Location;
pub use rules::{ConsentRule, RULES, RuleRow};
pub use sections::{Section, SectionField, us_sections};
pub use signal::{MAX_SIGNALS, MAX_UNDECODABLE, Signal, Signals, Undecodable};

use decoded::DecodedSignals;
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::settings::{Consent, GpcInOptIn, HonourRefusals, UsWithoutSignal};
use evidence::{Granting, ValueSet};
use law::Law;

/// Whether an identity may be kept, in the order of how much that forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It may.
    Granted,
    /// Nothing says that it may: nothing new is kept, and nothing goes.
    NotGranted,
    /// The user says that it may not: what is kept must go.
    Withdrawn,
}

/// What signals mean at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentDecision {
    /// The rule that decides.
    pub rule: ConsentRule,
    /// Why consents by TCF did not count, one rule a string.
    pub rejected: Vec<ConsentRule>,
    /// What could not be decoded, the first [`MAX_UNDECODABLE`]: it grants nothing, and what it refuses before the fault counts.
    pub undecodable: Vec<Undecodable>,
    /// The values that the rule rests on.
    granting: ValueSet,
    /// Whether Global Privacy Control is on, in whatever signal.
    gpc: bool,
}

impl Verdict {
    /// In a word, as explanations have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::NotGranted => "not_granted",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl ConsentDecision {
    /// Whether an identity may be kept.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.rule.verdict()
    }
}

/// Decides what `signals` mean at `place`, none where it is not known, at the time `now`.
#[must_use]
pub fn decide(
    signals: &Signals<'_>,
    place: Option<&Location<'_>>,
    rules: &Consent,
    now: Timestamp,
) -> ConsentDecision {
    let region = place.and_then(|place| place.region);
    let mut granting = Granting::default();
    let said = DecodedSignals::of(signals, region, rules, now, &mut granting);
    let rule = deciding(&said, signals, Law::of(place, rules, now), rules);
    ConsentDecision {
        rule,
        rejected: said.rejected,
        undecodable: said.undecodable,
        granting: granting.by(rule),
        gpc: said.gpc,
    }
}

/// A refusal first, then what keeps anything from being granted, then what the law of the place asks for.
fn deciding(
    said: &DecodedSignals,
    signals: &Signals<'_>,
    law: Law,
    rules: &Consent,
) -> ConsentRule {
    let consent = consent(said, law);
    refusal(said, Honoured::at(law, consent.is_some(), rules))
        .or(said.block)
        .or(consent)
        .unwrap_or_else(|| match law {
            Law::OptIn => said
                .rejected
                .first()
                .copied()
                .unwrap_or(ConsentRule::NoConsent),
            Law::OptInCanada => ConsentRule::NoConsent,
            Law::OptOut if said.not_opted_out => ConsentRule::NotOptedOut,
            Law::OptOut if said.tcf_consent => ConsentRule::TcfConsent,
            Law::OptOut
                if signals.is_empty() && rules.us_without_signal == UsWithoutSignal::Grant =>
            {
                ConsentRule::UsNoSignal
            }
            Law::OptOut => ConsentRule::UsNotSaid,
            Law::Neither => ConsentRule::NoLaw,
            Law::Unknown => ConsentRule::UnknownPlace,
        })
}

/// The consent that the law of the place asks for, where it is given.
fn consent(said: &DecodedSignals, law: Law) -> Option<ConsentRule> {
    match law {
        Law::OptIn => said.tcf_consent.then_some(ConsentRule::TcfConsent),
        Law::OptInCanada => said.canada_express.then_some(ConsentRule::CanadaConsent),
        Law::OptOut | Law::Neither | Law::Unknown => None,
    }
}

/// The refusals that count at a place: of TCF, of US signals, of Global Privacy Control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Honoured {
    tcf: bool,
    us: bool,
    gpc: bool,
}

impl Honoured {
    /// Those that count where this law applies, `consents` being whether a consent that it asks for is given.
    fn at(law: Law, consents: bool, rules: &Consent) -> Self {
        let by_place = rules.honour_refusals == HonourRefusals::ByPlace;
        let [tcf, us, gpc] = match law {
            Law::OptOut => [true; 3],
            Law::OptIn | Law::OptInCanada => {
                let consent_outweighs = consents && rules.gpc_in_opt_in == GpcInOptIn::Ignore;
                [true, !by_place, !consent_outweighs]
            }
            Law::Neither | Law::Unknown => [!by_place; 3],
        };
        Self { tcf, us, gpc }
    }
}

/// What refuses, of what counts at the place.
fn refusal(said: &DecodedSignals, honoured: Honoured) -> Option<ConsentRule> {
    let refuses = |counts: bool, said: bool, rule| (counts && said).then_some(rule);
    refuses(honoured.tcf, said.tcf_refusal, ConsentRule::TcfRefusal)
        .or_else(|| refuses(true, said.canada_refusal, ConsentRule::CanadaRefusal))
        .or_else(|| said.us_refusal.filter(|_| honoured.us))
        .or_else(|| refuses(honoured.gpc, said.gpc, ConsentRule::Gpc))
}
