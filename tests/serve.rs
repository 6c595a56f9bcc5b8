//! `ec serve` as a process: signals, limits, logs, metrics, the way to the origin, and commands that ask it.
#![cfg(unix)]
#![allow(
    clippy::maybe_infinite_iter,
    clippy::similar_names,
    reason = "a failed test should stop, and what must come is waited for"
)]

use crate::harness::port;
use crate::harness::running;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use running::Running;

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

const PARTNER: &str = "Authorization: Bearer a-secret-partner-token\r\n";
const OPERATOR: &str = "Authorization: Bearer a-secret-admin-token\r\n";
const CONSENT: &str = "Accept: text/html\r\nCookie: us_privacy=1YNN\r\n";

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    running: Running,
    address: String,
    metrics: String,
    log: Receiver<String>,
    folder: tempfile::TempDir,
}

fn ec(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ec"));
    command
        .arg("--config")
        .arg(folder.join("trusted-server.toml"))
        .current_dir(folder);
    command
}

impl Server {
    fn start(config: &str, sets: &[&str]) -> Self {
        Self::start_with(config, sets, &["--geo", "US-CA", "--store", "memory"])
    }

    fn start_with(config: &str, sets: &[&str], more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("trusted-server.toml"), config).unwrap();
        let mut running = Running::start(
            ec(folder.path())
                .args(["serve", "--addr", "127.0.0.1:0"])
                .args(["--metrics-addr", "127.0.0.1:0"])
                .args(["--log-format", "json"])
                .args(more)
                .args(sets.iter().flat_map(|set| ["--set", set]))
                .env("EC_LOG", "debug")
                .stderr(Stdio::piped()),
        );
        let mut address = || {
            let url = running.url();
            url["http://".len()..].split('/').next().unwrap().to_owned()
        };
        let (address, metrics) = (address(), address());
        let (sender, log) = channel();
        let err = BufReader::new(running.process.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            running,
            address,
            metrics,
            log,
            folder,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn ask(&self, method: &str, path: &str, head: &str, body: &str) -> String {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}{length}\r\n{body}"
        );
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        rest(&mut stream)
    }

    fn get(&self, path: &str, head: &str) -> String {
        self.ask("GET", path, head, "")
    }

    fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(&self.metrics).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .unwrap();
        rest(&mut stream)
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.running.process.id().to_string())
            .status();
        assert!(sent.unwrap().success());
    }

    fn write_config(&self, config: &str) {
        std::fs::write(self.folder.path().join("trusted-server.toml"), config).unwrap();
    }

    /// Log lines up to one that says so.
    fn log_until(&self, said: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self
                .log
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no {said} in {lines:#?}"));
            let found = line.contains(said);
            lines.push(line);
            if found {
                return lines;
            }
        }
    }

    fn run(&self, args: &[&str]) -> Output {
        let url = format!("http://{}", self.address);
        ec(self.folder.path())
            .args(args)
            .args(["--server", &url])
            .output()
            .unwrap()
    }
}

fn rest(stream: &mut impl Read) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

fn new_id(answer: &str) -> Option<String> {
    let (_, after) = answer.split_once("set-cookie: ts-ec=")?;
    Some(after.split(';').next().unwrap().to_owned())
}

