//! The cookie that carries the EC id.

use http::HeaderValue;

use super::Setup;
use crate::policy::settings::Cookie;
use crate::record::EcId;

/// The EC cookie of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EcCookie {
    /// There is none.
    None,
    /// There is one, but no id in it.
    Malformed,
    /// It holds this id. Where several cookies of the name came along, the first that holds one.
    Valid(EcId),
}

impl EcCookie {
    /// What it is after another cookie of its name, with this value.
    pub(super) fn with(self, value: &str) -> Self {
        match self {
            Self::Valid(_) => self,
            Self::None | Self::Malformed => value.parse().map_or(Self::Malformed, Self::Valid),
        }
    }
}

/// Gives the browser an id.
pub(super) fn set(setup: &Setup, id: &EcId) -> Option<HeaderValue> {
    let rules = &setup.policy_of(id).cookie;
    written(setup, rules, id.as_str(), rules.max_age.seconds())
}

/// Takes the browser's id away.
pub(super) fn expire(setup: &Setup) -> Option<HeaderValue> {
    written(setup, &setup.policy.cookie, "", 0)
}

/// The same name, domain, path and attributes each time: only so does a browser replace the cookie (RFC 6265,
/// section 5.3).
fn written(setup: &Setup, rules: &Cookie, value: &str, max_age: u64) -> Option<HeaderValue> {
    let domain = setup.publisher.domain.as_ref();
    let domain = domain.map_or_else(String::new, |domain| format!("; Domain=.{domain}"));
    let same_site = rules.same_site.word();
    let http_only = if rules.http_only { "; HttpOnly" } else { "" };
    let written = format!(
        "{}={value}{domain}; Path=/; Max-Age={max_age}; SameSite={same_site}; Secure{http_only}",
        rules.name
    );
    HeaderValue::from_str(&written).ok()
}
