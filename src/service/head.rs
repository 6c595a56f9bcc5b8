//! What a request's head says: the client, its cookies, its credentials.

use std::net::IpAddr;

use http::header::{AUTHORIZATION, COOKIE, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::policy::types::Locality;

/// What its home knows of the client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// The address it comes from.
    pub address: Option<IpAddr>,
    /// Where it is.
    pub place: Option<Locality>,
}

/// Every cookie's name and value, in the order sent; what is not UTF-8 is no cookie.
pub(super) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
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
pub(super) fn gpc(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(GPC).iter().map(HeaderValue::as_bytes);
    let members = lines.flat_map(|line| line.split(|byte| *byte == b','));
    // A list may have empty members (RFC 9110, section 5.6.1.2).
    let mut members = members
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty());
    let is_one = |member: &[u8]| member == b"1";
    members.next().is_some_and(is_one) && members.all(is_one)
}

/// The bearer token: the scheme in any case, exactly two parts, one header (`API.md`).
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (only, None) = (given.next()?, given.next()) else {
        return None;
    };
    let mut parts = only.to_str().ok()?.split_ascii_whitespace();
    let (scheme, token, None) = (parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_two_parts_of_one_header() {
        for (given, token) in [
            (&["Bearer abc"][..], Some("abc")),
            (&["bearer abc"], Some("abc")),
            (&["BEARER   abc"], Some("abc")),
            (&["Bearer"], None),
            (&["Bearer a b"], None),
            (&["Basic abc"], None),
            (&["abc"], None),
            (&[""], None),
            (&["Bearer abc", "Bearer abc"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in given {
                headers.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            assert_eq!(bearer(&headers), token, "{given:?}");
        }
    }

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
