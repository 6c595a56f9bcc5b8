//! Consent: what a browser's signals mean under the law of the place where its user is (`API.md`, consent).
//!
//! ```
//! use edge_cookie::consent::{Place, Signals, Verdict, judge};
//! use edge_cookie::policy::EcPolicy;
//!
//! let rules = EcPolicy::default().consent;
//! let california = Place { country: "US", region: Some("CA") };
//! let opted_out = Signals { gpc: true, ..Signals::default() };
//! assert_eq!(judge(&opted_out, Some(&california), &rules).verdict, Verdict::Withdrawn);
//! ```

mod bits;
mod gpp;
mod tcf;
mod us;

use gpp::Gpp;
use tcf::Tcf;
use us::{Choice, us_privacy};

use crate::policy::settings::{Consent, HonourRefusals};

/// What a browser says, undecoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signals<'r> {
    /// Global Privacy Control: `Sec-GPC: 1`.
    pub gpc: bool,
    /// The cookie `us_privacy`.
    pub us_privacy: Option<&'r str>,
    /// The cookie `euconsent-v2`, a TCF string.
    pub tcf: Option<&'r str>,
    /// The cookie `__gpp`.
    pub gpp: Option<&'r str>,
}

/// Where a user is known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'r> {
    /// The country's ISO 3166-1 alpha-2 code.
    pub country: &'r str,
    /// The state, where it is known.
    pub region: Option<&'r str>,
}

/// Whether an identity may be kept, in the order of how much that forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It may.
    Granted,
    /// No one has said that it may: nothing new is kept, and nothing goes.
    NotGranted,
    /// The user says that it may not: what is kept must go.
    Withdrawn,
}

/// A signal that is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The US Privacy string.
    UsPrivacy,
    /// The TCF string.
    Tcf,
    /// The GPP string, or a section of it.
    Gpp,
}

impl Signal {
    /// The name of the cookie it comes in.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UsPrivacy => "us_privacy",
            Self::Tcf => "euconsent-v2",
            Self::Gpp => "__gpp",
        }
    }
}

/// What signals mean at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether an identity may be kept.
    pub verdict: Verdict,
    /// What could not be decoded, and counts as absent.
    pub undecodable: Vec<Signal>,
}

/// Judges what `signals` mean at `place`; none where the place is not known.
#[must_use]
pub fn judge(signals: &Signals<'_>, place: Option<&Place<'_>>, rules: &Consent) -> Judgement {
    let mut undecodable = Vec::new();
    let said = Said::decode(signals, place, &mut undecodable);
    let verdict = match place {
        None => Verdict::NotGranted,
        Some(_) if said.refusal && rules.honour_refusals == HonourRefusals::Everywhere => {
            Verdict::Withdrawn
        }
        Some(place) => match Law::of(place, rules) {
            Law::OptIn => match said.tcf {
                Some(true) => Verdict::Granted,
                Some(false) => Verdict::Withdrawn,
                None => Verdict::NotGranted,
            },
            Law::OptOut => said.under_opt_out(),
            Law::Neither => Verdict::Granted,
        },
    };
    Judgement {
        verdict,
        undecodable,
    }
}

/// Which law is in force at a place.
enum Law {
    OptIn,
    OptOut,
    Neither,
}

const UNITED_STATES: &str = "US";

impl Law {
    /// A state that is not known may be any: the law of those that have one is kept.
    fn of(place: &Place<'_>, rules: &Consent) -> Self {
        let covered = |region: &str| rules.us_states.contains(region);
        if rules.gdpr_countries.contains(place.country) {
            Self::OptIn
        } else if place.country == UNITED_STATES && place.region.is_none_or(covered) {
            Self::OptOut
        } else {
            Self::Neither
        }
    }
}

/// What signals say once decoded.
struct Said {
    /// Whether the user opts out of the sale of their data, by GPC, GPP or US Privacy.
    opted_out: bool,
    /// Whether the user says that they do not.
    not_opted_out: bool,
    /// Whether TCF consents to purpose 1, where it is present.
    tcf: Option<bool>,
    /// Whether any of it is an explicit refusal.
    refusal: bool,
}

impl Said {
    fn decode(
        signals: &Signals<'_>,
        place: Option<&Place<'_>>,
        undecodable: &mut Vec<Signal>,
    ) -> Self {
        let state = place.and_then(|place| place.region);
        let gpp = signals.gpp.and_then(|text| {
            let gpp = Gpp::decode(text, state);
            if gpp.as_ref().is_none_or(|gpp| gpp.broken) {
                undecodable.push(Signal::Gpp);
            }
            gpp
        });
        let mut decoded = |signal, failed: bool| {
            if failed {
                undecodable.push(signal);
            }
        };
        let privacy = signals.us_privacy.map(us_privacy);
        decoded(Signal::UsPrivacy, privacy == Some(None));
        let own = signals.tcf.map(Tcf::decode);
        decoded(Signal::Tcf, own == Some(None));
        let choices = [
            signals.gpc.then_some(Choice::OptedOut),
            privacy.flatten(),
            gpp.as_ref().and_then(|gpp| gpp.choice),
        ];
        // Of two TCF strings the later one counts, and where both are of one time, a refusal.
        let tcf = [own.flatten(), gpp.and_then(|gpp| gpp.tcf)];
        let tcf = tcf.into_iter().flatten().max();
        let tcf = tcf.map(Tcf::consents);
        let opted_out = choices.contains(&Some(Choice::OptedOut));
        Self {
            opted_out,
            not_opted_out: choices.contains(&Some(Choice::NotOptedOut)),
            tcf,
            refusal: opted_out || tcf == Some(false),
        }
    }

    /// An opt-out beats TCF; TCF beats what else says that there is none.
    fn under_opt_out(&self) -> Verdict {
        match (self.opted_out, self.tcf) {
            (true, _) | (false, Some(false)) => Verdict::Withdrawn,
            (false, Some(true)) => Verdict::Granted,
            (false, None) if self.not_opted_out => Verdict::Granted,
            (false, None) => Verdict::NotGranted,
        }
    }
}
