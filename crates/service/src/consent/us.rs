//! US Privacy and the US sections of GPP: whether a user opts out, and what keeps "they do not" from counting.

use super::bits::BitReader;
use super::fault::{Fault, Why};
use super::rules::ConsentRule;
use super::sections::{
    CoreField, NATIONAL, NATIONAL_AT_FIRST, NATIONAL_BITS, NATIONAL_FIRST_VERSION, Second, Section,
    Topic,
};
use super::segments::Segments;
use super::sink::{FieldValue, Sink, Statement};

/// What a US signal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct UsSaid {
    /// The user opts out.
    pub(super) refusal: Option<ConsentRule>,
    /// Global Privacy Control is on in it.
    pub(super) gpc: bool,
    /// Notice was given, and the user does not opt out.
    pub(super) not_opted_out: bool,
    /// What keeps an identity from being kept whatever else is said.
    pub(super) block: Option<ConsentRule>,
    /// Where it could not be read on.
    pub(super) fault: Option<Fault>,
}

/// What a choice says (GPP, US sections).
const OPTED_OUT: u64 = 1;
const DID_NOT_OPT_OUT: u64 = 2;

/// What a notice says.
const GIVEN: u64 = 1;
const NOT_GIVEN: u64 = 2;

/// No consent for a known child, and what is no value at all.
const NO_CONSENT: u64 = 1;

/// The greatest value of a field.
const GREATEST: u64 = 2;

/// The service provider mode, of `MspaServiceProviderMode` and of `MspaMode`.
const PROVIDES: u64 = 1;
const PROVIDER: u64 = 2;

/// Kinds of sensitive data that a segment of consents to them has (sections 25 to 27).
const SENSITIVE_KINDS: usize = 8;

/// The type of a segment of Global Privacy Control.
const GPC_SEGMENT: u64 = 1;

/// Bits of the number of ranges in a section's header.
const COUNT_BITS: usize = 12;

/// Bits of a version and of a section's number, and of a field's value.
const VERSION_BITS: usize = 6;
const FIELD_BITS: usize = 2;

/// Reads a US Privacy string, `1YNN`: version, notice, opt-out, and whether the LSPA covers it (US Privacy String, version 1).
pub(super) fn us_privacy(text: &str, sink: &mut impl Sink) -> UsSaid {
    let form = |at| UsSaid {
        fault: Some(Fault { at, why: Why::Form }),
        ..UsSaid::default()
    };
    let [version, notice, opt_out, lspa] = text.as_bytes() else {
        return form(text.len().min(4));
    };
    if *version != b'1' {
        return form(0);
    }
    let letters = [notice, opt_out, lspa].map(u8::to_ascii_uppercase);
    if let Some(wrong) = letters.iter().position(|letter| !b"YN-".contains(letter)) {
        return form(wrong + 1);
    }
    sink.number("Version", 1);
    for (name, letter) in ["Notice", "OptOutSale", "LspaCovered"]
        .into_iter()
        .zip(letters)
    {
        sink.field(name, FieldValue::Letter(char::from(letter)));
    }
    let [notice, opt_out, _] = letters;
    let no_notice = notice == b'N' || (opt_out == b'N' && notice != b'Y');
    let mut said = UsSaid {
        not_opted_out: opt_out == b'N' && notice == b'Y',
        ..UsSaid::default()
    };
    if opt_out == b'Y' {
        said.refuses(ConsentRule::SaleOptOut, sink);
    }
    if no_notice {
        said.blocks(ConsentRule::NoticeNotGiven, sink);
    }
    said
}

impl UsSaid {
    fn refuses(&mut self, rule: ConsentRule, sink: &mut impl Sink) {
        self.refusal.get_or_insert(rule);
        sink.says(Statement::Rule(rule));
    }

    fn blocks(&mut self, rule: ConsentRule, sink: &mut impl Sink) {
        self.block.get_or_insert(rule);
        sink.says(Statement::Rule(rule));
    }
}

/// Reads a US section of GPP as far as that goes: an opt-out before a fault counts.
pub(super) fn section(section: &'static Section, text: &str, sink: &mut impl Sink) -> UsSaid {
    let mut said = UsSaid::default();
    said.fault = read(section, text, sink, &mut said).err();
    // Where all of it is not read, what it does not refuse is not known.
    said.not_opted_out &= said.fault.is_none() && said.refusal.is_none() && said.block.is_none();
    said
}

fn read(
    section: &'static Section,
    text: &str,
    sink: &mut impl Sink,
    said: &mut UsSaid,
) -> Result<(), Fault> {
    let mut segments = Segments::of(text);
    let ended = core(section, &mut segments, sink, said);
    // What follows the core counts even where the core ends early.
    let mut followed = Ok(());
    for (before, segment) in segments.enumerate() {
        let repeated = if before > 0 {
            Err(segment.fault(Why::Segment))
        } else {
            Ok(())
        };
        let read = second(section, segment, sink, said);
        followed = followed.and(read).and(repeated);
    }
    ended.and(followed)
}

