//! A finding about a policy: a code, a severity, the places it points to and a suggested fix.
//!
//! How a finding is shown is the command line's business.
//!
//! ```
//! use edge_cookie::diagnostic::{Code, Diagnostic, Severity};
//!
//! let finding = Diagnostic::error(Code::UnknownKey, "unknown key `tombstone.tll`")
//!     .about("ec.tombstone.tll")
//!     .with_help("did you mean `tombstone.ttl`?");
//! assert_eq!(finding.severity, Severity::Error);
//! assert_eq!(finding.code.to_string(), "EC0002");
//! ```

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::printable::on_one_line;
use crate::redact::passwords;

/// A place in something the user wrote: a file, the environment or the command line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct SourceLocation {
    /// Name of the source, as the user knows it.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// The bytes meant, for drawing them.
    #[serde(skip)]
    pub span: Range<usize>,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = on_one_line(&self.file);
        write!(f, "{file}:{}:{}", self.line, self.column)
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The policy works, but does something its author may not want.
    Warning,
    /// The policy cannot be used.
    Error,
}

macro_rules! codes {
    ($( $(#[doc = $doc:literal])* $name:ident = $code:literal, )*) => {
        /// The stable name of a kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $( $(#[doc = $doc])* $name, )*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// The code as shown, such as `EC0002`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$name => $code, )* }
            }

            /// The code of this name, in any case.
            #[must_use]
            pub fn parse(written: &str) -> Option<Self> {
                let named = |code: &&Self| code.as_str().eq_ignore_ascii_case(written);
                Self::ALL.iter().find(named).copied()
            }
        }
    };
}

codes! {
    /// The file is not TOML.
    Syntax = "EC0001",
    /// A key that no setting has.
    UnknownKey = "EC0002",
    /// A value of the wrong type.
    WrongType = "EC0003",
    /// A text that is not a duration.
    BadDuration = "EC0004",
    /// A duration in months or years, whose length is not what people mean.
    CalendarUnit = "EC0005",
    /// A duration without a unit.
    MissingUnit = "EC0006",
    /// A value outside its limits.
    OutOfRange = "EC0007",
    /// A word that is not among those allowed.
    UnknownChoice = "EC0008",
    /// A profile inherits from one that is not there.
    MissingParent = "EC0009",
    /// Profiles that inherit from each other in a ring.
    InheritCycle = "EC0010",
    /// A profile meant to be deployed does not state its own stores.
    MissingStore = "EC0011",
    /// The table that `[ec]` replaced.
    OldTable = "EC0012",
    /// A file that cannot be read.
    UnreadableFile = "EC0013",
    /// A name, list or secret that is not well formed.
    BadValue = "EC0014",
    /// A declared partner that is not complete or not well formed.
    BadPartner = "EC0015",
    /// An override that cannot be used, in the environment or on the command line.
    BadOverride = "EC0016",
    /// A longest wait below the first wait, so that the waits never grow.
    WaitNeverGrows = "EC0101",
    /// A setting that the rest of the policy leaves without effect.
    NoEffect = "EC0102",
    /// A window that the edge's rate limiter does not have.
    NoSuchWindow = "EC0103",
    /// A duration of zero that turns off what it measures.
    ZeroDuration = "EC0104",
    /// A duration that no deployment can mean.
    AbsurdDuration = "EC0105",
    /// A debounce below the store's own write rate.
    DebounceBelowWriteRate = "EC0106",
    /// A batch whose worst case takes longer than its request may.
    BatchOverDeadline = "EC0107",
    /// A cookie that browsers do not keep as long.
    CookieOverBrowsersLimit = "EC0108",
    /// A partner sync can create a user who withdrew and was forgotten.
    SyncCreatesUser = "EC0201",
    /// A late sync can, too.
    LateSyncCreatesUser = "EC0202",
    /// An active visitor's entry expires between two touches.
    DebounceOutlivesEntry = "EC0203",
    /// A partner's uid is not refreshed before its entry expires.
    RefreshOutlivesEntry = "EC0204",
    /// A sync under way can write an erased user back.
    HardDelete = "EC0205",
    /// A tombstone may be gone before an operation under way has ended.
    TombstoneTooShort = "EC0206",
    /// Partner syncs keep a user for ever.
    SyncsKeepForEver = "EC0207",
    /// Retention rests on the store alone.
    RetentionRestsOnStore = "EC0208",
    /// A fail-over of the store loses what was acknowledged last.
    FailOverLoses = "EC0209",
    /// A record that does not state its age is kept until it is first written.
    UnknownAgeKept = "EC0210",
    /// The cookie outlives the entry.
    CookieOutlivesEntry = "EC0301",
    /// The entry outlives the cookie.
    EntryOutlivesCookie = "EC0302",
    /// Forged ids write tombstones.
    ForgedIdsWrite = "EC0303",
    /// Repeated withdrawals prolong a tombstone.
    RepeatsProlong = "EC0304",
    /// No conflicting write is tried again.
    NoRetry = "EC0305",
    /// Many retries, and no wait between them.
    RetriesWithoutWait = "EC0306",
    /// Waits that are the same for every writer.
    NoJitter = "EC0307",
    /// More store calls in one request than the edge documents.
    TooManyCalls = "EC0308",
    /// A list of places leaves out one whose law is effective.
    LawLeftOut = "EC0309",
    /// A deployed profile whose visitors are in no known place.
    NoPlace = "EC0310",
    /// Two deployable profiles use one store.
    SharedStore = "EC0401",
    /// One store for the graph and for partners.
    OneStoreForBoth = "EC0402",
    /// A store that `fastly.toml` does not declare.
    UndeclaredStore = "EC0403",
    /// A profile shares its stores with one that is not there, or is not deployed.
    SharesWithUndeployed = "EC0404",
    /// A secret in clear in a deployable profile.
    SecretInClear = "EC0501",
    /// A secret that is a placeholder.
    PlaceholderSecret = "EC0502",
    /// A secret that can be guessed.
    ShortSecret = "EC0503",
    /// Two partners of one domain.
    SharedDomain = "EC0504",
    /// Two partners with one token.
    SharedToken = "EC0505",
    /// A reference to a secret that is not there.
    MissingSecret = "EC0506",
    /// A secret that cannot work.
    UnusableSecret = "EC0507",
    /// An enabled partner without a token.
    PartnerWithoutToken = "EC0508",
    /// A value beyond a guardrail.
    BeyondGuardrail = "EC0601",
    /// A guardrail that is looser than one before it.
    LooseGuardrail = "EC0602",
    /// A guardrail that cannot be used.
    BadGuardrail = "EC0603",
    /// A deployable profile weaker on withdrawal than its ancestor.
    WeakerThanAncestor = "EC0701",
    /// An allowance that silences nothing.
    IdleAllowance = "EC0801",
    /// An allowance that cannot be used.
    BadAllowance = "EC0802",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The most findings of one policy that are kept and shown; more are counted. With so many, fix the first ones first.
pub const MAX_FINDINGS: usize = 100;

/// Findings that are counted and not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Omitted {
    /// Of them errors.
    pub errors: usize,
    /// Of them warnings.
    pub warnings: usize,
}

