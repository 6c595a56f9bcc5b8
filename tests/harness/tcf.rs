//! TCF strings, written by the specification's own field list.

/// Bits, the most significant first.
#[derive(Clone, Default)]
pub struct Bits(pub Vec<bool>);

impl Bits {
    pub fn put(mut self, number: u64, bits: u32) -> Self {
        self.0
            .extend((0..bits).rev().map(|bit| number >> bit & 1 == 1));
        self
    }

    /// Whole bytes in base64 for URLs, as the specifications want them.
    pub fn base64(mut self) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        while !self.0.len().is_multiple_of(8) {
            self.0.push(false);
        }
        let sextets = self.0.chunks(6);
        let value = |bits: &[bool]| {
            (0..6).fold(0, |value, bit| {
                value << 1 | usize::from(bits.get(bit) == Some(&true))
            })
        };
        sextets
            .map(|bits| char::from(ALPHABET[value(bits)]))
            .collect()
    }
}

/// What a string is made of. The default consents, and keeps all that TCF 2.3 asks for.
#[derive(Debug, Clone, Copy)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a field of the string"
)]
pub struct Tcf {
    pub consents: bool,
    /// Purpose 1 was not asked for (`PurposeOneTreatment`).
    pub not_asked: bool,
    /// Unix seconds.
    pub created: u64,
    pub updated: u64,
    pub cmp_id: u64,
    pub policy_version: u64,
    pub service_specific: bool,
    pub discloses_vendors: bool,
}

impl Tcf {
    pub const fn given_at(unix: u64) -> Self {
        Self {
            consents: true,
            not_asked: false,
            created: unix,
            updated: unix,
            cmp_id: 31,
            policy_version: 5,
            service_specific: true,
            discloses_vendors: true,
        }
    }

    /// The core up to its vendors.
    pub fn up_to_vendors(&self) -> Bits {
        let purposes = if self.consents {
            1 << 23 | 1 << 21
        } else {
            1 << 22
        };
        Bits::default()
            .put(2, 6) // version
            .put(self.created * 10, 36)
            .put(self.updated * 10, 36)
            .put(self.cmp_id, 12)
            .put(1, 12)
            .put(1, 6) // screen
            .put(4, 6) // language
            .put(13, 6)
            .put(48, 12) // vendor list
            .put(self.policy_version, 6)
            .put(u64::from(self.service_specific), 1)
            .put(0, 1)
            .put(0, 12) // special features
            .put(purposes, 24)
            .put(0, 24) // legitimate interests
            .put(u64::from(self.not_asked), 1)
            .put(3, 6) // publisher's country
            .put(4, 6)
    }

    pub fn text(&self) -> String {
        let core = self
            .up_to_vendors()
            .put(2, 16) // vendors: a field of two
            .put(0, 1)
            .put(0b11, 2)
            .put(0, 16)
            .put(0, 1)
            .put(0, 12) // restrictions
            .base64();
        if self.discloses_vendors {
            format!("{core}.{}", disclosed_vendors())
        } else {
            core
        }
    }
}

/// A segment that discloses no vendor.
pub fn disclosed_vendors() -> String {
    Bits::default().put(1, 3).put(0, 16).put(0, 1).base64()
}
