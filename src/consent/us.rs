//! US Privacy and the US sections of GPP: whether a user opts out of the sale of their data.

use iab_gpp::sections::uspv1::{Flag, UspV1};

use super::bits::Bits;

/// What a user says of the sale of their data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// They opt out.
    OptedOut,
    /// They say that they do not.
    NotOptedOut,
    /// They were not asked, or it does not apply.
    Nothing,
}

/// Characters of a US Privacy string.
const US_PRIVACY_CHARACTERS: usize = 4;

/// Reads a US Privacy string; none where it cannot be decoded.
pub(super) fn us_privacy(text: &str) -> Option<Choice> {
    if text.len() != US_PRIVACY_CHARACTERS {
        return None;
    }
    let decoded: UspV1 = text.parse().ok()?;
    Some(match decoded.opt_out_sale {
        Flag::Yes => Choice::OptedOut,
        Flag::No => Choice::NotOptedOut,
        Flag::NotApplicable => Choice::Nothing,
    })
}

/// The states with a section, in the order of their sections' numbers, which begin at the first (GPP registry).
const STATES: [&str; 16] = [
    "CA", "VA", "CO", "UT", "CT", "FL", "MT", "OR", "TX", "DE", "IA", "NE", "NH", "NJ", "TN", "MN",
];
const FIRST_STATE: u16 = 8;

/// The state whose section has this number; none where it is not a state's.
pub(super) fn state(id: u16) -> Option<&'static str> {
    let place = id.checked_sub(FIRST_STATE)?;
    STATES.get(usize::from(place)).copied()
}

/// Where the core of a section keeps its opt-outs: after a version and so many notices, that of the sale first.
struct Layout {
    newest_version: u32,
    notices: usize,
    opt_outs: usize,
}

/// That of the whole nation: opt-outs of the sale, of sharing and of targeted advertising.
const NATIONAL: Layout = Layout {
    newest_version: 2,
    notices: 6,
    opt_outs: 3,
};

/// That of most states: opt-outs of the sale, and of targeted advertising or (California) of sharing.
const STATE: Layout = Layout {
    newest_version: 1,
    notices: 3,
    opt_outs: 2,
};

/// That of the states with a notice about sensitive data as well.
const SENSITIVE: Layout = Layout {
    notices: 4,
    ..STATE
};

/// Reads the national section; none where it cannot be decoded.
pub(super) fn national(text: &str) -> Option<Choice> {
    NATIONAL.read(text)
}

/// Reads the section of a state; none where it cannot be decoded.
pub(super) fn of_state(state: &str, text: &str) -> Option<Choice> {
    match state {
        "UT" | "IA" => SENSITIVE.read(text),
        _ => STATE.read(text),
    }
}

/// Bits of a version, of a notice or a choice, and of the type of a segment (GPP, US sections).
const VERSION_BITS: usize = 6;
const FIELD_BITS: usize = 2;

/// What a choice says (GPP, US sections); all else is that it does not apply.
const OPTED_OUT: u32 = 1;
const DID_NOT_OPT_OUT: u32 = 2;

/// The type of the segment that tells GPC.
const GPC: u32 = 1;

impl Layout {
    /// An opt-out of the sale, or GPC told inside the section, is an opt-out. One of sharing or of targeted
    /// advertising alone is not, but neither does it say that there is none.
    ///
    /// Read here as far as the opt-outs, since `iab_gpp` 0.1 refuses a section whose `MspaCoveredTransaction` is 0, as
    /// consent managers write it: opt-outs would be lost.
    fn read(&self, text: &str) -> Option<Choice> {
        let mut segments = text.split('.');
        let mut core = Bits::of(segments.next()?)?;
        if !(1..=self.newest_version).contains(&core.number(VERSION_BITS)?) {
            return None;
        }
        for _ in 0..self.notices {
            core.number(FIELD_BITS)?;
        }
        let sale = core.number(FIELD_BITS)?;
        let mut others = false;
        for _ in 1..self.opt_outs {
            others |= core.number(FIELD_BITS)? == OPTED_OUT;
        }
        let mut gpc = false;
        for segment in segments {
            let mut segment = Bits::of(segment)?;
            gpc |= segment.number(FIELD_BITS)? == GPC && segment.next()?;
        }
        Some(match sale {
            _ if gpc => Choice::OptedOut,
            OPTED_OUT => Choice::OptedOut,
            DID_NOT_OPT_OUT if !others => Choice::NotOptedOut,
            _ => Choice::Nothing,
        })
    }
}