impl Omitted {
    /// Takes all but the first [`MAX_FINDINGS`] out of `findings`, warnings before errors, so that an error always stays.
    #[must_use]
    pub fn take_from(findings: &mut Vec<Diagnostic>) -> Self {
        let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
        let all = findings.iter().filter(|finding| is_error(finding)).count();
        let kept_errors = all.min(MAX_FINDINGS);
        let kept_warnings = (findings.len() - all).min(MAX_FINDINGS - kept_errors);
        let omitted = Self {
            errors: all - kept_errors,
            warnings: findings.len() - all - kept_warnings,
        };
        let (mut errors, mut warnings) = (kept_errors, kept_warnings);
        findings.retain(|finding| {
            let left = if is_error(finding) {
                &mut errors
            } else {
                &mut warnings
            };
            let keep = *left > 0;
            *left = left.saturating_sub(1);
            keep
        });
        omitted
    }

    /// These and others.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self {
            errors: self.errors + more.errors,
            warnings: self.warnings + more.warnings,
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn all(self) -> usize {
        self.errors + self.warnings
    }
}

/// One finding. The first place is the one it is about, the others take part in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The kind of finding.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong, in lower case, the user's words in backticks.
    pub message: String,
    /// The full key it is about, where there is one.
    pub key: Option<String>,
    /// Where it is.
    pub places: Vec<SourceLocation>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding that makes the policy unusable. What it says shows no password in an address.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: passwords(&message.into()).into_owned(),
            key: None,
            places: Vec::new(),
            help: None,
        }
    }

    /// A finding that stops nothing.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// Names the full key the finding is about.
    #[must_use]
    pub fn about(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Adds a place; the first one added is the main one.
    #[must_use]
    pub fn at(mut self, place: impl Into<Option<SourceLocation>>) -> Self {
        self.places.extend(place.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(passwords(&help.into()).into_owned());
        self
    }
}
