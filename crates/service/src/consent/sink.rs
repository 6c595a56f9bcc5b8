//! What decoders report while they read: a decision keeps none of it, an explanation all.

use super::bits::BitReader;
use super::gpp::GppSection;
use super::rules::ConsentRule;
use super::signal::{SignalValue, Undecodable};

/// Takes what is decoded, in the order in which it is read.
pub(super) trait Sink {
    /// A signal's value begins.
    fn value(&mut self, _value: &SignalValue<'_>) {}
    /// A section of GPP begins; what follows is about it until the next one or the next value.
    fn section(&mut self, _part: GppSection<'_>, _name: Option<&'static str>) {}
    /// A field, by its name in the specification.
    fn field(&mut self, _name: &'static str, _value: FieldValue) {}
    /// Numbers from the first to the last, which the last field lists.
    fn range(&mut self, _first: u64, _last: u64) {}
    /// So many bits that follow: the last field lists the numbers of those that are set, from 1.
    fn members(&mut self, _bits: &BitReader<'_>, _count: u64) {}
    /// What it means.
    fn says(&mut self, _statement: Statement) {}
    /// What cannot be decoded.
    fn fault(&mut self, _undecodable: Undecodable) {}

    /// A field that is a number.
    fn number(&mut self, name: &'static str, value: u64) {
        self.field(name, FieldValue::Number(value));
    }
}

/// Keeps nothing.
impl Sink for () {}

/// A field's value, as it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldValue {
    /// A number.
    Number(u64),
    /// A number, whose values from 0 on mean this.
    Coded(u64, &'static [&'static str]),
    /// A letter.
    Letter(char),
    /// A time, in tenths of seconds since 1970.
    Time(u64),
    /// Two letters of six bits each.
    TwoLetters(u64),
    /// As many flags, the most significant first and numbered from 1.
    Flags(u64, usize),
    /// Numbers that [`Sink::range`] and [`Sink::members`] list.
    List,
}

/// What a signal, or a part of one, means, whatever the place makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statement {
    /// What a rule says.
    Rule(ConsentRule),
    /// It consents, which does not count by this rule.
    Rejected(ConsentRule),
    /// Purpose 1 was not asked for.
    NotAsked,
    /// Consent to purpose 1 is implied.
    Implied,
    /// The user does not opt out, of another state than their own.
    NotOptedOutElsewhere,
}