#[test]
fn a_changed_policy_is_taken_up_only_where_it_is_good() {
    let server = Server::start(CONFIG, &[]);
    let digest = || {
        let health = server.get("/_ts/health", "");
        health.split_once("\"digest\":\"").unwrap().1[..64].to_owned()
    };
    let first = digest();
    server.write_config(&CONFIG.replace("[ec]\n", "[ec]\ncookie.max_age = \"1h\"\n"));
    server.signal("HUP");
    server.log_until("a changed policy is effective");
    assert!(server.get("/", CONSENT).contains("Max-Age=3600"));
    let second = digest();
    assert_ne!(second, first);
    assert!(
        server
            .metrics()
            .contains(&format!("digest=\"{}\"", &second[..8]))
    );

    // A mistake, or what needs a restart: the previous policy stays active, and health says why.
    for (bad, why) in [
        (
            "cookie.max_age = \"1month\"",
            "trusted-server.toml:5:18: `1month`",
        ),
        (
            "ec_store = \"another\"",
            "`ec.ec_store` changed, and is read only at the start",
        ),
        (
            "partner_store = \"another\"",
            "`ec.partner_store` changed, and is read only at the start",
        ),
        (
            "local.data_dir = \"another\"",
            "`ec.local.data_dir` changed, and is read only at the start",
        ),
        (
            "local.store = \"redis://127.0.0.1\"",
            "`ec.local.store` changed, and is read only at the start",
        ),
        (
            "redis.connections = 5",
            "`ec.redis.connections` changed, and is read only at the start",
        ),
        (
            "local.commit_writes = 5",
            "`ec.local.commit_writes` changed, and is read only at the start",
        ),
        (
            "local.sweep_per_write = 5",
            "`ec.local.sweep_per_write` changed, and is read only at the start",
        ),
        (
            "local.cache_mib = 5",
            "`ec.local.cache_mib` changed, and is read only at the start",
        ),
        (
            "local.recent_records = 5",
            "`ec.local.recent_records` changed, and is read only at the start",
        ),
        (
            "local.max_connections = 9",
            "`ec.local.max_connections` changed, and is read only at the start",
        ),
        (
            "local.max_header_bytes = 9000",
            "`ec.local.max_header_bytes` changed, and is read only at the start",
        ),
        ("passphrase = { env = \"EC_NEVER_SET\" }", "`EC_NEVER_SET`"),
    ] {
        let base = if bad.starts_with("passphrase") {
            CONFIG.replace("passphrase = \"a secret passphrase\"\n", "")
        } else {
            CONFIG.to_owned()
        };
        server.write_config(&base.replace("[ec]\n", &format!("[ec]\n{bad}\n")));
        server.signal("HUP");
        server.log_until("the previous one stays active");
        assert_eq!(digest(), second);
        let health = server.get("/_ts/health", OPERATOR);
        assert!(status(&health) == "200" && health.contains(why), "{health}");
        // Without a token it says that something is wrong, and not what.
        let health = server.get("/_ts/health", "");
        assert!(
            health.contains("\"degraded\"") && !health.contains(why),
            "{health}"
        );
    }
    server.write_config(CONFIG);
    server.signal("HUP");
    server.log_until("a changed policy is effective");
    assert!(digest() == first && !server.get("/_ts/health", OPERATOR).contains("trouble"));
}

#[test]
fn a_stop_signal_lets_requests_under_way_finish() {
    for (grace, answered) in [("60s", true), ("0s", false)] {
        let mut server = Server::start(CONFIG, &[&format!("ec.local.shutdown_grace={grace}")]);
        let mut under_way = server.connect();
        let head = format!(
            "POST /_ts/api/v1/batch-sync HTTP/1.1\r\nHost: x\r\n{PARTNER}Content-Length: 15\r\n\r\n"
        );
        under_way.write_all(head.as_bytes()).unwrap();
        under_way.write_all(b"{\"mappings\"").unwrap();
        // It has begun: the connections are taken in their order.
        assert_eq!(status(&server.get("/_ts/health", "")), "200");
        server.signal("TERM");
        // No more connections are taken.
        assert!((0..).any(|_| TcpStream::connect(&server.address).is_err()));
        if !answered {
            assert!(server.running.process.wait().unwrap().success());
        }
        let _ = under_way.write_all(b":[]}");
        let answer = rest(&mut under_way);
        assert_eq!(status(&answer) == "200", answered, "{grace}: {answer}");
        assert!(server.running.process.wait().unwrap().success());
    }
}

#[test]
fn limits_are_the_policys() {
    let server = Server::start(
        CONFIG,
        &[
            "ec.local.max_header_bytes=8192",
            "ec.local.request_timeout=1s",
        ],
    );
    let long = format!("X: {}\r\n", "x".repeat(9_000));
    assert_eq!(status(&server.get("/", &long)), "431");
    // A head that does not come, and a body that does not.
    for begun in [
        "GET / HTTP/1.1\r\nHost: x\r\n".to_owned(),
        format!(
            "POST /_ts/api/v1/batch-sync HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{PARTNER}Content-Length: 15\r\n\r\n{{"
        ),
    ] {
        let mut stream = server.connect();
        stream.write_all(begun.as_bytes()).unwrap();
        let answer = rest(&mut stream);
        assert!(
            answer.is_empty() || ["408", "504"].contains(&status(&answer)),
            "{answer}"
        );
    }
    let server = Server::start(CONFIG, &[]);
    assert_eq!(status(&server.get("/", &long)), "204");
}

