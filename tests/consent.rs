//! What signals mean at each place: every cell of the table in `API.md`, over strings built by their specifications.
#![cfg(feature = "service")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::match_same_arms,
    reason = "a failed test should stop, and tables of cases are long"
)]

use edge_cookie::clock::Timestamp;
use edge_cookie::consent::{ConsentDecision, Place, Signal, Signals, Verdict, Why, decide};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Consent, HonourRefusals};
use proptest::prelude::*;

use Verdict::{Granted, NotGranted, Withdrawn};

/// Bits, the most significant first.
#[derive(Clone, Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(mut self, number: u64, bits: u32) -> Self {
        self.0
            .extend((0..bits).rev().map(|bit| number >> bit & 1 == 1));
        self
    }

    fn fields(self, values: &[u64]) -> Self {
        values.iter().fold(self, |bits, value| bits.put(*value, 2))
    }

    /// A number in Fibonacci coding: its Zeckendorf sum, the least first, and a one to end it.
    fn fibonacci(mut self, number: u64) -> Self {
        let mut steps = vec![1, 2];
        while steps[steps.len() - 1] + steps[steps.len() - 2] <= number {
            steps.push(steps[steps.len() - 1] + steps[steps.len() - 2]);
        }
        while steps[steps.len() - 1] > number {
            steps.pop();
        }
        let mut left = number;
        let mut code: Vec<bool> = (steps.iter().rev())
            .map(|step| {
                let taken = *step <= left;
                left -= if taken { *step } else { 0 };
                taken
            })
            .collect();
        code.reverse();
        self.0.extend(code);
        self.0.push(true);
        self
    }

    /// Whole bytes in base64 for URLs, as the specifications want them.
    fn base64(mut self) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        while !self.0.len().is_multiple_of(8) {
            self.0.push(false);
        }
        let sextets = self.0.chunks(6);
        let value = |bits: &[bool]| {
            (0..6).fold(0, |value, bit| {
                value << 1 | usize::from(bits.get(bit) == Some(&true))
            })
        };
        sextets
            .map(|bits| char::from(ALPHABET[value(bits)]))
            .collect()
    }
}

/// The core of a TCF v2 string, fields in their order, up to its vendors.
fn up_to_vendors(purpose_one: bool, deciseconds: u64) -> Bits {
    let purposes = if purpose_one {
        1 << 23 | 1 << 21
    } else {
        1 << 22
    };
    Bits::default()
        .put(2, 6) // version
        .put(deciseconds, 36) // created
        .put(deciseconds, 36) // last updated
        .put(31, 12) // CMP
        .put(1, 12)
        .put(1, 6) // screen
        .put(4, 6) // language
        .put(13, 6)
        .put(48, 12) // vendor list
        .put(5, 6) // policy version
        .put(1, 1) // specific to the service
        .put(0, 1)
        .put(0, 12) // special features
        .put(purposes, 24)
        .put(0, 24) // legitimate interests
        .put(0, 1)
        .put(3, 6) // publisher's country
        .put(4, 6)
}

fn tcf_at(purpose_one: bool, deciseconds: u64) -> String {
    up_to_vendors(purpose_one, deciseconds)
        .put(2, 16) // vendors: a field of two
        .put(0, 1)
        .put(0b11, 2)
        .put(0, 16)
        .put(0, 1)
        .put(0, 12) // restrictions
        .base64()
}

/// 21 September 2026.
const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

/// A string that was given today, and discloses no vendor.
fn tcf(purpose_one: bool) -> String {
    format!(
        "{}.{}",
        tcf_at(purpose_one, NOW.unix() * 10),
        disclosed_vendors()
    )
}

/// A segment that discloses no vendor.
fn disclosed_vendors() -> String {
    Bits::default().put(1, 3).put(0, 16).put(0, 1).base64()
}

/// A GPP string of these sections, in the order of their numbers.
fn gpp(sections: &[(u64, String)]) -> String {
    let header = Bits::default()
        .put(3, 6)
        .put(1, 6)
        .put(sections.len() as u64, 12);
    let mut before = 0;
    let header = sections.iter().fold(header, |header, (id, _)| {
        let header = header.put(0, 1).fibonacci(id - before);
        before = *id;
        header
    });
    let sections = sections.iter().map(|(_, section)| section.clone());
    std::iter::once(header.base64())
        .chain(sections)
        .collect::<Vec<_>>()
        .join("~")
}

