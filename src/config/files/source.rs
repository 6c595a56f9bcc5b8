//! What was read, kept so that a finding can show the line it is about.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::SourceLocation;
use crate::policy::is_sha256;
use crate::policy::known_settings;
use crate::policy::setting::{SettingInfo, Shape};
use crate::policy::types::partner::SECRET_FIELDS;
use crate::policy::types::secret::is_like;
use crate::redact::{LONGEST_LINE, line_around, password_spans};

/// A text to read settings from: a file, the environment or the command line. Its secrets are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    name: Arc<str>,
    masked: String,
    line_starts: Vec<usize>,
    /// How many characters begin before each [`STEP`] of bytes, so that a long line is not counted again for each place in it.
    characters: Vec<usize>,
}

const STEP: usize = 1_024;

/// Every source that was read, in the order read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources(Vec<Source>);

impl Source {
    /// A source of this name and text.
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0)
            .chain(starts.map(|(index, _)| index + 1))
            .collect();
        let masked = mask_secrets(text);
        let mut before = 0;
        let characters = masked.as_bytes().chunks(STEP).map(|chunk| {
            let here = before;
            before += begun(chunk);
            here
        });
        Self {
            name: name.into(),
            characters: characters.collect(),
            masked,
            line_starts,
        }
    }

    /// The source's name, as the user knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text, every secret in it masked byte by byte, so that places still fit.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.masked
    }

    /// What precedes the `=` of this line, counted from 1: the name of a variable.
    pub(super) fn name_in_line(&self, line: u32) -> Option<&str> {
        let line = usize::try_from(line).ok()?.checked_sub(1)?;
        let start = *self.line_starts.get(line)?;
        let (name, _) = self.masked.get(start..)?.split_once('=')?;
        Some(name)
    }

    /// The place of these bytes.
    pub(crate) fn place(&self, span: Range<usize>) -> SourceLocation {
        let line = self
            .line_starts
            .partition_point(|start| *start <= span.start);
        let start = self
            .line_starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let before = self.characters_before(span.start);
        let before = before.saturating_sub(self.characters_before(start));
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        SourceLocation {
            file: Arc::clone(&self.name),
            line: count(line),
            column: count(before + 1),
            span,
        }
    }

    /// How many characters begin before this byte.
    fn characters_before(&self, at: usize) -> usize {
        let step = at / STEP;
        let rest = self.masked.as_bytes().get(step * STEP..at);
        let before = self.characters.get(step).or(self.characters.last());
        before.copied().unwrap_or_default() + rest.map_or(0, begun)
    }
}

impl Sources {
    /// Adds a source; one of the same name is replaced.
    pub fn add(&mut self, source: Source) {
        self.0.push(source);
    }

    /// The source of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Source> {
        self.0.iter().find(|source| &*source.name == name)
    }

    /// Which source, counted in the order read; a name never read comes last.
    #[must_use]
    pub fn order(&self, name: &str) -> usize {
        self.0
            .iter()
            .position(|source| &*source.name == name)
            .unwrap_or(usize::MAX)
    }
}

/// How many characters begin in these bytes of UTF-8: every byte but those that continue one begins one.
fn begun(bytes: &[u8]) -> usize {
    let continues = |byte: &&u8| **byte & 0xC0 == 0x80;
    bytes.len() - bytes.iter().filter(continues).count()
}

/// The keys whose values never show, however they are written: the settings' own declarations say which.
fn secret_keys() -> impl Iterator<Item = &'static str> {
    let own = |setting: &'static SettingInfo| match setting.shape {
        Shape::Partners => &SECRET_FIELDS[..],
        _ => std::slice::from_ref(&setting.key),
    };
    let secrets = known_settings()
        .iter()
        .filter(|setting| setting.shape.is_secret());
    secrets
        .flat_map(own)
        .filter_map(|key| key.rsplit('.').next())
}

/// The members of a reference to a secret, which show.
const REFERENCE: [&str; 3] = ["env", "secret_store", "key"];

