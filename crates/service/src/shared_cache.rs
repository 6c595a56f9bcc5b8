//! What shared caches may do with an answer. It is the last step before an answer leaves.

use http::header::{AGE, CACHE_CONTROL, EXPIRES, HeaderName, PRAGMA, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// `no-store` for caches of HTTP/1.0, which know no `Cache-Control` (RFC 9111, section 5.4).
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// Headers by which an origin speaks to caches in front of it, past `Cache-Control`: those of Fastly and Akamai
/// (`Surrogate-*`, `Edge-Control`), of nginx (`X-Accel-Expires`), and when a copy was made or ends (RFC 9111).
const TO_CACHES: [HeaderName; 6] = [
    HeaderName::from_static("surrogate-control"),
    HeaderName::from_static("surrogate-key"),
    HeaderName::from_static("edge-control"),
    HeaderName::from_static("x-accel-expires"),
    EXPIRES,
    AGE,
];

/// `CDN-Cache-Control`, and what a single network's begins with (RFC 9213, section 3.1).
const CDN_CACHE_CONTROL: &str = "cdn-cache-control";
const OF_ONE_CDN: &str = "-cdn-cache-control";

/// Sets our cookies on an answer, and keeps it out of every shared cache: it is one visitor's alone.
///
/// Without a cookie the answer stays exactly as it is.
pub fn set_cookies(headers: &mut HeaderMap, cookies: Vec<HeaderValue>) {
    if cookies.is_empty() {
        return;
    }
    let of_one_cdn: Vec<HeaderName> = (headers.keys())
        .filter(|name| name.as_str().ends_with(OF_ONE_CDN) || *name == CDN_CACHE_CONTROL)
        .cloned()
        .collect();
    for name in TO_CACHES.iter().chain(&of_one_cdn) {
        headers.remove(name);
    }
    headers.insert(CACHE_CONTROL, PRIVATE);
    headers.insert(PRAGMA, NO_CACHE);
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
}

/// Keeps an answer of the service's own out of every cache.
pub fn forbid(headers: &mut HeaderMap) {
    if headers.get(CACHE_CONTROL) != Some(&PRIVATE) {
        headers.insert(CACHE_CONTROL, NO_STORE);
    }
    headers.insert(PRAGMA, NO_CACHE);
}

/// Whether an origin's page sets a cookie of the origin's own and lets shared caches keep it all the same.
pub fn shares_a_cookie(headers: &HeaderMap) -> bool {
    let directives = || {
        let values = headers.get_all(CACHE_CONTROL).iter();
        let values = values.filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(str::trim)
    };
    let named = |name: &str| {
        let of = |directive: &str| directive.split('=').next().unwrap_or_default().to_owned();
        directives().any(|directive| of(directive).trim().eq_ignore_ascii_case(name))
    };
    headers.contains_key(SET_COOKIE)
        && ["public", "s-maxage", "max-age"].into_iter().any(named)
        && !["private", "no-store", "no-cache"].into_iter().any(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        headers
    }

    const PUBLIC: &[(&str, &str)] = &[
        ("cache-control", "public, max-age=3600"),
        ("cache-control", "stale-while-revalidate=60"),
        ("surrogate-control", "max-age=86400"),
        ("cdn-cache-control", "max-age=600"),
        ("cloudflare-cdn-cache-control", "max-age=600"),
        ("edge-control", "cache-maxage=1h"),
        ("x-accel-expires", "3600"),
        ("surrogate-key", "news"),
        ("expires", "Thu, 01 Jan 2099 00:00:00 GMT"),
        ("age", "17"),
        ("set-cookie", "session=1"),
        ("etag", "\"x\""),
    ];

    #[test]
    fn an_answer_with_our_cookie_is_no_shared_caches() {
        let mut answer = headers(PUBLIC);
        set_cookies(&mut answer, vec![HeaderValue::from_static("ts-ec=id")]);
        let left = headers(&[
            ("cache-control", "private, no-store"),
            ("pragma", "no-cache"),
            ("set-cookie", "session=1"),
            ("set-cookie", "ts-ec=id"),
            ("etag", "\"x\""),
        ]);
        assert_eq!(answer, left);
    }

    #[test]
    fn an_answer_without_one_stays_as_it_is() {
        let mut answer = headers(PUBLIC);
        set_cookies(&mut answer, Vec::new());
        assert_eq!(answer, headers(PUBLIC));
    }

    #[test]
    fn a_cookie_of_the_origins_is_seen_beside_a_public_cache_control() {
        for (control, shared) in [
            ("public", true),
            ("PUBLIC, Max-Age=60", true),
            ("s-maxage=60", true),
            ("private, max-age=60", false),
            ("public, no-store", false),
            ("must-revalidate", false),
        ] {
            let mut answer = headers(&[("set-cookie", "session=1")]);
            answer.insert(CACHE_CONTROL, HeaderValue::from_static(control));
            assert_eq!(shares_a_cookie(&answer), shared, "{control}");
            answer.remove(SET_COOKIE);
            assert!(!shares_a_cookie(&answer));
        }
    }
}