const NOT_SAID: u64 = 0;
const OUT: u64 = 1;
const NOT_OUT: u64 = 2;

fn national(sale: u64, sharing: u64) -> String {
    let bits = Bits::default()
        .put(1, 6)
        .fields(&[1; 6])
        .fields(&[sale, sharing, NOT_OUT]);
    bits.fields(&[0; 12])
        .fields(&[0; 2])
        .fields(&[0, 2, 0, 0])
        .base64()
}

fn california(sale: u64) -> String {
    let bits = Bits::default()
        .put(1, 6)
        .fields(&[1; 3])
        .fields(&[sale, NOT_OUT]);
    bits.fields(&[0; 9])
        .fields(&[0; 2])
        .fields(&[0, 2, 0, 0])
        .base64()
}

fn virginia(sale: u64) -> String {
    let bits = Bits::default()
        .put(1, 6)
        .fields(&[1; 3])
        .fields(&[sale, NOT_OUT]);
    bits.fields(&[0; 8]).fields(&[0, 2, 0, 0]).base64()
}

/// The states' sections by the GPP registry, and how many notices each has before its opt-outs.
const STATES: [(u64, &str, usize); 16] = [
    (8, "CA", 3),
    (9, "VA", 3),
    (10, "CO", 3),
    (11, "UT", 4),
    (12, "CT", 3),
    (13, "FL", 3),
    (14, "MT", 3),
    (15, "OR", 3),
    (16, "TX", 3),
    (17, "DE", 3),
    (18, "IA", 4),
    (19, "NE", 3),
    (20, "NH", 3),
    (21, "NJ", 3),
    (22, "TN", 3),
    (23, "MN", 3),
];

fn with_gpc(section: &str) -> String {
    format!("{section}.{}", Bits::default().put(1, 2).put(1, 1).base64())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Germany,
    California,
    SomewhereInTheStates,
    Alaska,
    Brazil,
    Unknown,
}

const EVERYWHERE: [At; 6] = [
    At::Germany,
    At::California,
    At::SomewhereInTheStates,
    At::Alaska,
    At::Brazil,
    At::Unknown,
];

fn rules(honour: HonourRefusals) -> Consent {
    Consent {
        honour_refusals: honour,
        ..EcPolicy::default().consent
    }
}

fn judged(signals: &Signals<'_>, at: At, honour: HonourRefusals) -> ConsentDecision {
    let place = match at {
        At::Germany => Some(("DE", None)),
        At::California => Some(("US", Some("CA"))),
        At::SomewhereInTheStates => Some(("US", None)),
        At::Alaska => Some(("US", Some("AK"))),
        At::Brazil => Some(("BR", Some("SP"))),
        At::Unknown => None,
    };
    let place = place.map(|(country, region)| Place { country, region });
    decide(signals, place.as_ref(), &rules(honour), NOW)
}

/// The signals that could not be decoded.
fn signals_of(judged: &ConsentDecision) -> Vec<Signal> {
    judged
        .undecodable
        .iter()
        .map(|undecodable| undecodable.signal)
        .collect()
}

#[derive(Default)]
struct Said {
    gpc: bool,
    us_privacy: Option<&'static str>,
    tcf: Option<String>,
    gpp: Option<String>,
}

impl Said {
    fn signals(&self) -> Signals<'_> {
        let values = [
            (Signal::UsPrivacy, self.us_privacy),
            (Signal::Tcf, self.tcf.as_deref()),
            (Signal::Gpp, self.gpp.as_deref()),
        ];
        let mut signals = Signals::gpc(self.gpc);
        for (signal, text) in values {
            signals.add(signal, text.unwrap_or_default());
        }
        signals
    }
}

fn of_tcf(purpose_one: bool) -> Said {
    Said {
        tcf: Some(tcf(purpose_one)),
        ..Said::default()
    }
}