/// Whether the value of a key of this name is a secret, or may be one under a misspelled name. A name that another setting
/// has is that setting's.
fn holds_a_secret(name: &str) -> bool {
    let last = name.rsplit("__").next().unwrap_or_default();
    let known = |setting: &SettingInfo| {
        !setting.shape.is_secret() && setting.key.rsplit('.').next() == Some(last)
    };
    secret_keys().any(|key| key == last)
        || (!known_settings().iter().any(known) && secret_keys().any(|key| is_like(last, key)))
}

/// Puts `*` over every literal secret, and over the password in an address, byte by byte; references stay. Works on damaged text too.
fn mask_secrets(text: &str) -> String {
    let mut masked = text.as_bytes().to_vec();
    mask_values(text, &mut masked);
    for span in password_spans(text) {
        mask(&mut masked, span.start, span.len());
    }
    // A character is masked as a whole, since a literal ends at ASCII.
    String::from_utf8(masked).unwrap_or_default()
}

fn mask_values(text: &str, masked: &mut [u8]) {
    let lowered = text.to_ascii_lowercase();
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut known: HashMap<&str, bool> = HashMap::new();
    let mut line = 0..0;
    let mut done = 0;
    for (at, _) in text.match_indices(['=', ':']) {
        if at < done {
            continue;
        }
        if at >= line.end {
            line = line_around(text, line.end, at);
        }
        let before = lowered.get(line.start..at).unwrap_or_default();
        let before = before.trim_end_matches(['"', '\'', ' ', '\t']);
        let named = before.trim_end_matches(of_a_name).len();
        let name = before.get(named..).unwrap_or_default();
        let hashed = is_hash_of_a_secret(name);
        if !hashed && !*known.entry(name).or_insert_with(|| holds_a_secret(name)) {
            continue;
        }
        let rest = text.get(at + 1..).unwrap_or_default();
        let value = rest.trim_start_matches([' ', '\t']);
        let start = text.len() - value.len();
        if line.len() > LONGEST_LINE {
            let rest = text.get(start..line.end).unwrap_or_default();
            let opens = MANY_LINES.iter().any(|quote| rest.contains(quote));
            done = if opens { text.len() } else { line.end };
            mask(masked, start, done.saturating_sub(start));
        } else if hashed && begins_with_a_hash(value) {
            // What is hashed may show.
        } else if !hashed && value.starts_with('{') {
            mask_table(masked, start, value);
        } else {
            mask(masked, start, literal_length(value));
        }
    }
}

/// Puts `*` over bytes; line ends stay, so that lines are counted as in the text.
fn mask(masked: &mut [u8], start: usize, length: usize) {
    for byte in masked.iter_mut().skip(start).take(length) {
        if !byte.is_ascii_whitespace() || *byte == b' ' {
            *byte = b'*';
        }
    }
}

/// Masks what an inline table holds beside the members of a reference: it is a secret that is written in a wrong form.
fn mask_table(masked: &mut [u8], start: usize, table: &str) {
    let end = table.find(['}', '\n']).unwrap_or(table.len());
    let mut at = start + 1;
    for part in table.get(1..end).unwrap_or_default().split(',') {
        let (key, value) = part.split_once('=').unwrap_or(("", part));
        if !REFERENCE.contains(&key.trim_matches(['"', '\'', ' ', '\t'])) {
            let value = value.trim_start();
            mask(masked, at + part.len() - value.len(), value.len());
        }
        at += part.len() + 1;
    }
}

/// Whether the value of this key is the hash of a secret: `api_token_sha256`.
fn is_hash_of_a_secret(name: &str) -> bool {
    name.strip_suffix("_sha256")
        .is_some_and(|name| SECRET_FIELDS.contains(&name))
}

/// Whether a value is a SHA-256; anything else may be the secret itself, put where its hash belongs.
fn begins_with_a_hash(value: &str) -> bool {
    let digits = value.trim_start_matches(['"', '\'']);
    let hash = digits.split(|c: char| !c.is_ascii_hexdigit()).next();
    hash.is_some_and(|hash| is_sha256(&hash.to_ascii_lowercase()))
}

