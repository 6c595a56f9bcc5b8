//! A fail-over behind one address: two servers, a proxy that leads new connections to the one that was promoted, and old
//! connections that stay open at the one that was demoted.
#![cfg(unix)]

use crate::harness::fault_proxy;
use crate::harness::redis;
use crate::harness::running;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::Millis;
use edge_cookie::store::{Insert, KvStore, Precondition, StoreError};
use edge_cookie_stores::{BlockingStore, RedisStore};
use serde_json::{Value, json};

use fault_proxy::FaultProxy;
use redis::{Redis, connect, until};
use running::Running;

fn insert(body: &str) -> Insert {
    Insert {
        body: body.as_bytes().to_vec(),
        metadata: Vec::new(),
        ttl: None,
        precondition: Precondition::None,
    }
}

fn store(url: &str, policy: &EcPolicy) -> BlockingStore<RedisStore> {
    BlockingStore::new(connect(url, policy).store(&policy.root.ec_store)).unwrap()
}

fn say(server: &Redis, command: &str) {
    let answer = server.say(command).unwrap();
    assert!(answer.starts_with('+'), "{command}: {answer}");
}

/// A state in which a server cannot serve, and how it is brought about.
struct State {
    code: &'static str,
    options: &'static [&'static str],
    /// What the server needs before it serves at all.
    prepare: fn(&Redis),
    bring_about: fn(&Redis),
}

fn nothing(_: &Redis) {}

/// Sends a command that is not answered for a while.
fn begin(server: &Redis, command: &'static str) {
    let port = server.port;
    std::thread::spawn(move || redis::say(port, command));
}

fn answers(server: &Redis, command: &str, code: &str) {
    until(code, || {
        server.say(command)?.starts_with(code).then_some(())
    });
}

const STATES: &[State] = &[
    State {
        code: "READONLY",
        options: &[],
        prepare: nothing,
        bring_about: |server| say(server, "REPLICAOF 127.0.0.1 1"),
    },
    State {
        code: "MASTERDOWN",
        options: &["--replica-serve-stale-data", "no"],
        prepare: nothing,
        bring_about: |server| say(server, "REPLICAOF 127.0.0.1 1"),
    },
    State {
        code: "NOREPLICAS",
        options: &[],
        prepare: nothing,
        bring_about: |server| say(server, "CONFIG SET min-replicas-to-write 1"),
    },
    State {
        code: "LOADING",
        options: &["--enable-debug-command", "yes"],
        prepare: |server| say(server, "DEBUG POPULATE 30000"),
        bring_about: |server| {
            say(
                server,
                "CONFIG SET loading-process-events-interval-bytes 1024",
            );
            // A millisecond for each key: longer than the test, and every 1,024 bytes it answers.
            say(server, "CONFIG SET key-load-delay 1000");
            begin(server, "DEBUG RELOAD");
            answers(server, "GET key", "-LOADING");
        },
    },
    State {
        code: "BUSY",
        options: &["--busy-reply-threshold", "1"],
        prepare: nothing,
        bring_about: |server| {
            begin(server, "EVAL \"while true do end\" 0");
            answers(server, "GET key", "-BUSY");
        },
    },
    State {
        code: "MISCONF",
        // It saves what changed within an hour; the test does by itself.
        options: &["--save", "3600 1"],
        prepare: nothing,
        bring_about: |server| {
            std::fs::remove_dir(server.folder()).unwrap();
            say(server, "BGSAVE");
            answers(server, "SET unrelated 1", "-MISCONF");
        },
    },
    State {
        code: "CLUSTERDOWN",
        options: &["--cluster-enabled", "yes", "--cluster-node-timeout", "500"],
        prepare: |server| {
            say(server, "CLUSTER ADDSLOTSRANGE 0 16383");
            answers(server, "GET key", "$-1");
        },
        bring_about: |server| say(server, "CLUSTER DELSLOTSRANGE 0 16383"),
    },
];

