//! What a partner or an operator authenticates with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::partner::TokenHash;

/// What an operator comes with, hashed.
#[derive(Debug, Clone)]
pub(super) enum RequestCredentials {
    /// A token.
    Bearer(TokenHash),
    /// A user name and password.
    Basic(BasicHash),
}

impl RequestCredentials {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let (scheme, given) = authorization(headers)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Self::Bearer(TokenHash::of(given)));
        }
        let (username, password) = basic(scheme, given)?;
        Some(Self::Basic(BasicHash::of(&username, &password)))
    }
}

/// The bearer token.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = authorization(headers)?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// A user name and password in Base64 of UTF-8; the first colon ends the user name (RFC 7617, section 2).
fn basic(scheme: &str, given: &str) -> Option<(String, String)> {
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(given).ok()?).ok()?;
    let (username, password) = pair.split_once(':')?;
    Some((username.to_owned(), password.to_owned()))
}

/// The scheme and what comes with it: exactly two parts, one header (`docs/http-api.md#authentication`).
fn authorization(headers: &HeaderMap) -> Option<(&str, &str)> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (only, None) = (given.next()?, given.next()) else {
        return None;
    };
    let mut parts = only.to_str().ok()?.split_ascii_whitespace();
    let (scheme, given, None) = (parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    Some((scheme, given))
}

/// A user name and password, each as its SHA-256: comparing them takes as long whatever was sent.
#[derive(Debug, Clone)]
pub(super) struct BasicHash {
    username: TokenHash,
    password: TokenHash,
}

impl BasicHash {
    pub(super) fn of(username: &str, password: &str) -> Self {
        let [username, password] = [username, password].map(TokenHash::of);
        Self { username, password }
    }

    /// Whether both are the same. Both are compared, even where the first differs.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.username.is(&other.username) & self.password.is(&other.password)
    }
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

    #[test]
    fn a_user_name_ends_at_the_first_colon() {
        // As `printf %s 'Aladdin:open sesame' | base64` writes them; the first two are those of RFC 7617.
        for (scheme, given, pair) in [
            (
                "Basic",
                "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
                Some(("Aladdin", "open sesame")),
            ),
            ("basic", "dGVzdDoxMjPCow==", Some(("test", "123£"))),
            ("BASIC", "b3BzOmE6Yg==", Some(("ops", "a:b"))),
            ("Basic", "b3BzOg==", Some(("ops", ""))),
            // Without a colon, in Latin-1, no Base64, another scheme.
            ("Basic", "b3Bz", None),
            ("Basic", "dGVzdDoxMjOj", None),
            ("Basic", "ops:secret", None),
            ("Bearer", "b3BzOmE6Yg==", None),
        ] {
            let read = basic(scheme, given);
            let read = read.as_ref().map(|(name, password)| (&**name, &**password));
            assert_eq!(read, pair, "{scheme} {given}");
        }
    }
}