fn of_gpp(sections: &[(u64, String)]) -> Said {
    Said {
        gpp: Some(gpp(sections)),
        ..Said::default()
    }
}

fn of_us_privacy(text: &'static str) -> Said {
    Said {
        us_privacy: Some(text),
        ..Said::default()
    }
}

#[test]
fn the_law_of_the_place_decides() {
    let gpc = || Said {
        gpc: true,
        ..Said::default()
    };
    let both = |said: Said, tcf_consents| Said {
        tcf: Some(tcf(tcf_consents)),
        ..said
    };
    // What is said; what it means in Germany, in California, where neither law applies.
    let cases = [
        ("nothing", Said::default(), NotGranted, NotGranted, Granted),
        ("TCF yes", of_tcf(true), Granted, Granted, Granted),
        ("TCF no", of_tcf(false), Withdrawn, Withdrawn, Granted),
        (
            "TCF yes in GPP",
            of_gpp(&[(2, tcf(true))]),
            Granted,
            Granted,
            Granted,
        ),
        (
            "TCF no in GPP",
            of_gpp(&[(2, tcf(false))]),
            Withdrawn,
            Withdrawn,
            Granted,
        ),
        ("GPC", gpc(), Withdrawn, Withdrawn, Granted),
        (
            "GPC, TCF yes",
            both(gpc(), true),
            Granted,
            Withdrawn,
            Granted,
        ),
        (
            "USP out",
            of_us_privacy("1YYN"),
            NotGranted,
            Withdrawn,
            Granted,
        ),
        (
            "USP not out",
            of_us_privacy("1YNN"),
            NotGranted,
            Granted,
            Granted,
        ),
        (
            "USP does not apply",
            of_us_privacy("1---"),
            NotGranted,
            NotGranted,
            Granted,
        ),
        (
            "USP not out, TCF no",
            both(of_us_privacy("1YNN"), false),
            Withdrawn,
            Withdrawn,
            Granted,
        ),
        (
            "USP out, TCF yes",
            both(of_us_privacy("1YYN"), true),
            Granted,
            Withdrawn,
            Granted,
        ),
        (
            "USP in GPP, out",
            of_gpp(&[(6, "1YYN".into())]),
            NotGranted,
            Withdrawn,
            Granted,
        ),
        (
            "USP in GPP, not out",
            of_gpp(&[(6, "1YNN".into())]),
            NotGranted,
            Granted,
            Granted,
        ),
        (
            "national out",
            of_gpp(&[(7, national(OUT, NOT_OUT))]),
            NotGranted,
            Withdrawn,
            Granted,
        ),
        (
            "national not out",
            of_gpp(&[(7, national(NOT_OUT, NOT_OUT))]),
            NotGranted,
            Granted,
            Granted,
        ),
        (
            "national silent",
            of_gpp(&[(7, national(NOT_SAID, NOT_SAID))]),
            NotGranted,
            NotGranted,
            Granted,
        ),
        (
            "national sharing out",
            of_gpp(&[(7, national(NOT_OUT, OUT))]),
            NotGranted,
            Withdrawn,
            Granted,
        ),
        (
            "national GPC",
            of_gpp(&[(7, with_gpc(&national(NOT_OUT, NOT_OUT)))]),
            NotGranted,
            Withdrawn,
            Granted,
        ),
        (
            "California out",
            of_gpp(&[(8, california(OUT))]),
            NotGranted,
            Withdrawn,
            Granted,
        ),
        (
            "California not out",
            of_gpp(&[(8, california(NOT_OUT))]),
            NotGranted,
            Granted,
            Granted,
        ),
        (
            "Virginia out",
            of_gpp(&[(9, virginia(OUT))]),
            NotGranted,
            Withdrawn,
            Granted,
        ),
        (
            "Virginia not out",
            of_gpp(&[(9, virginia(NOT_OUT))]),
            NotGranted,
            NotGranted,
            Granted,
        ),
        (
            "many sections",
            of_gpp(&[
                (2, tcf(true)),
                (6, "1YNN".into()),
                (8, california(OUT)),
                (9, virginia(NOT_OUT)),
            ]),
            Granted,
            Withdrawn,
            Granted,
        ),
    ];
    for (name, said, germany, california, elsewhere) in cases {
        for at in EVERYWHERE {
            let expected = match at {
                At::Germany => germany,
                At::California => california,
                // It may be any state, but no state's section is known to be its own.
                At::SomewhereInTheStates if name.starts_with("California not") => NotGranted,
                At::SomewhereInTheStates => california,
                At::Alaska | At::Brazil => elsewhere,
                At::Unknown => NotGranted,
            };
            let judged = judged(&said.signals(), at, HonourRefusals::ByPlace);
            assert_eq!(
                (judged.verdict(), judged.undecodable),
                (expected, vec![]),
                "{name} {at:?}"
            );
        }
    }
}

