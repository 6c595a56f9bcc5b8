//! TCF v2: whether a string consents to purpose 1, storing and reading on a device.

use std::cmp::Reverse;

use iab_gpp::sections::tcfeuv2::TcfEuV2;

/// What matters of a TCF string. Ordered by its time, and of two of one time the refusal is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tcf {
    last_updated: u64,
    consents: Reverse<bool>,
}

/// Storing and reading on a device, without which there is no identity (TCF policies, appendix A).
const PURPOSE_ONE: u16 = 1;

/// Characters of the core that hold everything up to the purposes consented to, six bits each (TCF v2, core
/// string: 176 bits).
const HEAD: usize = 30;

/// Characters that a core needs for its fixed fields, and for lists of vendors and restrictions that are empty.
const SHORTEST: usize = 44;

impl Tcf {
    /// Reads a string; none where it cannot be decoded.
    ///
    /// The vendors after the purposes are left unread: a list of ranges in a cookie can name millions of them.
    pub(super) fn decode(text: &str) -> Option<Self> {
        let character = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let core = text.split('.').next()?;
        let head = core.get(..HEAD)?;
        if core.len() < SHORTEST || !text.bytes().all(character) {
            return None;
        }
        let nobody = "A".repeat(SHORTEST - HEAD);
        let decoded: TcfEuV2 = format!("{head}{nobody}").parse().ok()?;
        Some(Self {
            last_updated: decoded.core.last_updated,
            consents: Reverse(decoded.core.purpose_consents.contains(&PURPOSE_ONE)),
        })
    }

    pub(super) const fn consents(self) -> bool {
        self.consents.0
    }
}
