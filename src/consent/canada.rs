//! TCF Canada: whether a section consents to purpose 1, expressly or by implication.
//!
//! Source: IAB Canada's Transparency and Consent Framework as a section of GPP (`Sections/Canada`), version 1.

use super::bits::Bits;
use super::decoded::Sink;
use super::fault::{Fault, Why};
use super::segments::Segments;

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

/// What stands between the version and the purposes: two times, the CMP and its version, a screen, a language, a list, a policy, a
/// flag, and features.
const BETWEEN: usize = 36 + 36 + 12 + 12 + 6 + 12 + 12 + 6 + 1 + 12;
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
    core.skip(BETWEEN)?;
    let [express, implied] = [core.number(PURPOSES)?, core.number(PURPOSES)?];
    sink.number("PurposesExpressConsent", express);
    sink.number("PurposesImpliedConsent", implied);
    let one = |purposes: u64| purposes >> (PURPOSES - 1) == 1;
    Ok(match (one(express), one(implied)) {
        (true, _) => Canada::Express,
        (false, true) => Canada::Implied,
        (false, false) => Canada::Neither,
    })
}
