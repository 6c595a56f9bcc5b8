//! Every place and every field that decides: stated here from the statutes and specifications, and compared with what is decided.
#![allow(clippy::cast_possible_truncation, reason = "a failed test should stop")]

use crate::harness::strings;

use edge_cookie::clock::{Moment, Timestamp};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::laws::{OPT_IN, OPT_IN_REGIONS, US_STATES};
use edge_cookie::policy::settings::{Consent, HonourRefusals};
use edge_cookie::policy::types::Locality;
use edge_cookie_service::consent::{Location, Signal, Signals, Verdict, decide};
use strings::{Bits, gpp, tcf};

use Verdict::{Granted, NotGranted, Withdrawn};

/// The acts of US states: the day on which each applies (enacted texts, and the attorneys general's own pages).
const ACTS: [(&str, &str); 24] = [
    ("AL", "2027-05-01"),
    ("CA", "2020-01-01"),
    ("CO", "2023-07-01"),
    ("CT", "2023-07-01"),
    ("DE", "2025-01-01"),
    ("FL", "2024-07-01"),
    ("IA", "2025-01-01"),
    ("IN", "2026-01-01"),
    ("KY", "2026-01-01"),
    ("LA", "2027-01-01"),
    ("MD", "2025-10-01"),
    ("MN", "2025-07-31"),
    ("MT", "2024-10-01"),
    ("NE", "2025-01-01"),
    ("NH", "2025-01-01"),
    ("NJ", "2025-01-15"),
    ("OK", "2027-01-01"),
    ("OR", "2024-07-01"),
    ("RI", "2026-01-01"),
    ("TN", "2025-07-01"),
    ("TX", "2024-07-01"),
    ("UT", "2023-12-31"),
    ("VA", "2023-01-01"),
    ("VT", "2028-01-01"),
];

/// The states' sections by their specifications: number, state, and how many there are of notices, kinds of sensitive data, ages of
/// children, and of consents to other uses. Opt-outs are of sale and of targeted advertising; in California of sharing.
const SECTIONS: [(u64, &str, usize, usize, usize, usize); 16] = [
    (8, "CA", 3, 9, 2, 1),
    (9, "VA", 3, 8, 1, 0),
    (10, "CO", 3, 7, 1, 0),
    (11, "UT", 4, 8, 1, 0),
    (12, "CT", 3, 8, 3, 0),
    (13, "FL", 3, 8, 3, 1),
    (14, "MT", 3, 8, 3, 1),
    (15, "OR", 3, 11, 3, 1),
    (16, "TX", 3, 8, 1, 1),
    (17, "DE", 3, 9, 5, 1),
    (18, "IA", 4, 8, 1, 0),
    (19, "NE", 3, 8, 1, 1),
    (20, "NH", 3, 8, 3, 1),
    (21, "NJ", 3, 10, 5, 1),
    (22, "TN", 3, 8, 1, 1),
    (23, "MN", 3, 8, 1, 1),
];

/// The sections of 2025, in another order of fields: number, state, ages of children.
const NEWER_SECTIONS: [(u64, &str, usize); 4] =
    [(24, "MD", 0), (25, "IN", 1), (26, "KY", 1), (27, "RI", 1)];

/// Where consent is asked for first: the EU, the EEA, Great Britain, and the territories where EU law holds (TFEU, Art. 349 and 355).
const OPT_IN_PLACES: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK \
    IS LI NO GB RE GP MQ GF YT MF AX";

/// Every officially assigned code of a country (ISO 3166-1 alpha-2).
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA \
    GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI \
    KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK \
    SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS \
    YE YT ZA ZM ZW";

const OUT: u64 = 1;
const NOT_OUT: u64 = 2;

fn at(time: &str) -> Timestamp {
    time.parse::<Moment>().unwrap().timestamp()
}

fn shipped(honour_refusals: HonourRefusals) -> Consent {
    let mut rules = EcPolicy::default().consent;
    rules.honour_refusals = honour_refusals;
    rules
}

/// What is decided, by the policy as it is shipped.
fn decided(signals: &Signals<'_>, place: &str, now: Timestamp) -> (Verdict, &'static str) {
    decided_by(&shipped(HonourRefusals::Everywhere), signals, place, now)
}

