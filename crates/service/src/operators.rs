//! Who is an operator: anyone who brings the admin token, or the user name and password of HTTP Basic.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};

use super::credentials::{BasicHash, RequestCredentials};
use crate::partner::TokenHash;

/// What lets operators in; either is enough.
#[derive(Debug, Clone, Default)]
pub(super) struct Operators {
    /// The admin token.
    pub(super) token: Option<TokenHash>,
    /// The user name and password.
    pub(super) basic: Option<BasicHash>,
}

/// The scheme of partners' and operators' tokens.
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");

/// The realm is the trusted-server's, so that a browser which keeps a password for it finds it; the character set is the only
/// one there is (RFC 7617, section 2.1).
const BASIC: HeaderValue =
    HeaderValue::from_static("Basic realm=\"Trusted Server\", charset=\"UTF-8\"");

impl Operators {
    /// Whether no one can come in: then there are no admin routes.
    pub(super) const fn is_none(&self) -> bool {
        self.token.is_none() && self.basic.is_none()
    }

    /// Whether this is the admin token.
    pub(super) fn has_token(&self, token: &TokenHash) -> bool {
        self.token.as_ref().is_some_and(|own| own.is(token))
    }

    /// Whether these credentials are an operator's.
    pub(super) fn admit(&self, given: &RequestCredentials) -> bool {
        match given {
            RequestCredentials::Bearer(token) => self.has_token(token),
            RequestCredentials::Basic(basic) => {
                self.basic.as_ref().is_some_and(|own| own.is(basic))
            }
        }
    }

    /// Says which credentials are taken.
    pub(super) fn challenge(&self, headers: &mut HeaderMap) {
        headers.remove(WWW_AUTHENTICATE);
        for (taken, scheme) in [
            (self.token.is_some(), BEARER),
            (self.basic.is_some(), BASIC),
        ] {
            if taken {
                headers.append(WWW_AUTHENTICATE, scheme);
            }
        }
    }
}

/// Says that partners' routes take tokens.
pub(super) fn challenge_partner(headers: &mut HeaderMap) {
    headers.insert(WWW_AUTHENTICATE, BEARER);
}
