//! The name of a policy: a digest of all its values.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::policy::provenance::EffectiveValue;

/// The SHA-256 of a policy's values in 64 lower-case hex digits; equal exactly where the policies are, whatever machine
/// they run on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyDigest {
    digits: Box<str>,
    mark: Box<str>,
}

/// How much of the digest a record carries, so that an operator can see which policy last wrote it
/// (`docs/semantics.md#metadata`).
const MARK_HEX_DIGITS: usize = 8;

const SHA256_HEX_DIGITS: usize = 64;

impl PolicyDigest {
    pub(super) fn of(values: &[EffectiveValue]) -> Self {
        let mut hasher = Sha256::new();
        for value in values.iter().filter(|value| !value.machine) {
            // A value shows quoted, so that no two policies give the same lines.
            hasher.update(format!("{} = {}\n", value.key, value.digested));
        }
        Self::new(base16ct::lower::encode_string(&hasher.finalize()))
    }

    /// The digest with these digits, computed elsewhere; none where they are not a digest's.
    pub(super) fn named(digits: &str) -> Option<Self> {
        is_sha256(digits).then(|| Self::new(digits.to_owned()))
    }

    fn new(digits: String) -> Self {
        Self {
            mark: digits.get(..MARK_HEX_DIGITS).unwrap_or_default().into(),
            digits: digits.into(),
        }
    }

    /// All 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.digits
    }

    /// The first digits, which records carry.
    #[must_use]
    pub fn mark(&self) -> &str {
        &self.mark
    }
}

impl fmt::Display for PolicyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits)
    }
}

/// Whether this is a SHA-256 in lower-case hex digits.
#[must_use]
pub fn is_sha256(written: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    written.len() == SHA256_HEX_DIGITS && written.bytes().all(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_shows_as_its_64_digits() {
        // The SHA-256 of no bytes, as NIST's test vectors have it.
        let none = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let digest = PolicyDigest::of(&[]);
        assert_eq!(digest.to_string(), none);
        assert_eq!((digest.as_str(), digest.mark()), (none, "e3b0c442"));
    }
}
