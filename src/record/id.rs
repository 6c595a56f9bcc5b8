//! The names in a record, parsed once at the border.

use std::fmt;
use std::str::FromStr;

use crate::platform_facts::internet::MAX_DOMAIN_BYTES;

const HASH_HEX_DIGITS: usize = 64;
const SUFFIX_CHARACTERS: usize = 6;
const EC_ID_BYTES: usize = HASH_HEX_DIGITS + 1 + SUFFIX_CHARACTERS;

/// An Edge Cookie id, and the key of its record: 64 lower-case hex digits, `.`, six of `[A-Za-z0-9]`
/// (`docs/semantics.md#ec-ids`).
///
/// ```
/// use edge_cookie::record::EcId;
///
/// let written = format!("{}.Ab3xY9", "0f".repeat(32));
/// let id: EcId = written.parse().unwrap();
/// assert_eq!(id.as_str(), written);
/// assert!("0F.Ab3xY9".parse::<EcId>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EcId([u8; EC_ID_BYTES]);

/// What is wrong with a written EC id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an EC id is 64 lower-case hex digits, a dot and six letters or digits")]
pub struct EcIdError;

impl EcId {
    /// How long an id is as written.
    pub const BYTES: usize = EC_ID_BYTES;

    /// The id as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Reads an id as browsers and partners send it: the hex digits of its hash may be in upper case.
    ///
    /// ```
    /// use edge_cookie::record::EcId;
    ///
    /// let id = EcId::parse_any_case(&format!("{}.Ab3xY9", "0F".repeat(32))).unwrap();
    /// assert_eq!(id.as_str(), format!("{}.Ab3xY9", "0f".repeat(32)));
    /// ```
    ///
    /// # Errors
    ///
    /// Where it is not an id in any case of its hash. The case of the six characters at its end counts.
    pub fn parse_any_case(written: &str) -> Result<Self, EcIdError> {
        let (hash, tail) = written.split_once('.').ok_or(EcIdError)?;
        format!("{}.{tail}", hash.to_ascii_lowercase()).parse()
    }
}

impl FromStr for EcId {
    type Err = EcIdError;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        let bytes: [u8; EC_ID_BYTES] = written.as_bytes().try_into().map_err(|_| EcIdError)?;
        let (hash, rest) = bytes.split_at(HASH_HEX_DIGITS);
        let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        match rest {
            [b'.', suffix @ ..]
                if hash.iter().all(hex) && suffix.iter().all(u8::is_ascii_alphanumeric) =>
            {
                Ok(Self(bytes))
            }
            _ => Err(EcIdError),
        }
    }
}

impl fmt::Display for EcId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EcId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcId({})", self.as_str())
    }
}

/// The name under which a record stores a partner's uid, usually the partner's domain.
///
/// ```
/// use edge_cookie::record::PartnerId;
///
/// assert_eq!(PartnerId::parse("liveramp.com").unwrap().as_str(), "liveramp.com");
/// assert!(PartnerId::parse("live ramp").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerId(Box<str>);

/// What is wrong with a written partner id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a partner id: use letters, digits, `.`, `_` and `-`, at most 253 characters")]
pub struct PartnerIdError(String);

impl PartnerId {
    /// Parses a partner id.
    ///
    /// # Errors
    ///
    /// Where it is empty, too long, or holds anything but letters, digits, `.`, `_` and `-`.
    pub fn parse(written: &str) -> Result<Self, PartnerIdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let length = 1..=MAX_DOMAIN_BYTES;
        if length.contains(&written.len()) && written.bytes().all(allowed) {
            Ok(Self(written.into()))
        } else {
            Err(PartnerIdError(written.to_owned()))
        }
    }

    /// A partner id as another system stored it: whatever it is, it is kept.
    #[must_use]
    pub fn stored(name: Box<str>) -> Self {
        Self(name)
    }

    /// The id as written.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PartnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
