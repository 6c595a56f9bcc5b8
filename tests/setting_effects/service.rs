//! Settings that the service reads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::harness::service::{
    Answer, Before, IDENTIFY, Served, body, id, now, reasons, set_cookie, setup,
};
use crate::harness::tcf::{Bits, Tcf};
use edge_cookie::clock::SystemClock;
use edge_cookie::record::EcId;
use edge_cookie::store::{Insert, KvStore, MemoryStore, Precondition};
use edge_cookie_server::SharedStore;
use edge_cookie_service::ShownId;
use http::Request;

/// A key, what must be set besides for it to matter, its other value, and where the change shows.
pub struct SettingCase {
    pub key: &'static str,
    base: &'static [&'static str],
    change: &'static str,
    shows: fn(&[&str]) -> String,
}

fn memory() -> Arc<MemoryStore<SystemClock>> {
    Arc::new(MemoryStore::new(SystemClock))
}

fn served(sets: &[&str]) -> Served {
    Served::over(memory(), sets)
}

/// The cookie that a new visitor gets, without the random end of its id.
fn new_cookie(sets: &[&str]) -> String {
    new_cookie_from("203.0.113.7", sets)
}

fn new_cookie_from(address: &str, sets: &[&str]) -> String {
    // A busy machine may take longer than the default gives a new id.
    let patient = [&["organic.budget=60s"], sets].concat();
    let page = served(&patient).at_address(address).page(None);
    let cookie = set_cookie(&page).unwrap();
    let (before, after) = cookie.split_once('.').unwrap();
    format!("{before} {}", &after[6..])
}

fn status(answer: &Answer) -> String {
    answer.status().to_string()
}

/// A barrier with a timeout: calls wait until `wanted` of them are there.
struct CallBarrier {
    wanted: usize,
    arrived: Mutex<usize>,
    timed_out: AtomicBool,
    changed: Condvar,
}

/// Long for a store, and short for a test that waits until the timeout.
const TIMEOUT: Duration = Duration::from_millis(300);

impl CallBarrier {
    fn of(wanted: usize) -> Arc<Self> {
        Arc::new(Self {
            wanted,
            arrived: Mutex::new(0),
            timed_out: AtomicBool::new(false),
            changed: Condvar::new(),
        })
    }

    fn wait(&self) {
        let mut arrived = self.arrived.lock().unwrap();
        *arrived += 1;
        self.changed.notify_all();
        let waited = self
            .changed
            .wait_timeout_while(arrived, TIMEOUT, |arrived| *arrived < self.wanted);
        if waited.unwrap().1.timed_out() {
            self.timed_out.store(true, Ordering::SeqCst);
        }
    }
}

/// A store whose reads and writes wait at the barrier first.
fn store_behind(barrier: &Arc<CallBarrier>) -> SharedStore {
    let barrier = Arc::clone(barrier);
    Before::new(move |_| {
        barrier.wait();
        Ok(())
    })
}

/// The answer to an operator with the user name `operator` and the password `secret`.
fn basic_status(sets: &[&str]) -> String {
    let request = Request::get("/_ts/admin/v1/policy");
    // As `printf %s operator:secret | base64` writes them.
    let request = request.header("authorization", "Basic b3BlcmF0b3I6c2VjcmV0");
    status(&served(sets).answer(request.body(String::new()).unwrap()))
}

/// A store that waits for two calls.
fn late() -> SharedStore {
    store_behind(&CallBarrier::of(2))
}

/// Whether two lookups of one batch meet before either is given up.
fn meets(sets: &[&str]) -> String {
    let answer = Served::over(late(), sets).sync(&[&id(1), &id(2)]);
    format!("{:?}", reasons(&answer))
}

