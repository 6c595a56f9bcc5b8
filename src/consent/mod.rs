//! Consent: what a browser's signals mean under the law of the place where its user is (`API.md`, consent).
//!
//! No grant over a refusal, and no refusal lost: every value of every signal counts, a refusal among them beats whatever else is
//! said, and what cannot be decoded grants nothing.
//!
//! ```
//! use edge_cookie::consent::{Place, Signals, Verdict, judge};
//! use edge_cookie::policy::EcPolicy;
//!
//! let rules = EcPolicy::default().consent;
//! let california = Place { country: "US", region: Some("CA") };
//! let opted_out = Signals::gpc(true);
//! assert_eq!(judge(&opted_out, Some(&california), &rules).verdict, Verdict::Withdrawn);
//! ```

mod bits;
mod canada;
mod fault;
mod gpp;
mod law;
mod said;
mod sections;
mod segments;
mod signal;
mod tcf;
mod us;

pub use fault::{Fault, Why};
pub use law::Place;
pub use said::{Block, Refusal};
pub use signal::{MAX_SIGNALS, Signal, Signals, Undecodable};

use crate::policy::settings::{Consent, HonourRefusals};
use law::Law;
use said::Said;

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

/// What signals mean at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether an identity may be kept.
    pub verdict: Verdict,
    /// What could not be decoded: it grants nothing, and what it refuses before the fault counts.
    pub undecodable: Vec<Undecodable>,
}

/// Judges what `signals` mean at `place`; none where the place is not known.
#[must_use]
pub fn judge(signals: &Signals<'_>, place: Option<&Place<'_>>, rules: &Consent) -> Judgement {
    let said = Said::of(signals, place.and_then(|place| place.region));
    Judgement {
        verdict: decide(&said, place, rules),
        undecodable: said.undecodable,
    }
}

/// A refusal first, then what keeps anything from being granted, then what the law of the place asks for.
fn decide(said: &Said, place: Option<&Place<'_>>, rules: &Consent) -> Verdict {
    let law = place.map(|place| Law::of(place, rules));
    let refused = match (rules.honour_refusals, law) {
        (HonourRefusals::Everywhere, _) | (_, Some(Law::OptOut)) => said.refuses(),
        (HonourRefusals::ByPlace, Some(Law::OptIn)) => said.refuses_purpose_one,
        (HonourRefusals::ByPlace, Some(Law::Neither) | None) => false,
    };
    let granted = match law {
        _ if said.block.is_some() => false,
        Some(Law::OptIn) => said.consents_to_purpose_one,
        Some(Law::OptOut) => said.consents_to_purpose_one || said.not_opted_out,
        Some(Law::Neither) => true,
        None => false,
    };
    match (refused, granted) {
        (true, _) => Verdict::Withdrawn,
        (false, true) => Verdict::Granted,
        (false, false) => Verdict::NotGranted,
    }
}
