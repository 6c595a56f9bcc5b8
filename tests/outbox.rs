//! The outbox: no withdrawal is lost while the store is down, the server is killed or the disk is full.
#![cfg(unix)]
#![allow(clippy::unused_self, reason = "a failed test should stop")]

use crate::harness::disk;
use crate::harness::redis;
use crate::harness::running;
use crate::harness::service;

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use disk::Disk;
use edge_cookie::clock::{SystemClock, Timestamp};
use edge_cookie::record::EcId;
use edge_cookie::store::MemoryStore;
use edge_cookie_server::Outbox;
use redis::{Redis, until};
use running::Running;
use serde_json::Value;

const CONFIG: &str = r#"
[publisher]
domain = "publisher.example"
[ec]
passphrase = "a secret passphrase"
admin_token = "a-secret-admin-token"
"#;

/// The size of a record in the outbox's file.
const SLOT_BYTES: u64 = 128;

struct Server {
    running: Running,
    base: String,
    metrics: String,
}

fn ec(folder: &Path) -> Command {
    std::fs::write(folder.join("trusted-server.toml"), CONFIG).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ec"));
    command.current_dir(folder).env("EC_LOG", "error");
    command
}

impl Server {
    fn start(folder: &Path, store: &str, sets: &[&str]) -> Self {
        let mut running = Running::start(
            ec(folder)
                .args(["serve", "--addr", "127.0.0.1:0", "--geo", "US-CA"])
                .args(["--metrics-addr", "127.0.0.1:0", "--store", store])
                .args(sets.iter().flat_map(|set| ["--set", set])),
        );
        let (base, metrics) = (running.url(), running.url());
        Self {
            running,
            base,
            metrics,
        }
    }

    /// Ends it at once, as a crash does.
    fn kill(mut self) {
        self.running.process.kill().unwrap();
        self.running.process.wait().unwrap();
    }

    fn get(&self, url: &str, heads: &[(&str, &str)]) -> Answer {
        let request = ureq::http::Request::builder().uri(url);
        let request = heads.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = config.build().into();
        let answer = agent.run(request.body(String::new()).unwrap()).unwrap();
        let (head, mut body) = answer.into_parts();
        let cookies = head.headers.get_all("set-cookie").iter();
        Answer {
            status: head.status.as_u16(),
            cookies: cookies
                .map(|cookie| cookie.to_str().unwrap().to_owned())
                .collect(),
            body: body.read_to_string().unwrap(),
        }
    }

    /// The id that a new visitor gets: with the first page for which the disk is fast enough.
    fn visitor(&self) -> String {
        let heads = [("accept", "text/html"), ("cookie", "us_privacy=1YNN")];
        let cookie = until("an id", || self.get(&self.base, &heads).cookies.pop());
        let (_, rest) = cookie.split_once('=').unwrap();
        rest.split(';').next().unwrap().to_owned()
    }

    fn withdraw(&self, id: &str) -> Answer {
        let cookie = format!("ts-ec={id}");
        self.get(&self.base, &[("sec-gpc", "1"), ("cookie", &cookie)])
    }

    fn health(&self) -> Answer {
        let token = [("authorization", "Bearer a-secret-admin-token")];
        self.get(&format!("{}/_ts/health", self.base), &token)
    }

    fn record(&self, id: &str) -> Option<Value> {
        let url = format!("{}/_ts/admin/v1/ec/{id}", self.base);
        let token = [("authorization", "Bearer a-secret-admin-token")];
        let answer = self.get(&url, &token);
        (answer.status == 200).then(|| answer.json())
    }

    fn outbox(&self, key: &str) -> u64 {
        self.health().json()["outbox"][key].as_u64().unwrap()
    }

    /// Waits until the outbox is empty and health is green again.
    fn drained(&self) {
        until("an outbox that is empty", || {
            (self.health().json()["status"] == "ok").then_some(())
        });
        assert_eq!(self.outbox("withdrawals"), 0);
    }

    fn metric(&self, name: &str) -> u64 {
        let text = self.get(&self.metrics, &[]).body;
        let line = text.lines().find(|line| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(' '))
        });
        let number = line.unwrap().rsplit(' ').next().unwrap();
        number.parse().unwrap()
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    cookies: Vec<String>,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn expires_the_cookie(&self) -> bool {
        self.cookies
            .iter()
            .any(|cookie| cookie.contains("Max-Age=0"))
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs()
}