fn decided_by(
    rules: &Consent,
    signals: &Signals<'_>,
    place: &str,
    now: Timestamp,
) -> (Verdict, &'static str) {
    let place = Locality::parse(place).unwrap();
    let decision = decide(signals, Some(&Location::of(&place)), rules, now);
    (decision.verdict(), decision.rule.name())
}

/// Every field of a state's section, in the order of its specification.
#[derive(Clone)]
struct Written {
    id: u64,
    notices: Vec<u64>,
    opt_outs: [u64; 2],
    kinds: usize,
    children: Vec<u64>,
    uses: usize,
    provider: u64,
}

impl Written {
    fn text(&self) -> String {
        let fields = Bits::default().put(1, 6);
        let core = if self.id < 24 {
            fields
                .fields(self.notices.iter().copied())
                .fields(self.opt_outs)
                .fields(vec![0; self.kinds])
                .fields(self.children.iter().copied())
                .fields(vec![0; self.uses])
                .fields([1, 0, self.provider])
        } else {
            // Covered, mode: 1 opt-out option, 2 service provider.
            fields
                .fields([1, if self.provider == 1 { 2 } else { 1 }])
                .fields(self.notices.iter().copied())
                .fields(self.opt_outs)
                .fields(self.children.iter().copied())
                .fields([0])
        };
        gpp(&[(self.id, &core.base64())])
    }
}

fn written() -> Vec<(&'static str, Written)> {
    let older = SECTIONS
        .iter()
        .map(|(id, state, notices, kinds, children, uses)| {
            let written = Written {
                id: *id,
                notices: vec![1; *notices],
                opt_outs: [NOT_OUT; 2],
                kinds: *kinds,
                children: vec![0; *children],
                uses: *uses,
                provider: 0,
            };
            (*state, written)
        });
    let newer = NEWER_SECTIONS.iter().map(|(id, state, children)| {
        let written = Written {
            id: *id,
            notices: vec![1; 3],
            opt_outs: [NOT_OUT; 2],
            kinds: 0,
            children: vec![0; *children],
            uses: 1,
            provider: 0,
        };
        (*state, written)
    });
    older.chain(newer).collect()
}

#[test]
fn the_shipped_tables_are_those_of_the_statutes() {
    let acts: Vec<(&str, &str)> = US_STATES.iter().map(|law| (law.state, law.since)).collect();
    assert_eq!(acts, ACTS);
    let mut places: Vec<&str> = OPT_IN.iter().map(|law| law.place).collect();
    let mut stated: Vec<&str> = OPT_IN_PLACES.split_whitespace().collect();
    places.sort_unstable();
    stated.sort_unstable();
    assert_eq!(places, stated);
    let regions: Vec<&str> = OPT_IN_REGIONS.iter().map(|law| law.place).collect();
    assert_eq!(regions, ["CA-QC"]);
    for since in (OPT_IN.iter().chain(OPT_IN_REGIONS)).map(|law| law.since) {
        assert!(("2018-05-25"..="2023-09-22").contains(&since), "{since}");
    }
    // No act asks for a universal opt-out before it applies.
    for law in US_STATES {
        assert!(law.gpc.is_none_or(|gpc| gpc >= law.since), "{}", law.state);
    }
}