/// Every write, and every read, is at the new server with the first call after the address leads there.
#[test]
fn what_cannot_serve_now_is_left_for_the_server_that_the_address_leads_to() {
    for state in STATES {
        let Some(old) = Redis::start_with(&[&["--save", ""], state.options].concat()) else {
            return;
        };
        let new = Redis::start().unwrap();
        (state.prepare)(&old);
        let proxy = FaultProxy::start(old.port);
        let policy = EcPolicy::default();
        let through = store(&proxy.url(), &policy);
        let direct = store(&new.url(), &policy);
        // Each connection is made, and in use.
        for _ in 0..policy.redis.connections {
            assert_eq!(through.insert("key", insert("old")), Ok(()));
        }
        (state.bring_about)(&old);
        let refused = through.insert("key", insert("refused"));
        let Err(StoreError::Unavailable(why)) = refused else {
            panic!("{}: {refused:?}", state.code);
        };
        let is_replica = matches!(state.code, "READONLY" | "MASTERDOWN");
        let word = if is_replica { "READONLY" } else { state.code };
        assert!(why.starts_with(word), "{}: {why}", state.code);
        direct.insert("of the new one", insert("new")).unwrap();
        proxy.lead_to(new.port);
        assert_eq!(
            through.insert("key", insert("new")),
            Ok(()),
            "{}",
            state.code
        );
        assert_eq!(direct.lookup("key").unwrap().unwrap().body, b"new");
        for _ in 0..policy.redis.connections {
            let read = through.lookup("of the new one").unwrap();
            assert_eq!(read.unwrap().body, b"new", "{}", state.code);
        }
    }
}

/// A server that goes on to say that it cannot serve is not connected to again for each call.
#[test]
fn a_server_that_goes_on_to_refuse_is_connected_to_no_more_often_than_the_policy_says() {
    let Some(server) = Redis::start() else { return };
    for (backoff, connections) in [(60_000, 1), (0, 6)] {
        let mut policy = EcPolicy::default();
        policy.redis.connections = 1;
        policy.redis.backoff = Millis::new(backoff);
        policy.store.call_timeout = Millis::new(200);
        let proxy = FaultProxy::start(server.port);
        let store = store(&proxy.url(), &policy);
        say(&server, "CONFIG SET min-replicas-to-write 0");
        assert_eq!(store.insert("key", insert("1")), Ok(()));
        say(&server, "CONFIG SET min-replicas-to-write 1");
        for _ in 0..5 {
            let refused = store.insert("key", insert("2"));
            assert!(matches!(refused, Err(StoreError::Unavailable(_))));
        }
        let made = proxy.connections();
        assert!(
            if backoff > 0 {
                made == connections
            } else {
                made >= connections
            },
            "{made} connections at {backoff}ms"
        );
    }
}

