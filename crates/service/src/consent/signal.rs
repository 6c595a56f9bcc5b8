//! Signals of consent as a browser sends them, undecoded.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

use super::fault::Fault;
use edge_cookie::policy::settings::ConsentCookies;

/// The most values of signals that are read of one request. One that has more can grant nothing.
pub const MAX_SIGNALS: usize = 16;

/// The most parts of one request's signals that are named as undecodable: one GPP string can have 255 sections.
pub const MAX_UNDECODABLE: usize = 16;

/// What a browser says, undecoded: every value of every signal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signals<'r> {
    gpc: bool,
    values: Vec<SignalValue<'r>>,
    overflown: bool,
}

/// A value of a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignalValue<'r> {
    pub(super) signal: Signal,
    /// The name of the cookie that it comes in.
    pub(super) cookie: &'r str,
    text: Cow<'r, str>,
}

impl SignalValue<'_> {
    /// The value, no longer URL-encoded.
    pub(super) fn text(&self) -> &str {
        self.text.as_ref()
    }
}

impl<'r> Signals<'r> {
    /// Whether Global Privacy Control is on (`Sec-GPC: 1`), and nothing else.
    #[must_use]
    pub const fn gpc(on: bool) -> Self {
        Self {
            gpc: on,
            values: Vec::new(),
            overflown: false,
        }
    }

    /// The same with one more value.
    #[must_use]
    pub fn with(mut self, signal: Signal, text: impl Into<Cow<'r, str>>) -> Self {
        self.add(signal, text);
        self
    }

    /// Adds a value as a cookie has it, which may be URL-encoded. An empty one says nothing; one beyond [`MAX_SIGNALS`] is not
    /// read, and keeps the others from granting.
    pub fn add(&mut self, signal: Signal, text: impl Into<Cow<'r, str>>) {
        self.add_from(signal.name(), signal, text.into());
    }

    /// Adds what a cookie of this name brings.
    pub(super) fn add_from(&mut self, cookie: &'r str, signal: Signal, text: Cow<'r, str>) {
        let text = decoded(text);
        let known = |value: &SignalValue<'_>| value.signal == signal && value.text == text;
        if text.is_empty() || self.values.iter().any(known) {
            return;
        }
        if self.values.len() < MAX_SIGNALS {
            self.values.push(SignalValue {
                signal,
                cookie,
                text,
            });
        } else {
            self.overflow();
        }
    }

    /// The values of all signals, in the order sent.
    pub(super) fn values(&self) -> impl Iterator<Item = &SignalValue<'r>> {
        self.values.iter()
    }

    /// Whether nothing is said at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        !self.gpc && self.values.is_empty()
    }

    /// Whether Global Privacy Control is on.
    pub(super) const fn has_gpc(&self) -> bool {
        self.gpc
    }

    /// There are more values than are read.
    pub(super) const fn overflow(&mut self) {
        self.overflown = true;
    }

    /// Whether there were more values than are read.
    pub(super) const fn overflown(&self) -> bool {
        self.overflown
    }
}

/// A value without its URL-encoding, where it has one that is UTF-8.
fn decoded(text: Cow<'_, str>) -> Cow<'_, str> {
    match percent_decode_str(&text).decode_utf8() {
        Ok(Cow::Owned(decoded)) => Cow::Owned(decoded),
        Ok(Cow::Borrowed(_)) | Err(_) => text,
    }
}

/// A signal that is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// The US Privacy string.
    UsPrivacy,
    /// The TCF string.
    Tcf,
    /// The GPP string, or a section of it.
    Gpp,
}

impl Signal {
    /// The signal that a cookie of this name brings. A site sets its own or its vendor's.
    #[must_use]
    pub fn of_cookie(name: &str, cookies: &ConsentCookies) -> Option<Self> {
        let lists = [
            (&cookies.tcf, Self::Tcf),
            (&cookies.gpp, Self::Gpp),
            (&cookies.us_privacy, Self::UsPrivacy),
        ];
        let listed = lists.into_iter().find(|(names, _)| names.contains(name));
        listed.map(|(_, signal)| signal)
    }

    /// Its field in a record.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::UsPrivacy => "us_privacy",
            Self::Tcf => "tcf",
            Self::Gpp => "gpp",
        }
    }

    /// Its name, as that of the cookie it comes in most often.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UsPrivacy => "us_privacy",
            Self::Tcf => "euconsent-v2",
            Self::Gpp => "__gpp",
        }
    }
}

/// A signal that could not be decoded, or a part of one. What was sent is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undecodable {
    /// Which signal.
    pub signal: Signal,
    /// The number of the GPP section, where it is one.
    pub section: Option<u16>,
    /// What is wrong, and where in the signal.
    pub fault: Fault,
}

/// The signal, the section and the place, and what is wrong there.
impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.signal.name())?;
        if let Some(section) = self.section {
            write!(f, ", section {section}")?;
        }
        write!(f, ": {}", self.fault)
    }
}
