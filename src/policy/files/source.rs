//! What was read, kept so that a finding can show the line it is about.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::Place;
use crate::policy::known_settings;
use crate::policy::setting::{SettingInfo, Shape};
use crate::policy::types::partner::SECRET_FIELDS;

/// A text somebody wrote: a file, the environment or the command line. Its secrets are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    name: Arc<str>,
    masked: String,
    line_starts: Vec<usize>,
}

/// Every source that was read, in the order read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources(Vec<Source>);

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            name: name.into(),
            masked: mask_secrets(text),
            line_starts: std::iter::once(0)
                .chain(starts.map(|(index, _)| index + 1))
                .collect(),
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

    /// The place of these bytes.
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        let line = self
            .line_starts
            .partition_point(|start| *start <= span.start);
        let start = self
            .line_starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let before = self.masked.get(start..span.start).unwrap_or_default();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place {
            file: Arc::clone(&self.name),
            line: count(line),
            column: count(before.chars().count() + 1),
            span,
        }
    }
}

impl Sources {
    pub(crate) fn add(&mut self, source: Source) {
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

/// What stands before the user of an address.
const SCHEME: &str = "://";

/// Puts `*` over every literal secret, and over the password in an address, byte by byte; references stay. Works on damaged text too.
fn mask_secrets(text: &str) -> String {
    let lowered = text.to_ascii_lowercase();
    let mut masked = text.as_bytes().to_vec();
    for key in secret_keys() {
        for (start, _) in lowered.match_indices(key) {
            let after_key = start + key.len();
            let rest = text.get(after_key..).unwrap_or_default();
            let trimmed = rest.trim_start_matches(['"', '\'', ' ', '\t']);
            let Some(value) = trimmed
                .strip_prefix('=')
                .map(|value| value.trim_start_matches([' ', '\t']))
            else {
                continue;
            };
            if value.starts_with('{') {
                continue;
            }
            let value_start = text.len() - value.len();
            for byte in masked
                .iter_mut()
                .skip(value_start)
                .take(literal_length(value))
            {
                if !byte.is_ascii_whitespace() || *byte == b' ' {
                    *byte = b'*';
                }
            }
        }
    }
    for (start, scheme) in text.match_indices(SCHEME) {
        let from = start + scheme.len();
        let rest = text.get(from..).unwrap_or_default();
        let word = rest
            .split([' ', '\t', '\n', '"', '\''])
            .next()
            .unwrap_or_default();
        let Some((user, _)) = word.rsplit_once('@') else {
            continue;
        };
        if let Some((name, password)) = user.split_once(':') {
            let first = from + name.len() + 1;
            masked
                .iter_mut()
                .skip(first)
                .take(password.len())
                .for_each(|byte| *byte = b'*');
        }
    }
    // A character is masked as a whole, since a literal ends at ASCII.
    String::from_utf8(masked).unwrap_or_default()
}

/// How many bytes the literal at the start of `value` takes; one that is not closed ends with its line.
fn literal_length(value: &str) -> usize {
    for quote in ["\"\"\"", "'''", "\"", "'"] {
        if let Some(inside) = value.strip_prefix(quote) {
            let line = inside
                .find('\n')
                .filter(|_| quote.len() == 1)
                .unwrap_or(inside.len());
            let end = inside.find(quote).map_or(line, |end| end.min(line));
            return quote.len() + end;
        }
    }
    value.find('\n').unwrap_or(value.len())
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
            "[ec.redis]\npassword = 'hunter2'",
            "store = \"redis://:hunter2@valkey:6379/0\"",
            "store = \"rediss://user:hunter2@hunter2@valkey\"",
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
        let reference = "passphrase = { env = \"NAME\" }\napi_token_sha256 = \"ab\"";
        assert_eq!(mask_secrets(reference), reference);
    }
}