#[test]
fn every_state_has_its_section() {
    for (id, state, notices) in STATES {
        let place = Place {
            country: "US",
            region: Some(state),
        };
        // The other opt-out, and one field after it, say the opposite: what stands beside must not be read.
        for (sale, other, verdict) in [
            (OUT, NOT_OUT, Withdrawn),
            (NOT_OUT, NOT_OUT, Granted),
            (NOT_OUT, OUT, Withdrawn),
            (NOT_SAID, NOT_OUT, NotGranted),
        ] {
            let section = Bits::default()
                .put(1, 6)
                .fields(&[1; 4][..notices])
                .fields(&[sale, other, 3 - other])
                // Sensitive data, children, and an agreement that nobody has signed.
                .fields(&[0; 20])
                .base64();
            let gpp = gpp(&[(id, section)]);
            let signals = Signals::default().with(Signal::Gpp, &gpp);
            let judged = decide(&signals, Some(&place), &rules(HonourRefusals::ByPlace), NOW);
            assert_eq!(
                (judged.verdict(), judged.undecodable),
                (verdict, vec![]),
                "{state} {sale} {other}"
            );
        }
    }
}

#[test]
fn strings_of_consent_managers_are_read() {
    // Those that say `BVVq` are published in the code and documents of consent managers and of those who read them:
    // no opt-outs, and `MspaCoveredTransaction` 0, 0 and 2. The others are the same but for the sale or GPC.
    for (text, verdict) in [
        ("DBABLA~BVVqAAAAAACA", Granted),
        ("DBABLA~BVVaAAAAAACA", Withdrawn),
        ("DBABLA~BVVqAAAACCA.QA", Granted),
        ("DBABLA~BVVaAAAACCA.QA", Withdrawn),
        ("DBABLA~BVVqAAAACqA.QA", Granted),
        ("DBABLA~BVVaAAAACqA.QA", Withdrawn),
        ("DBABLA~BVVqAAAACqA.YA", Withdrawn),
    ] {
        let signals = Signals::default().with(Signal::Gpp, text);
        let judged = judged(&signals, At::California, HonourRefusals::ByPlace);
        assert_eq!(
            (judged.verdict(), judged.undecodable),
            (verdict, vec![]),
            "{text}"
        );
    }
}

/// The sections of the laws of 2025 and 2026, as libraries write them and with the header that their specification asks for.
#[test]
fn the_newest_sections_are_read_in_both_layouts() {
    for (id, state, child) in [
        (24, "MD", false),
        (25, "IN", true),
        (26, "KY", true),
        (27, "RI", true),
    ] {
        let place = Place {
            country: "US",
            region: Some(state),
        };
        let core = |sale, targeted, mode, told, consented| {
            let core = Bits::default()
                .put(1, 6)
                .fields(&[2, mode, 1, told, told, sale, targeted]);
            let core = if child {
                core.fields(&[consented])
            } else {
                core
            };
            core.fields(&[0]).base64()
        };
        let header = Bits::default()
            .put(id, 6)
            .put(1, 6)
            .put(1, 12)
            .put(0, 1)
            .put(0b11, 2)
            .base64();
        for (sale, targeted, mode, told, consented, verdict) in [
            (NOT_OUT, NOT_OUT, 0, 1, 0, Granted),
            (OUT, NOT_OUT, 0, 1, 0, Withdrawn),
            (NOT_OUT, OUT, 0, 1, 0, Withdrawn),
            (OUT, NOT_OUT, 2, 2, 1, Withdrawn),
            (NOT_OUT, NOT_OUT, 1, 1, 2, Granted),
            (NOT_OUT, NOT_OUT, 2, 1, 0, NotGranted),
            (NOT_OUT, NOT_OUT, 0, 0, 0, NotGranted),
            (NOT_OUT, NOT_OUT, 0, 2, 0, NotGranted),
            (
                NOT_OUT,
                NOT_OUT,
                0,
                1,
                1,
                if child { NotGranted } else { Granted },
            ),
        ] {
            let core = core(sale, targeted, mode, told, consented);
            let after_header = format!("{header}.{core}");
            for section in [core, after_header] {
                let text = gpp(&[(id, section)]);
                let signals = Signals::default().with(Signal::Gpp, &text);
                let judged = decide(&signals, Some(&place), &rules(HonourRefusals::ByPlace), NOW);
                assert_eq!(
                    (judged.verdict(), judged.undecodable),
                    (verdict, vec![]),
                    "{state} {text}"
                );
            }
        }
    }
}