/// A page asked for without any signal from this place.
fn page_in(place: &str, sets: &[&str], header: Option<&str>) -> String {
    let served = served(sets).in_place(place);
    let mut request = Request::get("/")
        .header("accept", "text/html")
        .header("cookie", "ts-ec=malformed");
    if let Some(header) = header {
        request = request.header(header, "1");
    }
    let answer = served.answer(request.body(String::new()).unwrap());
    set_cookie(&answer)
        .map_or("nothing", |cookie| {
            if cookie.contains("Max-Age=0") {
                "expired"
            } else {
                "new"
            }
        })
        .to_owned()
}

/// Whether a request with these headers gets a new id.
fn page_for(headers: &[(&str, &str)], sets: &[&str]) -> String {
    let request = Request::get("/").header("cookie", "us_privacy=1YNN");
    let request = (headers.iter()).fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let answer = served(sets).answer(request.body(String::new()).unwrap());
    set_cookie(&answer).is_some().to_string()
}

/// What happens to the cookie of a page asked for from this place with these cookies, and with Global Privacy Control or without.
fn page_with(place: &str, sets: &[&str], cookies: &str, gpc: bool) -> String {
    let cookies = format!("ts-ec=malformed; {cookies}");
    let request = Request::get("/")
        .header("accept", "text/html")
        .header("cookie", cookies);
    let request = if gpc {
        request.header("sec-gpc", "1")
    } else {
        request
    };
    let answer = served(sets)
        .in_place(place)
        .answer(request.body(String::new()).unwrap());
    let cookie = set_cookie(&answer);
    let what = cookie.map_or("nothing", |cookie| {
        if cookie.contains("Max-Age=0") {
            "expired"
        } else {
            "new"
        }
    });
    what.to_owned()
}

/// The same in Germany with such a consent by TCF.
fn page_by_tcf(sets: &[&str], gpc: bool, change: impl Fn(&mut Tcf)) -> String {
    let mut given = Tcf::given_at(now());
    change(&mut given);
    let cookie = format!("euconsent-v2={}", given.text());
    page_with("DE", sets, &cookie, gpc)
}

const DAY: u64 = 24 * 60 * 60;