#[test]
fn the_place_and_the_address_are_those_that_the_policy_believes() {
    // Without a geo source no place is known, and no id given.
    let nowhere = Server::start_with(CONFIG, &[], &["--store", "memory"]);
    assert_eq!(new_id(&nowhere.get("/", CONSENT)), None);
    let somewhere = Server::start_with(CONFIG, &["ec.local.geo=US-CA"], &["--store", "memory"]);
    let hash = |server: &Server, forwarded: &str| {
        let id = new_id(&server.get("/", &format!("{CONSENT}X-Forwarded-For: {forwarded}\r\n")))
            .unwrap();
        id[..64].to_owned()
    };
    let own = hash(&somewhere, "203.0.113.7");
    assert_eq!(hash(&somewhere, "203.0.113.8"), own);
    let trusting = Server::start(CONFIG, &["ec.local.trusted_proxies=[\"127.0.0.1\"]"]);
    let believed = hash(&trusting, "203.0.113.7");
    assert!(believed != own && believed != hash(&trusting, "203.0.113.8"));
    assert_eq!(hash(&trusting, "203.0.113.9, 203.0.113.7"), believed);
    assert_eq!(hash(&trusting, "203.0.113.9, 203.0.113.7:4711"), believed);
    // One that cannot be read is no address, and no id: least of all one that the client wrote.
    let unreadable = format!("{CONSENT}X-Forwarded-For: 203.0.113.7, unknown\r\n");
    assert_eq!(new_id(&trusting.get("/", &unreadable)), None);
    let forwarded = format!("{CONSENT}Forwarded: for=\"203.0.113.7:80\"\r\n");
    let by_forwarded = new_id(&trusting.get("/", &forwarded)).unwrap();
    assert_eq!(by_forwarded[..64], believed);
}

#[test]
fn what_of_consent_does_not_count_is_counted_by_its_reason() {
    let server = Server::start(CONFIG, &["ec.consent.tcf_max_age=1d"]);
    // A consent from before yesterday, and what is no GPP string.
    let old = "CQqU7yAQqU7yAAKABBENCWFgAIAAAAAAAAYgAAAAAAAA.IAAA";
    for cookie in [&format!("euconsent-v2={old}"), "__gpp=DBAAAAA~BAAA"] {
        server.get("/", &format!("Accept: text/html\r\nCookie: {cookie}\r\n"));
    }
    let metrics = server.metrics();
    for counted in [
        "ec_consent_rejected_total{reason=\"tcf.too_old\"} 1",
        "ec_consent_undecodable_total{signal=\"__gpp\",section=\"none\"} 1",
    ] {
        assert!(metrics.contains(counted), "{counted} is not in {metrics}");
    }
}

#[test]
fn logs_and_metrics_show_what_happened_and_no_secrets() {
    let server = Server::start(CONFIG, &[]);
    let page = server.get("/", CONSENT);
    let id = new_id(&page).unwrap();
    let batch = format!(
        r#"{{"mappings":[{{"ec_id":"{id}","partner_uid":"a-secret-uid","timestamp":{}}}]}}"#,
        now()
    );
    assert_eq!(
        status(&server.ask("POST", "/_ts/api/v1/batch-sync", PARTNER, &batch)),
        "200"
    );
    server.get(&format!("/_ts/admin/v1/ec/{id}"), OPERATOR);
    server.get(
        "/_ts/api/v1/identify",
        &format!("{PARTNER}Cookie: us_privacy=1YNN; ts-ec={id}\r\n"),
    );
    server.get(
        "/_ts/api/v1/identify",
        "Authorization: Bearer a-wrong-secret-token\r\n",
    );
    server.get(
        &format!("/page/{id}?token=a-secret-query"),
        &format!("Sec-GPC: 1\r\nCookie: ts-ec={id}; euconsent-v2=a-secret-broken-string\r\n"),
    );
    let last = server.get("/last", "X-Request-Id: the-last-one\r\n");
    assert!(last.contains("x-request-id: the-last-one"), "{last}");
    let injected = server.get("/", "X-Request-Id: not plain\r\n");
    assert!(!injected.contains("not plain"), "{injected}");
    let lines = server.log_until("the-last-one");
    for line in &lines {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            json["level"].is_string() && json["message"].is_string(),
            "{line}"
        );
    }
    let log = lines.join("\n");
    let metrics = server.metrics();
    for text in [&log, &metrics] {
        assert!(!text.contains("secret"), "{text}");
        assert!(!text.contains(&id[..9]), "{text}");
    }
    assert!(log.contains(&format!("\"id\":\"{}\"", &id[..8])), "{log}");
    for counted in [
        "ec_requests_total{route=\"organic\",status=\"204\"} 4",
        "ec_requests_total{route=\"/_ts/api/v1/batch-sync\",status=\"200\"} 1",
        "ec_requests_total{route=\"/_ts/api/v1/identify\",status=\"401\"} 1",
        "ec_operations_total{operation=\"create_or_revive\",outcome=\"created\"} 1",
        "ec_operations_total{operation=\"write_withdrawal_tombstone\",outcome=\"withdrawn\"} 1",
        "ec_store_reads_total{operation=\"upsert_partner_ids\"} 1",
        "ec_store_writes_total{operation=\"upsert_partner_ids\"} 1",
        "ec_retries_total{operation=\"upsert_partner_ids\"} 0",
        "ec_failed_withdrawals_total 0",
        "ec_consent_undecodable_total{signal=\"euconsent-v2\",section=\"none\"} 1",
        "ec_request_seconds_count{route=\"organic\"} 4",
    ] {
        assert!(metrics.contains(counted), "{counted} is not in {metrics}");
    }
}

fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// An origin that answers each request with what it was sent.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut seen = Vec::new();
            let mut part = [0; 4_096];
            while !String::from_utf8_lossy(&seen).contains("\r\n\r\n") {
                let read = stream.read(&mut part).unwrap();
                seen.extend_from_slice(&part[..read]);
            }
            let text = String::from_utf8_lossy(&seen).to_lowercase();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            let mut body = body.len();
            while body < length.unwrap_or(0) {
                let read = stream.read(&mut part).unwrap();
                seen.extend_from_slice(&part[..read]);
                body += read;
            }
            let head = format!(
                "HTTP/1.1 201 Created\r\nContent-Length: {}\r\nSet-Cookie: own=1\r\nKeep-Alive: x\r\nConnection: close\r\n\r\n",
                seen.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &seen].concat());
        }
    });
    address
}

#[test]
fn pages_come_from_the_origin_with_the_identitys_cookie() {
    let origin = echo();
    let config = CONFIG.replace(
        "[ec]\n",
        &format!("origin_url = \"http://{origin}\"\n[ec]\n"),
    );
    let server = Server::start(&config, &["ec.organic.identify=all"]);
    let page = server.ask(
        "POST",
        "/form?a=%20b",
        &format!("{CONSENT}X-Own: kept\r\nUpgrade: x\r\nConnection: x-hop\r\nX-Hop: gone\r\n"),
        "the body",
    );
    assert_eq!(status(&page), "201", "{page}");
    assert!(
        page.contains("set-cookie: own=1") && new_id(&page).is_some(),
        "{page}"
    );
    let (head, sent) = page.split_once("\r\n\r\n").unwrap();
    assert!(!head.contains("keep-alive: x"), "{head}");
    let sent = sent.to_lowercase();
    for handed_on in [
        "post /form?a=%20b http/1.1",
        "x-own: kept",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-host: x",
        "the body",
    ] {
        assert!(sent.contains(handed_on), "{handed_on} is not in {sent}");
    }
    assert!(
        sent.contains(&format!("host: {origin}"))
            && !sent.contains("x-hop: gone")
            && !sent.contains("upgrade"),
        "{sent}"
    );

    let down = port::free();
    let config = CONFIG.replace(
        "[ec]\n",
        &format!("origin_url = \"http://127.0.0.1:{down}\"\n[ec]\n"),
    );
    let server = Server::start(&config, &[]);
    let page = server.get("/", CONSENT);
    assert!(
        status(&page) == "502" && page.contains("origin_unavailable"),
        "{page}"
    );
}