/// Reads a core, and the header that may come before it.
fn core(
    section: &'static Section,
    segments: &mut Segments<'_>,
    sink: &mut impl Sink,
    said: &mut UsSaid,
) -> Result<(), Fault> {
    let own_header = matches!(
        section.second,
        Second::GpcAfterHeader | Second::SensitiveAfterHeader
    );
    let mut core = segments.next().unwrap_or(BitReader::after(0, ""));
    if own_header && core.clone().number(VERSION_BITS)? == u64::from(section.id) {
        let mut header = core;
        core = segments.next().ok_or(header.fault(Why::Segment))?;
        sink.number("SectionId", header.number(VERSION_BITS)?);
        sink.number("SectionVersion", version(section, &mut header)?);
        subsections(header)?;
        sink.number("MspaVersion", core.number(VERSION_BITS)?);
        return fields(section, core, sink, said);
    }
    let name = if own_header { "MspaVersion" } else { "Version" };
    let version = version(section, &mut core)?;
    sink.number(name, version);
    if *section != NATIONAL || version != NATIONAL_FIRST_VERSION {
        return fields(section, core, sink, said);
    }
    if core.len() < NATIONAL_BITS {
        return fields(&NATIONAL_AT_FIRST, core, sink, said);
    }
    // It may be either layout. They begin alike, choices included; what keeps either from granting counts.
    let ended = fields(section, core.clone(), sink, said);
    let mut at_first = UsSaid::default();
    let ended_at_first = fields(&NATIONAL_AT_FIRST, core, &mut (), &mut at_first);
    if let (None, Some(rule)) = (said.block, at_first.block) {
        said.blocks(rule, sink);
    }
    ended.and(ended_at_first)
}

/// Reads which subsections a header announces. That they are there shows in the section itself.
fn subsections(mut header: BitReader<'_>) -> Result<(), Fault> {
    for _ in 0..header.number(COUNT_BITS)? {
        let is_range = header.next()?;
        header.fibonacci()?;
        if is_range {
            header.fibonacci()?;
        }
    }
    header.end()
}

fn version(section: &Section, bits: &mut BitReader<'_>) -> Result<u64, Fault> {
    let start = bits.fault(Why::Version);
    let version = bits.number(VERSION_BITS)?;
    if (1..=section.newest).contains(&version) {
        Ok(version)
    } else {
        Err(start)
    }
}

fn fields(
    section: &Section,
    mut core: BitReader<'_>,
    sink: &mut impl Sink,
    said: &mut UsSaid,
) -> Result<(), Fault> {
    let mut given = Notices::default();
    let mut fault = Ok(());
    for field in section.core {
        for _ in 0..field.count() {
            let here = core.fault(Why::Number);
            let value = core.number(FIELD_BITS)?;
            sink.field(field.name(), FieldValue::Coded(value, field.meanings()));
            if value > GREATEST {
                fault = fault.and(Err(here));
            }
            match *field {
                CoreField::Notice(about, _) => {
                    given.set(about, value == GIVEN);
                    if value == NOT_GIVEN {
                        said.blocks(ConsentRule::NoticeNotGiven, sink);
                    }
                }
                CoreField::OptOut(about) => match value {
                    OPTED_OUT => said.refuses(about.refusal(), sink),
                    DID_NOT_OPT_OUT if !given.has(about) => {
                        said.blocks(ConsentRule::NoticeNotGiven, sink);
                    }
                    DID_NOT_OPT_OUT if about == Topic::Sale => said.not_opted_out = true,
                    _ => {}
                },
                CoreField::Child(_) if value == NO_CONSENT => {
                    said.blocks(ConsentRule::KnownChild, sink);
                }
                CoreField::ProviderMode if value == PROVIDES => {
                    said.blocks(ConsentRule::ServiceProvider, sink);
                }
                CoreField::Mode if value == PROVIDER => {
                    said.blocks(ConsentRule::ServiceProvider, sink);
                }
                _ => {}
            }
        }
    }
    fault.and(core.end())
}

/// Reads what follows a core.
fn second(
    section: &Section,
    mut segment: BitReader<'_>,
    sink: &mut impl Sink,
    said: &mut UsSaid,
) -> Result<(), Fault> {
    let start = segment.fault(Why::Segment);
    match section.second {
        Second::SensitiveAfterHeader => {
            for _ in 0..SENSITIVE_KINDS {
                sink.number("SensitiveDataProcessing", segment.number(FIELD_BITS)?);
            }
        }
        Second::Nothing | Second::Gpc | Second::GpcAfterHeader => {
            let kind = segment.number(FIELD_BITS)?;
            sink.number("GpcSegmentType", kind);
            let gpc = segment.next()?;
            sink.number("Gpc", u64::from(gpc));
            // Writers and readers do not look at the type: what they take for a refusal counts as one.
            if gpc {
                said.gpc = true;
                sink.says(Statement::Rule(ConsentRule::Gpc));
            }
            if kind != GPC_SEGMENT {
                return Err(start);
            }
        }
    }
    segment.end()
}

/// The notices that were given.
#[derive(Debug, Clone, Copy, Default)]
struct Notices(u8);

impl Notices {
    const fn set(&mut self, about: Topic, given: bool) {
        if given {
            self.0 |= 1 << about as u8;
        }
    }

    const fn has(self, about: Topic) -> bool {
        self.0 >> about as u8 & 1 == 1
    }
}

impl Topic {
    const fn refusal(self) -> ConsentRule {
        match self {
            Self::Sharing => ConsentRule::SharingOptOut,
            Self::Targeted => ConsentRule::TargetedOptOut,
            _ => ConsentRule::SaleOptOut,
        }
    }
}
