//! TCF v2: whether a string consents to purpose 1, storing and reading on a device.
//!
//! Source: IAB Europe's Transparency and Consent Framework, "Consent string and vendor list formats v2" (core string, and the
//! segments after it), with what TCF 2.2 (policy version 4, 20 November 2023) and TCF 2.3 (policy version 5, the segment of
//! disclosed vendors, 28 February 2026) added.

use super::bits::BitReader;
use super::fault::{Fault, Why};
use super::segments::Segments;
use super::sink::{FieldValue, Sink};
use edge_cookie::clock::Timestamp;

/// What a TCF string says of purpose 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PurposeOne {
    /// The user consents.
    Consent,
    /// They do not.
    Refusal,
    /// They were not asked: the publisher's country has it handled otherwise (`PurposeOneTreatment`).
    NotAsked,
}

/// What a string says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Core {
    pub(super) purpose_one: PurposeOne,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) cmp_id: u64,
    pub(super) policy_version: u64,
    pub(super) service_specific: bool,
    /// Whether it has a segment of disclosed vendors.
    pub(super) discloses_vendors: bool,
}

const VERSION: u64 = 2;

/// Times count tenths of seconds.
const PER_SECOND: u64 = 10;

/// Bits of the core's fields (core string).
const VERSION_BITS: usize = 6;
const TIME_BITS: usize = 36;
const CMP_BITS: usize = 12;
const LANGUAGE_BITS: usize = 12;
const FEATURES: usize = 12;
const PURPOSES: usize = 24;
const COUNTRY_BITS: usize = 12;
const VENDOR_BITS: usize = 16;
const COUNT_BITS: usize = 12;
const RESTRICTION_BITS: usize = 8;

/// The kinds of segments, three bits each, each of them once: the core, which has none and whose version begins like the first;
/// disclosed vendors; those once allowed, which TCF 2.3 no longer has; the publisher's own.
const KIND_BITS: usize = 3;
const CORE: u64 = 0;
const DISCLOSED_VENDORS: usize = 1;
const PUBLISHER: u64 = 3;
const KINDS: usize = 4;

/// Reads a string as far as that goes: what its core says of purpose 1 is given where only what follows cannot be read. Vendors
/// are checked and not kept: the string that is stored has them.
pub(super) fn decode(text: &str, sink: &mut impl Sink) -> (Option<Core>, Option<Fault>) {
    let mut said: Option<Core> = None;
    let mut seen = [false; KINDS];
    let mut fault = None;
    for mut segment in Segments::of(text) {
        let start = segment.fault(Why::Segment);
        let read = segment.clone().number(KIND_BITS).and_then(|kind| {
            let kind_seen = usize::try_from(kind)
                .ok()
                .and_then(|kind| seen.get_mut(kind));
            if kind_seen.is_none_or(|seen| std::mem::replace(seen, true)) {
                return Err(start);
            }
            match kind {
                CORE => {
                    // What it says of purpose 1 counts wherever it ends after that.
                    said = Some(purposes(&mut segment, sink)?);
                    vendors_of_core(&mut segment, sink)?;
                }
                PUBLISHER => publisher(&mut segment, sink)?,
                _ => vendor_segment(&mut segment, kind, sink)?,
            }
            segment.end()
        });
        fault = fault.or(read.err());
    }
    if said.is_none() {
        let missing = Fault {
            at: text.len(),
            why: Why::Segment,
        };
        fault = fault.or(Some(missing));
    }
    let core = said.map(|core| Core {
        discloses_vendors: seen.get(DISCLOSED_VENDORS) == Some(&true),
        ..core
    });
    (core, fault)
}