/// The quotes of texts that go over many lines.
const MANY_LINES: [&str; 2] = ["\"\"\"", "'''"];

/// How many bytes the literal at the start of `value` takes; one that is not closed ends with its line, and what
/// follows one that is closed too early belongs to it.
fn literal_length(value: &str) -> usize {
    let line = |text: &str| text.find('\n').unwrap_or(text.len());
    for quote in MANY_LINES.into_iter().chain(["\"", "'"]) {
        let Some(inside) = value.strip_prefix(quote) else {
            continue;
        };
        let Some(end) = inside.find(quote) else {
            let of_one_line = quote.len() == 1;
            return quote.len()
                + if of_one_line {
                    line(inside)
                } else {
                    inside.len()
                };
        };
        if quote.len() == 1 && end > line(inside) {
            return quote.len() + line(inside);
        }
        let closed = quote.len() + end;
        let behind = value.get(closed + quote.len()..).unwrap_or_default();
        let behind = behind.split([',', '}', ']', '#', '\n']).next();
        let behind = behind.unwrap_or_default().trim_end();
        return if behind.is_empty() {
            closed
        } else {
            closed + quote.len() + behind.len()
        };
    }
    line(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let source = Source::new("a.toml", "a = 1\nb = \"é\" # ü\nc");
        let at = |start: usize| {
            let place = source.place(start..start + 1);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(4), (1, 5));
        assert_eq!(at(6), (2, 1));
        assert_eq!(at(13), (2, 7));
        assert_eq!(at(20), (3, 1));
    }

    #[test]
    fn no_literal_secret_stays_in_a_source() {
        for text in [
            "passphrase = \"hunter2\"\nx = 1",
            "passphrase = 'hunter2",
            "\"passphrase\"=\"\"\"\nhunter2\"\"\"",
            "TRUSTED_SERVER__EC__PASSPHRASE=hunter2\nA=1",
            "partners = [{ id = \"a\", api_token = \"hunter2\", foo = 1 }]",
            "passphrase = hunter2é",
            "admin_token = \"hunter2\"",
            "[ec.admin]\nbasic = { username = \"ops\", password = \"hunter2\" }",
            "TRUSTED_SERVER__EC__ADMIN__BASIC__PASSWORD=hunter2",
            "[ec.redis]\npassword = 'hunter2'",
            "store = \"redis://:hunter2@valkey:6379/0\"",
            "store = \"rediss://user:hunter2@hunter2@valkey\"",
            // Secrets under a name that is nearly a secret's, or in a form that is none.
            "pasphrase = \"hunter2\"",
            "TRUSTED_SERVER__EC__PASPHRASE=hunter2",
            "token = \"hunter2\"",
            "api_tokn = \"hunter2\"",
            "api_token_sha256 = \"hunter2\"",
            "passphrase: hunter2",
            "passphrase = \"a\" hunter2",
            "password = { value = \"hunter2\" }",
            "password = { env = \"NAME\", \"hunter2\"",
            &format!("{} password = 'hunter2'", "a = 1 ".repeat(LONGEST_LINE)),
            &format!(
                "{} password = '''\nhunter2'''",
                "a = 1 ".repeat(LONGEST_LINE)
            ),
            "a = \"x://x://:hunter2@host\"",
        ] {
            let masked = mask_secrets(text);
            assert!(!masked.contains("hunter2"), "{masked}");
            assert_eq!(masked.len(), text.len());
        }
        for (text, expected) in [
            ("passphrase = 'a b'\n", "passphrase = ****'\n"),
            (
                "api_token = \"\"\"a b\n c\"\"\"\nx",
                "api_token = ******\n**\"\"\"\nx",
            ),
        ] {
            assert_eq!(mask_secrets(text), expected);
        }
        let hash = "0a".repeat(32);
        for shown in [
            "passphrase = { env = \"NAME\" }",
            "password = { secret_store = \"S\", key = \"K\" } # a reference",
            &format!("api_token_sha256 = \"{hash}\""),
            "store = \"memory\"\nname = \"ts-ec\"",
        ] {
            assert_eq!(mask_secrets(shown), shown);
        }
    }
}
