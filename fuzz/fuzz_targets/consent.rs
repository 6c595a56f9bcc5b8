//! Consent strings: whatever a browser sends is decided on, and a refusal by GPC is never outvoted.
#![no_main]

use edge_cookie::clock::Timestamp;
use edge_cookie::consent::{Place, Signal, Signals, Verdict, decide};
use edge_cookie::policy::EcPolicy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str, &str, bool)| {
    let (tcf, gpp, us_privacy, gpc) = texts;
    let signals = Signals::gpc(gpc)
        .with(Signal::UsPrivacy, us_privacy)
        .with(Signal::Tcf, tcf)
        .with(Signal::Gpp, gpp);
    let now = Timestamp::from_unix(1_790_000_000);
    let rules = EcPolicy::default().consent;
    for (country, region) in [
        ("DE", None),
        ("US", Some("CA")),
        ("US", Some("WY")),
        ("JP", None),
    ] {
        let place = Place { country, region };
        let decision = decide(&signals, Some(&place), &rules, now);
        if gpc && country != "DE" {
            assert_eq!(decision.verdict(), Verdict::Withdrawn);
        }
    }
    assert_ne!(decide(&signals, None, &rules, now).verdict(), Verdict::Granted);
});
