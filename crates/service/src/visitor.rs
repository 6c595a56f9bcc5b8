//! The user behind a request: what they consent to, and who they are known as.

use http::HeaderMap;
use http::request::Parts;

use super::cookie::EcCookies;
use super::{Client, ServiceEvent, Setup};
use crate::consent::{
    AskedRequest, ConsentDecision, Explanation, Location, Signals, Verdict, decide, explain,
};
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::ConsentStrings;

/// The user behind a request.
#[derive(Debug)]
pub(super) struct Visitor<'r> {
    signals: Signals<'r>,
    decision: ConsentDecision,
    pub(super) cookies: EcCookies,
}

impl<'r> Visitor<'r> {
    pub(super) fn of(head: &'r Parts, client: &Client, setup: &Setup, now: Timestamp) -> Self {
        let (signals, ec_cookies) = signals(&head.headers, setup);
        let place = client.place.as_ref().map(Location::of);
        let decided = |policy: &EcPolicy| decide(&signals, place.as_ref(), &policy.consent, now);
        Self {
            decision: strictest(&ec_cookies, setup, decided).1,
            cookies: ec_cookies,
            signals,
        }
    }

    /// Whether the user lets an identity be kept.
    pub(super) const fn verdict(&self) -> Verdict {
        self.decision.verdict()
    }

    /// What their record keeps of their consent.
    pub(super) fn strings(&self, setup: &Setup) -> ConsentStrings {
        let most = setup.policy.entry.max_body_bytes as usize;
        self.decision.strings(&self.signals, most)
    }

    /// Reports what could not be decoded, and which consents did not count.
    pub(super) fn report(&self, record: impl Fn(ServiceEvent<'_>)) {
        let ConsentDecision {
            rejected,
            undecodable,
            ..
        } = &self.decision;
        for of in undecodable {
            record(ServiceEvent::Undecodable(*of));
        }
        for why in rejected {
            record(ServiceEvent::ConsentRejected(*why));
        }
    }
}

/// The signals of a request and its EC cookies, read at once.
fn signals<'r>(headers: &'r HeaderMap, setup: &Setup) -> (Signals<'r>, EcCookies) {
    let policy = &setup.policy;
    let mut ec_cookies = EcCookies::default();
    let signals = Signals::of_request(headers, &policy.consent_cookies, |name, value| {
        if name == policy.cookie.name.as_str() {
            ec_cookies.add(value);
        }
    });
    (signals, ec_cookies)
}

/// Why a request is decided as it is, under the policy that decides of it.
pub(super) fn explained(asked: &AskedRequest, setup: &Setup, now: Timestamp) -> Explanation {
    let (signals, ec_cookies) = signals(asked.headers(), setup);
    let (place, at) = (asked.place(), asked.at(now));
    let decided = |policy: &EcPolicy| decide(&signals, place.as_ref(), &policy.consent, at);
    let (policy, _) = strictest(&ec_cookies, setup, decided);
    let rollout = setup.rollout.as_ref();
    let candidate = rollout.filter(|_| !std::ptr::eq(policy, &raw const setup.policy));
    let profile = candidate.map_or(&setup.profile, |rollout| &rollout.profile);
    let explanation = explain(&signals, place.as_ref(), &policy.consent, at);
    explanation.under(profile, &policy.digest)
}

/// The decision, with its policy: that of the user's ids. One user may hold ids under both policies of a rollout: what either
/// of them forbids is not done.
pub(super) fn strictest<'s>(
    cookies: &EcCookies,
    setup: &'s Setup,
    decided: impl Fn(&EcPolicy) -> ConsentDecision,
) -> (&'s EcPolicy, ConsentDecision) {
    let mut policies = cookies.ids().iter().map(|id| setup.policy_of(id));
    let first = policies.next().unwrap_or(&setup.policy);
    let decision = decided(first);
    let other = policies.find(|policy| !std::ptr::eq(*policy, first));
    match other.map(|policy| (policy, decided(policy))) {
        Some((policy, other)) if other.verdict() > decision.verdict() => (policy, other),
        _ => (first, decision),
    }
}
