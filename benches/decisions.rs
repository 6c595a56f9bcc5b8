//! Requests whose consent is decided on, as browsers send them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a broken fixture should stop the benchmark"
)]

#[path = "../tests/harness/tcf.rs"]
#[allow(dead_code, reason = "a benchmark uses a part of it")]
mod tcf_strings;

use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie_service::consent::{Location, Signals, Verdict, decide};
use http::header::{COOKIE, HeaderMap};
use tcf_strings::{Bits, Tcf};

const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

/// Vendors of the global list, about as many as it has.
const VENDORS: usize = 1_100;

/// What other cookies a page has: analytics, a session, a theme.
const OTHERS: &str =
    "_ga=GA1.1.1234567890.1790000000; session=0123456789abcdef0123456789abcdef; theme=dark; ab=b";

/// A request, and where it comes from.
pub struct Request {
    headers: HeaderMap,
    place: Location<'static>,
    policy: EcPolicy,
    verdict: Verdict,
}

/// A request without a signal, one of the EU (TCF 2.3: the consents of all vendors, and which were disclosed), and one of
/// California (US Privacy, and GPP with the national section and the state's).
pub fn request(name: &str) -> Request {
    let (cookies, country, region, verdict) = match name {
        "eu" => (
            format!("; euconsent-v2={}", tcf()),
            "DE",
            None,
            Verdict::Granted,
        ),
        "us" => (
            "; us_privacy=1YNN; __gpp=DBACLYA~BVVqAAAAAABY.QA~BVoAAABY.QA".to_owned(),
            "US",
            Some("CA"),
            Verdict::Granted,
        ),
        _ => (String::new(), "DE", None, Verdict::NotGranted),
    };
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, format!("{OTHERS}{cookies}").parse().unwrap());
    Request {
        headers,
        place: Location { country, region },
        policy: EcPolicy::default(),
        verdict,
    }
}

impl Request {
    /// Reads the signals and decides on them.
    pub fn decide(&self) {
        let signals = Signals::of_request(&self.headers, &self.policy.consent_cookies, |_, _| {});
        let decision = decide(&signals, Some(&self.place), &self.policy.consent, NOW);
        assert!(decision.verdict() == self.verdict, "{decision:?}");
    }
}

/// TCF 2.3, with every vendor in fields of bits.
fn tcf() -> String {
    let all = |bits: Bits| {
        let bits = bits.put(VENDORS as u64, 16).put(0, 1);
        (0..VENDORS).fold(bits, |bits, _| bits.put(1, 1))
    };
    let core = all(all(Tcf::given_at(NOW.unix()).up_to_vendors())).put(0, 12);
    let disclosed = all(Bits::default().put(1, 3));
    format!("{}.{}", core.base64(), disclosed.base64())
}
