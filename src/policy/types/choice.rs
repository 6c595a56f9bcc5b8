//! Settings that take one of a few words, and the search for the word that was probably meant.

use crate::diagnostic::{Code, Diagnostic};
use crate::policy::node::Node;
use crate::policy::setting::{full_key, wrong_type};

/// Reads one of `words`.
pub(crate) fn read_word(
    node: &Node,
    key: &str,
    words: &[&'static str],
    findings: &mut Vec<Diagnostic>,
) -> Option<&'static str> {
    let all = listed(words);
    let Some(text) = node.as_text() else {
        findings.push(wrong_type(node, key, "a string").with_help(format!("write one of {all}")));
        return None;
    };
    if let Some(word) = words.iter().find(|word| **word == text) {
        return Some(word);
    }
    let help = match nearest(text, words.iter().copied()) {
        Some(word) => format!("did you mean `{word}`? it takes {all}"),
        None => format!("write one of {all}"),
    };
    findings.push(
        Diagnostic::error(
            Code::UnknownChoice,
            format!("`{text}` is not a value of `{key}`"),
        )
        .about(full_key(key))
        .at(node.place.clone())
        .with_help(help),
    );
    None
}

/// Words in backticks, the last two joined by `or`.
fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// The longest text that is compared with known words, in bytes: no key or word is half as long.
const LONGEST_WORD: usize = 128;

/// The candidate that `written` most likely means, or none where all are too far off.
#[must_use]
pub fn nearest<'c>(
    written: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    /// Below this likeness a suggestion confuses more than it helps.
    const LIKE_ENOUGH: f64 = 0.7;
    // Comparing takes as long as both words multiplied.
    if written.len() > LONGEST_WORD {
        return None;
    }
    let lowered = written.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&lowered, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness >= LIKE_ENOUGH)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_listed_as_people_do() {
        for (words, shown) in [
            (&["a"][..], "`a`"),
            (&["a", "b"], "`a` or `b`"),
            (&["a", "b", "c"], "`a`, `b` or `c`"),
        ] {
            assert_eq!(listed(words), shown);
        }
    }
}
