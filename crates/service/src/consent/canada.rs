//! TCF Canada: whether a section consents to purpose 1, expressly or by implication.
//!
//! Source: IAB Canada's Transparency and Consent Framework as a section of GPP (`Sections/Canada`), version 1.

use super::bits::BitReader;
use super::fault::{Fault, Why};
use super::segments::Segments;
use super::sink::{FieldValue, Sink};

/// What a section says of purpose 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Canada {
    /// The user gives express consent.
    Express,
    /// Consent is implied.
    Implied,
    /// Neither.
    Neither,
}

const VERSION: u64 = 1;
const VERSION_BITS: usize = 6;

/// A field's name, its bits, and what they are.
type Named = (&'static str, usize, fn(u64) -> FieldValue);

/// The fields between the version and the purposes, each with its bits.
const BETWEEN: [Named; 10] = [
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

/// The kinds of segments, three bits each; the core has none, and its version begins like the first.
const KIND_BITS: usize = 3;
const CORE: u64 = 0;
const DISCLOSED_VENDORS: u64 = 1;
const PUBLISHER: u64 = 3;

/// Bits of the number of purposes of the publisher's own.
const OWN_PURPOSES_BITS: usize = 6;

/// Reads a section as far as that goes: what its core says of purpose 1 is given where only what follows cannot be read. Vendors
/// are left unread: three encodings of them are met in the field.
pub(super) fn decode(text: &str, sink: &mut impl Sink) -> (Option<Canada>, Option<Fault>) {
    let mut said = None;
    let mut fault = None;
    for segment in Segments::of(text) {
        let read = match segment.clone().number(KIND_BITS) {
            Ok(CORE) if said.is_none() => purposes(segment.clone(), sink).map(|canada| {
                said = Some(canada);
            }),
            Ok(DISCLOSED_VENDORS) => Ok(()),
            Ok(PUBLISHER) => publisher(segment.clone()),
            Ok(_) => Err(segment.fault(Why::Segment)),
            Err(fault) => Err(fault),
        };
        fault = fault.or(read.and_then(|()| segment.end()).err());
    }
    (said, fault)
}

/// What the publisher uses for purposes of its own; it is not kept.
fn publisher(mut segment: BitReader<'_>) -> Result<(), Fault> {
    segment.skip(KIND_BITS + 2 * PURPOSES)?;
    let own = segment.number(OWN_PURPOSES_BITS)?;
    segment.skip(2 * usize::try_from(own).unwrap_or_default())
}

fn purposes(mut core: BitReader<'_>, sink: &mut impl Sink) -> Result<Canada, Fault> {
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
