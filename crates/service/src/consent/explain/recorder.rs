//! Keeps what decoders report, signal by signal and section by section.

use serde::Serialize;

use super::super::bits::BitReader;
use super::super::gpp::GppSection;
use super::super::rules::ConsentRule;
use super::super::signal::{SignalValue, Undecodable};
use super::super::sink::{FieldValue, Sink, Statement};
use super::super::{Signal, Verdict};
use super::fields::SignalField;

/// A value of a signal, decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExplainedSignal {
    /// Where it comes from, as ``cookie `__gpp` ``.
    pub source: String,
    /// What it is.
    pub kind: &'static str,
    /// What was sent, no longer URL-encoded.
    pub value: String,
    /// What it says as a whole, then section by section.
    pub parts: Vec<ExplainedPart>,
}

/// A signal as a whole, or a section of one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct ExplainedPart {
    /// The section's number in the GPP registry; none for the signal as a whole.
    pub section: Option<u16>,
    /// The section's name there; none where it is unknown.
    pub name: Option<&'static str>,
    /// Its fields, in the order in which they were read.
    pub fields: Vec<SignalField>,
    /// How many more fields there are than are listed.
    pub more_fields: usize,
    /// What it means.
    pub says: Vec<Meaning>,
    /// What cannot be decoded.
    pub faults: Vec<FieldFault>,
}

/// What a signal, or a part of one, means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Meaning {
    /// `refuses`, `consents`, `consents_by_implication`, `did_not_opt_out`, `was_not_asked` or `blocks`.
    pub what: &'static str,
    /// The rule that follows; none where none does.
    pub rule: Option<&'static str>,
}

/// Where a signal cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FieldFault {
    /// At which character of the value, counted from 1.
    pub character: usize,
    /// Why not.
    pub why: &'static str,
}

/// Fields that are listed of one part: more than any specification has, so that only a forged string has more.
const MOST_FIELDS: usize = 256;

/// A rule that something said, and what did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) rule: ConsentRule,
    /// The number of the signal.
    signal: usize,
    section: Option<u16>,
}

/// Everything that was decoded.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) signals: Vec<ExplainedSignal>,
    pub(super) said: Vec<Said>,
}

impl Recorder {
    /// The header of Global Privacy Control.
    pub(super) fn gpc(&mut self) {
        let source = "header `Sec-GPC`".to_owned();
        self.begin(source, "Global Privacy Control", "1");
        self.says(Statement::Rule(ConsentRule::Gpc));
    }

    /// What said a rule, each once.
    pub(super) fn sources(&self, rule: ConsentRule) -> Vec<String> {
        let mut sources: Vec<String> = Vec::new();
        for said in self.said.iter().filter(|said| said.rule == rule) {
            let signal = self.signals.get(said.signal);
            let source = signal.map_or("", |signal| signal.source.as_str());
            let source = match said.section {
                Some(id) => format!("{source}, section {id}"),
                None => source.to_owned(),
            };
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources
    }

    fn begin(&mut self, source: String, kind: &'static str, value: &str) {
        self.signals.push(ExplainedSignal {
            source,
            kind,
            value: value.to_owned(),
            parts: vec![ExplainedPart::default()],
        });
    }

    /// The part that is being read.
    fn part(&mut self) -> Option<&mut ExplainedPart> {
        self.signals.last_mut()?.parts.last_mut()
    }

    fn last_field(&mut self) -> Option<&mut SignalField> {
        let part = self.part()?;
        if part.more_fields > 0 {
            return None;
        }
        part.fields.last_mut()
    }
}

impl Sink for Recorder {
    fn value(&mut self, value: &SignalValue<'_>) {
        let kind = match value.signal {
            Signal::UsPrivacy => "US Privacy",
            Signal::Tcf => "TCF",
            Signal::Gpp => "GPP",
        };
        self.begin(format!("cookie `{}`", value.cookie), kind, value.text());
    }

    fn section(&mut self, part: GppSection<'_>, name: Option<&'static str>) {
        if let Some(signal) = self.signals.last_mut() {
            signal.parts.push(ExplainedPart {
                section: Some(part.id),
                name,
                ..ExplainedPart::default()
            });
        }
    }

    fn field(&mut self, name: &'static str, value: FieldValue) {
        if let Some(part) = self.part() {
            let last = part.fields.last_mut();
            if last.is_some_and(|last| last.takes(name, value)) {
                return;
            }
            if part.fields.len() < MOST_FIELDS {
                part.fields.push(SignalField::new(name, value));
            } else {
                part.more_fields += 1;
            }
        }
    }

    fn range(&mut self, first: u64, last: u64) {
        if let Some(field) = self.last_field() {
            field.add(first, last);
        }
    }

    fn members(&mut self, bits: &BitReader<'_>, count: u64) {
        let mut bits = bits.clone();
        let Some(field) = self.last_field() else {
            return;
        };
        for number in 1..=count {
            match bits.next() {
                Ok(true) => field.add(number, number),
                Ok(false) => {}
                Err(_) => break,
            }
        }
    }

    fn says(&mut self, statement: Statement) {
        let (what, rule) = match statement {
            Statement::Rule(rule) => (meaning(rule), Some(rule)),
            Statement::Rejected(rule) => ("consents", Some(rule)),
            Statement::NotAsked => ("was_not_asked", None),
            Statement::Implied => ("consents_by_implication", None),
            Statement::NotOptedOutElsewhere => ("did_not_opt_out", None),
        };
        let says = Meaning {
            what,
            rule: rule.map(ConsentRule::name),
        };
        let signal = self.signals.len().saturating_sub(1);
        let last = self.signals.last();
        let section = last.and_then(|signal| signal.parts.last()?.section);
        if let Some(part) = self.part()
            && !part.says.contains(&says)
        {
            part.says.push(says);
        }
        let said = rule.map(|rule| Said {
            rule,
            signal,
            section,
        });
        self.said
            .extend(said.filter(|said| !self.said.contains(said)));
    }

    fn fault(&mut self, undecodable: Undecodable) {
        let fault = FieldFault {
            character: undecodable.fault.at + 1,
            why: undecodable.fault.why.words(),
        };
        // A fault of the string as a whole is found after its sections.
        let signal = self.signals.last_mut();
        let part = signal.and_then(|signal| match undecodable.section {
            Some(_) => signal.parts.last_mut(),
            None => signal.parts.first_mut(),
        });
        if let Some(part) = part {
            part.faults.push(fault);
        }
    }
}

fn meaning(rule: ConsentRule) -> &'static str {
    match rule.verdict() {
        Verdict::Withdrawn => "refuses",
        Verdict::Granted if rule == ConsentRule::NotOptedOut => "did_not_opt_out",
        Verdict::Granted => "consents",
        Verdict::NotGranted => "blocks",
    }
}
