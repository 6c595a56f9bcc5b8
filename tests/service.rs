//! What the service does where its store does not do what it is asked for.
#![allow(
    clippy::maybe_infinite_iter,
    reason = "a failed test should stop, and what must come is waited for"
)]

use crate::harness::service as support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};

use edge_cookie::clock::SystemClock;
use edge_cookie::store::{Consistency, Insert, KvStore, Precondition, Removed, StoreError, Stored};
use edge_cookie_server::{Exposition, SharedStore};
use support::{Before, Call, HEALTH, Memory, Served, body, id, now, reasons, set_cookie};

fn down(_: Call) -> Result<(), StoreError> {
    Err(StoreError::Unavailable("it is down".to_owned()))
}

fn rubbish(memory: &Memory, key: &str) {
    let insert = Insert {
        body: b"\xff rubbish".to_vec(),
        metadata: Vec::new(),
        ttl: None,
        precondition: Precondition::None,
    };
    memory.insert(key, insert).unwrap();
}

#[test]
fn with_the_store_down_pages_are_served_and_partners_get_errors() {
    let store = Before::new(down);
    let served = Served::over(store.clone(), &["sync.concurrency=1"]);
    let user = id(1);
    for page in [served.page(None), served.page(Some(&user))] {
        assert_eq!(
            (page.status(), set_cookie(&page)),
            (http::StatusCode::NO_CONTENT, None)
        );
    }
    let identified = served.identify(&user);
    assert_eq!(identified.status(), 200);
    assert_eq!(
        (&body(&identified)["degraded"], body(&identified).get("uid")),
        (&true.into(), None)
    );
    assert_eq!(served.get(HEALTH).status(), 503);
    for path in ["", &format!("/{user}")] {
        let refused = served.get(&format!("/_ts/admin/v1/ec{path}"));
        assert_eq!(refused.status(), 503);
        assert_eq!(body(&refused)["error"], "kv_unavailable");
    }
    // Once it is known to be down, nothing more is tried.
    let before = store.calls();
    let batch = served.sync(&[&id(1), &id(2), "malformed", &id(3)]);
    let unavailable = "kv_unavailable";
    assert_eq!(
        reasons(&batch),
        [unavailable, unavailable, "invalid_ec_id", unavailable]
    );
    assert_eq!(store.calls() - before, 1);
}

/// A store whose calls hang until the test lets them go.
fn hanging() -> (Sender<()>, impl Fn(Call) -> Result<(), StoreError>) {
    let (release, released): (Sender<()>, Receiver<()>) = channel();
    let released = Mutex::new(released);
    let hang = move |_| {
        // Until the test lets go of its end.
        let _ = released.lock().unwrap().recv();
        Ok(())
    };
    (release, hang)
}

#[test]
fn with_the_store_hanging_pages_are_served_meanwhile() {
    let (release, hang) = hanging();
    let served = Served::over(
        Before::new(hang),
        &[
            "organic.budget=10ms",
            "store.call_timeout=20ms",
            "cookie.on_failed_withdrawal=expire",
        ],
    );
    let user = id(1);
    // Every answer below comes while the store has answered nothing yet.
    for page in [served.page(None), served.page(Some(&user))] {
        assert_eq!(
            (page.status(), set_cookie(&page)),
            (http::StatusCode::NO_CONTENT, None)
        );
    }
    let withdrawn = served.withdraw(&user);
    assert!(set_cookie(&withdrawn).unwrap().contains("Max-Age=0"));
    assert_eq!(body(&served.identify(&user))["degraded"], true);
    assert_eq!(reasons(&served.sync(&[&user])), ["kv_unavailable"]);
    assert!(
        served
            .metrics
            .text(Exposition::OpenMetrics)
            .contains("ec_troubles_total{kind=\"budget_spent\"} 3")
    );
    drop(release);
}

#[test]
fn a_withdrawal_goes_on_after_its_page_was_served() {
    let (release, hang) = hanging();
    let store = Before::new(hang);
    let served = Served::over(
        store.clone(),
        &["organic.budget=1ms", "store.call_timeout=60s"],
    );
    let user = id(1);
    assert_eq!(served.withdraw(&user).status(), 204);
    assert!(store.memory.lookup(&user).unwrap().is_none());
    drop(release);
    let written = || store.memory.lookup(&user).unwrap().is_some();
    assert!((0..).any(|_| written()));
}

