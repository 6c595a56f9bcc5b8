//! Which values a decision rests on: what a record keeps of them, so that an audit can decide again and come to the same rule.

use std::borrow::Cow;

use super::rules::ConsentRule;
use super::signal::{MAX_SIGNALS, Signal, SignalValue, Signals};
use super::sink::{Sink, Statement};
use super::{ConsentDecision, Verdict};
use edge_cookie::record::{ConsentStrings, KvSignal};

/// The part of a body that is kept free for what a signal says more than once: with the first string of each, partners' ids need
/// the rest.
const MORE_SHARE: usize = 4;

/// Values by their place among those that are read, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ValueSet(u16);

const _: () = assert!(MAX_SIGNALS == u16::BITS as usize);

impl ValueSet {
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(u16::MAX);

    const fn has(self, number: usize) -> bool {
        self.0 >> number & 1 == 1
    }
}

/// The values that say what may grant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Granting {
    /// The bit of the value that is read.
    value: u16,
    tcf: u16,
    canada: u16,
    us: u16,
}

impl Sink for Granting {
    fn value(&mut self, _value: &SignalValue<'_>) {
        self.value = if self.value == 0 { 1 } else { self.value << 1 };
    }

    fn says(&mut self, statement: Statement) {
        match statement {
            Statement::Rule(ConsentRule::TcfConsent) => self.tcf |= self.value,
            Statement::Rule(ConsentRule::CanadaConsent) => self.canada |= self.value,
            Statement::Rule(ConsentRule::NotOptedOut) => self.us |= self.value,
            _ => {}
        }
    }
}

impl Granting {
    /// The values that a rule rests on: those that grant by it, and all that was read where it asks for none that does.
    pub(super) const fn by(self, rule: ConsentRule) -> ValueSet {
        match rule {
            ConsentRule::TcfConsent => ValueSet(self.tcf),
            ConsentRule::CanadaConsent => ValueSet(self.canada),
            ConsentRule::NotOptedOut => ValueSet(self.us),
            ConsentRule::NoLaw => ValueSet::ALL,
            _ => ValueSet::NONE,
        }
    }
}

impl ConsentDecision {
    /// What a record of at most so many bytes keeps of the `signals` that were decided on: the rule's name, each value that the
    /// grant rests on, and whether Global Privacy Control was on and did not count. Under `grant.no_law`, which asks for nothing,
    /// all that was read and found not to refuse.
    ///
    /// The first value of each signal is always kept, as no grant is without its reason; the others as far as they take a quarter
    /// of the body. Nothing is kept where nothing is granted.
    #[must_use]
    pub fn strings(&self, signals: &Signals<'_>, max_body_bytes: usize) -> ConsentStrings {
        if self.verdict() != Verdict::Granted {
            return ConsentStrings::default();
        }
        let mut strings = ConsentStrings {
            gpc: self.gpc,
            rule: Some(Cow::Borrowed(self.rule.name())),
            ..ConsentStrings::default()
        };
        let mut room = max_body_bytes / MORE_SHARE;
        for (number, value) in signals.values().enumerate() {
            if !self.granting.has(number) {
                continue;
            }
            let (text, name) = (value.text(), value.signal.field());
            let first = match value.signal {
                Signal::Tcf => &mut strings.tcf,
                Signal::Gpp => &mut strings.gpp,
                Signal::UsPrivacy => &mut strings.us_privacy,
            };
            if first.is_none() {
                *first = Some(text.into());
            } else if let Some(rest) = room.checked_sub(text.len()) {
                room = rest;
                strings.more.push(KvSignal::new(name, text));
            }
        }
        strings
    }
}
