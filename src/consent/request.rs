//! The signals of a request's head: which cookies and headers bring them.
//!
//! ```
//! use edge_cookie::consent::Signals;
//! use edge_cookie::policy::settings::ConsentCookies;
//! use http::HeaderMap;
//!
//! let mut headers = HeaderMap::new();
//! headers.insert("cookie", "us_privacy=1YYN; theme=dark".parse().unwrap());
//! let signals = Signals::of_request(&headers, &ConsentCookies::default(), |_, _| {});
//! assert!(!signals.is_empty());
//! ```

use http::header::{COOKIE, HeaderName};
use http::{HeaderMap, HeaderValue};

use super::signal::Signals;
use crate::policy::settings::ConsentCookies;

impl<'r> Signals<'r> {
    /// The signals in a request's headers. `each` is given every cookie's name and value, of a signal or not.
    pub fn of_request(
        headers: &'r HeaderMap,
        names: &ConsentCookies,
        mut each: impl FnMut(&'r str, &'r str),
    ) -> Self {
        let mut signals = Self::gpc(gpc(headers));
        for (name, value) in cookies(headers) {
            each(name, value);
            signals.add_cookie(name, value, names);
        }
        signals
    }
}

/// Every cookie's name and value, in the order sent; what is not UTF-8 is no cookie.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| {
            let (name, value) = str::from_utf8(pair).ok()?.trim().split_once('=')?;
            Some((name, value.trim_matches('"')))
        })
}

const GPC: HeaderName = HeaderName::from_static("sec-gpc");

/// Whether Global Privacy Control is on: a `1`, which proxies may repeat in lines or in a list (RFC 9110, section 5.3). A
/// header that says anything else as well is no signal.
fn gpc(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(GPC).iter().map(HeaderValue::as_bytes);
    let members = lines.flat_map(|line| line.split(|byte| *byte == b','));
    // A list may have empty members (RFC 9110, section 5.6.1.2).
    let mut members = members
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty());
    let is_one = |member: &[u8]| member == b"1";
    members.next().is_some_and(is_one) && members.all(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privacy_control_is_a_one_however_it_comes() {
        for (lines, on) in [
            (&["1"][..], true),
            (&[" 1\t"], true),
            (&["1, 1"], true),
            (&["1", "1"], true),
            (&[",1,"], true),
            (&["", "1"], true),
            (&["1, 0"], false),
            (&["0", "1"], false),
            (&["1", "true"], false),
            (&["1 1"], false),
            (&["?1"], false),
            (&[","], false),
            (&["0"], false),
            (&["true"], false),
            (&["11"], false),
            (&["\"1\""], false),
            (&["1;a"], false),
            (&[""], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(GPC, HeaderValue::from_static(line));
            }
            assert_eq!(gpc(&headers), on, "{lines:?}");
        }
    }

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        for value in [
            &b"a=1; ts-ec=one; xts-ec=no"[..],
            b"ts-ec = no; ts-ec=\"two\";ts-ec=",
            b"\xff=1; ts-ec=\xff",
        ] {
            headers.append(COOKIE, HeaderValue::from_bytes(value).unwrap());
        }
        let found: Vec<_> = cookies(&headers)
            .filter(|(name, _)| *name == "ts-ec")
            .map(|(_, value)| value)
            .collect();
        assert_eq!(found, ["one", "two", ""]);
    }
}
