//! What a record keeps of its user's consent: the strings that the decision rests on, from which the same rule follows again.

use crate::harness::tcf;

use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Consent, HonourRefusals};
use edge_cookie::record::{ConsentStrings, KvEntry, KvGeo};
use edge_cookie_service::consent::{
    ConsentDecision, ConsentRule, Location, MAX_SIGNALS, Signal, Signals, Verdict, decide,
};

use Signal::{Gpp, Tcf, UsPrivacy};
use tcf::Bits;

/// Days after the strings were given.
const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

/// TCF 2.3 with consent to purpose 1, of 9 September 2026, by two CMPs; one given 400 days before; and one in whose publisher's
/// country purpose 1 is not asked for.
const TCF: &str = "CQqU7yAQqU7yAAKABBENCWFgAIAAAAAAAAYgAAAAAAAA.IAAA";
const TCF_OF_ANOTHER: &str = "CQqU7yAQqU7yAALABBENCWFgAIAAAAAAAAYgAAAAAAAA.IAAA";
const TCF_TOO_OLD: &str = "CQVukyAQVukyAAKABBENCWFgAIAAAAAAAAYgAAAAAAAA.IAAA";
const TCF_NOT_ASKED: &str = "CQqU7yAQqU7yAAKABBENCWFgAAAAAAAAAIYgAAAAAAAA.IAAA";

/// The first of them and a US Privacy string as sections of GPP; TCF Canada with express consent; the national section and
/// California's, where notice was given and the user does not opt out.
const GPP_TCF: &str = "DBACNYA~CQqU7yAQqU7yAAKABBENCWFgAIAAAAAAAAYgAAAAAAAA.IAAA~1YNN";
const GPP_CANADA: &str = "DBABDA~BQqU7yAQqU7yAABABBAAABBAAQAAAAAAAAAAAAAA";
const GPP_NATION: &str = "DBABLA~BVVqAAAAAABY.QA";
const GPP_CALIFORNIA: &str = "DBABBg~BVoAAABY.QA";

const DE: Location<'static> = Location {
    country: "DE",
    region: None,
};
const QUEBEC: Location<'static> = Location {
    country: "CA",
    region: Some("QC"),
};
const CALIFORNIA: Location<'static> = Location {
    country: "US",
    region: Some("CA"),
};
const VIRGINIA: Location<'static> = Location {
    country: "US",
    region: Some("VA"),
};
const JP: Location<'static> = Location {
    country: "JP",
    region: None,
};

/// A body's usual limit.
const BODY: usize = 8_192;

fn signals<'v>(values: &[(Signal, &'v str)], gpc: bool) -> Signals<'v> {
    let given =
        |signals: Signals<'v>, (signal, text): &(Signal, &'v str)| signals.with(*signal, *text);
    values.iter().fold(Signals::gpc(gpc), given)
}

fn decided(signals: &Signals<'_>, place: Location<'_>, rules: &Consent) -> ConsentDecision {
    decide(signals, Some(&place), rules, NOW)
}

/// The values that a record has, each with its signal, and whether Global Privacy Control was on.
fn stored(strings: &ConsentStrings) -> (Vec<(Signal, String)>, bool) {
    let body = KvEntry::new(strings.clone(), KvGeo::default(), NOW).to_body();
    // As an audit reads it.
    let consent = KvEntry::from_body(&body).unwrap().consent;
    let firsts = [
        (Tcf, consent.tcf),
        (Gpp, consent.gpp),
        (UsPrivacy, consent.us_privacy),
    ];
    let firsts = firsts
        .into_iter()
        .filter_map(|(signal, text)| Some((signal, text?.into())));
    let more = consent.more.into_iter().flatten().map(|of| {
        let known = [Tcf, Gpp, UsPrivacy]
            .into_iter()
            .find(|signal| signal.field() == &*of.signal);
        (known.unwrap(), of.value.into())
    });
    (firsts.chain(more).collect(), consent.gpc == Some(true))
}

