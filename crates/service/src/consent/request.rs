//! The signals of a request's head: which cookies and headers bring them.
//!
//! ```
//! use edge_cookie_service::consent::Signals;
//! use edge_cookie::policy::EcPolicy;
//! use http::HeaderMap;
//!
//! let mut headers = HeaderMap::new();
//! headers.insert("cookie", "us_privacy=1YYN; theme=dark".parse().unwrap());
//! let names = EcPolicy::default().consent_cookies;
//! let signals = Signals::of_request(&headers, &names, |_, _| {});
//! assert!(!signals.is_empty());
//! ```

use std::borrow::Cow;

use http::header::{COOKIE, HeaderName};
use http::{HeaderMap, HeaderValue};

use super::signal::{Signal, Signals};
use edge_cookie::policy::settings::ConsentCookies;

impl<'r> Signals<'r> {
    /// The signals in a request's headers. `each` is given every cookie's name and value, of a signal or not.
    ///
    /// A TCF or GPP string that is too long for one cookie comes in several: `NAME` and then `NAME_1`, `NAME_2`, or with `.` or
    /// `-`; together they are one value. Where `NAME` comes with several values, it is not known which of them goes on: each
    /// part is then a value of its own.
    pub fn of_request(
        headers: &'r HeaderMap,
        names: &ConsentCookies,
        mut each: impl FnMut(&'r str, &str),
    ) -> Self {
        let mut signals = Self::gpc(gpc(headers));
        let mut parts: Vec<CookiePart<'r>> = Vec::new();
        for (name, value) in cookies(headers) {
            each(name, &value);
            let Some(part) = CookiePart::of(name, value, names) else {
                continue;
            };
            if parts.contains(&part) {
                continue;
            }
            if parts.len() < MAX_PARTS {
                parts.push(part);
            } else {
                signals.overflow();
            }
        }
        parts.sort_by_key(|part| part.number);
        for part in parts.iter().filter(|part| part.number.is_none()) {
            signals.add_from(part.cookie, part.signal, part.with_rest(&parts));
        }
        for part in parts.iter().filter(|part| part.is_without_first(&parts)) {
            signals.add_from(part.cookie, part.signal, part.value.clone());
        }
        signals
    }
}

/// The most cookies of signals that are read of one request, parts of a value counted each: each is compared with each other. Of
/// values no more are read than [`MAX_SIGNALS`](super::MAX_SIGNALS).
const MAX_PARTS: usize = 64;

/// A cookie of a signal, or a part of one.
#[derive(PartialEq)]
struct CookiePart<'r> {
    signal: Signal,
    /// The name that the policy lists.
    cookie: &'r str,
    /// Which part it is; none for the first, which has the name itself.
    number: Option<u32>,
    value: Cow<'r, str>,
}

impl<'r> CookiePart<'r> {
    fn of(name: &'r str, value: Cow<'r, str>, names: &ConsentCookies) -> Option<Self> {
        if let Some(signal) = Signal::of_cookie(name, names) {
            return Some(Self {
                signal,
                cookie: name,
                number: None,
                value,
            });
        }
        let (cookie, number) = name.rsplit_once(['_', '.', '-'])?;
        let signal = Signal::of_cookie(cookie, names)?;
        // A US Privacy string has four characters.
        (signal != Signal::UsPrivacy).then_some(())?;
        Some(Self {
            signal,
            cookie,
            number: Some(number.parse().ok()?),
            value,
        })
    }

    /// The value of a first part with the parts after it, where it is the only first one.
    fn with_rest(&self, parts: &[Self]) -> Cow<'r, str> {
        let mut whole = self.value.clone();
        if self.is_only_first(parts) {
            for part in parts.iter().filter(|part| part.follows(self)) {
                whole.to_mut().push_str(&part.value);
            }
        }
        whole
    }

    fn follows(&self, first: &Self) -> bool {
        self.number.is_some() && self.cookie == first.cookie
    }

    fn is_only_first(&self, parts: &[Self]) -> bool {
        let is_first = |part: &&Self| part.number.is_none() && part.cookie == self.cookie;
        parts.iter().filter(is_first).count() == 1
    }

    /// Whether it is a part of which it is not known what it continues: alone it grants nothing.
    fn is_without_first(&self, parts: &[Self]) -> bool {
        self.number.is_some() && !self.is_only_first(parts)
    }
}

/// Every cookie's name and value, in the order sent. A value that is not UTF-8 is one that nothing decodes.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let (name, value) = pair.split_at_checked(at)?;
            let name = str::from_utf8(name).ok()?.trim_start();
            let value = match String::from_utf8_lossy(value.get(1..)?.trim_ascii()) {
                Cow::Borrowed(value) => Cow::Borrowed(value.trim_matches('"')),
                Cow::Owned(value) => Cow::Owned(value),
            };
            Some((name, value))
        })
}

const GPC: HeaderName = HeaderName::from_static("sec-gpc");

/// Whether Global Privacy Control is on: a `1`, which proxies may repeat in lines or in a list (RFC 9110, section 5.3). One
/// among several is a refusal, whatever the others say.
fn gpc(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(GPC).iter().map(HeaderValue::as_bytes);
    lines
        .flat_map(|line| line.split(|byte| *byte == b','))
        .any(|member| member.trim_ascii() == b"1")
}

#[cfg(test)]
mod tests {
    use super::super::signal::SignalValue;
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
            (&["1, 0"], true),
            (&["0", "1"], true),
            (&["1", "true"], true),
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
        assert_eq!(found, ["one", "two", "", "\u{fffd}"]);
    }

    #[test]
    fn the_parts_of_a_value_are_one_value() {
        let names = edge_cookie::policy::EcPolicy::default().consent_cookies;
        for (cookies, expected) in [
            ("__gpp=A", &["A"][..]),
            ("__gpp=A; __gpp_1=B; __gpp_2=C", &["ABC"]),
            ("__gpp_10=D; __gpp_2=C; __gpp=A", &["ACD"]),
            ("__gpp=A; __gpp=B; __gpp.1=C", &["A", "B", "C"]),
            ("__gpp=A; __gpp=A; __gpp.1=C; __gpp.1=C", &["AC"]),
            ("us_privacy=1YYN; us_privacy_1=N", &["1YYN"]),
            ("__gpp-1=B", &["B"]),
            ("__gpp=A; __gpp_sid=7; OTGPPConsent_1=B", &["A", "B"]),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, cookies.parse().unwrap());
            let signals = Signals::of_request(&headers, &names, |_, _| {});
            let values: Vec<&str> = signals.values().map(SignalValue::text).collect();
            assert_eq!(values, expected, "{cookies}");
        }
    }
}
