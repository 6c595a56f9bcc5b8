//! Consent strings: whatever a browser sends is judged, and a refusal by GPC is never outvoted.
#![no_main]

use edge_cookie::consent::{Place, Signal, Signals, Verdict, judge};
use edge_cookie::policy::EcPolicy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str, &str, bool)| {
    let (tcf, gpp, us_privacy, gpc) = texts;
    let signals = Signals::gpc(gpc)
        .with(Signal::UsPrivacy, us_privacy)
        .with(Signal::Tcf, tcf)
        .with(Signal::Gpp, gpp);
    let rules = EcPolicy::default().consent;
    for (country, region) in [
        ("DE", None),
        ("US", Some("CA")),
        ("US", Some("WY")),
        ("JP", None),
    ] {
        let place = Place { country, region };
        let judgement = judge(&signals, Some(&place), &rules);
        if gpc && region == Some("CA") {
            assert_eq!(judgement.verdict, Verdict::Withdrawn);
        }
    }
    assert_eq!(judge(&signals, None, &rules).verdict, Verdict::NotGranted);
});
