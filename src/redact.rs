//! Passwords in addresses, such as `redis://user:password@host`, which no message and no shown value repeats.
//!
//! ```
//! use edge_cookie::redact::passwords;
//!
//! assert_eq!(passwords("cannot reach `redis://ec:hunter2@host:6379`"), "cannot reach `redis://ec:…@host:6379`");
//! assert_eq!(passwords("https://publisher.example:8443/"), "https://publisher.example:8443/");
//! ```

use std::borrow::Cow;
use std::ops::Range;

/// What is shown instead of a password.
const MASK: &str = "…";

/// What follows the scheme of an address.
const SCHEME: &str = "://";

/// What the name of a query's parameter contains that holds a secret.
const SECRET_PARAMETERS: [&str; 3] = ["pass", "token", "secret"];

/// The longest line in which each secret is masked by itself, in bytes: of a longer one everything from its first secret on is masked, so that
/// masking takes no longer than reading.
pub const LONGEST_LINE: usize = 4_096;

/// The line that holds `at`, where a line begins at `from`; its end is not part of it.
pub(crate) fn line_around(text: &str, from: usize, at: usize) -> Range<usize> {
    let before = text.get(from..at).unwrap_or_default();
    let start = before
        .rfind('\n')
        .map_or(from, |newline| from + newline + 1);
    let after = text.get(at..).unwrap_or_default();
    start..after.find('\n').map_or(text.len(), |newline| at + newline)
}

/// `text`, with a mask over every password in an address.
#[must_use]
pub fn passwords(text: &str) -> Cow<'_, str> {
    let spans = password_spans(text);
    if spans.is_empty() {
        return text.into();
    }
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for span in spans {
        masked.push_str(text.get(done..span.start).unwrap_or_default());
        masked.push_str(MASK);
        done = span.end;
    }
    masked.push_str(text.get(done..).unwrap_or_default());
    masked.into()
}

/// The bytes of every password in an address, in order; no range is empty, and no two overlap.
pub(crate) fn password_spans(text: &str) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut add = |start: usize, length: usize| {
        let masked = spans.last().map_or(0, |last| last.end);
        let span = start.max(masked)..start + length;
        if span.start < span.end {
            spans.push(span);
        }
    };
    let (mut line, mut done) = (0..0, 0);
    for (at, _) in text.match_indices(SCHEME) {
        if at < done {
            continue;
        }
        if at >= line.end {
            line = line_around(text, line.end, at);
        }
        let from = at + SCHEME.len();
        if line.len() > LONGEST_LINE {
            let rest = text.get(from..line.end).unwrap_or_default();
            if rest.contains(['@', '?']) {
                add(from, rest.len());
            }
            done = line.end;
            continue;
        }
        let rest = text.get(from..).unwrap_or_default();
        let address = address(text.get(..at).unwrap_or_default(), rest);
        let mut host = 0;
        if let Some((user, _)) = address.rsplit_once('@') {
            host = user.len();
            if let Some((name, password)) = user.split_once(':') {
                add(from + name.len() + 1, password.len());
            }
        }
        let Some(query) = address.get(host..).and_then(|host| host.find('?')) else {
            continue;
        };
        let mut start = from + host + query + 1;
        for pair in address
            .get(host + query + 1..)
            .unwrap_or_default()
            .split('&')
        {
            if let Some((name, value)) = pair.split_once('=') {
                let name_of = name.to_ascii_lowercase();
                if SECRET_PARAMETERS.iter().any(|part| name_of.contains(part)) {
                    add(start + name.len() + 1, value.len());
                }
            }
            start += pair.len() + 1;
        }
    }
    spans
}

/// How much of `rest` the address takes whose scheme ends `before`: up to the quote that closes the one before the scheme,
/// or where there is none or a password may hold one, up to the end of the line. Rather too much is masked than too little.
fn address<'t>(before: &str, rest: &'t str) -> &'t str {
    let line = rest.split(['\n', '\r']).next().unwrap_or_default();
    let of_a_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let quote = before.trim_end_matches(of_a_scheme).chars().next_back();
    let Some(quote) = quote.filter(|quote| ['"', '\'', '`'].contains(quote)) else {
        return line;
    };
    let quoted = line.split(quote).next().unwrap_or_default();
    if quoted.contains('@') || !line.contains('@') {
        quoted
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_masked_wherever_its_address_ends() {
        for (text, shown) in [
            ("redis://:hunter2@host", "redis://:…@host"),
            ("redis://ec:hunter2@host:6379/0", "redis://ec:…@host:6379/0"),
            (
                "`rediss://u:hunter2@hunter2@host` is no name",
                "`rediss://u:…@host` is no name",
            ),
            ("\"redis://:hunt er2@h\" # a@b", "\"redis://:…@h\" # a@b"),
            ("'redis://:hunt'er2@h' b", "'redis://:…@h' b"),
            (
                "--set ec.local.store=redis://:a/b?c#d@h",
                "--set ec.local.store=redis://:…@h",
            ),
            (
                "redis://h?password=hunter2&db=1",
                "redis://h?password=…&db=1",
            ),
            (
                "redis://u:p@h/0?auth_token=hunter2",
                "redis://u:…@h/0?auth_token=…",
            ),
            (
                "`redis://:a@h` and `http://b:c@i`",
                "`redis://:…@h` and `http://b:…@i`",
            ),
            ("redis://:a://b@h", "redis://:…@h"),
            ("redis://ec@host", "redis://ec@host"),
            ("redis://:@host", "redis://:@host"),
            (
                "`http://127.0.0.1:80/a` or b",
                "`http://127.0.0.1:80/a` or b",
            ),
            ("a:b@c", "a:b@c"),
            ("", ""),
        ] {
            assert_eq!(passwords(text), shown);
        }
    }
}
