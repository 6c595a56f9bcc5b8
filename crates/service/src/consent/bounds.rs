//! What a decision costs at most, whatever is sent: steps in proportion to the bytes that are read, and memory that does not
//! follow them.

use allocation_counter::measure;
use http::HeaderMap;
use http::header::COOKIE;

use super::bits::STEPS;
use super::sample::{TcfSample, base64};
use super::{Location, MAX_SIGNALS, Signal, Signals, decide};
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;

const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

/// Places under each kind of law.
const PLACES: [Option<Location<'static>>; 5] = [
    Some(place("DE", None)),
    Some(place("CA", Some("QC"))),
    Some(place("US", Some("CA"))),
    Some(place("JP", None)),
    None,
];

const fn place(country: &'static str, region: Option<&'static str>) -> Location<'static> {
    Location { country, region }
}

/// Bytes that a decision allocates at most: the two lists of what is wrong, which are bounded.
const DECISION_BYTES: u64 = 2_048;

/// Bytes that taking a value allocates at most for each of its own, where it is URL-encoded and a copy grows; and for the list
/// of values.
const PER_BYTE: u64 = 4;
const LIST_BYTES: u64 = 2_048;

/// The same for the lists of a request's cookies and values.
const REQUEST_BYTES: u64 = 16_384;

/// Steps for each byte: a character of base64 may be read bit by bit, and the first ones of a segment twice.
const STEPS_PER_BYTE: usize = 8;

/// Fields of a TCF core up to its vendors.
fn core() -> Vec<(u64, u32)> {
    let tenths = NOW.unix() * 10;
    vec![
        (2, 6),
        (tenths, 36),
        (tenths, 36),
        (10, 12),
        (1, 12),
        (1, 6),
        (4, 6),
        (13, 6),
        (150, 12),
        (5, 6),
        (1, 1),
        (0, 13),
        (1 << 23, 24),
        (0, 25),
        (3, 6),
        (4, 6),
    ]
}

/// A core that goes on with some fields, and with one more until it is as long as is read.
fn filled(begin: &[(u64, u32)], again: &[(u64, u32)], length: usize) -> String {
    let mut fields = core();
    fields.extend(begin);
    let mut bits: usize = fields.iter().map(|(_, width)| *width as usize).sum();
    while bits < length * 6 {
        fields.extend(again);
        bits += again
            .iter()
            .map(|(_, width)| *width as usize)
            .sum::<usize>();
    }
    base64(&fields).chars().take(length).collect()
}

/// A header of GPP that names every section from 1 to 255: type, version, one range from 1 (`11`) on 254 numbers
/// (Fibonacci's 233 + 21).
fn every_section() -> String {
    let to_254: Vec<(u64, u32)> = "0000001000011"
        .bytes()
        .map(|bit| (u64::from(bit - b'0'), 1))
        .collect();
    let mut fields = vec![(3, 6), (1, 6), (1, 12), (1, 1), (3, 2)];
    fields.extend(to_254);
    base64(&fields)
}

/// Strings that ask for as much work and memory as their format allows, of about so many bytes.
fn hostile(length: usize) -> Vec<(Signal, String)> {
    use Signal::{Gpp, Tcf, UsPrivacy};
    let valid = TcfSample {
        consents: true,
        at: NOW,
        valid: true,
        length: 0,
    };
    let valid = valid.text();
    let none = [(0, 17), (0, 17)];
    let rest = |text: &str, again: &str| {
        let times = length.saturating_sub(text.len()) / again.len();
        format!("{text}{}", again.repeat(times))
    };
    let header = every_section();
    let long_section = format!("B{}", "q".repeat(length / 255));
    vec![
        // Ranges of vendors, single ones and pairs, as many as can be announced.
        (
            Tcf,
            filled(
                &[(0xffff, 16), (1, 1), (0xfff, 12)],
                &[(0, 1), (1, 16)],
                length,
            ),
        ),
        (
            Tcf,
            filled(
                &[(0xffff, 16), (1, 1), (0xfff, 12)],
                &[(1, 1), (1, 16), (0xffff, 16)],
                length,
            ),
        ),
        // As many restrictions as can be announced, with as many ranges each, and with none.
        (
            Tcf,
            filled(
                &[none[0], none[1], (0xfff, 12)],
                &[(0, 8), (0xfff, 12), (1, 1), (1, 16), (2, 16)],
                length,
            ),
        ),
        (
            Tcf,
            filled(&[none[0], none[1], (0xfff, 12)], &[(0, 8), (0, 12)], length),
        ),
        // A field of as many vendors as there can be.
        (Tcf, filled(&[(0xffff, 16), (0, 1)], &[(0, 6)], length)),
        // Segments without end: empty ones, disclosed vendors, cores, characters that are none.
        (Tcf, rest(&valid, ".")),
        (Tcf, rest(&valid, ".IAAA")),
        (Tcf, rest(&valid, ".C")),
        (Tcf, rest(&valid, ".!")),
        (Tcf, rest("", "%2e")),
        (Tcf, rest("", "é")),
        // Sections without end, each of a state, unknown or empty.
        (Gpp, format!("{header}{}", "~".repeat(255))),
        (
            Gpp,
            format!("{header}{}", format!("~{long_section}").repeat(255)),
        ),
        (Gpp, rest(&header, "~")),
        (Gpp, rest("", "~")),
        (Gpp, rest("DBABLA~Bqqqqqqqqqg", ".QA")),
        (Gpp, rest("DBABLA~Bqqqqqqqqqg", ".")),
        (Gpp, rest("DBABjw~", ".")),
        (Gpp, rest("DBABjw~", "I.")),
        // Numbers without end, and as many as can be announced.
        (Gpp, rest("DBAB", "A")),
        (Gpp, rest("DB__", "2")),
        (UsPrivacy, rest("1YNN", "N")),
    ]
}