#[test]
fn a_states_law_begins_at_midnight_of_its_day() {
    let national = Bits::default()
        .put(1, 6)
        .fields([1; 6])
        .fields([NOT_OUT; 3]);
    let national = national
        .fields([0; 12])
        .fields([0; 2])
        .fields([0, 1, 0, 0])
        .base64();
    let national = gpp(&[(7, &national)]);
    let not_opted_out = Signals::default().with(Signal::Gpp, &national);
    let opted_out = Signals::default().with(Signal::UsPrivacy, "1YYN");
    let by_place = shipped(HonourRefusals::ByPlace);
    for (state, since) in ACTS {
        let place = format!("US-{state}");
        let begins = at(&format!("{since}T00:00:00Z"));
        let before = Timestamp::from_unix(begins.unix() - 1);
        let day_before = Timestamp::from_unix(begins.unix() - 86_400);
        for (now, nothing, not_out, out) in [
            (day_before, Granted, Granted, Granted),
            (before, Granted, Granted, Granted),
            (begins, NotGranted, Granted, Withdrawn),
            (begins.plus_seconds(86_400), NotGranted, Granted, Withdrawn),
        ] {
            let verdict = |signals: &Signals<'_>| decided_by(&by_place, signals, &place, now).0;
            assert_eq!(verdict(&Signals::default()), nothing, "{state} {now}");
            assert_eq!(verdict(&not_opted_out), not_out, "{state} {now}");
            assert_eq!(verdict(&opted_out), out, "{state} {now}");
            // A refusal counts before any law asks for that.
            let refused = decided(&opted_out, &place, now);
            assert_eq!(refused, (Withdrawn, "refusal.us_sale"), "{state} {now}");
        }
        assert_eq!(
            decided(&Signals::default(), &place, before).1,
            "grant.no_law"
        );
        assert_eq!(
            decided(&Signals::default(), &place, begins).1,
            "none.us_not_said"
        );
        assert_eq!(
            decided(&not_opted_out, &place, begins).1,
            "grant.us_not_opted_out"
        );
    }
}

#[test]
fn every_field_of_every_states_section_decides_as_its_specification_says() {
    let now = at("2028-06-01T00:00:00Z");
    let all = written();
    for (state, section) in &all {
        let place = format!("US-{state}");
        let says = |change: &dyn Fn(&mut Written)| {
            let mut changed = section.clone();
            change(&mut changed);
            let text = changed.text();
            let signals = Signals::default().with(Signal::Gpp, &text);
            decided(&signals, &place, now)
        };
        let no_notice = (NotGranted, "block.notice_not_given");
        let second = match *state {
            "CA" => "refusal.us_sharing",
            _ => "refusal.us_targeted_advertising",
        };
        assert_eq!(
            says(&|_| {}),
            (Granted, "grant.us_not_opted_out"),
            "{state}"
        );
        assert_eq!(
            says(&|it| it.opt_outs[0] = OUT),
            (Withdrawn, "refusal.us_sale"),
            "{state}"
        );
        assert_eq!(
            says(&|it| it.opt_outs[1] = OUT),
            (Withdrawn, second),
            "{state}"
        );
        // That nothing is said of the sale is no grant.
        assert_eq!(
            says(&|it| it.opt_outs[0] = 0),
            (NotGranted, "none.us_not_said"),
            "{state}"
        );
        for notice in 0..section.notices.len() {
            assert_eq!(
                says(&|it| it.notices[notice] = 2),
                no_notice,
                "{state} {notice}"
            );
        }
        let of_sale = match *state {
            "CA" => 0,
            _ => 1,
        };
        for notice in [of_sale, of_sale + 1] {
            assert_eq!(
                says(&|it| it.notices[notice] = 0),
                no_notice,
                "{state} {notice}"
            );
        }
        for child in 0..section.children.len() {
            let known_child = (NotGranted, "block.known_child");
            assert_eq!(
                says(&|it| it.children[child] = 1),
                known_child,
                "{state} {child}"
            );
            let consented = says(&|it| it.children[child] = 2);
            assert_eq!(consented.0, Granted, "{state} {child}");
        }
        let provider = (NotGranted, "block.service_provider");
        assert_eq!(says(&|it| it.provider = 1), provider, "{state}");
        // A refusal counts whatever keeps a grant from being given.
        let refused = says(&|it| {
            it.opt_outs[0] = OUT;
            it.notices[0] = 2;
            it.provider = 1;
        });
        assert_eq!(refused, (Withdrawn, "refusal.us_sale"), "{state}");
        // Of another state than the user's, an opt-out counts and that there is none does not.
        let text = section.text();
        let mut refusing = section.clone();
        refusing.opt_outs[0] = OUT;
        let refusing = refusing.text();
        for (other, _) in all.iter().filter(|(other, _)| other != state) {
            let place = format!("US-{other}");
            let own = Signals::default().with(Signal::Gpp, &text);
            assert_eq!(
                decided(&own, &place, now).1,
                "none.us_not_said",
                "{state} {other}"
            );
            let elsewhere = Signals::default().with(Signal::Gpp, &refusing);
            assert_eq!(
                decided(&elsewhere, &place, now).0,
                Withdrawn,
                "{state} {other}"
            );
        }
    }
}

