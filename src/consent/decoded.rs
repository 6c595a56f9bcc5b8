//! What signals say once they are decoded.

use super::canada::{self, Canada};
use super::fault::{Fault, Why};
use super::gpp::{self, Part};
use super::rules::Rule;
use super::signal::{Signal, Signals, Undecodable};
use super::tcf::{self, PurposeOne};
use super::{sections, us, validity};
use crate::clock::Timestamp;
use crate::policy::settings::Consent;

/// Takes the fields of a signal as they are decoded: nothing of them is kept for a decision, all for an explanation.
pub(super) trait Sink {
    /// A field that is a number.
    fn number(&mut self, _name: &'static str, _value: u64) {}
    /// A field that is a letter.
    fn letter(&mut self, _name: &'static str, _value: char) {}
}

/// Keeps nothing.
impl Sink for () {}

/// What all signals of a request say together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct DecodedSignals {
    /// Whether Global Privacy Control is on.
    pub(super) gpc: bool,
    /// The first opt-out of a US signal.
    pub(super) us_refusal: Option<Rule>,
    /// Whether a TCF string refuses purpose 1.
    pub(super) tcf_refusal: bool,
    /// Whether a TCF Canada section refuses purpose 1.
    pub(super) canada_refusal: bool,
    /// Whether a valid TCF string consents to purpose 1.
    pub(super) tcf_consent: bool,
    /// Whether a TCF Canada section expressly consents to purpose 1.
    pub(super) canada_express: bool,
    /// Whether the user was given notice, and does not opt out, of their own state or of the nation.
    pub(super) not_opted_out: bool,
    /// What keeps anything from being granted.
    pub(super) block: Option<Rule>,
    /// Why consents by TCF do not count.
    pub(super) rejected: Vec<Rule>,
    /// What could not be decoded.
    pub(super) undecodable: Vec<Undecodable>,
}

/// What signals are decoded for.
struct Reader<'r> {
    state: Option<&'r str>,
    rules: &'r Consent,
    now: Timestamp,
    said: DecodedSignals,
}

impl DecodedSignals {
    /// Decodes every value for a user in this state.
    pub(super) fn of(
        signals: &Signals<'_>,
        state: Option<&str>,
        rules: &Consent,
        now: Timestamp,
    ) -> Self {
        let mut reader = Reader {
            state,
            rules,
            now,
            said: Self {
                gpc: signals.has_gpc(),
                ..Self::default()
            },
        };
        if signals.overflown() {
            reader.said.block(Rule::TooManyValues);
        }
        for (signal, text) in signals.values() {
            reader.value(signal, text);
        }
        reader.said
    }

    fn block(&mut self, why: Rule) {
        self.block.get_or_insert(why);
    }

    fn fault(&mut self, undecodable: Undecodable) {
        self.block(match undecodable.fault.why {
            Why::UnknownSection => Rule::UnknownUsSection,
            _ => Rule::Undecodable,
        });
        self.undecodable.push(undecodable);
    }
}

/// As much of a value as is read.
fn bounded(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

impl Reader<'_> {
    fn value(&mut self, signal: Signal, text: &str) {
        let most = usize::try_from(self.rules.max_signal_bytes).unwrap_or(usize::MAX);
        let read = bounded(text, most);
        let undecodable = |fault| Undecodable {
            signal,
            section: None,
            fault,
        };
        match signal {
            Signal::UsPrivacy => self.us(us::us_privacy(read, &mut ()), true, undecodable),
            Signal::Tcf => self.tcf(read, undecodable),
            Signal::Gpp => {
                if let Err(fault) = gpp::decode(read, |part| self.part(part)) {
                    self.said.fault(undecodable(fault));
                }
            }
        }
        if read.len() < text.len() {
            let at = read.len();
            let why = Why::TooLong;
            self.said.fault(undecodable(Fault { at, why }));
        }
    }

    fn part(&mut self, part: Part<'_>) {
        let Part { id, text, at } = part;
        let undecodable = |fault: Fault| Undecodable {
            signal: Signal::Gpp,
            section: Some(id),
            fault: Fault {
                at: at + fault.at,
                ..fault
            },
        };
        match id {
            gpp::TCF_EU_V2 => self.tcf(text, undecodable),
            gpp::TCF_CANADA => match canada::decode(text, &mut ()) {
                Ok(Canada::Neither) => self.said.canada_refusal = true,
                Ok(Canada::Express) => self.said.canada_express = true,
                Ok(Canada::Implied) => {}
                Err(fault) => self.said.fault(undecodable(fault)),
            },
            gpp::US_PRIVACY => self.us(us::us_privacy(text, &mut ()), true, undecodable),
            _ => match sections::section(id) {
                Some(section) => {
                    let own = section.state.is_none_or(|of| self.state == Some(of));
                    self.us(us::section(section, text, &mut ()), own, undecodable);
                }
                None if id >= sections::FIRST => {
                    self.said.fault(undecodable(Fault {
                        at: 0,
                        why: Why::UnknownSection,
                    }));
                }
                // Sections of the string itself, and of a TCF that is no longer in use.
                None => {}
            },
        }
    }

    /// What a US signal says. That the user does not opt out counts only where it is about their own state, or the nation.
    fn us(&mut self, us: us::UsSaid, own: bool, undecodable: impl Fn(Fault) -> Undecodable) {
        let said = &mut self.said;
        said.gpc |= us.gpc;
        said.us_refusal = said.us_refusal.or(us.refusal);
        said.block = said.block.or(us.block);
        said.not_opted_out |= us.not_opted_out && own;
        if let Some(fault) = us.fault {
            said.fault(undecodable(fault));
        }
    }

    fn tcf(&mut self, text: &str, undecodable: impl Fn(Fault) -> Undecodable) {
        let (core, fault) = tcf::decode(text, &mut ());
        match core.map(|core| (core.purpose_one, core)) {
            Some((PurposeOne::Refusal, _)) => self.said.tcf_refusal = true,
            Some((PurposeOne::Consent, core)) => {
                match validity::rejection(&core, self.rules, self.now) {
                    None => self.said.tcf_consent = true,
                    Some(why) => self.said.rejected.push(why),
                }
            }
            Some((PurposeOne::NotAsked, _)) | None => {}
        }
        if let Some(fault) = fault {
            self.said.fault(undecodable(fault));
        }
    }
}
