//! What signals mean at each place: every row of `docs/consent.md#rules`, over strings built by their specifications.
#![allow(
    clippy::match_same_arms,
    clippy::items_after_statements,
    reason = "a failed test should stop, and tables of cases are long"
)]

use crate::harness::strings;

use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{
    Consent, GpcInOptIn, HonourRefusals, TcfValidity, UsWithoutSignal,
};
use edge_cookie_service::consent::{
    ConsentDecision, ConsentRule, Location, Signal, Signals, Verdict, Why, decide,
};
use proptest::prelude::*;
use strings::{Bits, Tcf, disclosed_vendors, gpp};

use Verdict::{Granted, NotGranted, Withdrawn};

/// 21 September 2026.
const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

/// A string that was given today.
fn tcf(purpose_one: bool) -> String {
    let given = Tcf::given_at(NOW.unix());
    Tcf {
        consents: purpose_one,
        ..given
    }
    .text()
}

const NOT_SAID: u64 = 0;
const OUT: u64 = 1;
const NOT_OUT: u64 = 2;

fn national(sale: u64, sharing: u64) -> String {
    let bits = Bits::default()
        .put(1, 6)
        .fields([1; 6])
        .fields([sale, sharing, NOT_OUT]);
    bits.fields([0; 12])
        .fields([0; 2])
        .fields([0, 2, 0, 0])
        .base64()
}

fn california(sale: u64) -> String {
    let bits = Bits::default()
        .put(1, 6)
        .fields([1; 3])
        .fields([sale, NOT_OUT]);
    bits.fields([0; 9])
        .fields([0; 2])
        .fields([0, 2, 0, 0])
        .base64()
}

fn virginia(sale: u64) -> String {
    let bits = Bits::default()
        .put(1, 6)
        .fields([1; 3])
        .fields([sale, NOT_OUT]);
    bits.fields([0; 8]).fields([0, 2, 0, 0]).base64()
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
    let mut rules = EcPolicy::default().consent;
    rules.honour_refusals = honour;
    rules
}

fn decided(signals: &Signals<'_>, at: At, honour: HonourRefusals) -> ConsentDecision {
    let place = match at {
        At::Germany => Some(("DE", None)),
        At::California => Some(("US", Some("CA"))),
        At::SomewhereInTheStates => Some(("US", None)),
        At::Alaska => Some(("US", Some("AK"))),
        At::Brazil => Some(("BR", Some("SP"))),
        At::Unknown => None,
    };
    let place = place.map(|(country, region)| Location { country, region });
    decide(signals, place.as_ref(), &rules(honour), NOW)
}

/// The signals that could not be decoded.
fn signals_of(decided: &ConsentDecision) -> Vec<Signal> {
    decided
        .undecodable
        .iter()
        .map(|undecodable| undecodable.signal)
        .collect()
}

#[derive(Default)]
struct GivenSignals {
    gpc: bool,
    us_privacy: Option<&'static str>,
    tcf: Option<String>,
    gpp: Option<String>,
}