#[test]
fn a_replica_is_not_used_and_the_error_says_what_to_do() {
    let Some(primary) = Redis::start() else {
        return;
    };
    let replica = Redis::start().unwrap();
    say(&replica, &format!("REPLICAOF 127.0.0.1 {}", primary.port));
    let store = store(&replica.url(), &EcPolicy::default());
    for answer in [
        store.lookup("key").map(drop),
        store.insert("key", insert("1")),
        store.list("", None, 1).map(drop),
    ] {
        let Err(StoreError::Unavailable(why)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(
            why,
            "READONLY the server at this address is a replica: make the address lead to the primary"
        );
    }
    say(&replica, "REPLICAOF NO ONE");
    assert_eq!(store.insert("key", insert("1")), Ok(()));
}

const CONFIG: &str = r#"
[publisher]
domain = "publisher.example"
[ec]
passphrase = "a secret passphrase"
admin_token = "a-secret-admin-token"
[[ec.partners]]
source_domain = "a.com"
api_token = "a-secret-partner-token"
[ec.organic]
budget = "60s"
"#;

/// Two servers, of which one follows the other, and one address before them.
struct Pair {
    old: Redis,
    new: Redis,
    address: FaultProxy,
}

impl Pair {
    fn start() -> Option<Self> {
        let old = Redis::start()?;
        let new = Redis::start()?;
        let address = FaultProxy::start(old.port);
        let pair = Self { old, new, address };
        say(&pair.new, &format!("REPLICAOF 127.0.0.1 {}", pair.old.port));
        pair.caught_up();
        Some(pair)
    }

    /// Waits until the replica has all that the primary has.
    fn caught_up(&self) {
        // It is waited for as far as a connection has written: one that wrote nothing waits for nothing.
        until("the replica", || {
            let answers = redis::say_all(self.old.port, &["SET last written", "WAIT 1 100"])?;
            (answers == ["+OK", ":1"]).then_some(())
        });
    }

    fn promote(&self) {
        say(&self.new, "REPLICAOF NO ONE");
    }

    /// What the old one took since the other was promoted, it discards.
    fn demote(&self) {
        say(&self.old, &format!("REPLICAOF 127.0.0.1 {}", self.new.port));
    }

    fn switch(&self) {
        self.address.lead_to(self.new.port);
    }
}

struct Server {
    _running: Running,
    _folder: tempfile::TempDir,
    base: String,
}

struct Answer {
    status: u16,
    cookie: Option<String>,
    body: String,
}

impl Server {
    /// A server that does this with the cookie of a withdrawal that could not be written.
    fn start(url: &str, on_failed: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("trusted-server.toml"), CONFIG).unwrap();
        let mut running = Running::start(
            Command::new(env!("CARGO_BIN_EXE_ec"))
                .current_dir(folder.path())
                .args([
                    "serve",
                    "--addr",
                    "127.0.0.1:0",
                    "--geo",
                    "US-CA",
                    "--store",
                    url,
                ])
                .args([
                    "--set",
                    &format!("ec.cookie.on_failed_withdrawal={on_failed}"),
                ])
                .stderr(Stdio::null()),
        );
        let base = running.url().trim_end_matches('/').to_owned();
        Self {
            _running: running,
            _folder: folder,
            base,
        }
    }

    fn ask(&self, method: &str, path: &str, heads: &[(&str, &str)], body: &str) -> Answer {
        let request = ureq::http::Request::builder().method(method);
        let request = request.uri(format!("{}{path}", self.base));
        let request = heads.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = config.build().into();
        let answer = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
        let (head, mut body) = answer.into_parts();
        let cookie = head.headers.get("set-cookie");
        Answer {
            status: head.status.as_u16(),
            cookie: cookie.map(|cookie| cookie.to_str().unwrap().to_owned()),
            body: body.read_to_string().unwrap(),
        }
    }

    /// The id of a new user.
    fn page(&self) -> Option<String> {
        let heads = [("cookie", "us_privacy=1YNN"), ("accept", "text/html")];
        let cookie = self.ask("GET", "/", &heads, "").cookie?;
        let (_, id) = cookie.split(';').next()?.split_once('=')?;
        Some(id.to_owned())
    }

    /// Whether the withdrawal is acknowledged: the cookie goes.
    fn withdraw(&self, id: &str) -> bool {
        let cookie = format!("ts-ec={id}");
        let heads = [("cookie", &*cookie), ("sec-gpc", "1")];
        let answer = self.ask("GET", "/", &heads, "");
        answer
            .cookie
            .is_some_and(|cookie| cookie.contains("Max-Age=0"))
    }

    fn sync(&self, id: &str) -> u16 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mapping = json!({"ec_id": id, "partner_uid": "uid", "timestamp": now.as_secs()});
        let token = ("authorization", "Bearer a-secret-partner-token");
        let body = json!({ "mappings": [mapping] }).to_string();
        self.ask("POST", "/_ts/api/v1/batch-sync", &[token], &body)
            .status
    }

    fn add_partner(&self, domain: &str) -> u16 {
        let token = ("authorization", "Bearer a-secret-admin-token");
        let body = json!({ "source_domain": domain }).to_string();
        self.ask("POST", "/_ts/admin/v1/partners", &[token], &body)
            .status
    }

    fn erase(&self, id: &str) -> u16 {
        let token = ("authorization", "Bearer a-secret-admin-token");
        let path = format!("/_ts/admin/v1/ec/{id}");
        self.ask("DELETE", &path, &[token], "").status
    }

    fn health(&self) -> (u16, Value) {
        let answer = self.ask(
            "GET",
            "/_ts/health",
            &[("authorization", "Bearer a-secret-admin-token")],
            "",
        );
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }
}

/// What a store says of a user: withdrawn, live or nothing.
fn is_withdrawn(store: &BlockingStore<RedisStore>, id: &str) -> bool {
    let stored = store.lookup(id).unwrap();
    stored.is_some_and(|stored| {
        let body: Value = serde_json::from_slice(&stored.body).unwrap();
        body["consent"]["ok"] == false
    })
}

/// Withdrawals after the demotion.
const WITHDRAWALS: usize = 1_000;
/// How many of them are answered before the address leads to the promoted server.
const BEFORE_THE_SWITCH: usize = 50;
const BROWSERS: usize = 8;