pub const CASES: &[SettingCase] = &[
    SettingCase {
        key: "passphrase",
        base: &[],
        change: "another",
        shows: new_cookie,
    },
    SettingCase {
        key: "id.ipv6_form",
        base: &[],
        change: "groups",
        shows: |sets| new_cookie_from("2001:db8:85a3::7334", sets),
    },
    SettingCase {
        key: "admin_token",
        base: &[],
        change: "another",
        shows: |sets| status(&served(sets).get("/_ts/admin/v1/policy")),
    },
    SettingCase {
        key: "admin.basic.username",
        base: &["admin.basic.username=ops", "admin.basic.password=secret"],
        change: "operator",
        shows: basic_status,
    },
    SettingCase {
        key: "admin.basic.password",
        base: &[
            "admin.basic.username=operator",
            "admin.basic.password=other",
        ],
        change: "secret",
        shows: basic_status,
    },
    SettingCase {
        key: "partners",
        base: &[],
        change: "[{ source_domain = \"a.com\", enabled = false }]",
        shows: |sets| status(&served(sets).sync(&[])),
    },
    SettingCase {
        key: "sync.max_batch",
        base: &[],
        change: "1",
        shows: |sets| status(&served(sets).sync(&[&id(1), &id(2)])),
    },
    SettingCase {
        key: "sync.max_body_bytes",
        base: &[],
        change: "1024",
        shows: |sets| status(&served(sets).post(" ".repeat(1_025))),
    },
    SettingCase {
        key: "sync.concurrency",
        base: &["store.call_timeout=60s"],
        change: "1",
        shows: |sets| {
            // Alone, the first lookup waits for the second until the timeout, and so does the other.
            let barrier = CallBarrier::of(2);
            Served::over(store_behind(&barrier), sets).sync(&[&id(1), &id(2)]);
            barrier.timed_out.load(Ordering::SeqCst).to_string()
        },
    },
    SettingCase {
        key: "sync.reasons",
        base: &["sync.on_missing=reject"],
        change: "opaque",
        shows: |sets| format!("{:?}", reasons(&served(sets).sync(&[&id(1)]))),
    },
    SettingCase {
        key: "sync.rate_limit",
        base: &[],
        change: "1",
        shows: |sets| {
            let served = served(sets);
            served.sync(&[]);
            status(&served.sync(&[]))
        },
    },
    SettingCase {
        key: "sync.rate_window",
        base: &["sync.rate_limit=1"],
        change: "10s",
        shows: |sets| {
            let served = served(sets);
            served.sync(&[]);
            format!("{:?}", served.sync(&[]).headers().get("retry-after"))
        },
    },
    SettingCase {
        key: "sync.invalid_token_limit",
        base: &[],
        change: "1",
        shows: |sets| {
            let served = served(sets);
            let guess = || {
                let guess = Request::post(crate::harness::service::BATCH_SYNC)
                    .header("authorization", "Bearer no");
                served.answer(guess.body(String::new()).unwrap())
            };
            guess();
            status(&guess())
        },
    },
    SettingCase {
        key: "cookie.name",
        base: &[],
        change: "id",
        shows: new_cookie,
    },
    SettingCase {
        key: "cookie.max_age",
        base: &[],
        change: "30d",
        shows: new_cookie,
    },
    SettingCase {
        key: "cookie.same_site",
        base: &[],
        change: "None",
        shows: new_cookie,
    },
    SettingCase {
        key: "cookie.http_only",
        base: &[],
        change: "false",
        shows: new_cookie,
    },
    SettingCase {
        key: "cookie.renewal",
        base: &[],
        change: "on_touch",
        shows: |sets| {
            let store = memory();
            let then = now() - 3_600;
            let body = format!(
                r#"{{"v":1,"created":{then},"last_seen":{then},"consent":{{"ok":true,"updated":{then}}},"geo":{{"country":"US"}},"ids":{{}}}}"#
            );
            let insert = Insert {
                body: body.into_bytes(),
                metadata: Vec::new(),
                ttl: None,
                precondition: Precondition::None,
            };
            store.insert(&id(1), insert).unwrap();
            let page = Served::over(store, sets).page(Some(&id(1)));
            format!("{:?}", set_cookie(&page))
        },
    },
    SettingCase {
        key: "cookie.on_failed_withdrawal",
        base: &["organic.budget=0ms"],
        change: "expire",
        shows: |sets| {
            // Its write is late, and counts as failed.
            let served = Served::over(late(), sets);
            format!("{:?}", set_cookie(&served.withdraw(&id(1))))
        },
    },
    SettingCase {
        key: "organic.budget",
        base: &["organic.budget=60s"],
        change: "0ms",
        shows: |sets| {
            let page = Served::over(late(), sets).page(None);
            set_cookie(&page).is_some().to_string()
        },
    },
    SettingCase {
        key: "organic.identify",
        base: &[],
        change: "all",
        shows: |sets| page_for(&[("sec-fetch-dest", "image")], sets),
    },
    SettingCase {
        key: "organic.identify_frames",
        base: &[],
        change: "true",
        shows: |sets| page_for(&[("sec-fetch-dest", "iframe")], sets),
    },
    SettingCase {
        key: "organic.ts_prefixes",
        base: &[],
        change: "[\"/_ts/assets/\"]",
        shows: |sets| status(&served(sets).get("/_ts/assets/a.css")),
    },
    SettingCase {
        key: "store.call_timeout",
        base: &["store.call_timeout=60s"],
        change: "1ms",
        shows: |sets| {
            // One call waits for a second that never comes, and is late.
            let identified = Served::over(late(), sets).identify(&id(1));
            body(&identified)["degraded"].to_string()
        },
    },
    SettingCase {
        key: "local.store_calls",
        base: &["store.call_timeout=100ms"],
        change: "1",
        shows: meets,
    },
    SettingCase {
        key: "consent.honour_refusals",
        base: &[],
        change: "by_place",
        shows: |sets| page_in("BR", sets, Some("sec-gpc")),
    },
    SettingCase {
        key: "consent.gdpr_countries",
        base: &[],
        change: "[\"FR\"]",
        shows: |sets| page_in("DE", sets, None),
    },
    SettingCase {
        key: "consent.us_states",
        base: &[],
        change: "[\"TX\"]",
        shows: |sets| page_in("US-CA", sets, None),
    },
    SettingCase {
        key: "consent.opt_in_regions",
        base: &[],
        change: "[]",
        shows: |sets| page_in("CA-QC", sets, None),
    },
    SettingCase {
        key: "consent.us_without_signal",
        base: &[],
        change: "grant",
        shows: |sets| page_in("US-CA", sets, None),
    },
    SettingCase {
        key: "consent.gpc_in_opt_in",
        base: &[],
        change: "refusal",
        shows: |sets| page_by_tcf(sets, true, |_| {}),
    },
    SettingCase {
        key: "consent.tcf_max_age",
        base: &[],
        change: "1d",
        shows: |sets| {
            page_by_tcf(sets, false, |given| {
                given.created -= 2 * DAY;
                given.updated -= 2 * DAY;
            })
        },
    },
    SettingCase {
        key: "consent.clock_skew",
        base: &[],
        change: "0s",
        shows: |sets| page_by_tcf(sets, false, |given| given.updated += DAY / 2),
    },
    SettingCase {
        key: "consent.tcf_validity",
        base: &[],
        change: "lenient",
        shows: |sets| page_by_tcf(sets, false, |given| given.service_specific = false),
    },
    SettingCase {
        key: "consent.max_signal_bytes",
        base: &[],
        change: "256",
        shows: |sets| {
            let core = Tcf {
                discloses_vendors: false,
                ..Tcf::given_at(now())
            };
            // A segment that discloses none of 4,000 vendors.
            let disclosed = Bits::default().put(1, 3).put(4_000, 16).put(0, 1);
            let none = (0..4_000).fold(disclosed, |bits, _| bits.put(0, 1));
            let long = format!("{}.{}", core.text(), none.base64());
            page_with("DE", sets, &format!("euconsent-v2={long}"), false)
        },
    },
    SettingCase {
        key: "consent.cookies.tcf",
        base: &[],
        change: "[\"one\"]",
        shows: |sets| page_by_tcf(sets, false, |_| {}),
    },
    SettingCase {
        key: "consent.cookies.gpp",
        base: &[],
        change: "[\"one\"]",
        // Section 8, California: notices given, no opt-out.
        shows: |sets| page_with("US-CA", sets, "__gpp=DBABBg~BVoAAAAg.QA", false),
    },
    SettingCase {
        key: "consent.cookies.us_privacy",
        base: &[],
        change: "[\"one\"]",
        shows: |sets| page_with("US-CA", sets, "us_privacy=1YNN", false),
    },
    SettingCase {
        key: "identify.cors_max_age",
        base: &[],
        change: "1h",
        shows: |sets| {
            let request = Request::options(IDENTIFY).header("origin", "https://publisher.example");
            let answer = served(sets).answer(request.body(String::new()).unwrap());
            format!("{:?}", answer.headers().get("access-control-max-age"))
        },
    },
    SettingCase {
        key: "log.id_chars",
        base: &[],
        change: "4",
        shows: |sets| {
            let id: EcId = id(1).parse().unwrap();
            ShownId::of(&id, setup(sets).policy().log.id_chars).to_string()
        },
    },
];

#[test]
fn every_service_setting_has_an_effect() {
    for case in CASES {
        let change = format!("{}={}", case.key, case.change);
        let changed = [case.base, &[change.as_str()]].concat();
        assert_ne!(
            (case.shows)(case.base),
            (case.shows)(&changed),
            "`{change}` changes nothing"
        );
        let [before, after] = [case.base, &changed].map(|sets| setup(sets).policy().digest.clone());
        // A policy has one digest on every machine.
        assert_eq!(
            before == after,
            case.key.starts_with("local."),
            "`{change}` and the digest"
        );
    }
}