/// Decisions over strings that libraries wrote, in California but for the last three.
#[test]
fn strings_of_other_writers_are_decided() {
    for (region, gpp, us_privacy, verdict) in [
        ("CA", "DBABBg~BUkAAABA.QA", "1YNN", Withdrawn),
        ("CA", "DBABrw~CVQqAAAAAABA.QA~BUkAAABA.QA", "", Withdrawn),
        ("CA", "DBABLA~BVVq", "1YNN", NotGranted),
        ("RI", "DBABSYA~BQVQ.AAA", "", Withdrawn),
        ("MD", "DBABEYA~BQVQ.QA", "", Withdrawn),
    ] {
        let place = Place {
            country: "US",
            region: Some(region),
        };
        let signals = Signals::default()
            .with(Signal::Gpp, gpp)
            .with(Signal::UsPrivacy, us_privacy);
        let judged = decide(&signals, Some(&place), &rules(HonourRefusals::ByPlace), NOW);
        assert_eq!(judged.verdict(), verdict, "{region} {gpp}");
    }
}

#[test]
fn whoever_was_not_told_grants_nothing() {
    for (text, verdict) in [
        ("1YNN", Granted),
        ("1NNN", NotGranted),
        ("1-NN", NotGranted),
        ("1NYN", Withdrawn),
        ("1yyn", Withdrawn),
    ] {
        let signals = Signals::default().with(Signal::UsPrivacy, text);
        let judged = judged(&signals, At::California, HonourRefusals::ByPlace);
        assert_eq!(judged.verdict(), verdict, "{text}");
    }
}

/// A fault has its place: the section, and the character in the signal.
#[test]
fn a_fault_says_where_it_is_and_repeats_nothing() {
    let text = gpp(&[(6, "1YNN".into()), (8, "BVV!".into())]);
    let signals = Signals::default().with(Signal::Gpp, &text);
    let judged = judged(&signals, At::California, HonourRefusals::ByPlace);
    let undecodable = judged.undecodable[0];
    assert_eq!(
        (
            undecodable.section,
            undecodable.fault.why,
            undecodable.fault.at
        ),
        (Some(8), Why::NotBase64, text.find('!').unwrap())
    );
}

#[test]
fn refusals_count_everywhere_where_the_policy_says_so() {
    let refusals = [
        Said {
            gpc: true,
            ..Said::default()
        },
        of_tcf(false),
        of_us_privacy("1YYN"),
        of_gpp(&[(7, national(OUT, NOT_OUT))]),
    ];
    for at in EVERYWHERE {
        for said in &refusals {
            let judged = judged(&said.signals(), at, HonourRefusals::Everywhere);
            assert_eq!(judged.verdict(), Withdrawn, "{at:?}");
        }
        for said in [Said::default(), of_tcf(true), of_us_privacy("1YNN")] {
            let verdict = |honour| judged(&said.signals(), at, honour).verdict();
            assert_eq!(
                verdict(HonourRefusals::Everywhere),
                verdict(HonourRefusals::ByPlace),
                "{at:?}"
            );
        }
    }
}

