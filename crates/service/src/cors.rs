//! Which pages may ask for a user's uid.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue};

use edge_cookie::policy::publisher::{Domain, OriginUrl};
use edge_cookie::policy::types::Seconds;

/// Where a request says it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RequestOrigin {
    /// It does not say: it is no page's.
    Unsaid,
    /// A page of the publisher.
    Own(HeaderValue),
    /// Anywhere else.
    Foreign,
}

impl RequestOrigin {
    pub(super) fn of(headers: &HeaderMap, publisher: Option<&Domain>) -> Self {
        let mut given = headers.get_all(ORIGIN).iter();
        match (given.next(), given.next()) {
            (None, _) => Self::Unsaid,
            (Some(origin), None) if is_own(origin, publisher) => Self::Own(origin.clone()),
            _ => Self::Foreign,
        }
    }

    /// The headers of every answer of the route, and for the publisher's pages leave to read it.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.insert(VARY, HeaderValue::from_static("Origin, Authorization"));
        if let Self::Own(origin) = self {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let yes = HeaderValue::from_static("true");
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
    }
}

/// The further headers of the answer to a preflight.
pub(super) fn write_preflight(headers: &mut HeaderMap, max_age: Seconds) {
    let methods = HeaderValue::from_static("GET, OPTIONS");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    let allowed = HeaderValue::from_static("Authorization");
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(max_age.seconds()));
}

/// Whether it is `https` and the publisher's domain or one below it; the port does not matter.
fn is_own(origin: &HeaderValue, publisher: Option<&Domain>) -> bool {
    let origin = || {
        let origin = origin.to_str().ok()?.to_ascii_lowercase();
        let url = OriginUrl::parse(&origin).filter(OriginUrl::is_https)?;
        // An origin has no path, not even `/` (RFC 6454, section 6.2).
        (url.base_path().is_empty() && !origin.ends_with('/')).then_some(url)
    };
    let covered = |domain: &Domain| origin().is_some_and(|url| domain.covers(url.host()));
    publisher.is_some_and(covered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_publishers_own_pages_are_let_in() {
        let publisher = Domain::parse("publisher.example");
        for (origin, own) in [
            ("https://publisher.example", true),
            ("https://www.publisher.example", true),
            ("HTTPS://WWW.Publisher.Example:8443", true),
            ("http://publisher.example", false),
            ("https://evilpublisher.example", false),
            ("https://publisher.example.evil.example", false),
            ("https://publisher.example@evil.example", false),
            ("https://publisher.example/path", false),
            ("https://publisher.example:port", false),
            ("https://.publisher.example", false),
            ("null", false),
            ("", false),
        ] {
            let origin = HeaderValue::from_static(origin);
            assert_eq!(is_own(&origin, publisher.as_ref()), own, "{origin:?}");
            assert!(!is_own(&origin, None));
        }
    }
}
