//! GPP: which sections a string has, and what those say that matter here.

use super::tcf::Tcf;
use super::us::{Choice, STATES, national, of_state, us_privacy};

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
    /// Reads a string for a user in `state`; none where its header cannot be decoded.
    ///
    /// An opt-out told to any state counts. That there is none must have been told to the user's own state or to the
    /// whole nation.
    pub(super) fn decode(text: &str, state: Option<&str>) -> Option<Self> {
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
                _ if STATES.contains(&id) => {
                    of_state(id, section).map(|(choice, of)| match choice {
                        Choice::NotOptedOut if state != Some(of) => Choice::Nothing,
                        choice => choice,
                    })
                }
                // What is not known says nothing here.
                _ => continue,
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

/// The bits of a text in base64 for URLs.
struct Bits {
    values: Vec<u8>,
    read: usize,
}

impl Bits {
    fn of(text: &str) -> Option<Self> {
        let value = |byte: u8| match byte {
            b'A'..=b'Z' => Some(byte - b'A'),
            b'a'..=b'z' => Some(byte - b'a' + 26),
            b'0'..=b'9' => Some(byte - b'0' + 52),
            b'-' => Some(62),
            b'_' => Some(63),
            _ => None,
        };
        let values = text.bytes().map(value).collect::<Option<_>>()?;
        Some(Self { values, read: 0 })
    }

    fn next(&mut self) -> Option<bool> {
        let value = self.values.get(self.read / FIELD_BITS)?;
        let bit = value >> (FIELD_BITS - 1 - self.read % FIELD_BITS) & 1;
        self.read += 1;
        Some(bit == 1)
    }

    fn number(&mut self, bits: usize) -> Option<u32> {
        (0..bits).try_fold(0, |number, _| Some(number << 1 | u32::from(self.next()?)))
    }

    /// A number as a sum of Fibonacci numbers, the least first, ended by two ones.
    fn fibonacci(&mut self) -> Option<u16> {
        let (mut this, mut next, mut sum, mut before) = (1_u16, 2_u16, 0_u16, false);
        loop {
            let bit = self.next()?;
            if bit && before {
                return Some(sum);
            }
            if bit {
                sum = sum.checked_add(this)?;
            }
            before = bit;
            (this, next) = (next, this.checked_add(next)?);
        }
    }
}
