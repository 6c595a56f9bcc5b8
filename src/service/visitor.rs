//! The user behind a request: what they consent to, and who they are known as.

use http::request::Parts;

use super::cookie::EcCookies;
use super::head::{cookies, gpc};
use super::{Client, Setup};
use crate::consent::{Judgement, Place, Signal, Signals, Undecodable, Verdict, judge};
use crate::policy::EcPolicy;
use crate::record::ConsentStrings;

/// The user behind a request.
#[derive(Debug)]
pub(super) struct Visitor {
    judgement: Judgement,
    pub(super) cookies: EcCookies,
    /// Consent as the browser gave it.
    pub(super) strings: ConsentStrings,
}

impl Visitor {
    pub(super) fn of(head: &Parts, client: &Client, setup: &Setup) -> Self {
        let headers = &head.headers;
        let mut signals = Signals::gpc(gpc(headers));
        let mut ec_cookies = EcCookies::default();
        for (name, value) in cookies(headers) {
            if name == setup.policy.cookie.name.as_str() {
                ec_cookies.add(value);
            }
            if let Some(signal) = Signal::of_cookie(name) {
                signals.add(signal, value);
            }
        }
        let place = client.place.as_ref().map(|place| Place {
            country: &place.country,
            region: place.region.as_deref(),
        });
        let judged = |policy: &EcPolicy| judge(&signals, place.as_ref(), &policy.consent);
        Self {
            judgement: strictest(&ec_cookies, setup, judged),
            cookies: ec_cookies,
            strings: ConsentStrings {
                tcf: signals.first(Signal::Tcf).map(Into::into),
                gpp: signals.first(Signal::Gpp).map(Into::into),
            },
        }
    }

    /// Whether the user lets an identity be kept.
    pub(super) const fn verdict(&self) -> Verdict {
        self.judgement.verdict
    }

    /// The signals that could not be decoded.
    pub(super) fn undecodable(&self) -> impl Iterator<Item = Undecodable> {
        self.judgement.undecodable.iter().copied()
    }
}

/// The judgement under the policy of the user's ids. One user may hold ids under both policies of a rollout: what either
/// of them forbids is not done.
fn strictest(
    cookies: &EcCookies,
    setup: &Setup,
    judged: impl Fn(&EcPolicy) -> Judgement,
) -> Judgement {
    let mut policies = cookies.ids().iter().map(|id| setup.policy_of(id));
    let first = policies.next().unwrap_or(&setup.policy);
    let judgement = judged(first);
    let other = policies.find(|policy| !std::ptr::eq(*policy, first));
    match other.map(judged) {
        Some(other) if other.verdict > judgement.verdict => other,
        _ => judgement,
    }
}
