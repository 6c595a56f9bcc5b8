//! Base64 for URLs as the bits it stands for, which the IAB's strings are made of.

/// Bits that a character stands for.
const CHARACTER_BITS: usize = 6;

/// The bits of a text, the most significant first.
pub(super) struct Bits {
    values: Vec<u8>,
    read: usize,
}

impl Bits {
    /// None where a character is not of base64 for URLs.
    pub(super) fn of(text: &str) -> Option<Self> {
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

    /// The next bit; none where the text has ended.
    pub(super) fn next(&mut self) -> Option<bool> {
        let value = self.values.get(self.read / CHARACTER_BITS)?;
        let bit = value >> (CHARACTER_BITS - 1 - self.read % CHARACTER_BITS) & 1;
        self.read += 1;
        Some(bit == 1)
    }

    /// The next `bits` bits as a number; 32 at most.
    pub(super) fn number(&mut self, bits: usize) -> Option<u32> {
        (0..bits).try_fold(0, |number, _| Some(number << 1 | u32::from(self.next()?)))
    }

    /// A number as a sum of Fibonacci numbers, the least first, ended by two ones.
    pub(super) fn fibonacci(&mut self) -> Option<u16> {
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
