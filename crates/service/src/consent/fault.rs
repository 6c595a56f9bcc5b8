//! Why a consent string cannot be decoded, and where.

use std::fmt;

/// What is wrong, and at which character of the string or section, counted from 0. It never repeats what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The character, counted from 0.
    pub at: usize,
    /// What is wrong there.
    pub why: Why,
}

/// What is wrong with a consent string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It ends before its last field.
    Truncated,
    /// A character that base64 for URLs does not have.
    NotBase64,
    /// A number beyond what its format allows.
    Number,
    /// A version that its specification does not have.
    Version,
    /// It is no GPP header.
    Header,
    /// Its header announces another number of sections than there are.
    Sections,
    /// A section that is no part of the registry.
    UnknownSection,
    /// A segment that its specification does not have, or has once.
    Segment,
    /// A range that ends before it begins.
    Range,
    /// It is not of the form of a US Privacy string.
    Form,
    /// More of it than is read.
    TooLong,
}

impl Why {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Truncated => "it ends before its last field",
            Self::NotBase64 => "a character is not base64url",
            Self::Number => "a number is out of range",
            Self::Version => "its version is unknown",
            Self::Header => "it has no GPP header",
            Self::Sections => "its header announces another number of sections",
            Self::UnknownSection => "the section is not in the registry",
            Self::Segment => "a segment is unknown, missing or repeated",
            Self::Range => "a range ends before it begins",
            Self::Form => "it is not of the form `1YNN`",
            Self::TooLong => "it is longer than what is read",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (character {})", self.why.words(), self.at + 1)
    }
}
