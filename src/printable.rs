//! Text that a terminal shows as what it is: characters that would move its cursor, change its colours or turn lines round are
//! written as escapes. These are the escapes of JSON, so that JSON stays JSON.
//!
//! ```
//! use edge_cookie::printable::{Printable, on_one_line};
//! use std::io::Write;
//!
//! assert_eq!(on_one_line("a\n\u{1b}[2Jb"), r"a\n\u001b[2Jb");
//! let mut out = Printable::new(Vec::new());
//! out.write_all("one\ntwo\u{9b}31m\n".as_bytes()).unwrap();
//! assert_eq!(out.into_inner(), b"one\ntwo\\u009b31m\n");
//! ```

use std::borrow::Cow;
use std::io::{self, Write};

/// Whether a terminal acts on this character: a control character, or one that sets the direction or the end of a line (Unicode,
/// chapter 23; the bidirectional ones hide what a text says, CVE-2021-42574).
#[must_use]
pub fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escape(character: char) -> String {
    match character {
        '\n' => r"\n".to_owned(),
        '\r' => r"\r".to_owned(),
        '\t' => r"\t".to_owned(),
        other => format!("\\u{:04x}", u32::from(other)),
    }
}

/// The text with every character that a terminal acts on escaped, line ends too.
#[must_use]
pub fn on_one_line(text: &str) -> Cow<'_, str> {
    with_escapes(text, acts)
}

/// The text with those characters escaped that a terminal acts on, but for line ends and those that `keep` names.
#[must_use]
pub fn on_lines(text: &str, keep: Option<char>) -> Cow<'_, str> {
    with_escapes(text, |character| {
        acts(character) && character != '\n' && Some(character) != keep
    })
}

fn with_escapes(text: &str, escapes: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&escapes) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if escapes(character) {
            shown.push_str(&escape(character));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A writer of text to a terminal: what the terminal acts on is escaped, but for line ends.
///
/// Each call is given whole characters.
#[derive(Debug)]
pub struct Printable<W>(W);

impl<W: Write> Printable<W> {
    /// Writes to `out`.
    pub const fn new(out: W) -> Self {
        Self(out)
    }

    /// What is written to.
    pub fn into_inner(self) -> W {
        self.0
    }
}

impl<W: Write> Write for Printable<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some((at, length, character)) = first(bytes) else {
            return self.0.write(bytes);
        };
        if at > 0 {
            return self.0.write(bytes.get(..at).unwrap_or_default());
        }
        self.0.write_all(escape(character).as_bytes())?;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The first character that is escaped, with its place and its length in bytes.
fn first(bytes: &[u8]) -> Option<(usize, usize, char)> {
    bytes.iter().enumerate().find_map(|(at, byte)| {
        // How UTF-8 begins what is escaped: U+0080 to U+009F, U+061C, U+2028 and on.
        let length = match byte {
            b'\n' => return None,
            0x00..=0x1f | 0x7f => 1,
            0xc2 | 0xd8 => 2,
            0xe2 => 3,
            _ => return None,
        };
        let character = str::from_utf8(bytes.get(at..at + length)?).ok()?;
        let character = character.chars().next().filter(|it| acts(*it))?;
        Some((at, length, character))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_written_as_it_is_or_escaped_alike() {
        for character in '\0'..=char::MAX {
            let text = format!("a{character}b");
            let mut out = Printable::new(Vec::new());
            out.write_all(text.as_bytes()).unwrap();
            let written = String::from_utf8(out.into_inner()).unwrap();
            assert_eq!(written, on_lines(&text, None));
            assert_eq!(written == text, !acts(character) || character == '\n');
            // What is in a string of JSON stays the same.
            let json = serde_json::to_string(&text).unwrap();
            let mut out = Printable::new(Vec::new());
            out.write_all(json.as_bytes()).unwrap();
            let read: String = serde_json::from_slice(&out.into_inner()).unwrap();
            assert_eq!(read, text);
        }
    }
}
