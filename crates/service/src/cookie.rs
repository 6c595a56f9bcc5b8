//! The cookie that carries the EC id.

use http::header::HOST;
use http::{HeaderMap, HeaderValue};

use super::Setup;
use edge_cookie::policy::publisher::{Domain, LOCALHOST};
use edge_cookie::policy::settings::Cookie;
use edge_cookie::record::EcId;

/// The EC cookies of a request. A browser sends one for each scope that it was set for (the host alone, or a domain
/// above it), and does not say which is which (RFC 6265, section 5.4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct EcCookies {
    ids: Vec<EcId>,
    cookies: usize,
}

/// Ids of one request that count: more than the scopes a browser can have set, so that only a forged request has more.
const MOST_COOKIES: usize = 16;

impl EcCookies {
    /// Takes another cookie of the name into account.
    pub(super) fn add(&mut self, value: &str) {
        self.cookies += 1;
        if let Ok(id) = EcId::parse_any_case(unquoted(value))
            && self.ids.len() < MOST_COOKIES
            && !self.ids.contains(&id)
        {
            self.ids.push(id);
        }
    }

    /// The ids, in the order sent, each once.
    pub(super) fn ids(&self) -> &[EcId] {
        &self.ids
    }

    /// Whether there is a cookie at all, with an id in it or not.
    pub(super) const fn any(&self) -> bool {
        self.cookies > 0
    }

    /// Whether there are several.
    pub(super) const fn several(&self) -> bool {
        self.cookies > 1
    }
}

/// A cookie's value without the quotes that it may have around it (RFC 6265, section 4.1.1).
fn unquoted(value: &str) -> &str {
    let inner = value.strip_prefix('"');
    let inner = inner.and_then(|inner| inner.strip_suffix('"'));
    inner.unwrap_or(value)
}

/// Gives the browser an id.
pub(super) fn set(setup: &Setup, id: &EcId) -> Option<HeaderValue> {
    let rules = &setup.policy_of(id).cookie;
    let scope = setup.publisher.domain.as_ref().and_then(cookie_domain);
    written(rules, id.as_str(), scope, rules.max_age.seconds())
}

/// Takes the browser's id away, whatever scope it was set for: that of the policy, the request's host alone, and each
/// domain in between.
pub(super) fn expire(setup: &Setup, request: &HeaderMap) -> Vec<HeaderValue> {
    let domain = setup.publisher.domain.as_ref().and_then(cookie_domain);
    let host = request.get(HOST).and_then(host_name);
    let between = domain.zip(host.as_deref());
    let between = between.map_or_else(Vec::new, |(domain, host)| domains_between(domain, host));
    let scopes = (domain.into_iter().map(Some))
        .chain(between.into_iter().map(Some))
        .chain([None]);
    let expired = scopes.filter_map(|scope| written(&setup.policy.cookie, "", scope, 0));
    expired.collect()
}

/// The `Domain` of the cookie. `localhost` has none: some browsers drop a cookie for a domain of a single label, and
/// Chromium keeps it for the host alone.
fn cookie_domain(domain: &Domain) -> Option<&str> {
    Some(domain.as_str()).filter(|domain| *domain != LOCALHOST)
}

/// The domains below `domain` that `host` is in, itself included; none where it is not below.
fn domains_between<'h>(domain: &str, host: &'h str) -> Vec<&'h str> {
    let mut between = Vec::new();
    let mut rest = host;
    while let Some((_, above)) = rest.split_once('.') {
        if rest == domain {
            return between;
        }
        between.push(rest);
        rest = above;
        // No real host has more labels than a request may have cookies.
        if between.len() > MOST_COOKIES {
            break;
        }
    }
    Vec::new()
}

/// The name in a `Host` header, in lower case, without a port or the dot at its end.
fn host_name(host: &HeaderValue) -> Option<String> {
    let name = host.to_str().ok()?.split(':').next()?;
    let name = Domain::parse(name.strip_suffix('.').unwrap_or(name))?;
    Some(name.as_str().to_owned())
}

/// The same name, domain, path and attributes each time: only so does a browser replace the cookie (RFC 6265,
/// section 5.3).
fn written(rules: &Cookie, value: &str, domain: Option<&str>, max_age: u64) -> Option<HeaderValue> {
    let domain = domain.map_or_else(String::new, |domain| format!("; Domain=.{domain}"));
    let same_site = rules.same_site.as_str();
    let http_only = if rules.http_only { "; HttpOnly" } else { "" };
    let written = format!(
        "{}={value}{domain}; Path=/; Max-Age={max_age}; SameSite={same_site}; Secure{http_only}",
        rules.name
    );
    HeaderValue::from_str(&written).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_counts_once_up_to_a_bound() {
        let id = |number: usize| format!("{number:064x}.Ab3xY9");
        let mut cookies = EcCookies::default();
        assert!(!cookies.any());
        for value in ["malformed", "", &id(1), &id(2), &id(1)] {
            cookies.add(value);
        }
        let ids: Vec<&str> = cookies.ids().iter().map(EcId::as_str).collect();
        assert_eq!(ids, [id(1), id(2)]);
        assert!(cookies.any() && cookies.several());
        (0..100).for_each(|number| cookies.add(&id(number)));
        assert_eq!(cookies.ids().len(), MOST_COOKIES);
    }

    #[test]
    fn a_quoted_or_upper_case_cookie_is_the_id_that_it_means() {
        let (hash, upper) = ("0f".repeat(32), "0F".repeat(32));
        let id = format!("{hash}.Ab3xY9");
        for (value, is_the_id) in [
            (id.clone(), true),
            (format!("{upper}.Ab3xY9"), true),
            (format!("\"{hash}.Ab3xY9\""), true),
            (format!("\"{upper}.Ab3xY9\""), true),
            // The case of the tail counts.
            (format!("{hash}.AB3XY9"), false),
            (format!("\"{hash}.Ab3xY9"), false),
            (format!("{hash}.Ab3xY9\""), false),
            (format!("\"\"{hash}.Ab3xY9\"\""), false),
            ("\"".to_owned(), false),
            ("\"\"".to_owned(), false),
        ] {
            let mut cookies = EcCookies::default();
            cookies.add(&value);
            let read = cookies
                .ids()
                .first()
                .is_some_and(|read| read.as_str() == id);
            assert_eq!(read, is_the_id, "{value}");
        }
    }

    #[test]
    fn a_cookie_can_be_set_for_each_domain_from_the_host_up() {
        for (host, between) in [
            ("publisher.example", &[][..]),
            ("www.publisher.example", &["www.publisher.example"]),
            (
                "A.b.Publisher.Example.:8443",
                &["a.b.publisher.example", "b.publisher.example"],
            ),
            ("evilpublisher.example", &[]),
            ("example", &[]),
            ("127.0.0.1:80", &[]),
            ("[::1]:80", &[]),
            ("", &[]),
        ] {
            let header = HeaderValue::from_static(host);
            let name = host_name(&header).unwrap_or_default();
            assert_eq!(
                domains_between("publisher.example", &name),
                between,
                "{host}"
            );
        }
        let deep = format!("{}publisher.example", "a.".repeat(50));
        assert!(domains_between("publisher.example", &deep).is_empty());
    }
}
