//! What signals say once they are decoded.

use super::canada::{self, Canada};
use super::fault::{Fault, Why};
use super::gpp::{self, GppSection};
use super::rules::ConsentRule;
use super::signal::{MAX_UNDECODABLE, Signal, SignalValue, Signals, Undecodable};
use super::sink::{Sink, Statement};
use super::tcf::{self, PurposeOne};
use super::{sections, us, validity};
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::settings::Consent;

/// What all signals of a request say together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what is said is one thing each"
)]
pub(super) struct DecodedSignals {
    /// Whether Global Privacy Control is on.
    pub(super) gpc: bool,
    /// The first opt-out of a US signal.
    pub(super) us_refusal: Option<ConsentRule>,
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
    pub(super) block: Option<ConsentRule>,
    /// Why consents by TCF do not count.
    pub(super) rejected: Vec<ConsentRule>,
    /// What could not be decoded.
    pub(super) undecodable: Vec<Undecodable>,
}

/// What signals are decoded for.
struct Reader<'r, S> {
    state: Option<&'r str>,
    rules: &'r Consent,
    now: Timestamp,
    said: DecodedSignals,
    sink: &'r mut S,
}

impl DecodedSignals {
    /// Decodes every value for a user in this state, and reports to `sink` what is read.
    pub(super) fn of(
        signals: &Signals<'_>,
        state: Option<&str>,
        rules: &Consent,
        now: Timestamp,
        sink: &mut impl Sink,
    ) -> Self {
        let mut reader = Reader {
            state,
            rules,
            now,
            said: Self {
                gpc: signals.has_gpc(),
                ..Self::default()
            },
            sink,
        };
        if signals.overflown() {
            reader.said.block(ConsentRule::TooManyValues);
        }
        for value in signals.values() {
            reader.value(value);
        }
        reader.said
    }

    fn block(&mut self, why: ConsentRule) {
        self.block.get_or_insert(why);
    }
}

/// As much of a value as is read.
fn bounded(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

impl<S: Sink> Reader<'_, S> {
    fn fault(&mut self, undecodable: Undecodable) {
        let rule = match undecodable.fault.why {
            Why::UnknownSection => ConsentRule::UnknownUsSection,
            _ => ConsentRule::Undecodable,
        };
        self.said.block(rule);
        if self.said.undecodable.len() < MAX_UNDECODABLE {
            self.said.undecodable.push(undecodable);
        }
        self.sink.fault(undecodable);
        self.says(rule);
    }

    fn says(&mut self, rule: ConsentRule) {
        self.sink.says(Statement::Rule(rule));
    }

    fn value(&mut self, value: &SignalValue<'_>) {
        let (signal, text) = (value.signal, value.text());
        self.sink.value(value);
        let most = usize::try_from(self.rules.max_signal_bytes).unwrap_or(usize::MAX);
        let read = bounded(text, most);
        let undecodable = |fault| Undecodable {
            signal,
            section: None,
            fault,
        };
        match signal {
            Signal::UsPrivacy => {
                let us = us::us_privacy(read, self.sink);
                self.us(us, true, undecodable);
            }
            Signal::Tcf => self.tcf(read, undecodable),
            Signal::Gpp => {
                if let Err(fault) = gpp::decode(read, |part| self.part(part)) {
                    self.fault(undecodable(fault));
                }
            }
        }
        if read.len() < text.len() {
            let at = read.len();
            let why = Why::TooLong;
            self.fault(undecodable(Fault { at, why }));
        }
    }

    fn part(&mut self, part: GppSection<'_>) {
        let GppSection { id, text, at } = part;
        let undecodable = |fault: Fault| Undecodable {
            signal: Signal::Gpp,
            section: Some(id),
            fault: Fault {
                at: at + fault.at,
                ..fault
            },
        };
        let us_section = sections::section(id);
        let name = gpp::name(id).or(us_section.map(|section| section.name));
        self.sink.section(part, name);
        match id {
            gpp::TCF_EU_V2 => self.tcf(text, undecodable),
            gpp::TCF_CANADA => self.canada(text, undecodable),
            gpp::US_PRIVACY => {
                let us = us::us_privacy(text, self.sink);
                self.us(us, true, undecodable);
            }
            _ => match us_section {
                Some(section) => {
                    let own = section.state.is_none_or(|of| self.state == Some(of));
                    let us = us::section(section, text, self.sink);
                    self.us(us, own, undecodable);
                }
                None if id >= sections::FIRST => {
                    self.fault(undecodable(Fault {
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
        match (us.not_opted_out, own) {
            (true, true) => self.says(ConsentRule::NotOptedOut),
            (true, false) => self.sink.says(Statement::NotOptedOutElsewhere),
            (false, _) => {}
        }
        if let Some(fault) = us.fault {
            self.fault(undecodable(fault));
        }
    }

    fn canada(&mut self, text: &str, undecodable: impl Fn(Fault) -> Undecodable) {
        let (said, fault) = canada::decode(text, self.sink);
        match said {
            Some(Canada::Neither) => {
                self.said.canada_refusal = true;
                self.says(ConsentRule::CanadaRefusal);
            }
            Some(Canada::Express) if fault.is_none() => {
                self.said.canada_express = true;
                self.says(ConsentRule::CanadaConsent);
            }
            Some(Canada::Implied) if fault.is_none() => self.sink.says(Statement::Implied),
            _ => {}
        }
        if let Some(fault) = fault {
            self.fault(undecodable(fault));
        }
    }

    fn tcf(&mut self, text: &str, undecodable: impl Fn(Fault) -> Undecodable) {
        let (core, fault) = tcf::decode(text, self.sink);
        match core.map(|core| (core.purpose_one, core)) {
            Some((PurposeOne::Refusal, _)) => {
                self.said.tcf_refusal = true;
                self.says(ConsentRule::TcfRefusal);
            }
            // What is damaged is no valid consent, beside which other signals would not count.
            Some((PurposeOne::Consent, core)) if fault.is_none() => {
                if let Some(why) = validity::rejection(&core, self.rules, self.now) {
                    self.said.rejected.push(why);
                    self.sink.says(Statement::Rejected(why));
                } else {
                    self.said.tcf_consent = true;
                    self.says(ConsentRule::TcfConsent);
                }
            }
            Some((PurposeOne::NotAsked, _)) => self.sink.says(Statement::NotAsked),
            Some((PurposeOne::Consent, _)) | None => {}
        }
        if let Some(fault) = fault {
            self.fault(undecodable(fault));
        }
    }
}