#[test]
fn one_refusal_among_many_values_is_a_refusal() {
    let (yes, no) = (tcf(true), tcf_at(false, 15_900_000_000));
    let (out, not_out) = (
        gpp(&[(7, national(OUT, NOT_OUT))]),
        gpp(&[(7, national(NOT_OUT, NOT_OUT))]),
    );
    for (signal, consents, refuses) in [
        (Signal::Tcf, yes.as_str(), no.as_str()),
        (Signal::UsPrivacy, "1YNN", "1YYN"),
        (Signal::Gpp, &not_out, &out),
    ] {
        for (values, verdict) in [
            ([consents, consents], Granted),
            ([consents, refuses], Withdrawn),
            ([refuses, consents], Withdrawn),
        ] {
            let signals = Signals::default()
                .with(signal, values[0])
                .with(signal, values[1]);
            let judged = judged(&signals, At::California, HonourRefusals::ByPlace);
            assert_eq!(judged.verdict(), verdict, "{values:?}");
        }
        // What is beyond the bound grants nothing, and what was read before it counts.
        for (first, verdict) in [(consents, NotGranted), (refuses, Withdrawn)] {
            let fillers: Vec<String> = (0..edge_cookie::consent::MAX_SIGNALS)
                .map(|number| {
                    gpp(&[(6, "1YNN".into()), (9, virginia(number as u64 % 2 * 2))])
                        + &"A".repeat(number)
                })
                .collect();
            let mut signals = Signals::default().with(signal, first);
            for filler in &fillers {
                signals.add(Signal::Gpp, filler);
            }
            let judged = judged(&signals, At::California, HonourRefusals::ByPlace);
            assert_eq!(judged.verdict(), verdict, "{signal:?} {first}");
        }
    }
}

#[test]
fn what_cannot_be_decoded_grants_nothing() {
    let good = tcf(true);
    let version_one = format!("B{}", &good[1..]);
    for text in [
        "x",
        "not/base64",
        &good[..43],
        &version_one,
        &format!("{good}.é"),
    ] {
        let signals = Signals::default().with(Signal::Tcf, text);
        let judged = judged(&signals, At::Germany, HonourRefusals::ByPlace);
        assert_eq!(
            (judged.verdict(), signals_of(&judged)),
            (NotGranted, vec![Signal::Tcf]),
            "{text}"
        );
    }
    for text in ["1YN", "1YNNN", "2YNN", "1YXN", "yyyy", "1Y\u{e9}"] {
        let signals = Signals::default().with(Signal::UsPrivacy, text);
        let judged = judged(&signals, At::California, HonourRefusals::ByPlace);
        assert_eq!(
            (judged.verdict(), signals_of(&judged)),
            (NotGranted, vec![Signal::UsPrivacy]),
            "{text}"
        );
    }
    let two = gpp(&[(6, "1YNN".into()), (8, "broken".into())]);
    for (text, verdict) in [
        ("DBAA~1YNN", NotGranted),
        ("DCAA", NotGranted),
        ("not/base64~1YNN", NotGranted),
        // Of the section that can be decoded a refusal counts, and nothing else.
        (two.as_str(), NotGranted),
        (&gpp(&[(6, "1YYN".into()), (8, "broken".into())]), Withdrawn),
        (
            &gpp(&[(7, national(NOT_OUT, NOT_OUT)), (99, "whatever".into())]),
            NotGranted,
        ),
    ] {
        let signals = Signals::default().with(Signal::Gpp, text);
        let judged = judged(&signals, At::California, HonourRefusals::ByPlace);
        assert_eq!(
            (judged.verdict(), signals_of(&judged)),
            (verdict, vec![Signal::Gpp]),
            "{text}"
        );
    }
}

