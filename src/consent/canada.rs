//! TCF Canada: whether a section consents to purpose 1, expressly or by implication.
//!
//! Source: IAB Canada's Transparency and Consent Framework as a section of GPP (`Sections/Canada`), version 1.

use super::bits::Bits;
use super::fault::{Fault, Why};
use super::segments::Segments;
use super::sink::{FieldValue, Sink};

/// What a section says of purpose 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Canada {
    /// The user consents in so many words.
    Express,
    /// Consent is implied.
    Implied,
    /// Neither.
    Neither,
}

const VERSION: u64 = 1;
const VERSION_BITS: usize = 6;

/// What stands between the version and the purposes, each with its bits.
const BETWEEN: [(&str, usize, fn(u64) -> FieldValue); 10] = [
    ("Created", 36, FieldValue::Time),
    ("LastUpdated", 36, FieldValue::Time),
    ("CmpId", 12, FieldValue::Number),
    ("CmpVersion", 12, FieldValue::Number),
    ("ConsentScreen", 6, FieldValue::Number),
    ("ConsentLanguage", 12, FieldValue::TwoLetters),
    ("VendorListVersion", 12, FieldValue::Number),
    ("TcfPolicyVersion", 6, FieldValue::Number),
    ("UseNonStandardStacks", 1, FieldValue::Number),
    ("SpecialFeatureExpressConsent", 12, |flags| {
        FieldValue::Flags(flags, 12)
    }),
];
const PURPOSES: usize = 24;

/// The core begins with three bits of zero, as its version does; other segments are of other kinds.
const KIND_BITS: usize = 3;
const CORE: u64 = 0;

/// Reads a section. Vendors are left unread: two encodings of them are met in the field.
pub(super) fn decode(text: &str, sink: &mut impl Sink) -> Result<Canada, Fault> {
    let is_core = |segment: &Bits<'_>| segment.clone().number(KIND_BITS) == Ok(CORE);
    let at = text.len();
    let missing = Fault {
        at,
        why: Why::Segment,
    };
    let mut core = Segments::of(text).find(is_core).ok_or(missing)?;
    let start = core.fault(Why::Version);
    let version = core.number(VERSION_BITS)?;
    sink.number("Version", version);
    if version != VERSION {
        return Err(start);
    }
    for (name, bits, value) in BETWEEN {
        sink.field(name, value(core.number(bits)?));
    }
    let mut purposes = |name| {
        let purposes = core.number(PURPOSES)?;
        sink.field(name, FieldValue::Flags(purposes, PURPOSES));
        Ok::<u64, Fault>(purposes)
    };
    let express = purposes("PurposesExpressConsent")?;
    let implied = purposes("PurposesImpliedConsent")?;
    let one = |purposes: u64| purposes >> (PURPOSES - 1) == 1;
    Ok(match (one(express), one(implied)) {
        (true, _) => Canada::Express,
        (false, true) => Canada::Implied,
        (false, false) => Canada::Neither,
    })
}
