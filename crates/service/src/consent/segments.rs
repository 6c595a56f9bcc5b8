//! The segments of a section or of a TCF string, between dots.

use super::bits::BitReader;

/// The parts of a text between its dots.
#[derive(Debug, Clone)]
pub(super) struct Segments<'t> {
    rest: Option<&'t str>,
    before: usize,
}

impl<'t> Segments<'t> {
    pub(super) const fn of(text: &'t str) -> Self {
        Self {
            rest: Some(text),
            before: 0,
        }
    }
}

impl<'t> Iterator for Segments<'t> {
    type Item = BitReader<'t>;

    fn next(&mut self) -> Option<BitReader<'t>> {
        let text = self.rest?;
        let (segment, rest) = match text.split_once('.') {
            Some((segment, rest)) => (segment, Some(rest)),
            None => (text, None),
        };
        let bits = BitReader::after(self.before, segment);
        self.before += segment.len() + 1;
        self.rest = rest;
        Some(bits)
    }
}
