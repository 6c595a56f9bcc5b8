//! Tokens: shown once, kept as their SHA-256, compared in constant time.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use edge_cookie::policy::is_sha256;

/// The SHA-256 of a token, which is what is kept of it. There is no way to compare two of them but in constant time.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash(String);

impl TokenHash {
    /// The hash of `token`.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(base16ct::lower::encode_string(&Sha256::digest(
            token.as_bytes(),
        )))
    }

    /// Reads 64 lower-case hex digits.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        is_sha256(written).then(|| Self(written.to_owned()))
    }

    /// The 64 hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the hash of `token`; takes as long whether or not it is.
    #[must_use]
    pub fn is_of(&self, token: &str) -> bool {
        self.is(&Self::of(token))
    }

    /// Whether both are the same; takes as long whether or not they are.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.is(other)
    }
}

impl Eq for TokenHash {}

impl Hash for TokenHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Not the hash itself: it would do for guessing at leisure.
impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(<redacted>)")
    }
}

impl TryFrom<String> for TokenHash {
    type Error = &'static str;

    fn try_from(written: String) -> Result<Self, Self::Error> {
        Self::parse(&written).ok_or("not 64 lower-case hex digits")
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        hash.0
    }
}

/// The platform gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the platform gave no random bytes: try again")]
pub struct NoRandomness;

/// A token just made, to be shown once.
pub struct NewToken(String);

/// As much as a SHA-256 keeps.
const TOKEN_BYTES: usize = 32;

impl NewToken {
    /// A token from the platform's secure randomness.
    ///
    /// # Errors
    ///
    /// Where the platform gives none.
    pub fn draw() -> Result<Self, NoRandomness> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self(base16ct::lower::encode_string(&bytes)))
    }

    /// The token in clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}