#[test]
fn a_record_that_is_rubbish_is_degraded_for_itself_alone() {
    let store = Arc::new(Memory::new(SystemClock));
    let served = Served::over(store.clone(), &[]);
    let (broken, good) = (id(1), id(2));
    rubbish(&store, &broken);
    assert_eq!(served.page(Some(&broken)).status(), 204);
    assert_eq!(body(&served.identify(&broken))["degraded"], true);
    let batch = served.sync(&[&broken, &good]);
    assert_eq!(
        (&body(&batch)["accepted"], reasons(&batch)),
        (&1.into(), vec!["unreadable_entry".to_owned()])
    );
    let shown = served.get(&format!("/_ts/admin/v1/ec/{broken}"));
    assert_eq!(body(&shown)["state"], "unreadable");
    assert!(body(&shown)["why"].is_string() && body(&shown)["body"].is_string());
    // Withdrawal wins even so.
    served.withdraw(&broken);
    assert_eq!(
        body(&served.get(&format!("/_ts/admin/v1/ec/{broken}")))["state"],
        "tombstone"
    );
}

#[test]
fn a_stored_placeholder_uid_is_not_given_out() {
    let store = Before::new(|_| Ok(()));
    let user = id(1);
    let graph = Arc::clone(&store);
    let served = Served::over(graph, &["sync.sentinels=[\"$*\", \"lr_?\"]"]);
    let put = |uid: &str| {
        let record = format!(
            r#"{{"v":1,"created":1,"last_seen":{now},"consent":{{"ok":true,"updated":{now}}},"geo":{{"country":"US"}},"ids":{{"a.com":{{"uid":"{uid}"}}}}}}"#,
            now = now()
        );
        let insert = Insert {
            body: record.into(),
            metadata: r#"{"ok":true,"country":"US","v":1}"#.into(),
            ttl: None,
            precondition: Precondition::None,
        };
        store.memory.insert(&user, insert).unwrap();
        body(&served.identify(&user))
    };
    for uid in ["$UID", " ${UID}", "LR_?", "  "] {
        let identified = put(uid);
        assert_eq!((identified.get("uid"), identified.get("eid")), (None, None));
        assert_eq!(identified["degraded"], false);
    }
    let identified = put("LR_1");
    assert_eq!(identified["uid"], "LR_1");
    assert_eq!(identified["eid"]["uids"][0]["id"], "LR_1");
}

#[test]
fn a_busy_record_is_distinguished_from_a_store_that_is_down() {
    for (error, reason) in [
        (StoreError::PreconditionFailed, "retries_exhausted"),
        (StoreError::RateLimited, "retries_exhausted"),
        (StoreError::TooLarge("x".to_owned()), "entry_too_large"),
    ] {
        let store = Before::new(move |call| match call {
            Call::Read => Ok(()),
            Call::Write => Err(error.clone()),
        });
        let served = Served::over(store, &["sync.concurrency=1"]);
        assert_eq!(reasons(&served.sync(&[&id(1), &id(2)])), [reason, reason]);
    }
}

#[test]
fn a_failed_withdrawal_is_counted_and_its_cookie_is_as_the_policy_says() {
    // Without an outbox `auto` keeps the cookie.
    for (setting, expired) in [("expire", true), ("keep", false), ("auto", false)] {
        let sets = format!("cookie.on_failed_withdrawal={setting}");
        let served = Served::over(Before::new(down), &[&sets]);
        let answer = served.withdraw(&id(1));
        let is_expired = set_cookie(&answer).is_some_and(|cookie| cookie.contains("Max-Age=0"));
        assert_eq!(is_expired, expired, "{setting}");
        assert!(
            served
                .metrics
                .text(Exposition::OpenMetrics)
                .contains("ec_failed_withdrawals_total 1"),
            "{setting}"
        );
    }
}

#[test]
fn a_withdrawal_that_is_written_takes_the_cookie_whatever_the_policy_says_of_others() {
    for setting in ["expire", "keep", "auto"] {
        let sets = format!("cookie.on_failed_withdrawal={setting}");
        let served = Served::over(Before::new(|_| Ok(())), &[&sets]);
        let answer = served.withdraw(&id(1));
        assert!(set_cookie(&answer).is_some_and(|cookie| cookie.contains("Max-Age=0")));
    }
}

/// A request with both of these ids.
fn with_both(one: &str, two: &str) -> http::request::Builder {
    let cookies = format!("us_privacy=1YNN; ts-ec={one}; ts-ec={two}");
    http::Request::get("/").header("cookie", cookies)
}

#[test]
fn a_cookie_is_kept_where_one_of_several_withdrawals_failed() {
    for (rule, expires) in [("keep", false), ("expire", true)] {
        for failing in [1, 2] {
            let writes = AtomicUsize::new(0);
            let store = Before::new(move |call| {
                let number = match call {
                    Call::Read => 0,
                    Call::Write => writes.fetch_add(1, Ordering::SeqCst) + 1,
                };
                if number == failing {
                    down(call)
                } else {
                    Ok(())
                }
            });
            let rule = format!("cookie.on_failed_withdrawal={rule}");
            let served = Served::over(store.clone(), &[&rule, "cas.max_retries=0"]);
            let (one, two) = (id(1), id(2));
            let request = with_both(&one, &two).header("sec-gpc", "1");
            let answer = served.answer(request.body(String::new()).unwrap());
            assert_eq!(set_cookie(&answer).is_some(), expires, "{rule} {failing}");
            let written = [one, two].map(|id| store.memory.lookup(&id).unwrap().is_some());
            assert_eq!(written.iter().filter(|written| **written).count(), 1);
        }
    }
}

