//! Requests whose consent is decided on, as browsers send them.
#![allow(
    clippy::unwrap_used,
    reason = "a broken fixture should stop the benchmark"
)]

use edge_cookie::clock::Timestamp;
use edge_cookie::consent::{Place, Signals, Verdict, decide};
use edge_cookie::policy::EcPolicy;
use http::header::{COOKIE, HeaderMap};

const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

/// Vendors of the global list, about as many as it has.
const VENDORS: usize = 1_100;

/// What other cookies a page has: analytics, a session, a theme.
const OTHERS: &str =
    "_ga=GA1.1.1234567890.1790000000; session=0123456789abcdef0123456789abcdef; theme=dark; ab=b";

/// A request, and where it comes from.
pub struct Request {
    headers: HeaderMap,
    place: Place<'static>,
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
        place: Place { country, region },
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

/// TCF 2.3, in the order of its fields, with every vendor in fields of bits.
fn tcf() -> String {
    let tenths = NOW.unix() * 10;
    let mut core = vec![
        (2, 6),
        (tenths, 36),
        (tenths, 36),
        (31, 12),
        (1, 12),
        (1, 6),
        (4, 6),
        (13, 6),
        (150, 12),
        (5, 6),
        (1, 1),
        (0, 13),
        (1 << 23 | 1 << 21, 24),
        (0, 25),
        (3, 6),
        (4, 6),
    ];
    let all = [(VENDORS as u64, 16), (0, 1)]
        .into_iter()
        .chain(vec![(1, 1); VENDORS]);
    core.extend(all.clone().chain(all.clone()).chain([(0, 12)]));
    let disclosed: Vec<_> = [(1, 3)].into_iter().chain(all).collect();
    format!("{}.{}", base64(&core), base64(&disclosed))
}

/// Fields of so many bits in base64 for URLs, filled up to whole bytes.
fn base64(fields: &[(u64, usize)]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = |&(value, width): &(u64, usize)| (0..width).rev().map(move |bit| value >> bit & 1);
    let mut bits: Vec<u64> = fields.iter().flat_map(bits).collect();
    bits.resize(bits.len().next_multiple_of(8), 0);
    let sextet = |bits: &[u64]| {
        let value = (0..6).fold(0, |value, at| value << 1 | bits.get(at).unwrap_or(&0));
        char::from(*ALPHABET.get(usize::try_from(value).unwrap()).unwrap())
    };
    bits.chunks(6).map(sextet).collect()
}