#[test]
fn commands_ask_a_running_server() {
    let server = Server::start_with(CONFIG, &[], &["--geo", "US-CA"]);
    let id = new_id(&server.get("/", CONSENT)).unwrap();
    let out = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();

    // The store belongs to the server's process.
    let held = ec(server.folder.path())
        .args(["get", &id])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&held.stderr).contains("in use by another process"));
    let got = server.run(&["get", &id]);
    assert!(
        got.status.success() && out(&got).contains("\"state\":\"live\""),
        "{got:?}"
    );
    let listed = server.run(&["list", "--prefix", &id[..10]]);
    assert_eq!(out(&listed).trim(), id);
    assert_eq!(out(&server.run(&["delete", &id])).trim(), "deleted");
    let gone = server.run(&["delete", &id]);
    assert_eq!(
        (gone.status.code(), out(&gone).trim()),
        (Some(1), "not_found")
    );
    assert_eq!(server.run(&["get", &id]).status.code(), Some(1));

    let empty = r#"{"mappings":[]}"#;
    let good = |token: &str| {
        let head = format!("Authorization: Bearer {token}\r\n");
        status(&server.ask("POST", "/_ts/api/v1/batch-sync", &head, empty)) == "200"
    };
    let added = out(&server.run(&[
        "partner",
        "add",
        "--source-domain",
        "new.com",
        "--openrtb-atype",
        "1",
    ]));
    assert!(good(added.trim()));
    let rotated = out(&server.run(&["partner", "rotate", "new.com"]));
    assert!(good(rotated.trim()) && !good(added.trim()));
    assert!(
        server
            .run(&["partner", "disable", "new.com"])
            .status
            .success()
            && !good(rotated.trim())
    );
    assert!(
        server
            .run(&["partner", "enable", "new.com"])
            .status
            .success()
            && good(rotated.trim())
    );
    assert!(out(&server.run(&["partner", "list"])).contains("\"id\":\"new.com\""));
    let missing = server.run(&["partner", "rotate", "unknown.com"]);
    assert!(
        missing.status.code() == Some(2)
            && String::from_utf8_lossy(&missing.stderr).contains("`unknown.com`")
    );

    let wrong = ec(server.folder.path())
        .args(["list", "--server", &format!("http://{}", server.address)])
        .env("EC_ADMIN_TOKEN", "wrong")
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&wrong.stderr).contains("refuses the admin token"),
        "{wrong:?}"
    );
}

#[test]
fn partners_are_kept_in_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("trusted-server.toml"), CONFIG).unwrap();
    let run = |args: &[&str]| ec(folder.path()).args(args).output().unwrap();
    let out = |args: &[&str]| String::from_utf8(run(args).stdout).unwrap();
    let token = out(&["partner", "add", "--source-domain", "new.com"]);
    assert_eq!(token.trim().len(), 64);
    let again = run(&["partner", "add", "--source-domain", "new.com"]);
    assert!(
        again.status.code() == Some(2)
            && String::from_utf8_lossy(&again.stderr).contains("`rotate`")
    );
    let listed = out(&["partner", "list"]);
    assert!(listed.contains("\"source_domain\":\"new.com\"") && !listed.contains(token.trim()));

    // What is exported is what the store has, under both of its keys.
    let exported = out(&["partner", "export", "new.com"]);
    let keys: Vec<String> = exported
        .lines()
        .map(|line| {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(
                !line.contains(token.trim()) && entry["value"].as_str().unwrap().starts_with("eyJ")
            );
            entry["key"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(
        keys[0] == "partner/new.com" && keys[1].starts_with("token/"),
        "{keys:?}"
    );
    assert_eq!(
        run(&["partner", "export", "unknown.com"]).status.code(),
        Some(2)
    );
    assert_eq!(
        run(&["partner", "list", "--store", "memory"]).status.code(),
        Some(2)
    );
}

#[test]
fn what_keeps_it_from_serving_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (config, args, said) in [
        ("", vec![], "the policy has no `passphrase`"),
        (
            "[ec]\npassphrase = { env = \"EC_NEVER_SET\" }\n",
            vec![],
            "`EC_NEVER_SET`",
        ),
        (
            "[ec]\npassphrase = { secret_store = \"s\", key = \"k\" }\n",
            vec![],
            "cannot read `ec.passphrase`: it is not in the secret store `s`, as `k`; \
             `ec serve` has no secret stores: use `{ env = \"NAME\" }`",
        ),
        (CONFIG, vec!["--addr", &address], "--addr"),
        (CONFIG, vec!["--geo", "nowhere"], "`nowhere` is not a place"),
    ] {
        std::fs::write(folder.path().join("trusted-server.toml"), config).unwrap();
        let output = ec(folder.path())
            .args(["serve", "--store", "memory"])
            .args(&args)
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(2) && err.contains(said),
            "{said}: {err}"
        );
    }
}
