//! GPP: which sections a string has.
//!
//! Source: IAB Tech Lab's Global Privacy Platform, "Consent String Specification" (header, Fibonacci coding), and its registry of
//! section ids.

use super::bits::BitReader;
use super::fault::{Fault, Why};

/// A section of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GppSection<'t> {
    /// Its number in the registry.
    pub(super) id: u16,
    pub(super) text: &'t str,
    /// The characters before it.
    pub(super) at: usize,
}

/// Numbers of sections (GPP registry).
pub(super) const TCF_EU_V2: u16 = 2;
pub(super) const TCF_CANADA: u16 = 5;
pub(super) const US_PRIVACY: u16 = 6;

/// The name that the registry gives a section which is not of the US; none where it has none.
pub(super) const fn name(id: u16) -> Option<&'static str> {
    Some(match id {
        1 => "tcfeuv1",
        TCF_EU_V2 => "tcfeuv2",
        3 => "gpp header",
        4 => "signal integrity",
        TCF_CANADA => "tcfcav1",
        US_PRIVACY => "uspv1",
        _ => return None,
    })
}

/// What a header begins with: its type and version, six bits each.
const TYPE: u64 = 3;
const VERSION: u64 = 1;
const FIELD_BITS: usize = 6;

/// Bits of the number of ranges.
const COUNT_BITS: usize = 12;

/// Far above the greatest number in the registry: what names a greater one is no header.
const MAX_SECTION_ID: u16 = 255;

/// Gives each section that the header announces, in their order, as far as the string goes; and what is wrong with it.
pub(super) fn decode<'t>(text: &'t str, mut each: impl FnMut(GppSection<'t>)) -> Result<(), Fault> {
    let mut sections = text.split('~');
    let header = sections.next().unwrap_or_default();
    let mut at = header.len() + 1;
    let read = ids(header, |id| {
        let text = sections.next()?;
        each(GppSection { id, text, at });
        at += text.len() + 1;
        Some(())
    });
    read?;
    match sections.next() {
        None => Ok(()),
        Some(_) => Err(Fault {
            at,
            why: Why::Sections,
        }),
    }
}

/// Gives each number that a header announces, until there is no section for one.
fn ids(header: &str, mut each: impl FnMut(u16) -> Option<()>) -> Result<(), Fault> {
    let mut bits = BitReader::of(header);
    let why = bits.fault(Why::Header);
    if bits.number(FIELD_BITS)? != TYPE || bits.number(FIELD_BITS)? != VERSION {
        return Err(why);
    }
    let mut before = 0_u16;
    let mut none = true;
    for _ in 0..bits.number(COUNT_BITS)? {
        let is_range = bits.next()?;
        let mut step = || {
            let here = bits.fault(Why::Number);
            let id = before.checked_add(bits.fibonacci()?).ok_or(here)?;
            if id > MAX_SECTION_ID {
                return Err(here);
            }
            before = id;
            Ok(id)
        };
        let first = step()?;
        let last = if is_range { step()? } else { first };
        for id in first..=last {
            none = false;
            let at = header.len();
            each(id).ok_or(Fault {
                at,
                why: Why::Sections,
            })?;
        }
    }
    if none {
        return Err(bits.fault(Why::Sections));
    }
    bits.end()
}