impl GivenSignals {
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

fn of_tcf(purpose_one: bool) -> GivenSignals {
    GivenSignals {
        tcf: Some(tcf(purpose_one)),
        ..GivenSignals::default()
    }
}

fn of_gpp(sections: &[(u64, String)]) -> GivenSignals {
    GivenSignals {
        gpp: Some(gpp(sections)),
        ..GivenSignals::default()
    }
}

fn of_us_privacy(text: &'static str) -> GivenSignals {
    GivenSignals {
        us_privacy: Some(text),
        ..GivenSignals::default()
    }
}

#[test]
fn the_law_of_the_place_decides() {
    let gpc = || GivenSignals {
        gpc: true,
        ..GivenSignals::default()
    };
    let both = |given: GivenSignals, tcf_consents| GivenSignals {
        tcf: Some(tcf(tcf_consents)),
        ..given
    };
    // The signals; what they mean in Germany, in California, where neither law applies.
    let cases = [
        (
            "nothing",
            GivenSignals::default(),
            NotGranted,
            NotGranted,
            Granted,
        ),
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
            Withdrawn,
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
    for (name, given, germany, california, elsewhere) in cases {
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
            let decided = decided(&given.signals(), at, HonourRefusals::ByPlace);
            assert_eq!(
                (decided.verdict(), decided.undecodable),
                (expected, vec![]),
                "{name} {at:?}"
            );
        }
    }
}

#[test]
fn every_state_has_its_section() {
    for (id, state, notices) in STATES {
        let place = Location {
            country: "US",
            region: Some(state),
        };
        // The other opt-out, and one field after it, say the opposite: the field next to it must not be read.
        for (sale, other, verdict) in [
            (OUT, NOT_OUT, Withdrawn),
            (NOT_OUT, NOT_OUT, Granted),
            (NOT_OUT, OUT, Withdrawn),
            (NOT_SAID, NOT_OUT, NotGranted),
        ] {
            let section = Bits::default()
                .put(1, 6)
                .fields(vec![1; notices])
                .fields([sale, other, 3 - other])
                // Sensitive data, children, and an agreement that no one has signed.
                .fields([0; 20])
                .base64();
            let gpp = gpp(&[(id, section)]);
            let signals = Signals::default().with(Signal::Gpp, &gpp);
            let decided = decide(&signals, Some(&place), &rules(HonourRefusals::ByPlace), NOW);
            assert_eq!(
                (decided.verdict(), decided.undecodable),
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
        let decided = decided(&signals, At::California, HonourRefusals::ByPlace);
        assert_eq!(
            (decided.verdict(), decided.undecodable),
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
        let place = Location {
            country: "US",
            region: Some(state),
        };
        let core = |sale, targeted, mode, notice, consented| {
            let core = Bits::default()
                .put(1, 6)
                .fields([2, mode, 1, notice, notice, sale, targeted]);
            let core = if child {
                core.fields([consented])
            } else {
                core
            };
            core.fields([0]).base64()
        };
        let header = Bits::default()
            .put(id, 6)
            .put(1, 6)
            .put(1, 12)
            .put(0, 1)
            .put(0b11, 2)
            .base64();
        for (sale, targeted, mode, notice, consented, verdict) in [
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
            let core = core(sale, targeted, mode, notice, consented);
            let after_header = format!("{header}.{core}");
            for section in [core, after_header] {
                let text = gpp(&[(id, section)]);
                let signals = Signals::default().with(Signal::Gpp, &text);
                let decided = decide(&signals, Some(&place), &rules(HonourRefusals::ByPlace), NOW);
                assert_eq!(
                    (decided.verdict(), decided.undecodable),
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
        let place = Location {
            country: "US",
            region: Some(region),
        };
        let signals = Signals::default()
            .with(Signal::Gpp, gpp)
            .with(Signal::UsPrivacy, us_privacy);
        let decided = decide(&signals, Some(&place), &rules(HonourRefusals::ByPlace), NOW);
        assert_eq!(decided.verdict(), verdict, "{region} {gpp}");
    }
}

/// What follows the fields that decide is checked as well: damage there grants nothing, and takes no refusal back.
#[test]
fn damage_behind_what_decides_grants_nothing_and_loses_no_refusal() {
    const EXPRESS: &str = "DBABDA~BQok0AAQok0AAA2ABBENACCBU-B6RtMx4gAy9PbYlGCQoAojFkGSyYAA";
    let (consents, refuses) = (tcf(true), tcf(false));
    let disclosed = disclosed_vendors();
    // The publisher's country follows what purpose 1 says at once.
    let (read, _) = refuses.split_at(34);
    let cases = [
        ("DE", None, Signal::Tcf, consents.clone(), Granted),
        ("DE", None, Signal::Tcf, format!("{consents}="), NotGranted),
        (
            "DE",
            None,
            Signal::Tcf,
            format!("{consents}~AA"),
            NotGranted,
        ),
        (
            "DE",
            None,
            Signal::Tcf,
            format!("{consents}.{disclosed}"),
            NotGranted,
        ),
        ("DE", None, Signal::Tcf, format!("{refuses}="), Withdrawn),
        ("DE", None, Signal::Tcf, format!("{read}*"), Withdrawn),
        ("CA", Some("QC"), Signal::Gpp, EXPRESS.into(), Granted),
        (
            "CA",
            Some("QC"),
            Signal::Gpp,
            EXPRESS.replace("PbY", "P*Y"),
            NotGranted,
        ),
        (
            "CA",
            Some("QC"),
            Signal::Gpp,
            format!("{EXPRESS}.Q"),
            NotGranted,
        ),
        (
            "US",
            Some("CA"),
            Signal::Gpp,
            "DBABLA~CVVqAAAAAABA.QA".into(),
            Granted,
        ),
        (
            "US",
            Some("CA"),
            Signal::Gpp,
            "DBABLA~CVVqAAAAAABA=".into(),
            NotGranted,
        ),
        (
            "US",
            Some("CA"),
            Signal::Gpp,
            "DBABLA~CVVqAAAAAABA.QA=".into(),
            NotGranted,
        ),
        (
            "US",
            Some("CA"),
            Signal::Gpp,
            "DBABLA~CVVqAAAAAABA.QA.QA".into(),
            NotGranted,
        ),
        (
            "US",
            Some("CA"),
            Signal::Gpp,
            "DBABLA~CVVqAAAAAABA.AA".into(),
            NotGranted,
        ),
        (
            "US",
            Some("CA"),
            Signal::Gpp,
            "DBABLA+~CVVqAAAAAABA".into(),
            NotGranted,
        ),
        (
            "US",
            Some("CA"),
            Signal::Gpp,
            "DBABLA~CVVqAAAAAABA.QA.YA".into(),
            Withdrawn,
        ),
        // A version that is not known, before Global Privacy Control.
        (
            "US",
            Some("CA"),
            Signal::Gpp,
            "DBABLA~xVVqAAAAAABA.YA".into(),
            Withdrawn,
        ),
        // The second national version without its last character; the first one filled up to the length of the second, with a
        // child without consent.
        (
            "US",
            Some("CA"),
            Signal::Gpp,
            "DBABLA~CVVqAAAAAAB".into(),
            NotGranted,
        ),
        (
            "US",
            Some("CA"),
            Signal::Gpp,
            "DBABLA~BVVqAAAAkAAA".into(),
            NotGranted,
        ),
        (
            "US",
            Some("CA"),
            Signal::Gpp,
            "DBABLA~BVVqAAAAAQAA".into(),
            Granted,
        ),
        (
            "US",
            Some("IN"),
            Signal::Gpp,
            "DBABUYA~BRWg.AAA".into(),
            Granted,
        ),
        (
            "US",
            Some("IN"),
            Signal::Gpp,
            "DBABUYA~BRWg.AA".into(),
            NotGranted,
        ),
        // A header of its own, and one that breaks off.
        (
            "US",
            Some("MD"),
            Signal::Gpp,
            "DBABEYA~YBABYA.BRWg.QA".into(),
            Granted,
        ),
        (
            "US",
            Some("MD"),
            Signal::Gpp,
            "DBABEYA~YBAB4A.BRWg.QA".into(),
            NotGranted,
        ),
    ];
    for (country, region, signal, text, verdict) in cases {
        let place = Location { country, region };
        let signals = Signals::default().with(signal, &text);
        let decided = decide(&signals, Some(&place), &EcPolicy::default().consent, NOW);
        assert_eq!(decided.verdict(), verdict, "{country} {text}");
    }
    // Next to a damaged consent, Global Privacy Control is a refusal.
    let germany = Location {
        country: "DE",
        region: None,
    };
    for (text, verdict) in [
        (consents.clone(), Granted),
        (format!("{consents}="), Withdrawn),
    ] {
        let signals = Signals::gpc(true).with(Signal::Tcf, &text);
        let decided = decide(&signals, Some(&germany), &EcPolicy::default().consent, NOW);
        assert_eq!(decided.verdict(), verdict, "{text}");
    }
}

#[test]
fn without_notice_nothing_is_granted() {
    for (text, verdict) in [
        ("1YNN", Granted),
        ("1NNN", NotGranted),
        ("1-NN", NotGranted),
        ("1NYN", Withdrawn),
        ("1yyn", Withdrawn),
    ] {
        let signals = Signals::default().with(Signal::UsPrivacy, text);
        let decided = decided(&signals, At::California, HonourRefusals::ByPlace);
        assert_eq!(decided.verdict(), verdict, "{text}");
    }
}

/// A fault has its place: the section, and the character in the signal.
#[test]
fn a_fault_says_where_it_is_and_repeats_nothing() {
    let text = gpp(&[(6, "1YNN"), (8, "BVV!")]);
    let signals = Signals::default().with(Signal::Gpp, &text);
    let decided = decided(&signals, At::California, HonourRefusals::ByPlace);
    let undecodable = decided.undecodable[0];
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
        GivenSignals {
            gpc: true,
            ..GivenSignals::default()
        },
        of_tcf(false),
        of_us_privacy("1YYN"),
        of_gpp(&[(7, national(OUT, NOT_OUT))]),
    ];
    for at in EVERYWHERE {
        for given in &refusals {
            let decided = decided(&given.signals(), at, HonourRefusals::Everywhere);
            assert_eq!(decided.verdict(), Withdrawn, "{at:?}");
        }
        for given in [GivenSignals::default(), of_tcf(true), of_us_privacy("1YNN")] {
            let verdict = |honour| decided(&given.signals(), at, honour).verdict();
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
    let (yes, no) = (
        tcf(true),
        Tcf {
            consents: false,
            ..Tcf::given_at(NOW.unix() - 86_400)
        }
        .text(),
    );
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
            let decided = decided(&signals, At::California, HonourRefusals::ByPlace);
            assert_eq!(decided.verdict(), verdict, "{values:?}");
        }
        // What is beyond the bound grants nothing, and what was read before it counts.
        for (first, verdict) in [(consents, NotGranted), (refuses, Withdrawn)] {
            let fillers: Vec<String> = (0..edge_cookie_service::consent::MAX_SIGNALS)
                .map(|number| {
                    gpp(&[(6, "1YNN".into()), (9, virginia(number as u64 % 2 * 2))])
                        + &"A".repeat(number)
                })
                .collect();
            let mut signals = Signals::default().with(signal, first);
            for filler in &fillers {
                signals.add(Signal::Gpp, filler);
            }
            let decided = decided(&signals, At::California, HonourRefusals::ByPlace);
            assert_eq!(decided.verdict(), verdict, "{signal:?} {first}");
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
        let decided = decided(&signals, At::Germany, HonourRefusals::ByPlace);
        assert_eq!(
            (decided.verdict(), signals_of(&decided)),
            (NotGranted, vec![Signal::Tcf]),
            "{text}"
        );
    }
    for text in ["1YN", "1YNNN", "2YNN", "1YXN", "yyyy", "1Y\u{e9}"] {
        let signals = Signals::default().with(Signal::UsPrivacy, text);
        let decided = decided(&signals, At::California, HonourRefusals::ByPlace);
        assert_eq!(
            (decided.verdict(), signals_of(&decided)),
            (NotGranted, vec![Signal::UsPrivacy]),
            "{text}"
        );
    }
    let two = gpp(&[(6, "1YNN"), (8, "broken")]);
    for (text, verdict) in [
        ("DBAA~1YNN", NotGranted),
        ("DCAA", NotGranted),
        ("not/base64~1YNN", NotGranted),
        // Of the section that can be decoded a refusal counts, and nothing else.
        (two.as_str(), NotGranted),
        (&gpp(&[(6, "1YYN"), (8, "broken")]), Withdrawn),
        (
            &gpp(&[(7, national(NOT_OUT, NOT_OUT)), (99, "whatever".into())]),
            NotGranted,
        ),
    ] {
        let signals = Signals::default().with(Signal::Gpp, text);
        let decided = decided(&signals, At::California, HonourRefusals::ByPlace);
        assert_eq!(
            (decided.verdict(), signals_of(&decided)),
            (verdict, vec![Signal::Gpp]),
            "{text}"
        );
    }
}

#[test]
fn lists_that_name_millions_cost_nothing() {
    // Ranges of all vendors, thousands of times; and a header that announces as many sections.
    for (ranges, verdict) in [(2_000, Granted), (2_001, NotGranted)] {
        let mut long = Tcf::given_at(NOW.unix())
            .up_to_vendors()
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
            decided(&signals, At::Germany, HonourRefusals::ByPlace).verdict(),
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
        signals_of(&decided(&signals, At::California, HonourRefusals::ByPlace)),
        [Signal::Gpp]
    );
}

proptest! {
    /// Where `iab_gpp` can decode a section, it reads the same there.
    #[test]
    fn another_decoder_reads_the_same(id in 7..=23_u64, version in 1..=2_u64, fields in prop::collection::vec(0..=2_u64, 48), gpc in any::<bool>()) {
        let core = Bits::default().put(version, 6).fields(fields).base64();
        let text = gpp(&[(id, if gpc { with_gpc(&core) } else { core })]);
        let other: iab_gpp::v1::GPPString = text.parse().unwrap();
        let section = other.decode_all_sections().remove(0);
        prop_assume!(section.is_ok());
        let section = format!("{section:?}");
        let opted_out = section.contains("sale_opt_out: OptedOut") || section.contains("gpc: Some(true)");
        let state = STATES.iter().find(|(of, ..)| *of == id).map_or("CA", |(_, state, _)| state);
        // Where no GPC is kept, theirs stays unread.
        prop_assume!(!gpc || section.contains("gpc"));
        let place = Location { country: "US", region: Some(state) };
        let signals = Signals::default().with(Signal::Gpp, &text);
        let verdict = decide(&signals, Some(&place), &rules(HonourRefusals::ByPlace), NOW).verdict();
        let opted_out = opted_out || ["sharing", "targeted_advertising"].iter().any(|about| section.contains(&format!("{about}_opt_out: OptedOut")));
        prop_assert_eq!(verdict == Withdrawn, opted_out, "{}", section);
    }

    #[test]
    fn no_text_is_too_strange(tcf in any::<String>(), gpp in any::<String>(), usp in any::<String>()) {
        let signals = Signals::default().with(Signal::UsPrivacy, &usp).with(Signal::Tcf, &tcf).with(Signal::Gpp, &gpp);
        for at in EVERYWHERE {
            let _ = decided(&signals, at, HonourRefusals::Everywhere);
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
        let _ = decided(&signals, At::California, HonourRefusals::ByPlace);
    }

    #[test]
    fn an_opt_out_is_never_granted_where_it_counts(
        usp in prop::option::of(prop::sample::select(vec!["1YNN", "1YYN", "1---"])),
        consents in prop::option::of(any::<bool>()),
        sale in prop::option::of(0..3_u64),
    ) {
        let given = GivenSignals {
            gpc: true,
            us_privacy: usp,
            tcf: consents.map(tcf),
            gpp: sale.map(|sale| gpp(&[(8, california(sale))])),
        };
        let decided = decided(&given.signals(), At::California, HonourRefusals::ByPlace);
        prop_assert_eq!(decided.verdict(), Withdrawn);
    }
}

const DAY: u64 = 86_400;

/// Midnight UTC: 20 November 2023, and 1 March 2026.
const TCF_2_2: u64 = 1_700_438_400;
const TCF_2_3: u64 = 1_772_323_200;

#[test]
fn a_consent_counts_by_its_age_and_what_the_framework_asks_of_it() {
    let today = Tcf::given_at(NOW.unix());
    let on = |day: u64| Tcf::given_at(day);
    let rejected = |rule: ConsentRule| (rule, vec![rule]);
    let granted = || (ConsentRule::TcfConsent, vec![]);
    let any_age = |policy: &mut Consent| policy.tcf_max_age = None;
    let as_it_is = |_: &mut Consent| {};
    let lenient = |policy: &mut Consent| policy.tcf_validity = TcfValidity::Lenient;
    let lenient_at_any_age = |policy: &mut Consent| {
        policy.tcf_validity = TcfValidity::Lenient;
        policy.tcf_max_age = None;
    };
    let cases: Vec<(&str, Tcf, fn(&mut Consent), (ConsentRule, Vec<ConsentRule>))> = vec![
        ("today", today, as_it_is, granted()),
        (
            "395 days, and no vendors asked for then",
            Tcf {
                policy_version: 4,
                discloses_vendors: false,
                ..on(NOW.unix() - 395 * DAY)
            },
            as_it_is,
            granted(),
        ),
        (
            "a second more",
            Tcf {
                policy_version: 4,
                ..on(NOW.unix() - 395 * DAY - 1)
            },
            as_it_is,
            rejected(ConsentRule::TcfTooOld),
        ),
        ("any age", on(TCF_2_2), any_age, granted()),
        (
            "updated since",
            Tcf {
                created: TCF_2_3,
                ..today
            },
            as_it_is,
            granted(),
        ),
        ("a day ahead", on(NOW.unix() + DAY), as_it_is, granted()),
        (
            "more than a day ahead",
            on(NOW.unix() + DAY + 1),
            as_it_is,
            rejected(ConsentRule::TcfFromTheFuture),
        ),
        (
            "more than a day ahead, lenient",
            on(NOW.unix() + DAY + 1),
            lenient,
            rejected(ConsentRule::TcfFromTheFuture),
        ),
        (
            "updated before it was created",
            Tcf {
                updated: NOW.unix() - 1,
                ..today
            },
            as_it_is,
            rejected(ConsentRule::TcfTimes),
        ),
        (
            "no CMP",
            Tcf { cmp_id: 0, ..today },
            as_it_is,
            rejected(ConsentRule::TcfNoCmp),
        ),
        (
            "the CMP of tests",
            Tcf { cmp_id: 1, ..today },
            as_it_is,
            rejected(ConsentRule::TcfNoCmp),
        ),
        (
            "global scope",
            Tcf {
                service_specific: false,
                ..today
            },
            as_it_is,
            rejected(ConsentRule::TcfGlobalScope),
        ),
        (
            "no disclosed vendors",
            Tcf {
                discloses_vendors: false,
                ..today
            },
            as_it_is,
            rejected(ConsentRule::TcfNoDisclosedVendors),
        ),
        (
            "no disclosed vendors in February 2026",
            Tcf {
                discloses_vendors: false,
                ..on(TCF_2_3 - 1)
            },
            as_it_is,
            granted(),
        ),
        (
            "policy 4 in February 2026",
            Tcf {
                policy_version: 4,
                ..on(TCF_2_3 - 1)
            },
            as_it_is,
            granted(),
        ),
        (
            "policy 4 in March 2026",
            Tcf {
                policy_version: 4,
                ..on(TCF_2_3)
            },
            as_it_is,
            rejected(ConsentRule::TcfPolicyVersion),
        ),
        (
            "policy 3 since TCF 2.2",
            Tcf {
                policy_version: 3,
                ..on(TCF_2_2)
            },
            any_age,
            rejected(ConsentRule::TcfPolicyVersion),
        ),
        (
            "policy 3 before it",
            Tcf {
                policy_version: 3,
                ..on(TCF_2_2 - 1)
            },
            any_age,
            granted(),
        ),
        (
            "a later policy",
            Tcf {
                policy_version: 6,
                ..today
            },
            as_it_is,
            granted(),
        ),
        (
            "everything wrong, lenient",
            Tcf {
                updated: NOW.unix() - 1,
                cmp_id: 0,
                policy_version: 0,
                service_specific: false,
                discloses_vendors: false,
                ..today
            },
            lenient,
            granted(),
        ),
        (
            "not asked",
            Tcf {
                consents: false,
                not_asked: true,
                ..today
            },
            as_it_is,
            (ConsentRule::NoConsent, vec![]),
        ),
        (
            "not asked, and consented",
            Tcf {
                not_asked: true,
                ..today
            },
            as_it_is,
            granted(),
        ),
        // A refusal counts whatever it is.
        (
            "an old refusal",
            Tcf {
                consents: false,
                ..on(TCF_2_2)
            },
            as_it_is,
            (ConsentRule::TcfRefusal, vec![]),
        ),
        (
            "a refusal of the future, by no CMP",
            Tcf {
                consents: false,
                cmp_id: 0,
                ..on(NOW.unix() * 2)
            },
            as_it_is,
            (ConsentRule::TcfRefusal, vec![]),
        ),
        (
            "an old refusal, lenient",
            Tcf {
                consents: false,
                ..on(TCF_2_2)
            },
            lenient_at_any_age,
            (ConsentRule::TcfRefusal, vec![]),
        ),
    ];
    let germany = Location {
        country: "DE",
        region: None,
    };
    for (name, string, change, (rule, rejected)) in cases {
        let mut policy = EcPolicy::default().consent;
        change(&mut policy);
        let in_gpp = gpp(&[(2, string.text())]);
        for (signal, text) in [(Signal::Tcf, string.text()), (Signal::Gpp, in_gpp)] {
            let signals = Signals::default().with(signal, &text);
            let decided = decide(&signals, Some(&germany), &policy, NOW);
            assert_eq!(
                (decided.rule, decided.rejected),
                (rule, rejected.clone()),
                "{name} {signal:?}"
            );
        }
    }
}

#[test]
fn settings_say_what_control_and_silence_mean() {
    let consent = tcf(true);
    let germany = ("DE", None);
    let in_california = ("US", Some("CA"));
    let gpc = || Signals::gpc(true);
    let gpc_in_gpp = gpp(&[(8, with_gpc(&california(NOT_OUT)))]);
    let both = || gpc().with(Signal::Tcf, &consent);
    let refusal = |policy: &mut Consent| policy.gpc_in_opt_in = GpcInOptIn::Refusal;
    let grant = |policy: &mut Consent| policy.us_without_signal = UsWithoutSignal::Grant;
    let by_place = |policy: &mut Consent| policy.honour_refusals = HonourRefusals::ByPlace;
    let as_it_is = |_: &mut Consent| {};
    type Case<'r> = (
        Signals<'r>,
        (&'static str, Option<&'static str>),
        fn(&mut Consent),
        ConsentRule,
    );
    let cases: Vec<Case<'_>> = vec![
        (both(), germany, as_it_is, ConsentRule::TcfConsent),
        (both(), germany, refusal, ConsentRule::Gpc),
        (both(), in_california, as_it_is, ConsentRule::Gpc),
        (
            Signals::default()
                .with(Signal::Tcf, &consent)
                .with(Signal::Gpp, &gpc_in_gpp),
            germany,
            as_it_is,
            ConsentRule::TcfConsent,
        ),
        (
            Signals::default()
                .with(Signal::Tcf, &consent)
                .with(Signal::Gpp, &gpc_in_gpp),
            germany,
            refusal,
            ConsentRule::Gpc,
        ),
        (gpc(), germany, as_it_is, ConsentRule::Gpc),
        (gpc(), germany, by_place, ConsentRule::Gpc),
        (gpc(), ("BR", None), as_it_is, ConsentRule::Gpc),
        (gpc(), ("BR", None), by_place, ConsentRule::NoLaw),
        (
            Signals::default(),
            in_california,
            as_it_is,
            ConsentRule::UsNotSaid,
        ),
        (
            Signals::default(),
            in_california,
            grant,
            ConsentRule::UsNoSignal,
        ),
        (
            Signals::default(),
            ("US", None),
            grant,
            ConsentRule::UsNoSignal,
        ),
        (
            Signals::default().with(Signal::UsPrivacy, "1---"),
            in_california,
            grant,
            ConsentRule::UsNotSaid,
        ),
        (
            Signals::default().with(Signal::UsPrivacy, "1YYN"),
            in_california,
            grant,
            ConsentRule::SaleOptOut,
        ),
        (Signals::default(), germany, grant, ConsentRule::NoConsent),
    ];
    for (signals, (country, region), change, rule) in cases {
        let mut policy = EcPolicy::default().consent;
        change(&mut policy);
        let decided = decide(&signals, Some(&Location { country, region }), &policy, NOW);
        assert_eq!(decided.rule, rule, "{signals:?} {country} {region:?}");
    }
}

#[test]
fn beyond_the_bound_nothing_is_granted_and_what_was_read_before_it_refuses() {
    let bound = 256;
    let mut policy = EcPolicy::default().consent;
    policy.max_signal_bytes = bound;
    let place = Location {
        country: "US",
        region: Some("CA"),
    };
    let padded = |sale: u64| {
        let text = gpp(&[(8, california(sale)), (9, virginia(NOT_OUT))]);
        format!("{text}{}", "A".repeat(bound as usize))
    };
    let long = [
        padded(OUT),
        padded(NOT_OUT),
        format!("{}.{}", tcf(true), "A".repeat(bound as usize)),
    ];
    let whole = gpp(&[(8, california(NOT_OUT))]);
    for (signals, rule, at) in [
        (
            Signals::default().with(Signal::Gpp, &long[0]),
            ConsentRule::SaleOptOut,
            Some(256),
        ),
        (
            Signals::default().with(Signal::Gpp, &long[1]),
            ConsentRule::Undecodable,
            Some(256),
        ),
        (
            Signals::default().with(Signal::Tcf, &long[2]),
            ConsentRule::Undecodable,
            Some(256),
        ),
        (
            Signals::default().with(Signal::Gpp, &whole),
            ConsentRule::NotOptedOut,
            None,
        ),
    ] {
        let decided = decide(&signals, Some(&place), &policy, NOW);
        let too_long = decided
            .undecodable
            .iter()
            .find(|undecodable| undecodable.fault.why == Why::TooLong);
        assert_eq!(
            (
                decided.rule,
                too_long.map(|undecodable| undecodable.fault.at)
            ),
            (rule, at),
            "{signals:?}"
        );
    }
}

#[test]
fn encoded_values_are_the_values() {
    let text = gpp(&[(8, california(NOT_OUT))]);
    let encoded = text.replace('~', "%7E").replace('A', "%41");
    let place = Location {
        country: "US",
        region: Some("CA"),
    };
    let policy = EcPolicy::default().consent;
    let of = |signal, text: &str| {
        decide(
            &Signals::default().with(signal, text),
            Some(&place),
            &policy,
            NOW,
        )
        .rule
    };
    assert_eq!(of(Signal::Gpp, &encoded), ConsentRule::NotOptedOut);
    assert_eq!(of(Signal::UsPrivacy, "1%59NN"), ConsentRule::NotOptedOut);
    assert_eq!(of(Signal::UsPrivacy, "1Y%59N"), ConsentRule::SaleOptOut);
    assert_eq!(of(Signal::UsPrivacy, "%ff"), ConsentRule::Undecodable);
}

#[test]
fn quebec_asks_for_express_consent_and_the_rest_of_canada_for_none() {
    // The core of TCF Canada up to its purposes: express and implied consent.
    let canada = |express: u64, implied: u64| {
        let core = Bits::default()
            .put(1, 6)
            .put(NOW.unix() * 10, 36)
            .put(NOW.unix() * 10, 36)
            .put(31, 12)
            .put(1, 12)
            .put(1, 6)
            .put(269, 12)
            .put(1, 12)
            .put(1, 6)
            .put(0, 1)
            .put(0, 12)
            .put(express << 23, 24)
            .put(implied << 23, 24)
            .put(0, 17)
            .put(0, 17);
        gpp(&[(5, core.base64())])
    };
    let (express, implied, neither) = (canada(1, 0), canada(0, 1), canada(0, 0));
    let eu = tcf(true);
    let policy = EcPolicy::default().consent;
    let by_place = rules(HonourRefusals::ByPlace);
    for (signals, [quebec, somewhere, ontario, germany]) in [
        (
            Signals::default(),
            [
                ConsentRule::NoConsent,
                ConsentRule::NoConsent,
                ConsentRule::NoLaw,
                ConsentRule::NoConsent,
            ],
        ),
        (
            Signals::default().with(Signal::Gpp, &express),
            [
                ConsentRule::CanadaConsent,
                ConsentRule::CanadaConsent,
                ConsentRule::NoLaw,
                ConsentRule::NoConsent,
            ],
        ),
        (
            Signals::default().with(Signal::Gpp, &implied),
            [
                ConsentRule::NoConsent,
                ConsentRule::NoConsent,
                ConsentRule::NoLaw,
                ConsentRule::NoConsent,
            ],
        ),
        (
            Signals::default().with(Signal::Gpp, &neither),
            [ConsentRule::CanadaRefusal; 4],
        ),
        (
            Signals::default().with(Signal::Tcf, &eu),
            [
                ConsentRule::NoConsent,
                ConsentRule::NoConsent,
                ConsentRule::NoLaw,
                ConsentRule::TcfConsent,
            ],
        ),
    ] {
        let places = [
            ("CA", Some("QC")),
            ("CA", None),
            ("CA", Some("ON")),
            ("DE", None),
        ];
        for ((country, region), rule) in places
            .into_iter()
            .zip([quebec, somewhere, ontario, germany])
        {
            for policy in [&policy, &by_place] {
                let decided = decide(&signals, Some(&Location { country, region }), policy, NOW);
                assert_eq!(decided.rule, rule, "{signals:?} {country} {region:?}");
            }
        }
    }
}
