//! Names and lists of names that settings hold.

use std::fmt;
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic};
use crate::policy::node::{Node, NodeValue};
use crate::policy::setting::{SettingValue, Shape, Sort, full_key, wrong_type};
use crate::policy::value::Value;

use super::iso;

/// Declares a name: a text with a rule, read once.
macro_rules! names {
    ($( $(#[doc = $doc:literal])* $name:ident: $sort:literal, $rule:expr, $pattern:literal, $help:literal; )*) => { $(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A default, known to keep the rule: a test reads every default back.
            pub(in crate::policy) fn known(name: &str) -> Self {
                Self(name.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl SettingValue for $name {
            const SHAPE: Shape = Shape::Text(Sort {
                words: $sort,
                pattern: $pattern,
            });

            fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
                read_text(node, key, $sort, $rule, $help, findings).map(Self)
            }

            fn show(&self) -> Value {
                Value::from(self.as_str())
            }
        }
    )* };
}

names! {
    /// Name of a key-value store.
    ///
    /// At most 255 letters, digits, `_`, `-` or `.`, which every supported store takes.
    StoreName: "a store name", is_store_name, "^[A-Za-z0-9_.-]{1,255}$", "use letters, digits, `_`, `-` and `.`, at most 255 of them";
    /// Name of a cookie: a token of RFC 6265, section 4.1.1.
    ///
    /// Not one that begins with `__Host-`: browsers drop such a cookie where it has a `Domain`, as ours does (RFC 6265bis,
    /// section 4.1.3.2). Not one that a consent signal comes in.
    CookieName: "a name that the EC cookie can have", is_cookie_name, "^(?!__[Hh][Oo][Ss][Tt]-)(?!(us_privacy|usprivacy|euconsent-v2|eupubconsent-v2|__gpp)$)[!#$%&'*+.^_`|~0-9A-Za-z-]+$", "use letters, digits, `_` and `-`, as `ts-ec`; browsers drop a `__Host-` cookie with a `Domain`, and a name such as `us_privacy` or `__gpp` is that of a consent signal";
    /// The folder that holds the embedded store.
    DataDir: "a folder", |path| !path.trim().is_empty() && !path.contains("://"), "^(?![\\s\\S]*://)[\\s\\S]*\\S", "name a folder, as `ec-data`; the address of a store belongs in `local.store`";
}

impl DataDir {
    /// The folder as a path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }
}

/// The longest store name Fastly takes (API reference, KV stores).
const MAX_STORE_NAME: usize = 255;

fn is_store_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    !name.is_empty() && name.len() <= MAX_STORE_NAME && name.bytes().all(allowed)
}

/// Cookies that consent signals come in, under the names that sites use.
const OF_CONSENT: [&str; 5] = [
    "us_privacy",
    "usprivacy",
    "euconsent-v2",
    "eupubconsent-v2",
    "__gpp",
];

/// Browsers compare the prefix in any case (RFC 6265bis, section 5.4).
const HOST_PREFIX: &str = "__host-";

fn is_cookie_name(name: &str) -> bool {
    is_token(name)
        && !name.to_ascii_lowercase().starts_with(HOST_PREFIX)
        && !OF_CONSENT.contains(&name)
}

fn is_token(name: &str) -> bool {
    let separators = b"()<>@,;:\\\"/[]?={}";
    let allowed = |byte: u8| byte.is_ascii_graphic() && !separators.contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

pub(super) fn read_text(
    node: &Node,
    key: &str,
    sort: &str,
    rule: impl Fn(&str) -> bool,
    help: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<String> {
    let Some(text) = node.as_text() else {
        findings.push(wrong_type(node, key, "a string").with_help(help));
        return None;
    };
    if rule(text) {
        return Some(text.to_owned());
    }
    findings.push(
        Diagnostic::error(
            Code::BadValue,
            format!("`{text}` is not {sort} (in `{key}`)"),
        )
        .about(full_key(key))
        .at(node.place.clone())
        .with_help(help),
    );
    None
}

/// Declares a list of two-letter codes.
macro_rules! code_lists {
    ($( $(#[doc = $doc:literal])* $name:ident: $sort:literal, $codes:expr; )*) => { $(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(Vec<String>);

        impl $name {
            /// Whether `code` is listed.
            #[must_use]
            pub fn contains(&self, code: &str) -> bool {
                self.0.iter().any(|listed| listed == code)
            }

            /// The codes, in the order listed.
            pub fn iter(&self) -> impl Iterator<Item = &str> {
                self.0.iter().map(String::as_str)
            }

            /// A default, known to hold well-formed codes: a test reads every default back.
            pub(in crate::policy) fn known(codes: &str) -> Self {
                Self(codes.split_whitespace().map(str::to_owned).collect())
            }
        }

        impl SettingValue for $name {
            const SHAPE: Shape = Shape::TextList(Sort {
                words: $sort,
                pattern: "^[A-Z]{2}$",
            });

            fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
                read_codes(node, key, $sort, &$codes, findings).map(Self)
            }

            fn show(&self) -> Value {
                Value::List(self.0.iter().map(|code| Value::from(code.as_str())).collect())
            }
        }
    )* };
}

code_lists! {
    /// Countries by ISO 3166-1 alpha-2 code.
    Countries: "two-letter country codes", COUNTRY_CODES;
    /// US states by their postal code.
    UsStates: "two-letter state codes", STATE_CODES;
}

/// Which codes a list takes.
struct Codes {
    what: &'static str,
    help: &'static str,
    known: fn(&str) -> bool,
    meant: fn(&str) -> Option<&'static str>,
}

const COUNTRY_CODES: Codes = Codes {
    what: "a country's code (ISO 3166-1)",
    help: "write upper-case codes, as `[\"DE\", \"FR\"]`",
    known: iso::is_country,
    meant: iso::country_meant,
};

const STATE_CODES: Codes = Codes {
    what: "the code of a US state",
    help: "write upper-case codes, as `[\"CA\", \"CO\"]`",
    known: iso::is_us_state,
    meant: |_| None,
};

/// A code of two upper-case letters, as ISO 3166-1 alpha-2 and the US postal codes are.
fn is_code(text: &str) -> bool {
    matches!(text.as_bytes(), [first, second] if first.is_ascii_uppercase() && second.is_ascii_uppercase())
}

fn read_codes(
    node: &Node,
    key: &str,
    sort: &str,
    codes: &Codes,
    findings: &mut Vec<Diagnostic>,
) -> Option<Vec<String>> {
    let help = codes.help;
    let NodeValue::List(items) = &node.value else {
        findings.push(wrong_type(node, key, &format!("a list of {sort}")).with_help(help));
        return None;
    };
    let read: Vec<Option<String>> = items
        .iter()
        .map(|item| {
            // A code in lower case, or with its country before it, is one all the same.
            let upper = item.as_text().unwrap_or_default().to_ascii_uppercase();
            let bare = upper.strip_prefix("US-").unwrap_or(&upper);
            let right = (codes.meant)(bare).unwrap_or(bare);
            let right = (codes.known)(right).then(|| format!("write `{right}`"));
            let help = right.as_deref().unwrap_or(help);
            let code = read_text(item, key, "a two-letter code", is_code, help, findings)?;
            if (codes.known)(&code) {
                return Some(code);
            }
            let help = match (codes.meant)(&code) {
                Some(meant) => format!("write `{meant}`"),
                None => "see ISO 3166 for the codes there are".to_owned(),
            };
            findings.push(
                Diagnostic::error(
                    Code::BadValue,
                    format!("`{code}` is not {} (in `{key}`)", codes.what),
                )
                .about(full_key(key))
                .at(item.place.clone())
                .with_help(help),
            );
            None
        })
        .collect();
    read.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_rules() {
        let longest = "a".repeat(255);
        for good in ["ec_identity_store", "a", "A-1.b", &longest] {
            assert!(is_store_name(good), "{good}");
        }
        let longer = "a".repeat(256);
        for bad in ["", "a b", "a/b", "é", &longer] {
            assert!(!is_store_name(bad), "{bad}");
        }
        for (name, token) in [
            ("ts-ec", true),
            ("", false),
            ("a=b", false),
            ("a b", false),
            ("é", false),
        ] {
            assert_eq!(is_token(name), token, "{name}");
        }
        for (name, good) in [
            ("ts-ec", true),
            ("__Secure-ts-ec", true),
            ("__Host-ts-ec", false),
            ("__hOST-ts-ec", false),
            ("us_privacy", false),
            ("__gpp", false),
            ("my__gpp", true),
        ] {
            assert_eq!(is_cookie_name(name), good, "{name}");
        }
        for (code, good) in [
            ("DE", true),
            ("de", false),
            ("D", false),
            ("DEU", false),
            ("D1", false),
            ("1D", false),
        ] {
            assert_eq!(is_code(code), good, "{code}");
        }
    }
}