/// The greatest that is read by default, and some below it: what is in proportion to one is to all.
const LENGTHS: [usize; 4] = [64, 1_000, 16_000, 65_536];

#[test]
fn steps_follow_the_bytes_that_are_read() {
    let rules = EcPolicy::default().consent;
    for length in LENGTHS {
        for (number, (signal, text)) in hostile(length).iter().enumerate() {
            let signals = Signals::default().with(*signal, text);
            STEPS.set(0);
            let _ = decide(&signals, PLACES[0].as_ref(), &rules, NOW);
            let most = STEPS_PER_BYTE * text.len();
            assert!(STEPS.get() <= most, "{number}: {} of {most}", STEPS.get());
        }
    }
}

#[test]
fn memory_does_not_follow_what_is_sent() {
    let rules = EcPolicy::default().consent;
    for length in LENGTHS {
        let hostile = hostile(length);
        // Each alone, and as many as are read: every one of them another value.
        let texts = |(signal, text): &(Signal, String)| {
            let another = |number| (*signal, format!("{text}{number}"));
            (0..MAX_SIGNALS + 2).map(another).collect::<Vec<_>>()
        };
        let alone = hostile.iter().map(|one| vec![one.clone()]);
        let many = hostile.iter().filter(|_| length < LENGTHS[2]).map(texts);
        let requests = alone.chain(many).chain([hostile.clone()]);
        for (number, request) in requests.enumerate() {
            let mut signals = Signals::default();
            let sent: usize = request.iter().map(|(_, text)| text.len()).sum();
            let taken = measure(|| {
                for (signal, text) in &request {
                    signals.add(*signal, text);
                }
            });
            let most = PER_BYTE * sent as u64 + LIST_BYTES;
            assert!(taken.bytes_total <= most, "{number}: {taken:?} of {most}");
            for place in &PLACES {
                let decided = measure(|| drop(decide(&signals, place.as_ref(), &rules, NOW)));
                assert!(
                    decided.bytes_total <= DECISION_BYTES,
                    "{number}: {decided:?}"
                );
            }
        }
    }
}

/// Cookies as they come, however many of them bring a signal.
#[test]
fn reading_a_request_allocates_for_its_signals_alone() {
    let names = EcPolicy::default().consent_cookies;
    let rules = EcPolicy::default().consent;
    let cookies = "_ga=GA1.1.1234567890.1790000000; session=0123456789abcdef; theme=dark";
    let header = |text: String| HeaderMap::from_iter([(COOKIE, text.parse().unwrap())]);
    let without = header(cookies.to_owned());
    let decided = measure(|| {
        let signals = Signals::of_request(&without, &names, |_, _| {});
        assert!(signals.is_empty());
        for place in &PLACES {
            drop(decide(&signals, place.as_ref(), &rules, NOW));
        }
    });
    assert_eq!(decided.count_total, 0);
    // Cookies without end: the same, others, parts of them, and many values that as many parts may continue.
    let many = |cookie: fn(usize) -> String| (0..3_000).map(cookie).collect::<String>();
    for (number, more) in [
        many(|_| "; us_privacy=1YN%4e".to_owned()),
        many(|number| format!("; __gpp=%2{number}")),
        many(|number| format!("; __gpp_{number}=B")),
        many(|number| format!("; __gpp={number}; __gpp_{number}=BBBBBBBB")),
        format!("; __gpp=A; __gpp=B; __gpp_1={}", "C".repeat(60_000)),
    ]
    .into_iter()
    .enumerate()
    {
        let text = format!("{cookies}{more}");
        let sent = text.len() as u64;
        let many = header(text);
        let read = measure(|| drop(Signals::of_request(&many, &names, |_, _| {})));
        let most = PER_BYTE * sent + REQUEST_BYTES;
        assert!(read.bytes_total <= most, "{number}: {read:?} of {most}");
    }
}

#[test]
fn what_is_typical_allocates_nothing() {
    let rules = EcPolicy::default().consent;
    let tcf = TcfSample {
        consents: true,
        at: NOW,
        valid: true,
        length: 700,
    };
    let tcf = tcf.text();
    let requests: [(&[(Signal, &str)], u64); 3] = [
        (&[], 0),
        (&[(Signal::Tcf, &tcf)], 1),
        (
            &[
                (Signal::UsPrivacy, "1YNN"),
                (Signal::Gpp, "DBABLA~BVVqAAAAAWA.QA"),
            ],
            1,
        ),
    ];
    for (request, lists) in requests {
        for gpc in [false, true] {
            let mut signals = Signals::gpc(gpc);
            let taken = measure(|| {
                for (signal, text) in request {
                    signals.add(*signal, *text);
                }
            });
            assert_eq!(taken.count_total, lists, "{request:?}");
            for place in &PLACES {
                let decided = measure(|| drop(decide(&signals, place.as_ref(), &rules, NOW)));
                assert_eq!(decided.count_total, 0, "{request:?} {place:?}");
            }
        }
    }
}
