//! Base64 for URLs as bits, which the IAB's strings are made of.

use super::fault::{Fault, Why};

/// Bits of a character.
const CHARACTER_BITS: usize = 6;

/// The bits of a text, the most significant first. Nothing is copied.
#[derive(Debug, Clone)]
pub(super) struct BitReader<'t> {
    text: &'t [u8],
    /// The characters before it, of the string that it is a part of.
    before: usize,
    read: usize,
}

#[cfg(test)]
thread_local! {
    /// How often characters were looked at in this thread.
    pub(super) static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The value of a character of base64 for URLs (RFC 4648, section 5).
fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

impl<'t> BitReader<'t> {
    /// The bits of a text that so many characters stand before.
    pub(super) const fn after(before: usize, text: &'t str) -> Self {
        Self {
            text: text.as_bytes(),
            before,
            read: 0,
        }
    }

    pub(super) const fn of(text: &'t str) -> Self {
        Self::after(0, text)
    }

    /// The character that the next bit is in, counted from 0.
    pub(super) const fn at(&self) -> usize {
        self.before + self.read / CHARACTER_BITS
    }

    /// How many bits the text has, read or not.
    pub(super) const fn len(&self) -> usize {
        self.text.len() * CHARACTER_BITS
    }

    /// What is wrong with the next bit.
    pub(super) const fn fault(&self, why: Why) -> Fault {
        Fault { at: self.at(), why }
    }

    /// The next bit.
    pub(super) fn next(&mut self) -> Result<bool, Fault> {
        Ok(self.number(1)? == 1)
    }

    /// The next `bits` bits as a number; 64 at most.
    pub(super) fn number(&mut self, bits: usize) -> Result<u64, Fault> {
        let (mut number, mut left) = (0, bits);
        while left > 0 {
            #[cfg(test)]
            STEPS.set(STEPS.get() + 1);
            let Some(byte) = self.text.get(self.read / CHARACTER_BITS) else {
                return Err(self.fault(Why::Truncated));
            };
            let Some(value) = value(*byte) else {
                return Err(self.fault(Why::NotBase64));
            };
            let unread = CHARACTER_BITS - self.read % CHARACTER_BITS;
            let taken = unread.min(left);
            let shifted = value >> (unread - taken);
            let mask = (1_u8 << taken) - 1;
            number = number << taken | u64::from(shifted & mask);
            self.read += taken;
            left -= taken;
        }
        Ok(number)
    }

    /// Leaves out so many bits, which must be there.
    pub(super) fn skip(&mut self, bits: usize) -> Result<(), Fault> {
        let end = self.read.saturating_add(bits);
        while self.read < end {
            self.number(CHARACTER_BITS.min(end - self.read))?;
        }
        Ok(())
    }

    /// Checks what follows the last field: it is not read, but must be base64 as well.
    pub(super) fn end(&self) -> Result<(), Fault> {
        let from = self.read / CHARACTER_BITS;
        let rest = self.text.get(from..).unwrap_or_default();
        rest.iter()
            .position(|byte| value(*byte).is_none())
            .map_or(Ok(()), |wrong| {
                Err(Fault {
                    at: self.before + from + wrong,
                    why: Why::NotBase64,
                })
            })
    }

    /// A number as a sum of Fibonacci numbers, the least first, ended by two ones (GPP, Fibonacci coding).
    pub(super) fn fibonacci(&mut self) -> Result<u16, Fault> {
        let (mut this, mut next, mut sum, mut before) = (1_u16, 2_u16, 0_u16, false);
        loop {
            let bit = self.next()?;
            if bit && before {
                return Ok(sum);
            }
            let grown = if bit {
                sum.checked_add(this)
            } else {
                Some(sum)
            };
            let (Some(grown), Some(after)) = (grown, this.checked_add(next)) else {
                return Err(self.fault(Why::Number));
            };
            sum = grown;
            before = bit;
            (this, next) = (next, after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_across_characters_and_not_beyond_the_end() {
        // C = 2, Q = 16, - = 62: 000010 010000 111110.
        let mut bits = BitReader::of("CQ-");
        assert_eq!(bits.number(4), Ok(0));
        assert_eq!(bits.number(4), Ok(0b1001));
        assert_eq!(bits.next(), Ok(false));
        assert_eq!(bits.skip(3), Ok(()));
        assert_eq!((bits.number(6), bits.at()), (Ok(62), 3));
        let why = |fault: Result<u64, Fault>| fault.unwrap_err();
        assert_eq!(
            why(bits.number(1)),
            Fault {
                at: 3,
                why: Why::Truncated
            }
        );
        assert_eq!(
            why(BitReader::of("A=").number(12)),
            Fault {
                at: 1,
                why: Why::NotBase64
            }
        );
    }

    #[test]
    fn text_after_the_last_field_is_base64_too() {
        let ended = |text, read| {
            let mut bits = BitReader::after(10, text);
            bits.skip(read).unwrap();
            bits.end().map_err(|fault| (fault.at, fault.why))
        };
        assert_eq!(ended("CQ-A", 8), Ok(()));
        assert_eq!(ended("CQ", 12), Ok(()));
        assert_eq!(ended("CQ-=", 8), Err((13, Why::NotBase64)));
        assert_eq!(ended("CQ+A", 12), Err((12, Why::NotBase64)));
    }

    #[test]
    fn fibonacci_numbers_are_summed() {
        // 11 = 1, 011 = 2, 0011 = 3, 1011 = 4, 10011 = 6; then nothing.
        let mut bits = BitReader::of("2dz");
        let read: Vec<_> = (0..6).map(|_| bits.fibonacci()).collect();
        assert_eq!(read[..5], [Ok(1), Ok(2), Ok(3), Ok(4), Ok(6)]);
        assert!(read[5].is_err());
        assert_eq!(
            BitReader::of("AAAAAAAAAA")
                .fibonacci()
                .map_err(|fault| fault.why),
            Err(Why::Number)
        );
    }
}
