//! What must hold of every decision on consent, whatever is sent: no refusal is lost among other signals, nothing is granted over
//! one, and memory stays within bounds (bytes that are allocated, not time).

use allocation_counter::measure;
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Consent, GpcInOptIn, HonourRefusals};
use edge_cookie_service::consent::{
    ConsentDecision, ConsentRule, Location, MAX_SIGNALS, Signal, Signals, Verdict, decide,
};

/// Bytes allocated for each that is sent, where it is URL-encoded and a copy grows; for the list of values; and for a decision.
const PER_BYTE: usize = 4;
const LIST_BYTES: usize = 2_048;
const DECISION_BYTES: u64 = 2_048;

/// So few bytes of a value are read under one of the policies that long ones are met.
const SHORT: u32 = 256;

/// Opt-outs, each by a signal of its own.
const REFUSALS: [(Signal, &str); 2] = [
    (Signal::UsPrivacy, "1YYN"),
    (Signal::Gpp, "DBABBg~BUkAAABA.QA"),
];

/// Places under each kind of law.
const PLACES: [(Option<Location<'static>>, bool); 6] = [
    (place("DE", None), true),
    (place("CA", Some("QC")), true),
    (place("US", Some("CA")), false),
    (place("US", Some("WY")), false),
    (place("JP", None), false),
    (None, false),
];

const fn place(country: &'static str, region: Option<&'static str>) -> Option<Location<'static>> {
    Some(Location { country, region })
}

/// Decides on a request everywhere, and on the same with a refusal added.
pub fn check(values: &[(Signal, &str)], gpc: bool) {
    let default = EcPolicy::default().consent;
    let mut others = [default.clone(), default.clone(), default.clone()];
    others[0].gpc_in_opt_in = GpcInOptIn::Refusal;
    others[1].honour_refusals = HonourRefusals::ByPlace;
    others[2].max_signal_bytes = SHORT;
    for (place, opt_in) in PLACES {
        for rules in &others {
            bounded(values, gpc, place, rules);
        }
        let decision = bounded(values, gpc, place, &default);
        let granted = |decision: &ConsentDecision| decision.verdict() == Verdict::Granted;
        assert!(place.is_some() || !granted(&decision));
        let by_consent =
            [ConsentRule::TcfConsent, ConsentRule::CanadaConsent].contains(&decision.rule);
        if gpc && opt_in {
            assert!(!granted(&decision) || by_consent);
        } else if gpc {
            assert_eq!(decision.verdict(), Verdict::Withdrawn);
        }
        // A value beyond those that are read keeps the others from granting; its refusal cannot count.
        let room = values.len() < MAX_SIGNALS;
        for (number, refusal) in REFUSALS.into_iter().enumerate() {
            let mut refused = values.to_vec();
            refused.insert((values.len() * number).min(values.len()), refusal);
            let refused = bounded(&refused, gpc, place, &default);
            assert!(!granted(&refused));
            assert!(
                !room || refused.verdict() == Verdict::Withdrawn,
                "{refusal:?}"
            );
        }
        // What would grant takes no withdrawal back.
        let mut more = values.to_vec();
        more.push((Signal::UsPrivacy, "1YNN"));
        let more = bounded(&more, gpc, place, &default);
        assert!(decision.verdict() != Verdict::Withdrawn || more.verdict() == Verdict::Withdrawn);
        assert!(decision.undecodable.is_empty() || !granted(&decision));
    }
}

/// Decides, within the bounds.
fn bounded(
    values: &[(Signal, &str)],
    gpc: bool,
    place: Option<Location<'_>>,
    rules: &Consent,
) -> ConsentDecision {
    let now = Timestamp::from_unix(1_790_000_000);
    let mut signals = Signals::gpc(gpc);
    let sent: usize = values.iter().map(|(_, text)| text.len()).sum();
    let taken = measure(|| {
        for (signal, text) in values {
            signals.add(*signal, *text);
        }
    });
    assert!(taken.bytes_total <= (PER_BYTE * sent + LIST_BYTES) as u64);
    let mut decision = None;
    let decided = measure(|| decision = Some(decide(&signals, place.as_ref(), rules, now)));
    assert!(decided.bytes_total <= DECISION_BYTES);
    decision.expect("it was decided")
}
