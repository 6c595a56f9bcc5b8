//! Which requests can be a page view, and so may get a new id.

use http::header::{ACCEPT, HeaderName, USER_AGENT};
use http::{HeaderMap, Method};

use crate::robots::is_robot;
use edge_cookie::policy::settings::{IdentifyOn, Organic};

/// What a browser fetches for (W3C Fetch Metadata Request Headers, section 2.1).
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Headers by which browsers say that a page is only fetched in advance.
const PURPOSES: [HeaderName; 3] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-moz"),
];

/// Whether a request that consents may get a new id.
pub(super) fn may_get_an_id(method: &Method, headers: &HeaderMap, rules: &Organic) -> bool {
    match rules.identify {
        IdentifyOn::All => true,
        IdentifyOn::Navigations => {
            method == Method::GET
                && is_document(headers, rules.identify_frames)
                && !is_fetched_in_advance(headers)
                && !names_a_robot(headers)
        }
    }
}

/// Whether the answer is to be shown as a page, by fetch metadata where it comes along, else by what is accepted.
fn is_document(headers: &HeaderMap, frames: bool) -> bool {
    match headers.get(FETCH_DEST) {
        Some(dest) => dest == "document" || (frames && dest == "iframe"),
        None => words(headers, &ACCEPT).any(|word| word.eq_ignore_ascii_case("text/html")),
    }
}

fn is_fetched_in_advance(headers: &HeaderMap) -> bool {
    let says_so = |name| {
        words(headers, name).any(|word| {
            word.eq_ignore_ascii_case("prefetch") || word.eq_ignore_ascii_case("prerender")
        })
    };
    PURPOSES.iter().any(says_so)
}

/// Whether a user agent is on the list of robots. Without any it is no robot: privacy tools leave it out.
fn names_a_robot(headers: &HeaderMap) -> bool {
    let mut agents = headers.get_all(USER_AGENT).iter();
    agents.any(|agent| is_robot(&String::from_utf8_lossy(agent.as_bytes())))
}

/// The words of every line of a header, parameters included.
fn words<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(name).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split([',', ';'])).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_cookie::policy::EcPolicy;
    use http::HeaderValue;

    const READER: &str =
        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    fn allowed(method: &Method, lines: &[&'static str], rules: &Organic) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        may_get_an_id(method, &headers, rules)
    }

    #[test]
    fn an_id_is_for_a_page_view() {
        let page = "sec-fetch-dest: document";
        let html = "accept: text/html,application/xhtml+xml,*/*;q=0.8";
        let rules = EcPolicy::default().organic;
        for (method, lines, expected) in [
            (Method::GET, &[page, READER][..], true),
            (Method::GET, &[page], true),
            (Method::GET, &[html, READER], true),
            (Method::GET, &["accept: TEXT/HTML;level=1"], true),
            (Method::GET, &["accept: */*", "accept: text/html"], true),
            (Method::GET, &["accept: */*"], false),
            (Method::GET, &["accept: text/html-not"], false),
            (Method::GET, &[], false),
            (Method::GET, &["sec-fetch-dest: iframe", html], false),
            (Method::GET, &["sec-fetch-dest: image", html], false),
            (Method::GET, &["sec-fetch-dest: font"], false),
            (Method::GET, &["sec-fetch-dest: empty", html], false),
            (Method::GET, &["sec-fetch-dest: serviceworker", html], false),
            (Method::GET, &[page, "sec-purpose: prefetch"], false),
            (
                Method::GET,
                &[page, "sec-purpose: prefetch;prerender"],
                false,
            ),
            (Method::GET, &[page, "purpose: prefetch"], false),
            (Method::GET, &[page, "x-moz: prefetch"], false),
            (Method::GET, &[page, "x-moz: other"], true),
            (Method::GET, &[page, "user-agent: Googlebot/2.1"], false),
            (Method::GET, &[html, "user-agent: curl/8.5.0"], false),
            (Method::HEAD, &[page], false),
            (Method::POST, &[page], false),
        ] {
            assert_eq!(
                allowed(&method, lines, &rules),
                expected,
                "{method} {lines:?}"
            );
        }
    }

    #[test]
    fn frames_and_every_request_where_the_policy_says_so() {
        let mut rules = EcPolicy::default().organic;
        rules.identify_frames = true;
        assert!(allowed(&Method::GET, &["sec-fetch-dest: iframe"], &rules));
        assert!(!allowed(&Method::GET, &["sec-fetch-dest: frame"], &rules));
        rules.identify = IdentifyOn::All;
        assert!(allowed(&Method::POST, &["user-agent: curl/8.5.0"], &rules));
    }
}