/// An id like no other's.
fn id(number: u64) -> String {
    format!("{number:064x}.Ab3xY9")
}

/// Sees that a record is the tombstone of a withdrawal made from `from` to `to`.
fn assert_withdrawn(record: &Value, from: u64, to: u64) {
    assert_eq!(record["state"], "tombstone", "{record}");
    let updated = record["body"]["consent"]["updated"].as_u64().unwrap();
    assert!((from..=to).contains(&updated), "{from} to {to}: {record}");
}

/// The outbox of a server over a Redis.
fn outbox_file(folder: &Path) -> PathBuf {
    folder.join("ec-data/outbox/ec_identity_store-0.outbox")
}

#[test]
fn no_withdrawal_is_lost_while_the_store_is_down_and_the_server_is_killed() {
    let Some(mut store) = Redis::durable() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &store.url(), &[]);
    let ids: Vec<String> = (0..200).map(|_| server.visitor()).collect();
    // Users consent in one second and withdraw in another, so that the order is clear.
    let consented = now();
    until("the next second", || (now() > consented).then_some(()));
    store.kill();
    let mut withdrawn = Vec::new();
    for id in &ids {
        let before = now();
        let answer = server.withdraw(id);
        assert!(answer.expires_the_cookie(), "{answer:?}");
        assert_eq!(answer.status, 204);
        withdrawn.push((before, now()));
    }
    assert_eq!(server.metric("ec_outbox_withdrawals"), 200);
    assert_eq!(server.metric("ec_outbox_taken_total"), 200);
    server.kill();

    // Another server, while the store is still down: it holds what the first left, and says so.
    let server = Server::start(folder.path(), &store.url(), &[]);
    assert_eq!(server.outbox("withdrawals"), 200);
    let oldest = server.health().json()["outbox"]["oldest"].clone();
    assert!(oldest.as_str().unwrap().ends_with('Z'), "{oldest}");
    let since = now();
    until("the next second", || (now() > since).then_some(()));
    store.up();
    server.drained();
    for (id, (from, to)) in ids.iter().zip(withdrawn) {
        assert_withdrawn(&server.record(id).unwrap(), from, to);
    }
    assert_eq!(server.metric("ec_outbox_delivered_total"), 200);
    assert_eq!(server.metric("ec_outbox_withdrawals"), 0);
    server.kill();
    // What was delivered is so for good.
    let server = Server::start(folder.path(), &store.url(), &[]);
    assert_eq!(server.outbox("withdrawals"), 0);
}

#[test]
fn a_store_that_takes_no_writes_is_named_by_health_and_by_status() {
    let Some(mut store) = Redis::durable() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &store.url(), &[]);
    store.kill();
    server.withdraw(&id(1));
    let health = server.health();
    assert_eq!(
        (health.status, &health.json()["status"]),
        (503, &"unavailable".into())
    );
    // A store that reads, and refuses what is written, as a full one does.
    store.up();
    server.drained();
    store.say("CONFIG SET maxmemory 1").unwrap();
    assert!(server.withdraw(&id(2)).expires_the_cookie());
    // Health tries the store no more than once in a while.
    let (code, printed) = until("a store that is tried", || {
        let status = run_status(folder.path(), &server.base, &[]);
        let printed = String::from_utf8(status.stdout).unwrap();
        let refuses = "store    ec_identity_store: answers, and takes no writes (";
        printed
            .contains(refuses)
            .then_some((status.status.code(), printed))
    });
    assert_eq!(code, Some(1), "{printed}");
    assert!(
        printed.contains("outbox   1 of at most 65536 withdrawals, the oldest from 20"),
        "{printed}"
    );
    store.say("CONFIG SET maxmemory 0").unwrap();
    server.drained();
    let status = run_status(folder.path(), &server.base, &[]);
    assert_eq!(status.status.code(), Some(0), "{status:?}");
}

fn run_status(folder: &Path, base: &str, more: &[&str]) -> Output {
    // Not by [`ec`]: that writes a file which a server may be reading.
    let mut command = Command::new(env!("CARGO_BIN_EXE_ec"));
    command.current_dir(folder);
    command.args(["status", "--server", base]).args(more);
    command.output().unwrap()
}

