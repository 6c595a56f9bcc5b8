//! The user behind a request: what they consent to, and who they are known as.

use http::request::Parts;

use super::cookie::EcCookies;
use super::head::{cookies, gpc};
use super::{Client, Setup};
use crate::clock::Timestamp;
use crate::consent::{ConsentDecision, Place, Signal, Signals, Undecodable, Verdict, decide};
use crate::policy::EcPolicy;
use crate::record::ConsentStrings;

/// The user behind a request.
#[derive(Debug)]
pub(super) struct Visitor {
    decision: ConsentDecision,
    pub(super) cookies: EcCookies,
    /// Consent as the browser gave it.
    pub(super) strings: ConsentStrings,
}

impl Visitor {
    pub(super) fn of(head: &Parts, client: &Client, setup: &Setup, now: Timestamp) -> Self {
        let headers = &head.headers;
        let mut signals = Signals::gpc(gpc(headers));
        let mut ec_cookies = EcCookies::default();
        for (name, value) in cookies(headers) {
            if name == setup.policy.cookie.name.as_str() {
                ec_cookies.add(value);
            }
            if let Some(signal) = Signal::of_cookie(name, &setup.policy.consent_cookies) {
                signals.add(signal, value);
            }
        }
        let place = client.place.as_ref().map(|place| Place {
            country: &place.country,
            region: place.region.as_deref(),
        });
        let decided = |policy: &EcPolicy| decide(&signals, place.as_ref(), &policy.consent, now);
        Self {
            decision: strictest(&ec_cookies, setup, decided),
            cookies: ec_cookies,
            strings: ConsentStrings {
                tcf: signals.first(Signal::Tcf).map(Into::into),
                gpp: signals.first(Signal::Gpp).map(Into::into),
            },
        }
    }

    /// Whether the user lets an identity be kept.
    pub(super) const fn verdict(&self) -> Verdict {
        self.decision.verdict()
    }

    /// The signals that could not be decoded.
    pub(super) fn undecodable(&self) -> impl Iterator<Item = Undecodable> {
        self.decision.undecodable.iter().copied()
    }
}

/// The decision under the policy of the user's ids. One user may hold ids under both policies of a rollout: what either
/// of them forbids is not done.
fn strictest(
    cookies: &EcCookies,
    setup: &Setup,
    decided: impl Fn(&EcPolicy) -> ConsentDecision,
) -> ConsentDecision {
    let mut policies = cookies.ids().iter().map(|id| setup.policy_of(id));
    let first = policies.next().unwrap_or(&setup.policy);
    let decision = decided(first);
    let other = policies.find(|policy| !std::ptr::eq(*policy, first));
    match other.map(decided) {
        Some(other) if other.verdict() > decision.verdict() => other,
        _ => decision,
    }
}
