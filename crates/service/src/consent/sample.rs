//! TCF strings made for examples and simulations: a visitor's consent or refusal of a given time.

use edge_cookie::clock::Timestamp;

/// What a string is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TcfSample {
    /// Whether it consents to purpose 1.
    pub consents: bool,
    /// When it was created and updated.
    pub at: Timestamp,
    /// Whether it keeps all that TCF 2.3 asks for.
    pub valid: bool,
    /// Its length in characters at least, as far as a segment of vendors can be that long: some 10,900.
    pub length: usize,
}

/// Characters of base64 for URLs (RFC 4648, section 5).
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bits of a character.
const CHARACTER_BITS: usize = 6;

impl TcfSample {
    /// The string.
    #[must_use]
    pub fn text(&self) -> String {
        let tenths = self.at.unix().saturating_mul(10);
        let purposes = if self.consents { 1 << 23 } else { 1 << 22 };
        let valid = u64::from(self.valid);
        let core = [
            (2, 6),       // version
            (tenths, 36), // created
            (tenths, 36), // last updated
            (10, 12),     // CMP
            (1, 12),
            (1, 6), // screen
            (4, 6), // language, EN
            (13, 6),
            (150, 12),          // vendor list
            (2 + 3 * valid, 6), // policy version
            (valid, 1),         // specific to the service
            (0, 1),
            (0, 12), // special features
            (purposes, 24),
            (0, 24), // legitimate interests
            (0, 1),
            (3, 6), // publisher's country, DE
            (4, 6),
            (0, 16), // vendors
            (0, 1),
            (0, 16),
            (0, 1),
            (0, 12), // restrictions
        ];
        let mut text = base64(&core);
        if self.valid {
            let missing = self.length.saturating_sub(text.len()) * CHARACTER_BITS;
            let vendors = u16::try_from(missing).unwrap_or(u16::MAX);
            // Its kind, the greatest vendor, and a bit for each: no vendor is disclosed.
            let disclosed = [(1, 3), (vendors.into(), 16), (0, 1), (0, vendors.into())];
            text.push('.');
            text.push_str(&base64(&disclosed));
        }
        text
    }
}

/// Fields of so many bits, the most significant first, filled up to whole bytes as the specification wants them.
pub(super) fn base64(fields: &[(u64, u32)]) -> String {
    let bits = |&(value, width): &(u64, u32)| {
        (0..width)
            .rev()
            .map(move |bit| value.checked_shr(bit).unwrap_or(0) & 1 == 1)
    };
    let mut bits: Vec<bool> = fields.iter().flat_map(bits).collect();
    bits.resize(bits.len().next_multiple_of(8), false);
    let sextet = |bits: &[bool]| {
        let value = |value: usize, at: usize| value << 1 | usize::from(bits.get(at) == Some(&true));
        ALPHABET
            .get((0..CHARACTER_BITS).fold(0, value))
            .copied()
            .map(char::from)
    };
    bits.chunks(CHARACTER_BITS).filter_map(sextet).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tcf::{self, PurposeOne};
    use super::*;

    #[test]
    fn a_sample_says_what_it_is_made_of() {
        let at = Timestamp::from_unix(1_790_000_000);
        for (consents, valid, length) in [
            (true, true, 0),
            (true, false, 0),
            (false, true, 0),
            (true, true, 1_000),
        ] {
            let sample = TcfSample {
                consents,
                at,
                valid,
                length,
            };
            let text = sample.text();
            assert!(text.len() >= length);
            let (core, fault) = tcf::decode(&text, &mut ());
            let core = core.unwrap();
            assert_eq!(fault, None, "{text}");
            let said = [PurposeOne::Refusal, PurposeOne::Consent][usize::from(consents)];
            assert_eq!(
                (core.purpose_one, core.created, core.updated),
                (said, at, at)
            );
            assert_eq!(
                (core.service_specific, core.discloses_vendors),
                (valid, valid)
            );
        }
    }
}
