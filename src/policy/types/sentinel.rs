//! Placeholder uids: what a partner sends where it knows no user.

use crate::diagnostic::{Code, Diagnostic};
use crate::policy::node::{Node, NodeValue};
use crate::policy::setting::{SettingValue, Shape, TextKind, full_key, wrong_type};
use crate::policy::value::Value;

/// Matches any text, in an entry of the list.
const ANY: char = '*';

/// Placeholder uids. One of them would join all users that it is sent for.
///
/// An entry is compared with the whole uid, in any ASCII case and without blanks around it; `*` in it matches any text,
/// the empty one as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentinels {
    /// As listed.
    listed: Vec<Box<str>>,
    /// Those that begin with text, by the byte that they begin with.
    headed: Vec<Sentinel>,
    /// Those that begin with any text.
    floating: Vec<Sentinel>,
    /// Where in `headed` those that begin with a byte are, so that nearly every real uid costs one look.
    starts: Box<[Option<u32>; BYTES]>,
}

/// How many bytes there are.
const BYTES: usize = 1 << u8::BITS;

/// One entry of the list, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sentinel {
    head: u8,
    /// What it begins with; the whole uid where nothing follows.
    begins: Box<str>,
    /// What follows each `*`.
    follows: Vec<Box<str>>,
}

impl Sentinels {
    /// A default, known to hold well-formed entries: a test reads every default back.
    pub(in crate::policy) fn known(entries: &str) -> Self {
        Self::new(entries.split_whitespace().map(Into::into).collect())
    }

    fn new(listed: Vec<Box<str>>) -> Self {
        let entries = listed.iter().map(|entry| Sentinel::new(entry));
        let (mut headed, floating): (Vec<_>, Vec<_>) =
            entries.partition(|sentinel| !sentinel.begins.is_empty());
        headed.sort_by_key(|sentinel| sentinel.head);
        let mut starts = Box::new([None; BYTES]);
        for (place, sentinel) in (0..).zip(&headed) {
            for byte in [sentinel.head, sentinel.head.to_ascii_uppercase()] {
                if let Some(start) = starts.get_mut(usize::from(byte)) {
                    start.get_or_insert(place);
                }
            }
        }
        Self {
            listed,
            headed,
            floating,
            starts,
        }
    }

    /// Whether `uid` is a placeholder.
    #[must_use]
    #[inline]
    pub fn contain(&self, uid: &str) -> bool {
        let uid = uid.trim();
        let Some(head) = uid.bytes().next() else {
            return true;
        };
        match self.starts.get(usize::from(head)) {
            Some(Some(start)) => self.finds(uid, head, *start),
            _ => !self.floating.is_empty() && self.floats(uid),
        }
    }

    fn finds(&self, uid: &str, head: u8, start: u32) -> bool {
        let head = head.to_ascii_lowercase();
        let headed = self.headed.get(start as usize..).unwrap_or_default();
        let headed = headed.iter().take_while(|sentinel| sentinel.head == head);
        headed.into_iter().any(|sentinel| sentinel.is(uid)) || self.floats(uid)
    }

    fn floats(&self, uid: &str) -> bool {
        self.floating.iter().any(|sentinel| sentinel.is(uid))
    }

    /// The entries, in the order listed.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(|entry| &**entry)
    }
}

impl Sentinel {
    fn new(entry: &str) -> Self {
        let lower = entry.to_ascii_lowercase();
        let mut parts = lower.split(ANY).map(Into::into);
        let begins: Box<str> = parts.next().unwrap_or_default();
        Self {
            head: begins.bytes().next().unwrap_or_default(),
            begins,
            follows: parts.collect(),
        }
    }

    fn is(&self, uid: &str) -> bool {
        let (uid, begins) = (uid.as_bytes(), self.begins.as_bytes());
        let Some((ends, between)) = self.follows.split_last() else {
            return uid.eq_ignore_ascii_case(begins);
        };
        let Some((head, rest)) = uid.split_at_checked(begins.len()) else {
            return false;
        };
        let cut = rest.len().checked_sub(ends.len());
        let Some((mut rest, tail)) = cut.and_then(|cut| rest.split_at_checked(cut)) else {
            return false;
        };
        head.eq_ignore_ascii_case(begins)
            && tail.eq_ignore_ascii_case(ends.as_bytes())
            && between.iter().all(|part| {
                let found = after(rest, part.as_bytes());
                rest = found.unwrap_or_default();
                found.is_some()
            })
    }
}

/// What comes after the first `part` in `text`.
fn after<'t>(text: &'t [u8], part: &[u8]) -> Option<&'t [u8]> {
    if part.is_empty() {
        return Some(text);
    }
    let is_part = |window: &[u8]| window.eq_ignore_ascii_case(part);
    let place = text.windows(part.len()).position(is_part)?;
    text.get(place.saturating_add(part.len())..)
}

const HELP: &str =
    "write uids as partners send them, `*` for any text: `[\"0\", \"null\", \"$*\", \"[*]\"]`";

impl SettingValue for Sentinels {
    const SHAPE: Shape = Shape::TextList(TextKind {
        words: "placeholder uids",
        pattern: "^(?=.*[^*])\\S(.*\\S)?$",
    });

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let NodeValue::List(items) = &node.value else {
            findings.push(wrong_type(node, key, "a list of uids").with_help(HELP));
            return None;
        };
        let entries: Vec<Option<Box<str>>> = items
            .iter()
            .map(|item| read_entry(item, key, findings))
            .collect();
        let entries: Option<Vec<_>> = entries.into_iter().collect();
        entries.map(Self::new)
    }

    fn show(&self) -> Value {
        Value::List(self.iter().map(Value::from).collect())
    }
}