#[test]
fn status_shows_the_policy_the_store_the_last_reload_and_the_outbox() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), "graph.redb", &[]);
    let json = |server: &Server| -> Value {
        let status = run_status(folder.path(), &server.base, &["--format", "json"]);
        serde_json::from_slice(&status.stdout).unwrap()
    };
    assert_eq!(json(&server)["outbox"]["bound"], 65_536);
    assert_eq!(json(&server).get("reloaded"), None);
    let hang_up = |server: &Server| {
        let process = server.running.process.id().to_string();
        let sent = Command::new("kill").args(["-HUP", &process]).status();
        assert!(sent.unwrap().success());
    };
    let config = folder.path().join("trusted-server.toml");
    let digest = json(&server)["digest"].clone();
    std::fs::write(
        &config,
        format!("{CONFIG}\n[ec.tombstone]\nttl = \"three\"\n"),
    )
    .unwrap();
    hang_up(&server);
    let printed = until("a failed reload", || {
        let status = run_status(folder.path(), &server.base, &[]);
        let printed = String::from_utf8(status.stdout).unwrap();
        printed
            .contains(", failed: ")
            .then_some((printed, status.status.code()))
    });
    assert_eq!(printed.1, Some(1));
    let printed = printed.0;
    assert!(printed.contains("status   degraded\n"), "{printed}");
    assert!(printed.contains(digest.as_str().unwrap()), "{printed}");
    assert!(
        printed.contains("store    ec_identity_store: answers\n"),
        "{printed}"
    );
    assert!(printed.contains("`three`"), "{printed}");
    assert!(
        printed.contains("outbox   0 of at most 65536 withdrawals\n"),
        "{printed}"
    );
    std::fs::write(&config, CONFIG).unwrap();
    hang_up(&server);
    until("a reload", || {
        json(&server).get("trouble").is_none().then_some(())
    });
    assert!(json(&server)["reloaded"].is_string());
    let base = server.base.clone();
    server.running.process.kill().unwrap();
    server.running.process.wait().unwrap();
    let status = run_status(folder.path(), &base, &[]);
    assert_eq!(status.status.code(), Some(2), "{status:?}");
}

/// The cookie is expired while the write is still under way: a server that is killed then has the withdrawal on its disk.
#[test]
fn a_withdrawal_that_is_not_written_in_time_is_kept_before_the_cookie_is_expired() {
    let Some(store) = Redis::durable() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    // One that hangs for long is waited for: its call is under way when the page is answered.
    let patient = ["ec.store.call_timeout=20s", "ec.organic.budget=50ms"];
    let server = Server::start(folder.path(), &store.url(), &patient);
    let user = server.visitor();
    let consented = now();
    until("the next second", || (now() > consented).then_some(()));
    store.signal("STOP");
    let from = now();
    assert!(server.withdraw(&user).expires_the_cookie());
    let to = now();
    server.kill();
    store.signal("CONT");
    // Whatever became of the write that was under way.
    let server = Server::start(folder.path(), &store.url(), &patient);
    server.drained();
    assert_withdrawn(&server.record(&user).unwrap(), from, to);

    // One that ends well in the end leaves the outbox.
    store.signal("STOP");
    assert!(server.withdraw(&id(1)).expires_the_cookie());
    store.signal("CONT");
    server.drained();
    assert_eq!(server.record(&id(1)).unwrap()["state"], "tombstone");
    assert_eq!(server.metric("ec_outbox_refused_total"), 0);
}

#[test]
fn consent_that_is_given_later_is_not_undone() {
    let Some(mut store) = Redis::durable() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &store.url(), &[]);
    let user = server.visitor();
    let stays = server.visitor();
    let consented = now();
    until("the next second", || (now() > consented).then_some(()));
    store.kill();
    assert!(server.withdraw(&user).expires_the_cookie());
    assert!(server.withdraw(&stays).expires_the_cookie());
    server.kill();
    store.up();
    // Another way of withdrawing reached the store, and then the user consented again; or other system wrote it so.
    let withdrawn = now();
    until("the next second", || (now() > withdrawn).then_some(()));
    let later = now();
    let events = format!(
        "{{\"at\":{later},\"op\":\"delete\",\"ec_id\":\"{user}\"}}\n{{\"at\":{later},\"op\":\"create\",\"ec_id\":\"{user}\"}}\n"
    );
    std::fs::write(folder.path().join("events.jsonl"), events).unwrap();
    let applied = ec(folder.path())
        .args(["apply", "events.jsonl", "--store", &store.url()])
        .output()
        .unwrap();
    assert!(applied.status.success(), "{applied:?}");
    let server = Server::start(folder.path(), &store.url(), &[]);
    server.drained();
    assert_eq!(server.record(&user).unwrap()["state"], "live");
    assert_eq!(server.record(&stays).unwrap()["state"], "tombstone");
}