#[test]
fn every_country_has_the_law_of_its_list() {
    let now = at("2026-11-28T12:00:00Z");
    let consents = tcf(&[1], now.unix());
    let refuses = tcf(&[3], now.unix());
    let opt_in: Vec<&str> = OPT_IN_PLACES.split_whitespace().collect();
    let mut countries = 0;
    for country in COUNTRIES.split_whitespace() {
        countries += 1;
        let says = |signals: &Signals<'_>| decided(signals, country, now).1;
        let nothing = match country {
            // In some state, and in Quebec for all that is known.
            "US" => "none.us_not_said",
            "CA" => "none.no_consent",
            _ if opt_in.contains(&country) => "none.no_consent",
            _ => "grant.no_law",
        };
        assert_eq!(says(&Signals::default()), nothing, "{country}");
        let consent = Signals::default().with(Signal::Tcf, &consents);
        let consented = match country {
            "CA" => "none.no_consent",
            _ if nothing == "grant.no_law" => "grant.no_law",
            _ => "grant.tcf_purpose_1",
        };
        assert_eq!(says(&consent), consented, "{country}");
        let refusal = Signals::default().with(Signal::Tcf, &refuses);
        assert_eq!(says(&refusal), "refusal.tcf_purpose_1", "{country}");
        assert_eq!(says(&Signals::gpc(true)), "refusal.gpc", "{country}");
        assert_eq!(Locality::read_code(country).unwrap().to_string(), country);
    }
    assert_eq!(countries, 249);
    for (code, fault) in [
        ("UK", "`UK` is not a place: write `GB`"),
        ("EL", "`EL` is not a place: write `GR`"),
        (
            "XK",
            "`XK` is not a place: see ISO 3166 for the codes there are",
        ),
        (
            "US-XX",
            "`US-XX` is not a place: write the code of a US state for `XX`, as `US-CA`",
        ),
    ] {
        assert_eq!(Locality::read_code(code).unwrap_err().to_string(), fault);
    }
}

#[test]
fn territories_and_regions_have_their_own_law() {
    let now = at("2026-11-28T12:00:00Z");
    for (place, rule) in [
        // Territories where EU law holds, under their own codes and those of their countries.
        ("RE", "none.no_consent"),
        ("FR-974", "none.no_consent"),
        ("AX", "none.no_consent"),
        ("ES-CN", "none.no_consent"),
        ("PT-20", "none.no_consent"),
        ("DE-BY", "none.no_consent"),
        // Those where it does not, and others that are taken for them.
        ("BL", "grant.no_law"),
        ("PM", "grant.no_law"),
        ("NC", "grant.no_law"),
        ("PF", "grant.no_law"),
        ("GL", "grant.no_law"),
        ("FO", "grant.no_law"),
        ("GI", "grant.no_law"),
        ("JE", "grant.no_law"),
        ("GG", "grant.no_law"),
        ("IM", "grant.no_law"),
        ("CH", "grant.no_law"),
        ("BR", "grant.no_law"),
        ("SJ", "grant.no_law"),
        // Canada by its provinces.
        ("CA-QC", "none.no_consent"),
        ("CA-ON", "grant.no_law"),
        ("CA-BC", "grant.no_law"),
        // States without an act, the district, and territories of the US.
        ("US-AK", "grant.no_law"),
        ("US-WA", "grant.no_law"),
        ("US-NY", "grant.no_law"),
        ("US-DC", "grant.no_law"),
        ("US-PR", "grant.no_law"),
        ("PR", "grant.no_law"),
        ("GU", "grant.no_law"),
        // Places whose region's code is that of a state with an act.
        ("BR-PA", "grant.no_law"),
        ("AR-CA", "grant.no_law"),
    ] {
        assert_eq!(decided(&Signals::default(), place, now).1, rule, "{place}");
    }
}