#[test]
fn several_cookies_cost_a_read_for_each_up_to_the_first_that_is_live() {
    let store = Arc::new(Memory::new(SystemClock));
    let served = Served::over(store.clone(), &[]);
    let page = served.page(None);
    let live = set_cookie(&page).unwrap()["ts-ec=".len()..]
        .split(';')
        .next()
        .unwrap();
    let reads = |one: &str, two: &str| {
        let before = store.calls();
        served.answer(with_both(one, two).body(String::new()).unwrap());
        let after = store.calls();
        (
            after.lookups - before.lookups,
            after.inserts - before.inserts,
        )
    };
    assert_eq!(reads(live, &id(1)), (1, 0));
    assert_eq!(reads(&id(1), live), (2, 0));
    assert_eq!(reads(live, live), (1, 0));
    let broken = id(2);
    rubbish(&store, &broken);
    // One that cannot be read is passed over; where nothing else is live, it is not replaced.
    assert_eq!(reads(&broken, live), (2, 0));
    assert_eq!(reads(&broken, &id(1)), (2, 0));
    let identified = served.answer(
        http::Request::get(support::IDENTIFY)
            .header("authorization", "Bearer token-a")
            .header(
                "cookie",
                format!("us_privacy=1YNN; ts-ec={}; ts-ec={broken}", id(1)),
            )
            .body(String::new())
            .unwrap(),
    );
    assert_eq!(body(&identified)["degraded"], true);
}

#[test]
fn ids_are_listed_from_a_prefix_after_an_id_and_up_to_a_limit() {
    let store = Arc::new(Memory::new(SystemClock));
    let served = Served::over(store.clone(), &[]);
    let ids = [id(0x10), id(0x11), id(0x12), id(0x20)];
    for id in &ids {
        rubbish(&store, id);
    }
    let prefix = &ids[0][..63];
    for (query, listed) in [
        (String::new(), &ids[..]),
        ("?limit=2".to_owned(), &ids[..2]),
        (format!("?prefix={prefix}"), &ids[..3]),
        (
            format!("?limit=1&after={}&prefix={prefix}", ids[0]),
            &ids[1..2],
        ),
        ("?limit=5000".to_owned(), &ids[..]),
    ] {
        let answer = served.get(&format!("/_ts/admin/v1/ec{query}"));
        assert_eq!(body(&answer)["ids"], serde_json::json!(listed), "{query}");
    }
    assert_eq!(served.get("/_ts/admin/v1/ec?limit=some").status(), 400);
}

#[test]
fn a_batch_of_one_users_mappings_is_one_read_and_one_write() {
    let store = Arc::new(Memory::new(SystemClock));
    let served = Served::over(store.clone(), &[]);
    let user = id(1);
    let page = served.page(None);
    let known = set_cookie(&page).unwrap()["ts-ec=".len()..]
        .split(';')
        .next()
        .unwrap();
    for user in [user.as_str(), known] {
        let before = store.calls();
        let mappings = vec![user; 1_000];
        assert_eq!(body(&served.sync(&mappings))["accepted"], 1_000);
        let after = store.calls();
        assert_eq!(
            (
                after.lookups - before.lookups,
                after.inserts - before.inserts
            ),
            (1, 1)
        );
    }
}

#[test]
fn what_each_request_asks_of_the_store() {
    let store = Arc::new(Memory::new(SystemClock));
    let served = Served::over(store.clone(), &[]);
    let costs = |name: &str, reads: u64, writes: u64, request: &dyn Fn() -> support::Answer| {
        let before = store.calls();
        let answer = request();
        let after = store.calls();
        let cost = (
            after.lookups - before.lookups,
            after.inserts - before.inserts,
        );
        assert_eq!(cost, (reads, writes), "{name}");
        answer
    };
    let page = costs("a new user's page", 1, 1, &|| served.page(None));
    let user = set_cookie(&page).unwrap()["ts-ec=".len()..]
        .split(';')
        .next()
        .unwrap();
    let (user, forged) = (Some(user), id(1));
    costs("a known user's page", 1, 0, &|| served.page(user));
    costs("a forged id's page", 2, 1, &|| served.page(Some(&forged)));
    let user = user.unwrap();
    costs("identify", 1, 0, &|| served.identify(user));
    costs("identify without an id", 0, 0, &|| served.identify(""));
    costs("a mapping", 1, 1, &|| served.sync(&[user]));
    costs("a withdrawal", 0, 1, &|| served.withdraw(user));
}

