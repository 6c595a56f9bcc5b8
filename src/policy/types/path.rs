//! Paths that a policy names.

use crate::diagnostic::Diagnostic;
use crate::policy::node::{Node, NodeValue};
use crate::policy::setting::{SettingValue, Shape, TextKind, wrong_type};
use crate::policy::types::name::read_text;
use crate::policy::value::Value;

/// Prefixes of the paths below `/_ts/` that an origin serves itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TsPrefixes(Vec<String>);

/// What the service's own paths begin with, and the first segments below it that are its alone.
const PREFIX: &str = "/_ts/";
const TAKEN: [&str; 3] = ["api", "admin", "health"];

impl TsPrefixes {
    /// Whether a path, tidied up as servers do, is one of these prefixes or below one.
    #[must_use]
    pub fn cover(&self, path: &str) -> bool {
        let below = |prefix: &String| {
            let rest = path.strip_prefix(prefix.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.iter().any(below)
    }
}

fn is_prefix(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let tidy = |segment: &str| {
        !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(plain)
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let first = rest.split('/').next().unwrap_or_default();
    rest.split('/').all(tidy) && !TAKEN.contains(&first)
}

impl SettingValue for TsPrefixes {
    const SHAPE: Shape = Shape::TextList(TextKind {
        words: "paths below `/_ts/`",
        pattern: "^/_ts/(?!(api|admin|health)(/|$))((?!\\.\\.?(/|$))[A-Za-z0-9._~-]+/)*(?!\\.\\.?/?$)[A-Za-z0-9._~-]+/?$",
    });

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let help = "write paths below `/_ts/` that are not the service's own (`/_ts/api`, `/_ts/admin`, `/_ts/health`), as `[\"/_ts/assets/\"]`";
        let NodeValue::List(items) = &node.value else {
            findings.push(wrong_type(node, key, "a list of paths").with_help(help));
            return None;
        };
        let prefixes: Vec<Option<String>> = items
            .iter()
            .map(|item| {
                read_text(
                    item,
                    key,
                    "a path that an origin can have",
                    is_prefix,
                    help,
                    findings,
                )
            })
            .collect();
        prefixes.into_iter().collect::<Option<_>>().map(Self)
    }

    fn show(&self) -> Value {
        Value::List(
            self.0
                .iter()
                .map(|prefix| Value::from(prefix.as_str()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_below_the_services_and_none_of_its_own() {
        for (text, good) in [
            ("/_ts/assets", true),
            ("/_ts/assets/", true),
            ("/_ts/a/b-c_d~e.f", true),
            ("/_ts/apiary", true),
            ("/_ts/", false),
            ("/_ts", false),
            ("/assets", false),
            ("/_ts/api", false),
            ("/_ts/api/v3", false),
            ("/_ts/admin/", false),
            ("/_ts/health", false),
            ("/_ts/../x", false),
            ("/_ts/a/..", false),
            ("/_ts//a", false),
            ("/_ts/%61", false),
            ("/_ts/a b", false),
        ] {
            assert_eq!(is_prefix(text), good, "{text}");
        }
    }

    #[test]
    fn a_prefix_covers_whole_segments() {
        let prefixes = TsPrefixes(vec!["/_ts/assets/".to_owned(), "/_ts/one".to_owned()]);
        for (path, covered) in [
            ("/_ts/assets", true),
            ("/_ts/assets/", true),
            ("/_ts/assets/a.css", true),
            ("/_ts/assetsx", false),
            ("/_ts/one", true),
            ("/_ts/one/x", true),
            ("/_ts/ones", false),
            ("/_ts/", false),
        ] {
            assert_eq!(prefixes.cover(path), covered, "{path}");
        }
    }
}