#[test]
fn what_decided_is_kept_and_decides_again() {
    type Values = [(Signal, &'static str)];
    type Case = (
        &'static str,
        Location<'static>,
        &'static Values,
        bool,
        ConsentRule,
        &'static Values,
    );
    let cases: [Case; 15] = [
        (
            "one TCF string",
            DE,
            &[(Tcf, TCF)],
            false,
            ConsentRule::TcfConsent,
            &[(Tcf, TCF)],
        ),
        (
            "two, of which both grant",
            DE,
            &[(Tcf, TCF), (Tcf, TCF_OF_ANOTHER)],
            false,
            ConsentRule::TcfConsent,
            &[(Tcf, TCF), (Tcf, TCF_OF_ANOTHER)],
        ),
        (
            "one that is too old first",
            DE,
            &[(Tcf, TCF_TOO_OLD), (Tcf, TCF_NOT_ASKED), (Tcf, TCF)],
            false,
            ConsentRule::TcfConsent,
            &[(Tcf, TCF)],
        ),
        (
            "a section of GPP",
            DE,
            &[(Gpp, GPP_TCF)],
            false,
            ConsentRule::TcfConsent,
            &[(Gpp, GPP_TCF)],
        ),
        (
            "US signals as well",
            DE,
            &[
                (UsPrivacy, "1YNN"),
                (Gpp, GPP_NATION),
                (Tcf, TCF),
                (Gpp, GPP_TCF),
            ],
            false,
            ConsentRule::TcfConsent,
            &[(Tcf, TCF), (Gpp, GPP_TCF)],
        ),
        (
            "a control that did not count",
            DE,
            &[(Tcf, TCF)],
            true,
            ConsentRule::TcfConsent,
            &[(Tcf, TCF)],
        ),
        (
            "TCF Canada",
            QUEBEC,
            &[(Tcf, TCF), (Gpp, GPP_CANADA)],
            false,
            ConsentRule::CanadaConsent,
            &[(Gpp, GPP_CANADA)],
        ),
        (
            "US signals",
            CALIFORNIA,
            &[
                (UsPrivacy, "1YNY"),
                (UsPrivacy, "1YNN"),
                (Gpp, GPP_CALIFORNIA),
                (Gpp, GPP_NATION),
            ],
            false,
            ConsentRule::NotOptedOut,
            &[
                (Gpp, GPP_CALIFORNIA),
                (UsPrivacy, "1YNY"),
                (UsPrivacy, "1YNN"),
                (Gpp, GPP_NATION),
            ],
        ),
        (
            "another state's section as well",
            VIRGINIA,
            &[(Gpp, GPP_CALIFORNIA), (Gpp, GPP_NATION), (Tcf, TCF)],
            false,
            ConsentRule::NotOptedOut,
            &[(Gpp, GPP_NATION)],
        ),
        (
            "TCF in a state with a law",
            VIRGINIA,
            &[(Gpp, GPP_CALIFORNIA), (Tcf, TCF)],
            false,
            ConsentRule::TcfConsent,
            &[(Tcf, TCF)],
        ),
        (
            "no law",
            JP,
            &[(Tcf, TCF_TOO_OLD), (UsPrivacy, "1YNN"), (Tcf, TCF)],
            false,
            ConsentRule::NoLaw,
            &[(Tcf, TCF_TOO_OLD), (UsPrivacy, "1YNN"), (Tcf, TCF)],
        ),
        (
            "no law and no signal",
            JP,
            &[],
            false,
            ConsentRule::NoLaw,
            &[],
        ),
        (
            "no grant",
            DE,
            &[(Tcf, TCF_TOO_OLD)],
            false,
            ConsentRule::TcfTooOld,
            &[],
        ),
        (
            "a block",
            DE,
            &[(Tcf, TCF), (Gpp, "?")],
            false,
            ConsentRule::Undecodable,
            &[],
        ),
        (
            "a refusal",
            CALIFORNIA,
            &[(UsPrivacy, "1YYN")],
            false,
            ConsentRule::SaleOptOut,
            &[],
        ),
    ];
    let rules = EcPolicy::default().consent;
    for (name, place, values, gpc, rule, kept) in cases {
        let signals = signals(values, gpc);
        let decision = decided(&signals, place, &rules);
        assert_eq!(decision.rule, rule, "{name}");
        let strings = decision.strings(&signals, BODY);
        let granted = decision.verdict() == Verdict::Granted;
        assert_eq!(
            strings.rule.as_deref(),
            granted.then(|| rule.name()),
            "{name}"
        );
        let (again, gpc_again) = stored(&strings);
        assert_eq!(gpc_again, granted && gpc, "{name}");
        let of = |values: &[(Signal, &str)]| {
            let mut values: Vec<_> = values
                .iter()
                .map(|(signal, text)| (signal.field(), (*text).to_owned()))
                .collect();
            values.sort();
            values
        };
        let again: Vec<(Signal, &str)> = again
            .iter()
            .map(|(signal, text)| (*signal, text.as_str()))
            .collect();
        assert_eq!(of(&again), of(kept), "{name}");
        // The first of each signal is in its own field.
        for signal in [Tcf, Gpp, UsPrivacy] {
            let first = |values: &[(Signal, &'static str)]| {
                values
                    .iter()
                    .find(|(of, _)| *of == signal)
                    .map(|(_, text)| *text)
            };
            let own = match signal {
                Tcf => &strings.tcf,
                Gpp => &strings.gpp,
                UsPrivacy => &strings.us_privacy,
            };
            assert_eq!(own.as_deref(), first(kept), "{name}");
        }
        if granted {
            let again = self::signals(&again, gpc_again);
            assert_eq!(decided(&again, place, &rules).rule, rule, "{name}");
        }
    }
}

#[test]
fn a_refusal_that_does_not_count_is_kept_where_no_law_asks() {
    let mut rules = EcPolicy::default().consent;
    rules.honour_refusals = HonourRefusals::ByPlace;
    let signals = signals(&[(UsPrivacy, "1YYN")], true);
    let decision = decided(&signals, JP, &rules);
    let strings = decision.strings(&signals, BODY);
    assert_eq!(decision.rule, ConsentRule::NoLaw);
    assert_eq!(
        (strings.us_privacy.as_deref(), strings.gpc),
        (Some("1YYN"), true)
    );
}

/// Whatever a browser repeats, the room for partners' ids stays.
#[test]
fn what_is_said_more_than_once_has_a_quarter_of_the_body() {
    // Each of these is another string with the same consent: one that discloses none of so many vendors.
    let core = TCF.split('.').next().unwrap();
    let strings: Vec<String> = (0..MAX_SIGNALS as u64)
        .map(|more| {
            let vendors = 150 + 32 * more;
            let disclosed = Bits::default().put(1, 3).put(vendors, 16).put(0, 1);
            let none = (0..vendors).fold(disclosed, |bits, _| bits.put(0, 1));
            format!("{core}.{}", none.base64())
        })
        .collect();
    let values: Vec<_> = strings.iter().map(|text| (Tcf, text.as_str())).collect();
    let signals = signals(&values, false);
    let decision = decided(&signals, DE, &EcPolicy::default().consent);
    assert_eq!(decision.rule, ConsentRule::TcfConsent);
    for (body, all) in [(BODY, true), (2_048, false), (0, false)] {
        let kept = decision.strings(&signals, body);
        assert_eq!(kept.tcf.as_deref(), Some(strings[0].as_str()));
        let taken: usize = kept.more.iter().map(|of| of.value.len()).sum();
        assert!(taken <= body / 4, "{taken} of {body}");
        assert_eq!(kept.more.len() == MAX_SIGNALS - 1, all, "{body}");
    }
}
