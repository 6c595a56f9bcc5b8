//! Names and lists of names that settings hold.

use std::fmt;
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic};
use crate::platform_facts::fastly::MAX_STORE_NAME_BYTES;
use crate::policy::node::{Node, NodeValue};
use crate::policy::setting::{SettingValue, Shape, TextKind, full_key, wrong_type};
use crate::policy::value::Value;

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
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl SettingValue for $name {
            const SHAPE: Shape = Shape::Text(TextKind {
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
    CookieName: "a name that the EC cookie can have", is_cookie_name, "^(?!__[Hh][Oo][Ss][Tt]-)(?!(us_privacy|usprivacy|euconsent-v2|eupubconsent-v2|__gpp|OTGPPConsent)$)[!#$%&'*+.^_`|~0-9A-Za-z-]+$", "use letters, digits, `_` and `-`, as `ts-ec`; browsers drop a `__Host-` cookie with a `Domain`, and a name such as `us_privacy` or `__gpp` is that of a consent signal";
    /// A user name of HTTP Basic: no colon, which ends it, and no control character (RFC 7617, section 2).
    UserName: "a user name", is_user_name, "^[^:\\u0000-\\u001f\\u007f-\\u009f]+$", "write a name without `:` and without control characters, as `ops`";
    /// The folder that holds the embedded store.
    DataDir: "a folder", |path| !path.trim().is_empty() && !path.contains("://"), "^(?![\\s\\S]*://)[\\s\\S]*\\S", "name a folder, as `ec-data`; the address of a store belongs in `local.store`";
}

/// Declares names that a setting has by default.
macro_rules! with_default {
    ($($name:ident),*) => { $(
        impl $name {
            /// A default, known to keep the rule: a test reads every default back.
            pub(in crate::policy) fn known(name: &str) -> Self {
                Self(name.to_owned())
            }
        }
    )* };
}

with_default!(StoreName, CookieName, DataDir);

impl SettingValue for Option<UserName> {
    const SHAPE: Shape = UserName::SHAPE;

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        UserName::read(node, key, findings).map(Some)
    }

    fn show(&self) -> Value {
        self.as_ref().map_or(Value::Nothing, UserName::show)
    }
}

impl DataDir {
    /// The folder as a path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }
}

fn is_user_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(':') && !name.contains(char::is_control)
}

fn is_store_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    !name.is_empty() && name.len() <= MAX_STORE_NAME_BYTES && name.bytes().all(allowed)
}

/// Cookies that signals of consent come in by default, under the names that sites use: `euconsent-v2` (TCF, "CMP API v2"),
/// `eupubconsent-v2` and `OTGPPConsent` (`OneTrust`), `__gpp` (GPP, "CMP API"), `us_privacy` (US Privacy, "USP API"), `usprivacy`
/// (Sourcepoint).
pub(in crate::policy) const TCF_COOKIES: [&str; 2] = ["euconsent-v2", "eupubconsent-v2"];
pub(in crate::policy) const GPP_COOKIES: [&str; 2] = ["__gpp", "OTGPPConsent"];
pub(in crate::policy) const US_PRIVACY_COOKIES: [&str; 2] = ["us_privacy", "usprivacy"];

/// Browsers compare the prefix in any case (RFC 6265bis, section 5.4).
const HOST_PREFIX: &str = "__host-";

fn is_cookie_name(name: &str) -> bool {
    is_token(name)
        && !name.to_ascii_lowercase().starts_with(HOST_PREFIX)
        && ![TCF_COOKIES, GPP_COOKIES, US_PRIVACY_COOKIES]
            .concat()
            .contains(&name)
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

/// Names of cookies that a signal of consent comes in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CookieNames(Vec<String>);

impl CookieNames {
    /// Whether a cookie of this name is one of them; names differ by case (RFC 6265, section 4.1.1).
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|listed| listed == name)
    }

    /// The names, in the order listed.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// A default, known to hold tokens: a test reads every default back.
    pub(in crate::policy) fn known(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }
}

impl SettingValue for CookieNames {
    const SHAPE: Shape = Shape::TextList(TextKind {
        words: "names of cookies",
        pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    });

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let help = "write names of cookies, as `[\"euconsent-v2\"]`";
        let NodeValue::List(items) = &node.value else {
            findings.push(wrong_type(node, key, "a list of names of cookies").with_help(help));
            return None;
        };
        let names: Vec<Option<String>> = items
            .iter()
            .map(|item| read_text(item, key, "the name of a cookie", is_token, help, findings))
            .collect();
        names.into_iter().collect::<Option<_>>().map(Self)
    }

    fn show(&self) -> Value {
        Value::List(
            self.0
                .iter()
                .map(|name| Value::from(name.as_str()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_rules() {
        for (name, good) in [
            ("ops", true),
            ("ops team@publisher.example", true),
            ("", false),
            ("ops:", false),
            ("ops\n", false),
        ] {
            assert_eq!(is_user_name(name), good, "{name:?}");
        }
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
    }
}
