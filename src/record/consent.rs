//! What a record keeps of its user's consent: the strings that decided, and by which rule.

use std::borrow::Cow;

use super::Kept;
use super::object::{longest_string, object};
use crate::clock::Timestamp;

/// The consent strings that decided that an entry may be kept, as a user's browser gave them and undecoded, and by which rule:
/// deciding on them again gives the same result. A tombstone has none, since what is kept of a user who has withdrawn is the
/// time of it alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsentStrings {
    /// The first TCF string.
    pub tcf: Option<Box<str>>,
    /// The first GPP string.
    pub gpp: Option<Box<str>>,
    /// The first US Privacy string.
    pub us_privacy: Option<Box<str>>,
    /// Whether Global Privacy Control was on and did not count.
    pub gpc: bool,
    /// The name of the rule that decided.
    pub rule: Option<Cow<'static, str>>,
    /// What there was besides the first string of each signal.
    pub more: Vec<KvSignal>,
}

object! {
    /// A signal's value.
    KvSignal {
        /// The signal: `tcf`, `gpp` or `us_privacy`.
        signal: Box<str> = required,
        /// Its value.
        value: Box<str> = required,
    }
}

object! {
    /// What a user has consented to.
    KvConsent {
        /// The TCF string.
        tcf: Option<Box<str>> = optional,
        /// The GPP string.
        gpp: Option<Box<str>> = optional,
        /// The US Privacy string.
        us_privacy: Option<Box<str>> = optional,
        /// `true` where Global Privacy Control was on and did not count.
        gpc: Option<bool> = optional,
        /// The rule by which the strings let the entry be kept.
        rule: Option<Cow<'static, str>> = optional,
        /// What else took part, where a signal had several values.
        more: Option<Box<[KvSignal]>> = optional,
        /// Whether the entry is live; a tombstone's is not.
        ok: bool = required,
        /// When consent was given or withdrawn.
        updated: Timestamp = required,
    }
}

impl ConsentStrings {
    /// The most bytes that they take in JSON.
    pub(super) fn longest_json(&self) -> usize {
        let first = [&self.tcf, &self.gpp, &self.us_privacy];
        longest_strings(first, self.rule.as_deref(), &self.more)
    }
}

impl KvSignal {
    /// A signal's value.
    #[must_use]
    pub fn new(signal: &str, value: &str) -> Self {
        Self {
            signal: signal.into(),
            value: value.into(),
            kept: Kept::default(),
        }
    }
}

impl KvConsent {
    pub(super) fn new(strings: ConsentStrings, ok: bool, updated: Timestamp) -> Self {
        Self {
            tcf: strings.tcf,
            gpp: strings.gpp,
            us_privacy: strings.us_privacy,
            gpc: strings.gpc.then_some(true),
            rule: strings.rule,
            more: (!strings.more.is_empty()).then(|| strings.more.into()),
            ok,
            updated,
            kept: Kept::default(),
        }
    }

    /// Becomes that of a user who consents again; unknown fields stay.
    pub(super) fn renew(&mut self, strings: ConsentStrings, now: Timestamp) {
        let mut kept = std::mem::take(&mut self.kept);
        kept.drop_all(&["tcf", "gpp", "us_privacy", "gpc", "rule", "more"]);
        *self = Self {
            kept,
            ..Self::new(strings, true, now)
        };
    }

    /// The most bytes that it takes in JSON but for its frame.
    pub(super) fn longest_json(&self) -> usize {
        longest_strings(
            [&self.tcf, &self.gpp, &self.us_privacy],
            self.rule.as_deref(),
            self.more.as_deref().unwrap_or_default(),
        ) + self.kept.longest_json()
    }
}

/// The most bytes that consent strings take in JSON.
fn longest_strings(first: [&Option<Box<str>>; 3], rule: Option<&str>, more: &[KvSignal]) -> usize {
    const FRAME: usize = r#"{"signal":,"value":,},"#.len();
    let first: usize = (first.into_iter().flatten())
        .map(|text| longest_string(text))
        .sum();
    let longest = |of: &KvSignal| {
        FRAME + longest_string(&of.signal) + longest_string(&of.value) + of.kept.longest_json()
    };
    let more: usize = more.iter().map(longest).sum();
    first + rule.map_or(0, longest_string) + more
}