#[test]
fn lists_that_name_millions_cost_nothing() {
    // Ranges of all vendors, thousands of times; and a header that announces as many sections.
    for (ranges, verdict) in [(2_000, Granted), (2_001, NotGranted)] {
        let mut long = up_to_vendors(true, NOW.unix() * 10)
            .put(65_535, 16)
            .put(1, 1)
            .put(ranges, 12);
        for _ in 0..2_000 {
            long = long.put(1, 1).put(1, 16).put(65_535, 16);
        }
        let core = long.put(0, 16).put(0, 1).put(0, 12).base64();
        let long = format!("{core}.{}", disclosed_vendors());
        let signals = Signals::default().with(Signal::Tcf, &long);
        assert_eq!(
            judged(&signals, At::Germany, HonourRefusals::ByPlace).verdict(),
            verdict
        );
    }
    let mut header = Bits::default().put(3, 6).put(1, 6).put(4_095, 12);
    for _ in 0..500 {
        header = header.put(1, 1).fibonacci(60_000).fibonacci(5_000);
    }
    let header = header.base64();
    let signals = Signals::default().with(Signal::Gpp, &header);
    assert_eq!(
        signals_of(&judged(&signals, At::California, HonourRefusals::ByPlace)),
        [Signal::Gpp]
    );
}

proptest! {
    /// Where `iab_gpp` can decode a section, it reads the same there.
    #[test]
    fn another_decoder_reads_the_same(id in 7..=23_u64, version in 1..=2_u64, fields in prop::collection::vec(0..=2_u64, 48), gpc in any::<bool>()) {
        let core = Bits::default().put(version, 6).fields(&fields).base64();
        let text = gpp(&[(id, if gpc { with_gpc(&core) } else { core })]);
        let other: iab_gpp::v1::GPPString = text.parse().unwrap();
        let section = other.decode_all_sections().remove(0);
        prop_assume!(section.is_ok());
        let section = format!("{section:?}");
        let opted_out = section.contains("sale_opt_out: OptedOut") || section.contains("gpc: Some(true)");
        let state = STATES.iter().find(|(of, ..)| *of == id).map_or("CA", |(_, state, _)| state);
        // Where no GPC is kept, theirs stays unread.
        prop_assume!(!gpc || section.contains("gpc"));
        let place = Place { country: "US", region: Some(state) };
        let signals = Signals::default().with(Signal::Gpp, &text);
        let verdict = decide(&signals, Some(&place), &rules(HonourRefusals::ByPlace), NOW).verdict();
        let opted_out = opted_out || ["sharing", "targeted_advertising"].iter().any(|about| section.contains(&format!("{about}_opt_out: OptedOut")));
        prop_assert_eq!(verdict == Withdrawn, opted_out, "{}", section);
    }

    #[test]
    fn no_text_is_too_strange(tcf in any::<String>(), gpp in any::<String>(), usp in any::<String>()) {
        let signals = Signals::default().with(Signal::UsPrivacy, &usp).with(Signal::Tcf, &tcf).with(Signal::Gpp, &gpp);
        for at in EVERYWHERE {
            let _ = judged(&signals, at, HonourRefusals::Everywhere);
        }
    }

    #[test]
    fn nor_is_a_damaged_string(at in 0..200_usize, with in "[A-Za-z0-9_~.-]{0,8}", cut in 0..200_usize) {
        let whole = gpp(&[
            (2, tcf(true)), (6, "1YNN".into()), (7, national(NOT_OUT, NOT_OUT)),
            (8, california(NOT_OUT)), (9, virginia(NOT_OUT)),
        ]);
        let mut damaged = whole;
        let at = at.min(damaged.len());
        damaged.insert_str(at, &with);
        damaged.truncate(cut);
        let own = damaged.clone();
        let signals = Signals::default().with(Signal::Tcf, &own).with(Signal::Gpp, &damaged);
        let _ = judged(&signals, At::California, HonourRefusals::ByPlace);
    }

    #[test]
    fn an_opt_out_is_never_granted_where_it_counts(
        usp in prop::option::of(prop::sample::select(vec!["1YNN", "1YYN", "1---"])),
        consents in prop::option::of(any::<bool>()),
        sale in prop::option::of(0..3_u64),
    ) {
        let said = Said {
            gpc: true,
            us_privacy: usp,
            tcf: consents.map(tcf),
            gpp: sale.map(|sale| gpp(&[(8, california(sale))])),
        };
        let judged = judged(&said.signals(), At::California, HonourRefusals::ByPlace);
        prop_assert_eq!(judged.verdict(), Withdrawn);
    }
}