/// Acknowledged is a withdrawal whose cookie goes: where it is written, or waits in the outbox (`auto`).
#[test]
fn no_withdrawal_acknowledged_after_a_demotion_is_lost() {
    for on_failed in ["keep", "auto"] {
        let Some(pair) = Pair::start() else { return };
        let server = Server::start(&pair.address.url(), on_failed);
        let ids: Vec<String> = (0..WITHDRAWALS).map(|_| server.page().unwrap()).collect();
        assert_eq!(server.health().0, 200);
        pair.caught_up();
        pair.promote();
        pair.demote();

        // Nothing can be written now, and health says so.
        until("health that is red", || {
            (server.health().0 == 503).then_some(())
        });
        let (status, health) = server.health();
        assert_eq!((status, &health["status"]), (503, &json!("unavailable")));
        assert_eq!(server.withdraw(ids.first().unwrap()), on_failed == "auto");
        assert_eq!(server.page(), None);

        let acknowledged = withdraw_all(&server, &ids, || {
            assert_eq!(server.health().0, 503);
            pair.switch();
        });
        // An outbox that is not empty yet is `degraded`.
        until("health that is well", || {
            (server.health().1["status"] == "ok").then_some(())
        });
        let direct = store(&pair.new.url(), &EcPolicy::default());
        let lost: Vec<_> = acknowledged
            .iter()
            .filter(|id| !is_withdrawn(&direct, id))
            .collect();
        assert!(lost.is_empty(), "{on_failed}: lost: {lost:?}");
        let refused: Vec<_> = ids
            .iter()
            .filter(|id| !acknowledged.contains(*id))
            .collect();
        if on_failed == "auto" {
            assert!(refused.is_empty(), "{} refused", refused.len());
            continue;
        }
        // Refused were those alone that were under way before the address led elsewhere.
        assert!(
            refused.len() <= BEFORE_THE_SWITCH + BROWSERS,
            "{} refused",
            refused.len()
        );
        // Those users have their cookies still, and so send their withdrawals again.
        for id in refused {
            assert!(server.withdraw(id));
            assert!(is_withdrawn(&direct, id));
        }
    }
}

/// Withdraws all of them from several browsers, `switch` once some were answered; gives back those that were
/// acknowledged.
fn withdraw_all<'i>(
    server: &Server,
    ids: &'i [String],
    switch: impl Fn() + Sync,
) -> BTreeSet<&'i String> {
    let (next, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let acknowledged = Mutex::new(BTreeSet::new());
    std::thread::scope(|threads| {
        for _ in 0..BROWSERS {
            threads.spawn(|| {
                while let Some(id) = ids.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if server.withdraw(id) {
                        acknowledged.lock().unwrap().insert(id);
                    }
                    if answered.fetch_add(1, Ordering::SeqCst) + 1 == BEFORE_THE_SWITCH {
                        switch();
                    }
                }
            });
        }
    });
    acknowledged.into_inner().unwrap()
}

/// What the old primary acknowledges between the promotion of its replica and its own demotion is gone: as much as it
/// takes, which is next to nothing where it must have a replica.
#[test]
fn what_is_acknowledged_before_the_demotion_is_lost_and_a_needed_replica_closes_that_window() {
    const WINDOW: usize = 100;
    for needed in [0, 1] {
        let Some(pair) = Pair::start() else { return };
        say(
            &pair.old,
            &format!("CONFIG SET min-replicas-to-write {needed}"),
        );
        let server = Server::start(&pair.address.url(), "keep");
        let ids: Vec<String> = (0..WINDOW).map(|_| server.page().unwrap()).collect();
        pair.caught_up();
        pair.promote();
        until("a primary that knows", || {
            (pair.old.say("WAIT 0 1")? == ":0").then_some(())
        });
        let acknowledged: Vec<_> = ids.iter().filter(|id| server.withdraw(id)).collect();
        pair.demote();
        pair.switch();
        let direct = store(&pair.new.url(), &EcPolicy::default());
        let lost = acknowledged.iter().filter(|id| !is_withdrawn(&direct, id));
        let (acknowledged, lost) = (acknowledged.len(), lost.count());
        println!(
            "min-replicas-to-write {needed}: of {WINDOW} withdrawals between promotion and demotion {acknowledged} acknowledged, {lost} lost"
        );
        let expected = if needed == 0 { WINDOW } else { 0 };
        assert_eq!((acknowledged, lost), (expected, expected));
    }
}

/// Whatever it is, the first request after the switch is served, by connections that were made long before.
#[test]
fn the_next_request_after_the_switch_is_served() {
    type Ask = fn(&Server, &str);
    let requests: [(&str, Ask); 6] = [
        ("a page", |server, _| assert!(server.page().is_some())),
        ("a withdrawal", |server, id| assert!(server.withdraw(id))),
        ("a sync", |server, id| assert_eq!(server.sync(id), 200)),
        ("a partner", |server, _| {
            assert_eq!(server.add_partner("b.com"), 200);
        }),
        ("an erasure", |server, id| assert_eq!(server.erase(id), 200)),
        ("health", |server, _| assert_eq!(server.health().0, 200)),
    ];
    for (what, request) in requests {
        let Some(pair) = Pair::start() else { return };
        let server = Server::start(&pair.address.url(), "keep");
        let id = server.page().unwrap();
        // Both of the connections are made.
        for _ in 0..EcPolicy::default().redis.connections {
            assert_eq!(server.sync(&id), 200);
        }
        pair.caught_up();
        pair.promote();
        pair.demote();
        pair.switch();
        println!("{what}");
        request(&server, &id);
    }
}