#[test]
fn as_many_calls_are_in_flight_as_the_policy_says() {
    const TOGETHER: usize = 8;
    // Each read waits until as many others have come: fewer in flight, and none would go on.
    let meeting = Barrier::new(TOGETHER);
    let store = Before::new(move |call| {
        if call == Call::Read {
            meeting.wait();
        }
        Ok(())
    });
    let served = Served::over(store, &["sync.concurrency=8", "store.call_timeout=60s"]);
    let ids: Vec<String> = (0..2 * TOGETHER as u64).map(id).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(body(&served.sync(&ids))["accepted"], 2 * TOGETHER);
}

#[test]
fn outcomes_are_in_the_order_of_the_mappings() {
    let served = Served::over(
        Arc::new(Memory::new(SystemClock)),
        &["sync.on_missing=reject"],
    );
    let known: Vec<String> = (0..5)
        .map(|_| {
            let page = served.page(None);
            set_cookie(&page).unwrap()["ts-ec=".len()..]
                .split(';')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    let mut ids = Vec::new();
    let unknown: Vec<String> = (0..5).map(id).collect();
    for (known, unknown) in known.iter().zip(&unknown) {
        ids.extend([known.as_str(), unknown.as_str()]);
    }
    let batch = body(&served.sync(&ids));
    let errors = batch["errors"].as_array().unwrap();
    let indexes: Vec<u64> = errors
        .iter()
        .map(|error| error["index"].as_u64().unwrap())
        .collect();
    assert_eq!(
        (batch["accepted"].as_u64(), indexes),
        (Some(5), vec![1, 3, 5, 7, 9])
    );
}

/// Health writes, too, and one that only reads is not well.
#[test]
fn a_store_that_takes_no_writes_is_not_well() {
    let store = Before::new(|call| match call {
        Call::Read => Ok(()),
        Call::Write => Err(StoreError::Unavailable("READONLY".to_owned())),
    });
    let served = Served::over(store, &[]);
    let health = served.get(HEALTH);
    assert_eq!(health.status(), 503);
    let health = body(&health);
    assert_eq!(health["status"], "unavailable");
    let [graph, partners] = [0, 1].map(|store| health["stores"][store].clone());
    assert_eq!(
        (&graph["answers"], &graph["writes"]),
        (&true.into(), &false.into())
    );
    assert_eq!(
        (&partners["answers"], &partners["writes"]),
        (&true.into(), &true.into())
    );
}

/// A store that forgets what it acknowledged is found out by the read that follows.
#[test]
fn a_store_that_loses_writes_is_not_well() {
    struct Forgetful(Memory);
    impl KvStore for Forgetful {
        fn consistency(&self) -> Consistency {
            self.0.consistency()
        }
        fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
            self.0.lookup(key)
        }
        fn exists(&self, key: &str) -> Result<bool, StoreError> {
            self.0.exists(key)
        }
        fn insert(&self, _: &str, _: Insert) -> Result<(), StoreError> {
            Ok(())
        }
        fn delete(&self, key: &str) -> Result<Removed, StoreError> {
            self.0.delete(key)
        }
        fn list(
            &self,
            prefix: &str,
            after: Option<&str>,
            limit: usize,
        ) -> Result<Vec<String>, StoreError> {
            self.0.list(prefix, after, limit)
        }
    }
    let store = Arc::new(Forgetful(Memory::new(SystemClock)));
    let served = Served::over(store, &[]);
    assert_eq!(served.get(HEALTH).status(), 503);
}

/// Many who ask for health share one write, and what it wrote is not a user's record.
#[test]
fn health_writes_once_for_all_and_is_listed_nowhere() {
    const ASKED: usize = 200;
    let start = std::time::Instant::now();
    let writes = Arc::new(Mutex::new(0));
    let count = Arc::clone(&writes);
    let store = Before::new(move |call| {
        *count.lock().unwrap() += u64::from(call == Call::Write);
        Ok(())
    });
    let served = Served::over(Arc::clone(&store) as SharedStore, &[]);
    std::thread::scope(|threads| {
        for _ in 0..ASKED / 10 {
            threads.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(served.get(HEALTH).status(), 200);
                }
            });
        }
    });
    // At most one a second, however long the machine takes.
    let most = start.elapsed().as_secs() + 1;
    assert!((1..=most).contains(&*writes.lock().unwrap()), "in {most}s");
    assert_eq!(store.memory.held_records(), 1);
    let listed = body(&served.get("/_ts/admin/v1/ec"));
    assert_eq!(listed["ids"].as_array().unwrap().len(), 0);
}