fn purposes(bits: &mut BitReader<'_>, sink: &mut impl Sink) -> Result<Core, Fault> {
    let start = bits.fault(Why::Version);
    let version = bits.number(VERSION_BITS)?;
    sink.number("Version", version);
    if version != VERSION {
        return Err(start);
    }
    let mut field = |name, width, value: fn(u64) -> FieldValue| {
        let number = bits.number(width)?;
        sink.field(name, value(number));
        Ok::<u64, Fault>(number)
    };
    let number = FieldValue::Number;
    let created = field("Created", TIME_BITS, FieldValue::Time)?;
    let updated = field("LastUpdated", TIME_BITS, FieldValue::Time)?;
    let cmp_id = field("CmpId", CMP_BITS, number)?;
    field("CmpVersion", CMP_BITS, number)?;
    field("ConsentScreen", VERSION_BITS, number)?;
    field("ConsentLanguage", LANGUAGE_BITS, FieldValue::TwoLetters)?;
    field("VendorListVersion", CMP_BITS, number)?;
    let policy_version = field("TcfPolicyVersion", VERSION_BITS, number)?;
    let service_specific = field("IsServiceSpecific", 1, number)? == 1;
    field("UseNonStandardTexts", 1, number)?;
    field("SpecialFeatureOptIns", FEATURES, |flags| {
        FieldValue::Flags(flags, FEATURES)
    })?;
    let consents = field("PurposesConsent", PURPOSES, purpose_flags)?;
    field("PurposesLITransparency", PURPOSES, purpose_flags)?;
    let not_asked = field("PurposeOneTreatment", 1, number)? == 1;
    let seconds = |tenths: u64| Timestamp::from_unix(tenths / PER_SECOND);
    Ok(Core {
        purpose_one: match consents >> (PURPOSES - 1) == 1 {
            true => PurposeOne::Consent,
            false if not_asked => PurposeOne::NotAsked,
            false => PurposeOne::Refusal,
        },
        created: seconds(created),
        updated: seconds(updated),
        cmp_id,
        policy_version,
        service_specific,
        discloses_vendors: false,
    })
}

const fn purpose_flags(flags: u64) -> FieldValue {
    FieldValue::Flags(flags, PURPOSES)
}

fn vendors_of_core(bits: &mut BitReader<'_>, sink: &mut impl Sink) -> Result<(), Fault> {
    let country = bits.number(COUNTRY_BITS)?;
    sink.field("PublisherCC", FieldValue::TwoLetters(country));
    vendors(bits, "VendorConsent", sink)?;
    vendors(bits, "VendorLegitimateInterest", sink)?;
    let restrictions = bits.number(COUNT_BITS)?;
    sink.number("NumPubRestrictions", restrictions);
    for _ in 0..restrictions {
        bits.skip(RESTRICTION_BITS)?;
        ranges(bits, &mut ())?;
    }
    Ok(())
}

/// Vendors, which follow as a field of bits or as ranges. Nothing of them is kept but what `sink` keeps.
fn vendors(
    bits: &mut BitReader<'_>,
    name: &'static str,
    sink: &mut impl Sink,
) -> Result<(), Fault> {
    let greatest = bits.number(VENDOR_BITS)?;
    let in_ranges = bits.next()?;
    sink.field(name, FieldValue::List);
    if in_ranges {
        ranges(bits, sink)
    } else {
        sink.members(bits, greatest);
        bits.skip(usize::try_from(greatest).unwrap_or(usize::MAX))
    }
}

/// Ranges of vendors, as many as they say. Each takes bits, so that the string's length bounds them.
fn ranges(bits: &mut BitReader<'_>, sink: &mut impl Sink) -> Result<(), Fault> {
    for _ in 0..bits.number(COUNT_BITS)? {
        let is_range = bits.next()?;
        let here = bits.fault(Why::Range);
        let first = bits.number(VENDOR_BITS)?;
        let last = if is_range {
            bits.number(VENDOR_BITS)?
        } else {
            first
        };
        if last < first {
            return Err(here);
        }
        sink.range(first, last);
    }
    Ok(())
}

fn vendor_segment(bits: &mut BitReader<'_>, kind: u64, sink: &mut impl Sink) -> Result<(), Fault> {
    bits.skip(KIND_BITS)?;
    let name = if usize::try_from(kind) == Ok(DISCLOSED_VENDORS) {
        "DisclosedVendors"
    } else {
        "AllowedVendors"
    };
    vendors(bits, name, sink)
}

fn publisher(bits: &mut BitReader<'_>, sink: &mut impl Sink) -> Result<(), Fault> {
    bits.skip(KIND_BITS)?;
    for name in ["PubPurposesConsent", "PubPurposesLITransparency"] {
        sink.field(name, purpose_flags(bits.number(PURPOSES)?));
    }
    let own = bits.number(VERSION_BITS)?;
    sink.number("NumCustomPurposes", own);
    for name in ["CustomPurposesConsent", "CustomPurposesLITransparency"] {
        sink.field(name, FieldValue::List);
        sink.members(bits, own);
        bits.skip(usize::try_from(own).unwrap_or_default())?;
    }
    Ok(())
}
