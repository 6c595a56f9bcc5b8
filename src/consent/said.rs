//! What signals say once they are decoded.

use super::canada::{self, Canada};
use super::fault::{Fault, Why};
use super::gpp::{self, Part};
use super::signal::{Signal, Signals, Undecodable};
use super::tcf::{self, PurposeOne};
use super::{sections, us};

/// Why a user's signal is a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// Global Privacy Control is on.
    Gpc,
    /// An opt-out of the sale of data.
    Sale,
    /// An opt-out of sharing data for advertising across sites.
    Sharing,
    /// An opt-out of targeted advertising.
    TargetedAdvertising,
    /// TCF: no consent to purpose 1, storing and reading on a device.
    PurposeOne,
    /// TCF Canada: neither express nor implied consent to purpose 1.
    PurposeOneInCanada,
}

/// Why nothing may be granted, whatever else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Block {
    /// A notice was not given, or a choice stands beside a notice that was not.
    NotTold,
    /// A known child without consent.
    Child,
    /// Whoever collects is a service provider only (MSPA).
    ServiceProvider,
    /// A signal, or a part of it, cannot be decoded.
    Undecodable,
    /// A US section that no row is known of.
    UnknownSection,
}

impl Refusal {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Gpc => "Global Privacy Control is on",
            Self::Sale => "the user opts out of the sale of their data",
            Self::Sharing => "the user opts out of sharing",
            Self::TargetedAdvertising => "the user opts out of targeted advertising",
            Self::PurposeOne => "no consent to purpose 1",
            Self::PurposeOneInCanada => "neither express nor implied consent to purpose 1",
        }
    }
}

impl Block {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotTold => "a notice was not given",
            Self::Child => "a known child without consent",
            Self::ServiceProvider => "service provider mode",
            Self::Undecodable => "it cannot be decoded",
            Self::UnknownSection => "a US section that is not known",
        }
    }
}

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
pub(super) struct Said {
    /// The first refusal of each kind but TCF's.
    pub(super) refusal: Option<Refusal>,
    /// Whether a TCF string refuses purpose 1.
    pub(super) refuses_purpose_one: bool,
    /// Whether a TCF string consents to purpose 1.
    pub(super) consents_to_purpose_one: bool,
    /// Whether the user was told, and does not opt out, of their own state or of the nation.
    pub(super) not_opted_out: bool,
    /// What keeps anything from being granted.
    pub(super) block: Option<Block>,
    /// What could not be decoded.
    pub(super) undecodable: Vec<Undecodable>,
}

impl Said {
    /// Reads every value for a user in this state.
    pub(super) fn of(signals: &Signals<'_>, state: Option<&str>) -> Self {
        let mut said = Self::default();
        if signals.has_gpc() {
            said.refuse(Refusal::Gpc);
        }
        if signals.overflown() {
            said.block(Block::Undecodable);
        }
        for (signal, text) in signals.values() {
            let undecodable = |fault| Undecodable {
                signal,
                section: None,
                fault,
            };
            match signal {
                Signal::UsPrivacy => said.us(us::us_privacy(text, &mut ()), true, undecodable),
                Signal::Tcf => said.tcf(text, undecodable),
                Signal::Gpp => said.gpp(text, state),
            }
        }
        said
    }

    /// Whether anything refuses.
    pub(super) const fn refuses(&self) -> bool {
        self.refusal.is_some() || self.refuses_purpose_one
    }

    fn refuse(&mut self, why: Refusal) {
        self.refusal.get_or_insert(why);
    }

    fn block(&mut self, why: Block) {
        self.block.get_or_insert(why);
    }

    fn fault(&mut self, undecodable: Undecodable) {
        self.block(Block::Undecodable);
        self.undecodable.push(undecodable);
    }

    fn gpp(&mut self, text: &str, state: Option<&str>) {
        let signal = Signal::Gpp;
        let read = gpp::decode(text, |part| self.part(part, state));
        if let Err(fault) = read {
            self.fault(Undecodable {
                signal,
                section: None,
                fault,
            });
        }
    }

    fn part(&mut self, part: Part<'_>, state: Option<&str>) {
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
                Ok(Canada::Neither) => self.refuse(Refusal::PurposeOneInCanada),
                Ok(Canada::Express | Canada::Implied) => {}
                Err(fault) => self.fault(undecodable(fault)),
            },
            gpp::US_PRIVACY => self.us(us::us_privacy(text, &mut ()), true, undecodable),
            _ => match sections::section(id) {
                Some(section) => {
                    let own = section.state.is_none_or(|of| state == Some(of));
                    self.us(us::section(section, text, &mut ()), own, undecodable);
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
        if us.gpc {
            self.refuse(Refusal::Gpc);
        }
        if let Some(why) = us.refusal {
            self.refuse(why);
        }
        if let Some(why) = us.block {
            self.block(why);
        }
        self.not_opted_out |= us.not_opted_out && own;
        if let Some(fault) = us.fault {
            self.fault(undecodable(fault));
        }
    }

    fn tcf(&mut self, text: &str, undecodable: impl Fn(Fault) -> Undecodable) {
        let (purpose_one, fault) = tcf::decode(text, &mut ());
        self.consents_to_purpose_one |= purpose_one == Some(PurposeOne::Consent);
        self.refuses_purpose_one |= purpose_one == Some(PurposeOne::Refusal);
        if let Some(fault) = fault {
            self.fault(undecodable(fault));
        }
    }
}