#[test]
fn a_full_outbox_keeps_the_cookie_and_says_so() {
    let Some(mut store) = Redis::durable() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let sets = ["ec.local.outbox_withdrawals=2"];
    let server = Server::start(folder.path(), &store.url(), &sets);
    store.kill();
    assert!(server.withdraw(&id(1)).expires_the_cookie());
    assert!(server.withdraw(&id(2)).expires_the_cookie());
    let refused = server.withdraw(&id(3));
    assert_eq!(refused.cookies, [""; 0]);
    // One that is kept already needs no more room.
    assert!(server.withdraw(&id(1)).expires_the_cookie());
    assert_eq!(server.metric("ec_outbox_bound"), 2);
    assert!(server.metric("ec_outbox_refused_total") >= 1);
    store.up();
    server.drained();
    assert!(server.withdraw(&id(3)).expires_the_cookie());
    assert_eq!(server.record(&id(3)).unwrap()["state"], "tombstone");
    // Without an outbox the cookie stays, too, unless the policy wants otherwise.
    let none = tempfile::tempdir().unwrap();
    let off = ["ec.local.outbox_withdrawals=0"];
    let server = Server::start(none.path(), &store.url(), &off);
    store.kill();
    assert!(!server.withdraw(&id(1)).expires_the_cookie());
    assert_eq!(server.health().json().get("outbox"), None);
}

#[test]
fn a_damaged_record_is_counted_and_left_and_the_others_are_delivered() {
    let Some(mut store) = Redis::durable() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let sets = ["ec.local.outbox_withdrawals=8"];
    let server = Server::start(folder.path(), &store.url(), &sets);
    store.kill();
    let ids: Vec<String> = (1..=3).map(id).collect();
    for id in &ids {
        assert!(server.withdraw(id).expires_the_cookie());
    }
    server.kill();
    let path = outbox_file(folder.path());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let before = std::fs::read(&path).unwrap();
    assert_eq!(before.len() as u64, 8 * SLOT_BYTES);
    let place = before
        .windows(71)
        .position(|bytes| bytes == ids[1].as_bytes());
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"?", place.unwrap() as u64).unwrap();
    drop(file);
    store.up();
    let server = Server::start(folder.path(), &store.url(), &sets);
    server.drained();
    assert_eq!(server.outbox("damaged"), 1);
    assert_eq!(server.metric("ec_outbox_damaged"), 1);
    let tombstones = ids.iter().filter(|id| server.record(id).is_some());
    assert_eq!(tombstones.count(), 2);
    // Its slot is left as it is, and the others go on being used.
    store.kill();
    for number in 10..17 {
        assert!(
            server.withdraw(&id(number)).expires_the_cookie(),
            "{number}"
        );
    }
    assert!(!server.withdraw(&id(17)).expires_the_cookie());
}

#[test]
fn two_servers_in_one_folder_share_no_file_and_one_takes_over_what_the_other_left() {
    let Some(mut store) = Redis::durable() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = [(); 2].map(|()| Server::start(folder.path(), &store.url(), &[]));
    store.kill();
    assert!(one.withdraw(&id(1)).expires_the_cookie());
    assert!(two.withdraw(&id(2)).expires_the_cookie());
    assert_eq!(
        [one.outbox("withdrawals"), two.outbox("withdrawals")],
        [1, 1]
    );
    one.kill();
    two.kill();
    let server = Server::start(folder.path(), &store.url(), &[]);
    assert_eq!(server.outbox("withdrawals"), 2);
    store.up();
    server.drained();
    for number in [1, 2] {
        assert_eq!(server.record(&id(number)).unwrap()["state"], "tombstone");
    }
}

