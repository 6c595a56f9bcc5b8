//! GPP: which sections a string has, and what those say that matter here.

use super::bits::Bits;
use super::tcf::Tcf;
use super::us::{Choice, national, of_state, state, us_privacy};

/// What matters of a GPP string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gpp {
    /// What its TCF section says.
    pub(super) tcf: Option<Tcf>,
    /// What its US sections say together.
    pub(super) choice: Option<Choice>,
    /// Whether a section that matters could not be decoded: it counts as absent, and the others count.
    pub(super) broken: bool,
}

/// Numbers of sections (GPP registry).
const TCF_EU_V2: u16 = 2;
const US_PRIVACY: u16 = 6;
const US_NATIONAL: u16 = 7;

impl Gpp {
    /// Reads a string for a user in the state `at`; none where its header cannot be decoded.
    ///
    /// An opt-out told to any state counts. That there is none must have been told to the user's own state or to the
    /// whole nation.
    pub(super) fn decode(text: &str, at: Option<&str>) -> Option<Self> {
        let mut sections = text.split('~');
        let ids = section_ids(sections.next()?)?;
        let sections: Vec<&str> = sections.collect();
        if ids.len() != sections.len() {
            return None;
        }
        let mut gpp = Self {
            tcf: None,
            choice: None,
            broken: false,
        };
        for (id, section) in ids.into_iter().zip(sections) {
            let choice = match id {
                TCF_EU_V2 => {
                    gpp.tcf = Tcf::decode(section);
                    gpp.broken |= gpp.tcf.is_none();
                    continue;
                }
                US_PRIVACY => us_privacy(section),
                US_NATIONAL => national(section),
                _ => match state(id) {
                    Some(of) => of_state(of, section).map(|choice| match choice {
                        Choice::NotOptedOut if at != Some(of) => Choice::Nothing,
                        choice => choice,
                    }),
                    // What is not known says nothing here.
                    None => continue,
                },
            };
            gpp.broken |= choice.is_none();
            gpp.choice = together(gpp.choice, choice);
        }
        Some(gpp)
    }
}

/// An opt-out beats all, and anything beats nothing.
fn together(one: Option<Choice>, other: Option<Choice>) -> Option<Choice> {
    let both = [one, other];
    [Choice::OptedOut, Choice::NotOptedOut, Choice::Nothing]
        .into_iter()
        .find(|choice| both.contains(&Some(*choice)))
}

/// What a header begins with: its type and version, six bits each (GPP, header).
const TYPE: u32 = 3;
const VERSION: u32 = 1;
const FIELD_BITS: usize = 6;

/// Bits of the number of ranges.
const COUNT_BITS: usize = 12;

/// Far above the greatest number in the registry: what names a greater one is no header.
const MAX_SECTION_ID: u16 = 255;

/// The numbers of the sections that a header announces.
///
/// Read here, since `iab_gpp` 0.1 loses its place after two single numbers, refuses a string for one section it does
/// not know, and overflows on large numbers.
fn section_ids(header: &str) -> Option<Vec<u16>> {
    let mut bits = Bits::of(header)?;
    if bits.number(FIELD_BITS)? != TYPE || bits.number(FIELD_BITS)? != VERSION {
        return None;
    }
    let mut ids: Vec<u16> = Vec::new();
    for _ in 0..bits.number(COUNT_BITS)? {
        let is_range = bits.next()?;
        let before = ids.last().copied().unwrap_or(0);
        let first = before.checked_add(bits.fibonacci()?)?;
        let last = if is_range {
            first.checked_add(bits.fibonacci()?)?
        } else {
            first
        };
        if last > MAX_SECTION_ID {
            return None;
        }
        ids.extend(first..=last);
    }
    Some(ids)
}
