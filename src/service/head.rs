//! What a request's head says: the client, its credentials.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::policy::types::Locality;

/// What its home knows of the client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// The address it comes from.
    pub address: Option<IpAddr>,
    /// Where it is.
    pub place: Option<Locality>,
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
    use http::HeaderValue;

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
}
