//! An explanation has every field as its specification names it, and explains what is decided.
#![allow(clippy::cast_possible_truncation, reason = "a failed test should stop")]

use crate::harness::strings;

use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{
    Consent, GpcInOptIn, HonourRefusals, TcfValidity, UsWithoutSignal,
};
use edge_cookie::policy::types::Locality;
use edge_cookie_service::consent::{
    Location, MAX_SIGNALS, MAX_UNDECODABLE, RULES, Signal, Signals, Undecodable, Verdict, decide,
    explain,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use strings::{Bits, gpp, tcf};

/// 21 September 2026, 14:13:20 UTC.
const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

fn explained(signals: &Signals<'_>, place: Option<&str>) -> Value {
    let place = place.map(|place| Locality::parse(place).unwrap());
    let place = place.as_ref().map(Location::of);
    let rules = EcPolicy::default().consent;
    serde_json::to_value(explain(signals, place.as_ref(), &rules, NOW)).unwrap()
}

/// The fields as one object; of several of one name the last.
fn fields(part: &Value) -> Value {
    let fields = part["fields"].as_array().unwrap().iter();
    let field = |field: &Value| {
        (
            field["name"].as_str().unwrap().to_owned(),
            field["value"].clone(),
        )
    };
    Value::Object(fields.map(field).collect())
}

#[test]
fn a_tcf_string_is_shown_field_by_field() {
    let text = tcf(&[1, 3, 24], NOW.unix());
    let explanation = explained(&Signals::default().with(Signal::Tcf, &text), Some("AT"));
    let signal = &explanation["signals"][0];
    assert_eq!(
        fields(&signal["parts"][0]),
        json!({
            "Version": 2,
            "Created": "2026-09-21T14:13:20Z",
            "LastUpdated": "2026-09-21T14:13:20Z",
            "CmpId": 31,
            "CmpVersion": 7,
            "ConsentScreen": 1,
            "ConsentLanguage": "DE",
            "VendorListVersion": 48,
            "TcfPolicyVersion": 5,
            "IsServiceSpecific": 1,
            "UseNonStandardTexts": 0,
            "SpecialFeatureOptIns": [1],
            "PurposesConsent": [1, 3, 24],
            "PurposesLITransparency": [3],
            "PurposeOneTreatment": 0,
            "PublisherCC": "AT",
            "VendorConsent": { "count": 3, "ranges": ["1-2", "5"] },
            "VendorLegitimateInterest": { "count": 12, "ranges": ["10-20", "900"] },
            "NumPubRestrictions": 1,
            "DisclosedVendors": { "count": 2, "ranges": ["1", "3"] },
            "PubPurposesConsent": [1],
            "PubPurposesLITransparency": [],
            "NumCustomPurposes": 2,
            "CustomPurposesConsent": { "count": 1, "ranges": ["2"] },
            "CustomPurposesLITransparency": { "count": 1, "ranges": ["1"] },
        })
    );
    assert_eq!(signal["source"], "cookie `euconsent-v2`");
    assert_eq!(signal["value"], text);
    assert_eq!(
        signal["parts"][0]["says"],
        json!([{ "what": "consents", "rule": "grant.tcf_purpose_1" }])
    );
    assert_eq!(signal["parts"][0]["faults"], json!([]));
    assert_eq!(
        (
            &explanation["verdict"],
            &explanation["rule"],
            &explanation["place"]
        ),
        (
            &json!("granted"),
            &json!("grant.tcf_purpose_1"),
            &json!("AT")
        )
    );
    let law = &explanation["law"];
    assert_eq!(
        (&law["kind"], &law["name"], &law["since"], &law["setting"]),
        (
            &json!("opt_in"),
            &json!("Austria"),
            &json!("2018-05-25"),
            &json!("ec.consent.gdpr_countries")
        )
    );
    assert!(
        law["source"]
            .as_str()
            .unwrap()
            .contains("2002/58/EC, Art. 5(3)")
    );
}

#[test]
fn the_sections_of_a_gpp_string_are_shown_field_by_field() {
    // TCF Canada: express consent to purpose 2 alone, implied consent to purpose 1.
    let canada = Bits::default()
        .put(1, 6)
        .put(NOW.unix() * 10, 36)
        .put(NOW.unix() * 10 + 5, 36)
        .put(31, 12)
        .put(2, 12)
        .put(3, 6)
        .put(5, 6) // FR
        .put(17, 6)
        .put(9, 12)
        .put(2, 6)
        .put(1, 1)
        .put(0, 12)
        .put(1 << 22, 24)
        .put(1 << 23, 24)
        .base64();
    let virginia = Bits::default()
        .put(1, 6)
        .fields([1, 1, 1, 2, 1])
        .fields([0; 8]);
    let virginia = virginia.fields([1, 1, 2, 2]).base64();
    let maryland = Bits::default()
        .put(1, 6)
        .fields([1, 1, 1, 1, 1, 2, 2, 0])
        .base64();
    let gpc = Bits::default().put(1, 2).put(1, 1).base64();
    let text = gpp(&[
        (5, canada.as_str()),
        (6, "1YNN"),
        (9, virginia.as_str()),
        (24, &format!("{maryland}.{gpc}")),
        (28, "BAAA"),
    ]);
    let explanation = explained(&Signals::default().with(Signal::Gpp, &text), Some("US-VA"));
    let parts = explanation["signals"][0]["parts"].as_array().unwrap();
    assert_eq!(parts[0]["section"], Value::Null);
    let sections = &parts[1..];
    let named: Vec<(&Value, &Value)> = sections
        .iter()
        .map(|it| (&it["section"], &it["name"]))
        .collect();
    assert_eq!(
        json!(named),
        json!([
            [5, "tcfcav1"],
            [6, "uspv1"],
            [9, "usva"],
            [24, "usmd"],
            [28, null]
        ])
    );
    assert_eq!(
        fields(&sections[0]),
        json!({
            "Version": 1,
            "Created": "2026-09-21T14:13:20Z",
            "LastUpdated": "2026-09-21T14:13:20.5Z",
            "CmpId": 31,
            "CmpVersion": 2,
            "ConsentScreen": 3,
            "ConsentLanguage": "FR",
            "VendorListVersion": 9,
            "TcfPolicyVersion": 2,
            "UseNonStandardStacks": 1,
            "SpecialFeatureExpressConsent": [],
            "PurposesExpressConsent": [2],
            "PurposesImpliedConsent": [1],
        })
    );
    assert_eq!(
        fields(&sections[1]),
        json!({ "Version": 1, "Notice": "Y", "OptOutSale": "N", "LspaCovered": "N" })
    );
    assert_eq!(
        fields(&sections[2]),
        json!({
            "Version": 1,
            "SharingNotice": 1,
            "SaleOptOutNotice": 1,
            "TargetedAdvertisingOptOutNotice": 1,
            "SaleOptOut": 2,
            "TargetedAdvertisingOptOut": 1,
            "SensitiveDataProcessing": [0, 0, 0, 0, 0, 0, 0, 0],
            "KnownChildSensitiveDataConsents": 1,
            "MspaCoveredTransaction": 1,
            "MspaOptOutOptionMode": 2,
            "MspaServiceProviderMode": 2,
        })
    );
    assert_eq!(
        fields(&sections[3]),
        json!({
            "MspaVersion": 1,
            "MspaCoveredTransaction": 1,
            "MspaMode": 1,
            "ProcessingNotice": 1,
            "SaleOptOutNotice": 1,
            "TargetedAdvertisingOptOutNotice": 1,
            "SaleOptOut": 2,
            "TargetedAdvertisingOptOut": 2,
            "AdditionalDataProcessingConsent": 0,
            "GpcSegmentType": 1,
            "Gpc": 1,
        })
    );
    let says: Vec<&Value> = sections.iter().map(|section| &section["says"]).collect();
    let not_opted_out = "grant.us_not_opted_out";
    assert_eq!(
        json!(says),
        json!([
            [{ "what": "consents_by_implication", "rule": null }],
            [{ "what": "did_not_opt_out", "rule": not_opted_out }],
            [
                { "what": "refuses", "rule": "refusal.us_targeted_advertising" },
                { "what": "blocks", "rule": "block.known_child" },
            ],
            [
                { "what": "refuses", "rule": "refusal.gpc" },
                { "what": "did_not_opt_out", "rule": null },
            ],
            [{ "what": "blocks", "rule": "block.unknown_us_section" }],
        ])
    );
    // The section begins after the header and the four sections before it.
    let parts: Vec<&str> = text.split('~').collect();
    let before: usize = parts[..5].iter().map(|part| part.len() + 1).sum();
    assert_eq!(sections[4]["faults"][0]["character"], before + 1);
    let rules = explanation["rules"].as_array().unwrap();
    let effects: Vec<[&Value; 3]> = rules
        .iter()
        .map(|rule| [&rule["rule"], &rule["effect"], &rule["by"]])
        .collect();
    let section = |id: u16| format!("cookie `__gpp`, section {id}");
    assert_eq!(
        json!(effects),
        json!([
            ["refusal.us_targeted_advertising", "decides", [section(9)]],
            ["refusal.gpc", "outranked", [section(24)]],
            ["block.unknown_us_section", "outranked", [section(28)]],
            ["block.known_child", "outranked", [section(9)]],
            [not_opted_out, "outranked", [section(6)]],
        ])
    );
}

#[test]
fn the_law_of_a_place_is_named() {
    for (place, kind, name, since, note) in [
        (None, "unknown", None, None, None),
        (
            Some("US-CO"),
            "opt_out",
            Some("Colorado Privacy Act"),
            Some("2023-07-01"),
            None,
        ),
        (
            Some("US"),
            "opt_out",
            None,
            None,
            Some("the region is not known: it may be one of those listed"),
        ),
        (
            Some("US-OK"),
            "none",
            None,
            None,
            Some(
                "Oklahoma Consumer Data Privacy Act applies from 2027-01-01, after 2026-09-21T14:13:20Z",
            ),
        ),
        (Some("US-AK"), "none", None, None, None),
        (
            Some("FR-974"),
            "opt_in",
            Some("France"),
            Some("2018-05-25"),
            None,
        ),
        (
            Some("CA-QC"),
            "opt_in_canada",
            Some("Quebec"),
            Some("2023-09-22"),
            None,
        ),
        (Some("CA-ON"), "none", None, None, None),
        (Some("BR-CA"), "none", None, None, None),
    ] {
        let law = &explained(&Signals::default(), place)["law"];
        assert_eq!(
            json!([law["kind"], law["name"], law["since"], law["note"]]),
            json!([kind, name, since, note]),
            "{place:?}"
        );
        assert!(name.is_none() || law["source"].is_string(), "{place:?}");
    }
}

#[test]
fn what_a_forged_string_says_too_much_of_is_counted() {
    // A section of California with its segment of two fields a thousand times.
    let segments = vec!["QA"; 1_000].join(".");
    let text = gpp(&[(8, &format!("BUoAAABA.{segments}"))]);
    let explanation = explained(&Signals::default().with(Signal::Gpp, &text), Some("US-CA"));
    let section = &explanation["signals"][0]["parts"][1];
    let listed = section["fields"].as_array().unwrap().len();
    let more = section["more_fields"].as_u64().unwrap() as usize;
    // Twelve fields of the core, two of which have several values.
    assert_eq!(listed + more, 12 + 2 * 1_000);
    assert!(listed < 300);
}

/// Texts near those that consent managers write, and others.
fn texts() -> impl Strategy<Value = (Signal, String)> {
    let core = |consents: bool| tcf(if consents { &[1] } else { &[2] }, NOW.unix());
    let known = prop_oneof![
        any::<bool>().prop_map(move |consents| (Signal::Tcf, core(consents))),
        "1[YN-]{3}".prop_map(|text| (Signal::UsPrivacy, text)),
        proptest::collection::btree_map(
            6_u64..30,
            "B[A-Za-z0-9_-]{2,9}(\\.[A-Za-z0-9_-]{1,2})?",
            1..4
        )
        .prop_map(|sections| {
            let sections: Vec<(u64, &str)> = sections
                .iter()
                .map(|(id, text)| (*id, text.as_str()))
                .collect();
            (Signal::Gpp, gpp(&sections))
        }),
    ];
    let damaged = (known, any::<proptest::sample::Index>(), "[A-Za-z0-9_.~-]?").prop_map(
        |((signal, mut text), at, other)| {
            let at = at.index(text.len());
            text.replace_range(at..at + usize::from(!other.is_empty()), &other);
            (signal, text)
        },
    );
    let any_text = (0..3_usize, "[ -~]{0,40}")
        .prop_map(|(signal, text)| ([Signal::Tcf, Signal::Gpp, Signal::UsPrivacy][signal], text));
    prop_oneof![6 => damaged, 1 => any_text]
}

fn policies() -> impl Strategy<Value = Consent> {
    any::<[bool; 4]>().prop_map(|[by_place, gpc, silence, lenient]| {
        let mut policy = EcPolicy::default().consent;
        policy.honour_refusals =
            [HonourRefusals::Everywhere, HonourRefusals::ByPlace][usize::from(by_place)];
        policy.gpc_in_opt_in = [GpcInOptIn::Ignore, GpcInOptIn::Refusal][usize::from(gpc)];
        policy.us_without_signal =
            [UsWithoutSignal::NotGranted, UsWithoutSignal::Grant][usize::from(silence)];
        policy.tcf_validity = [TcfValidity::Strict, TcfValidity::Lenient][usize::from(lenient)];
        policy
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_explanation_is_of_what_is_decided(
        gpc in any::<bool>(),
        values in proptest::collection::vec(texts(), 0..MAX_SIGNALS + 4),
        place in proptest::option::of(proptest::sample::select(
            vec!["DE", "US-CA", "US-VA", "US", "US-OK", "CA", "CA-QC", "CA-ON", "BR", "RE"],
        )),
        rules in policies(),
    ) {
        let mut signals = Signals::gpc(gpc);
        for (signal, text) in &values {
            signals.add(*signal, text);
        }
        let place = place.map(|place| Locality::parse(place).unwrap());
        let place = place.as_ref().map(Location::of);
        let decision = decide(&signals, place.as_ref(), &rules, NOW);
        let explanation = explain(&signals, place.as_ref(), &rules, NOW);
        prop_assert_eq!(explanation.verdict, decision.verdict());
        prop_assert_eq!(explanation.rule, decision.rule.name());
        // Exactly one rule decides, and nothing that counts and refuses follows what grants.
        let deciding: Vec<_> = explanation.rules.iter().filter(|rule| rule.effect == "decides").collect();
        prop_assert_eq!(deciding.len(), 1);
        prop_assert_eq!(deciding[0].rule, decision.rule.name());
        for rule in explanation.rules.iter().filter(|rule| rule.effect == "outranked") {
            prop_assert!(rule.verdict <= decision.verdict() || rule.rule.starts_with("tcf."), "{}", rule.rule);
            let row = RULES.iter().find(|row| row.name == rule.rule).unwrap();
            prop_assert_eq!((row.source, row.since), (rule.source, rule.since));
        }
        // What could not be decoded, and why consents do not count, is all there.
        let parts = explanation.signals.iter().flat_map(|signal| &signal.parts);
        let parts: Vec<_> = parts.collect();
        let mut faults: Vec<_> = parts.iter().flat_map(|part| &part.faults)
            .map(|fault| (fault.character, fault.why)).collect();
        let fault = |undecodable: &Undecodable| (undecodable.fault.at + 1, undecodable.fault.why.words());
        let mut undecodable: Vec<_> = decision.undecodable.iter().map(fault).collect();
        faults.sort_unstable();
        undecodable.sort_unstable();
        if undecodable.len() < MAX_UNDECODABLE {
            prop_assert_eq!(faults, undecodable);
        }
        for why in &decision.rejected {
            let says = |part: &&_| part_says(part, why.name());
            prop_assert!(parts.iter().any(says));
        }
        // A refusal that is shown is one that is honoured, but where the place says that it is not.
        let refuses = explanation.rules.iter().any(|rule| {
            rule.verdict == Verdict::Withdrawn && rule.effect != "not_here"
        });
        prop_assert_eq!(refuses, decision.verdict() == Verdict::Withdrawn);
    }
}

fn part_says(part: &edge_cookie_service::consent::explain::ExplainedPart, rule: &str) -> bool {
    part.says
        .iter()
        .any(|says| says.what == "consents" && says.rule == Some(rule))
}