#[test]
fn a_full_disk_does_not_stop_it() {
    let Some(disk) = Disk::of(16 << 20) else {
        return;
    };
    // The graph is on that disk, too: what is full there refuses each withdrawal.
    let folder = tempfile::tempdir().unwrap();
    let graph = disk.path().join("graph.redb");
    let graph = graph.to_str().unwrap();
    let server = Server::start(folder.path(), graph, &[]);
    let fill = disk.fill();
    // The store grows in steps: it takes some more before it is full.
    let numbers = until("a store that is full", || {
        let first = now();
        let mut refused = Vec::new();
        for number in 1..=2_000 {
            let answer = server.withdraw(&id(number));
            assert!(answer.expires_the_cookie(), "{answer:?}");
            if server.metric("ec_failed_withdrawals_total") > 0 {
                refused.push((number, first));
                break;
            }
        }
        refused.pop()
    });
    let kept = server.outbox("withdrawals");
    assert!(kept > 0, "{kept}");
    std::fs::remove_file(fill).unwrap();
    server.drained();
    let (number, from) = numbers;
    assert_withdrawn(&server.record(&id(number)).unwrap(), from, now());
}

#[test]
fn where_there_is_no_room_for_an_outbox_the_server_runs_without_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    // A file in the place of the folder.
    std::fs::write(folder.path().join("graph.outbox"), "").unwrap();
    let server = Server::start(folder.path(), "graph.redb", &[]);
    let health = server.health().json();
    assert_eq!(
        (&health["status"], health.get("outbox")),
        (&"ok".into(), None)
    );
    let warning = health["warnings"][0].as_str().unwrap();
    assert!(
        warning.starts_with("no outbox in `graph.outbox`: "),
        "{warning}"
    );
}

/// A withdrawal that waits to be delivered degrades a service that is well otherwise.
#[test]
fn an_outbox_that_is_not_empty_degrades_health() {
    let folder = tempfile::tempdir().unwrap();
    let setup = service::setup(&[]);
    let store = setup.policy().root.ec_store.clone();
    let outbox = Arc::new(Outbox::open(folder.path(), &store, 2).unwrap());
    let memory = Arc::new(MemoryStore::new(SystemClock));
    let served = service::Served::with_outbox(memory, setup, &outbox);
    let health = |served: &service::Served| {
        let answer = served.get(service::HEALTH);
        (answer.status().as_u16(), service::body(&answer))
    };
    assert_eq!(health(&served).1["status"], "ok");
    let kept = served.keep(&id(1), NOON);
    assert!(kept);
    let (status, report) = health(&served);
    assert_eq!((status, &report["status"]), (200, &"degraded".into()));
    let expected = serde_json::json!({
        "withdrawals": 1, "bound": 2, "oldest": "2026-03-02T12:00:00Z", "damaged": 0
    });
    assert_eq!(report["outbox"], expected);
    // Delivered, it is gone; delivered twice, it changes nothing.
    assert!(served.deliver(&id(1), NOON));
    assert!(served.deliver(&id(1), NOON));
    until("an outbox that is empty", || {
        (health(&served).1["status"] == "ok").then_some(())
    });
}

/// Monday, 2 March 2026, noon.
const NOON: u64 = 1_772_452_800;

#[test]
fn many_withdrawals_at_once_are_all_kept_and_the_later_of_one_user_counts() {
    let folder = tempfile::tempdir().unwrap();
    let store = service::setup(&[]).policy().root.ec_store.clone();
    let open = || Outbox::open(folder.path(), &store, 64).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outbox = open();
    let at = Timestamp::from_unix;
    let ids: Vec<EcId> = (0..60).map(|number| id(number).parse().unwrap()).collect();
    let all = ids.iter().map(|id| outbox.keep(id, at(NOON)));
    let kept = runtime.block_on(futures_util::future::join_all(all));
    assert!(kept.iter().all(|kept| *kept));
    assert!(runtime.block_on(outbox.keep(&ids[0], at(NOON + 5))));
    assert!(runtime.block_on(outbox.keep(&ids[0], at(NOON + 2))));
    // An answer to the earlier one leaves the later.
    outbox.remove(&ids[0], at(NOON));
    outbox.remove(&ids[1], at(NOON));
    until("a withdrawal that is removed", || {
        (outbox.kept().len() == 59).then_some(())
    });
    drop(outbox);
    let outbox = until("a file that is free again", || {
        let outbox = open();
        (outbox.kept().len() == 59).then_some(outbox)
    });
    let kept = outbox.kept();
    assert_eq!((kept[58].id, kept[58].at), (ids[0], at(NOON + 5)));
    let oldest_first: Vec<EcId> = kept.iter().take(58).map(|kept| kept.id).collect();
    assert_eq!(oldest_first, ids[2..]);
}