fn read_entry(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Box<str>> {
    let Some(text) = node.as_text() else {
        findings.push(wrong_type(node, key, "a list of strings").with_help(HELP));
        return None;
    };
    let (why, help) = if text.trim().is_empty() {
        (
            "is blank (in `sync.sentinels`)",
            "remove it: a blank uid is refused anyway",
        )
    } else if text.trim() != text {
        (
            "has blanks around it, and uids are compared without (in `sync.sentinels`)",
            "remove the blanks",
        )
    } else if text.chars().all(|char| char == ANY) {
        (
            "matches every uid, so that every sync would be refused (in `sync.sentinels`)",
            "remove it, or write what the uid begins or ends with, as `$*` or `[*]`",
        )
    } else {
        return Some(text.into());
    };
    findings.push(
        Diagnostic::error(Code::BadValue, format!("`{text}` {why}"))
            .about(full_key(key))
            .at(node.place.clone())
            .with_help(help),
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::EcPolicy;

    #[test]
    fn an_entry_is_compared_with_the_whole_uid() {
        for (entry, matches, differs) in [
            (
                "null",
                &["null", "NULL", " Null\t"][..],
                &["nul", "null1", "0null"][..],
            ),
            ("$*", &["$UID", "$", "${UID}"], &["a$UID", "UID$"]),
            ("[*]", &["[UID]", "[]"], &["[UID", "UID]", "[", "]"]),
            (
                "__*id__",
                &["__UID__", "__id__"],
                &["__id_", "_id__", "__i__"],
            ),
            (
                "*opt*out*",
                &["OPTOUT", "my-opt-out!", "opt out"],
                &["outopt", "optou"],
            ),
            ("a*a", &["aa", "aba"], &["a", "ab"]),
            ("*0", &["0", "10"], &["01", ""]),
            ("a**b", &["ab", "acb"], &["a", "ba"]),
            ("É*", &["É1"], &["é1", "E1"]),
        ] {
            let sentinels = Sentinels::new(vec![entry.into()]);
            for uid in matches {
                assert!(sentinels.contain(uid), "{entry}: {uid}");
            }
            // A blank is a placeholder under any list.
            for uid in differs.iter().filter(|uid| !uid.is_empty()) {
                assert!(!sentinels.contain(uid), "{entry}: {uid}");
            }
        }
        let empty = Sentinels::new(Vec::new());
        assert!(!empty.contain("null") && empty.contain(" \t"));
    }

    #[test]
    fn entries_do_not_hide_each_other() {
        let sentinels = Sentinels::known("*z null [*] n/a 0 nan NONE 00");
        for uid in ["quiz", "NULL", "[x]", "N/A", "0", "NaN", "none", "00", "nz"] {
            assert!(sentinels.contain(uid), "{uid}");
        }
        for uid in ["nu", "000", "n", "1", "[x"] {
            assert!(!sentinels.contain(uid), "{uid}");
        }
    }

    #[test]
    fn the_default_knows_the_macros_of_exchanges_and_no_real_uid() {
        let sentinels = EcPolicy::default().sync.sentinels;
        // The macros of Prebid Server's bidders (static/bidder-info), and what other systems send for no user.
        for uid in [
            "$UID",
            "${UID}",
            "${userId}",
            "[UID]",
            "[PBS_UID]",
            "{UID}",
            "{muidn}",
            "{{uid}}",
            "%%VGUID%%",
            "%USER_ID%",
            "$$VRTCALUSER$$",
            "<vsid>",
            "@UUID@",
            "@@CRITEO_USERID@@",
            "#{user.id}",
            "#PMUID",
            "##UID##",
            "__ZUID__",
            "<TUID>",
            "%3Cvsid%3E",
            "%24UID",
            "%7BUID%7D",
            "%5bUID%5d",
            "%25%25UID%25%25",
            "BUYERUID",
            "NTV_USER_ID",
            "xxEMODO_IDxx",
            "33XUSERID33X",
            "SspCookieUserId",
            "%s",
            "0",
            "-1",
            "null",
            "(null)",
            "undefined",
            "NaN",
            "None",
            "OptOut",
            "opt-out",
            "OPT_OUT",
            "[object Object]",
            "",
            "  ",
            "00000000-0000-0000-0000-000000000000",
            "00000000000000000000000000000000",
            "0000000000000000",
        ] {
            assert!(sentinels.contain(uid), "{uid}");
        }
        // The uids that Prebid Server's documentation shows.
        for uid in [
            "4722255122219375043",
            "8c41c3b1-ce22-44fd-9bd7-454cd79e3c91",
            "XlV6w9HM6LYAAHx2YJ4AAACZ&476",
            "y-S8Fq5QZ1lwWKPeXdoZ9vSeZx47maINFrJeY53pDtokA2FlaPmwvrJg--",
            "KACWYIER-P-59CH",
            "bad97f98b08c9204fe6b9826",
            "00000000-0000-0000-0000-000000000001",
            "0a1b",
            "nullable",
            "uid-7",
            "1",
            "-12",
            "optoutuser",
            "ID5*x",
            "_id_",
            "uid",
            "</script>",
        ] {
            assert!(!sentinels.contain(uid), "{uid}");
        }
    }
}
