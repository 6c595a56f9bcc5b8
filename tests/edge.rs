//! The edge service under the emulator, where `EC_EDGE_WASM` names it and `EDGE_VICEROY` runs it (scripts/test.sh):
//! what the black-box suite cannot see, since it needs a bundle or stores of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::port;

const CONFIG: &str = concat!(env!("REPOSITORY"), "/tests/blackbox/trusted-server.toml");
const OPERATOR: &str = "Bearer operator-token-0123456789";

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

struct Edge {
    emulator: Child,
    base: String,
    _folder: tempfile::TempDir,
}

impl Drop for Edge {
    fn drop(&mut self) {
        let _ = self.emulator.kill();
        let _ = self.emulator.wait();
    }
}

/// The bundle of the tests' policy with these overrides.
fn bundle(sets: &[&str]) -> String {
    bundle_of(sets, &[])
}

/// The same, with variables of the environment.
fn bundle_of(sets: &[&str], environment: &[(&str, &str)]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ec"))
        .envs(environment.iter().copied())
        .args(["bundle", "--force", "a test", "--config", CONFIG])
        .args(["--policies", "no-profiles"])
        .args(sets.iter().flat_map(|set| ["--set", set]))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

impl Edge {
    /// The edge with these tables of local resources; none where there is no emulator to run it.
    fn start(local: &str, files: &[(&str, &str)]) -> Option<Self> {
        let wasm = std::env::var("EC_EDGE_WASM").ok();
        let viceroy = std::env::var("EDGE_VICEROY").ok();
        let (Some(wasm), Some(viceroy)) = (wasm, viceroy) else {
            eprintln!("skipped: no EC_EDGE_WASM and EDGE_VICEROY; scripts/test.sh sets them");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let manifest = folder.path().join("fastly.toml");
        let head = "manifest_version = 3\nname = \"test\"\nlanguage = \"other\"\n";
        std::fs::write(&manifest, format!("{head}{local}")).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port::free()));
        let mut emulator = Command::new(viceroy)
            .arg("serve")
            .arg("-C")
            .arg(&manifest)
            .args(["--addr", &address.to_string()])
            .arg(Path::new(&wasm))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(address).is_err() {
            assert!(
                emulator.try_wait().unwrap().is_none(),
                "the emulator has ended"
            );
            std::thread::yield_now();
        }
        Some(Self {
            emulator,
            base: format!("http://{address}"),
            _folder: folder,
        })
    }

    fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, Value, String) {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)));
        let agent: ureq::Agent = config.build().into();
        let answer = if body.is_empty() {
            agent.run(request.body(()).unwrap())
        } else {
            agent.run(request.body(body.to_owned()).unwrap())
        };
        let (head, mut body) = answer.unwrap().into_parts();
        let cookie = head
            .headers
            .get("set-cookie")
            .map(|cookie| cookie.to_str().unwrap().to_owned());
        let text = body.read_to_string().unwrap();
        (
            head.status.as_u16(),
            serde_json::from_str(&text).unwrap_or_default(),
            cookie.unwrap_or_default(),
        )
    }

    fn health(&self) -> (u16, Value) {
        let (status, json, _) = self.ask("GET", "/_ts/health", &[("authorization", OPERATOR)], "");
        (status, json)
    }
}

/// A page view of a visitor in California who has not opted out.
const CONSENT: [(&str, &str); 2] = [("accept", "text/html"), ("cookie", "us_privacy=1YNN")];

const STORES: &str =
    "[local_server.kv_stores]\nec_identity_store_dev = []\nec_partner_store_dev = []\n";

fn config_store(store: &str, key: &str, bundle: &str) -> String {
    let quoted = Value::from(bundle.trim()).to_string();
    format!(
        "{STORES}[local_server.config_stores.{store}]\nformat = \"inline-toml\"\n[local_server.config_stores.{store}.contents]\n{key} = {quoted}\n"
    )
}

/// 1.6 MiB.
const MAX_WASM_BYTES: u64 = 1_677_721;

/// With the tests' bundle in it, and without the names of functions: `[profile.edge]` in `Cargo.toml`.
#[test]
fn the_wasm_stays_small() {
    let Ok(wasm) = std::env::var("EC_EDGE_WASM") else {
        eprintln!("skipped: no EC_EDGE_WASM; scripts/test.sh sets it");
        return;
    };
    let size = std::fs::metadata(&wasm).unwrap().len();
    assert!(size <= MAX_WASM_BYTES, "{wasm} has {size} bytes");
}

#[test]
fn a_bundle_in_the_config_store_replaces_the_embedded_one() {
    let newer = bundle(&["ec.cookie.max_age=1h"]);
    let Some(edge) = Edge::start(&config_store("ec_config", "ec_bundle", &newer), &[]) else {
        return;
    };
    let (status, health) = edge.health();
    let replaced: Value = serde_json::from_str(&newer).unwrap();
    assert_eq!(
        (status, &health["digest"]),
        (200, &replaced["bundle"]["digest"])
    );
    assert!(health.get("trouble").is_none());
    let (_, _, cookie) = edge.ask("GET", "/", &CONSENT, "");
    assert!(cookie.contains("Max-Age=3600"), "{cookie}");
    let (_, policy, _) = edge.ask(
        "GET",
        "/_ts/admin/v1/policy",
        &[("authorization", OPERATOR)],
        "",
    );
    let values = policy["values"].as_array().unwrap();
    let value = values
        .iter()
        .find(|value| value["key"] == "ec.cookie.max_age")
        .unwrap();
    assert_eq!(
        (&value["value"], &value["origin"]["layer"]),
        (&"1h".into(), &"command_line".into())
    );
    assert_eq!(value["overrides"][0]["value"], "365d");

    // It is looked for under the names of the embedded policy alone.
    let Some(edge) = Edge::start(
        &config_store("ec_config", "another_bundle_key", &newer),
        &[],
    ) else {
        return;
    };
    assert_ne!(edge.health().1["digest"], replaced["bundle"]["digest"]);
}

#[test]
fn the_operators_password_comes_from_the_secret_store() {
    let password =
        r#"ec.admin.basic.password={ secret_store = "ec_secrets", key = "admin_password" }"#;
    let embedded_password = "Basic b3BlcmF0b3I6dGhlIHBhc3N3b3JkIG9mIG9wZXJhdG9ycw==";
    // As `printf %s 'operator:from the store' | base64` writes it.
    let stored_password = "Basic b3BlcmF0b3I6ZnJvbSB0aGUgc3RvcmU=";
    let with_password = bundle(&[password]);
    let secrets = "[[local_server.secret_stores.ec_secrets]]\nkey = \"admin_password\"\ndata = \"from the store\"\n";
    // Where the store does not have it, the embedded bundle serves on.
    for (secrets, admitted, refused) in [
        (secrets, stored_password, embedded_password),
        ("", embedded_password, stored_password),
    ] {
        let local = config_store("ec_config", "ec_bundle", &with_password);
        let Some(edge) = Edge::start(&format!("{local}{secrets}"), &[]) else {
            return;
        };
        for (credentials, status) in [(admitted, 200), (OPERATOR, 200), (refused, 401)] {
            let headers = [("authorization", credentials)];
            let (answered, policy, _) = edge.ask("GET", "/_ts/admin/v1/policy", &headers, "");
            assert_eq!(answered, status, "{credentials}");
            assert!(!policy.to_string().contains("from the store"));
        }
    }
}

/// Who is under the candidate, worked out apart from the code: SHA-256 of its name, a zero and the id.
fn is_taken(id: &str, percent: u64) -> bool {
    let digest = Sha256::digest([b"canary\0", id.as_bytes()].concat());
    u64::from_be_bytes(digest[..8].try_into().unwrap()) % 10_000 < percent * 100
}

#[test]
fn a_candidate_is_tried_on_the_same_users_as_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("production", "[ec]\n"),
        ("canary", "[ec.cookie]\nmax_age = \"1h\"\n"),
    ] {
        std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_ec"))
        .args(["bundle", "--config", CONFIG, "--policies"])
        .arg(folder.path())
        .args(["--profile", "production", "--candidate", "canary"])
        .args(["--percent", "50", "--force", "a test"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let both = String::from_utf8(output.stdout).unwrap();
    let Some(edge) = Edge::start(&config_store("ec_config", "ec_bundle", &both), &[]) else {
        return;
    };
    let (_, health) = edge.health();
    assert_eq!(
        (&health["rollout"]["profile"], &health["rollout"]["percent"]),
        (&"canary".into(), &"50".into())
    );
    assert_eq!(health["forced"], "a test");
    let mut taken = 0;
    for _ in 0..20 {
        let (_, _, cookie) = edge.ask("GET", "/", &CONSENT, "");
        let id = cookie.split(['=', ';']).nth(1).unwrap();
        let candidate = is_taken(id, 50);
        assert_eq!(cookie.contains("Max-Age=3600;"), candidate, "{cookie}");
        // The record shows which policy wrote it.
        let path = format!("/_ts/admin/v1/ec/{id}");
        let (_, record, _) = edge.ask("GET", &path, &[("authorization", OPERATOR)], "");
        let digest = if candidate {
            &health["rollout"]["digest"]
        } else {
            &health["digest"]
        };
        let mark = &digest.as_str().unwrap()[..8];
        assert!(record["metadata"].to_string().contains(mark), "{record}");
        taken += u32::from(candidate);
    }
    assert!(0 < taken && taken < 20, "{taken}");
}

#[test]
fn an_unusable_bundle_leaves_the_embedded_one_active() {
    let good = bundle(&["ec.cookie.max_age=1h"]);
    let tampered = good.replace("\"1h\"", "\"2h\"");
    let reseal = |change: &dyn Fn(&mut Value)| {
        // Sealed again, so that only what was changed is wrong.
        let mut value: Value = serde_json::from_str(&good).unwrap();
        change(&mut value["bundle"]);
        let inner = value["bundle"].to_string();
        let sum = sha256(inner.as_bytes());
        format!("{{\"checksum\":\"{sum}\",\"bundle\":{inner}}}")
    };
    let cases = [
        ("not a bundle".to_owned(), "it is not a bundle"),
        (good[..good.len() / 2].to_owned(), "it is not a bundle"),
        (tampered, "its checksum"),
        (
            reseal(&|bundle| bundle["needs_engine"] = "99.0.0".into()),
            "it needs engine 99.0.0",
        ),
        (
            reseal(&|bundle| bundle["digest"] = "0".repeat(64).into()),
            "its values do not give the policy",
        ),
        (
            reseal(&|bundle| bundle["values"][0]["value"] = 7.into()),
            "its policy cannot be used",
        ),
    ];
    for (text, why) in cases {
        let Some(edge) = Edge::start(&config_store("ec_config", "ec_bundle", &text), &[]) else {
            return;
        };
        let (status, health) = edge.health();
        let trouble = health["trouble"].as_str().unwrap_or_default();
        assert!(
            status == 200 && trouble.contains("`ec_config`") && trouble.contains(why),
            "{why}: {health}"
        );
        let (_, _, cookie) = edge.ask("GET", "/", &CONSENT, "");
        assert!(cookie.contains("Max-Age=31536000"), "{cookie}");
    }
    // What else a newer engine wrote is counted, and not fatal.
    let newer = reseal(&|bundle| bundle["defaults"]["ec.entry.colour"] = "red".into());
    let Some(edge) = Edge::start(&config_store("ec_config", "ec_bundle", &newer), &[]) else {
        return;
    };
    let health = edge.health().1;
    assert!(
        health["unknown_settings"] == 1 && health.get("trouble").is_none(),
        "{health}"
    );
}

fn sha256(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

#[test]
fn without_its_stores_pages_are_served_all_the_same() {
    let Some(edge) = Edge::start("", &[]) else {
        return;
    };
    let consenting = (
        "cookie",
        "us_privacy=1YNN; ts-ec=0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.Ab3xY9",
    );
    let (status, _, cookie) = edge.ask("GET", "/", &[consenting], "");
    assert_eq!((status, cookie.as_str()), (204, ""));
    assert_eq!(edge.health().0, 503);
    let token = ("authorization", "Bearer token-of-one");
    let (status, identified, _) = edge.ask("GET", "/_ts/api/v1/identify", &[consenting, token], "");
    assert_eq!((status, &identified["degraded"]), (200, &true.into()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mapping = json!({
        "ec_id": format!("{}.Ab3xY9", "0f".repeat(32)),
        "partner_uid": "u",
        "timestamp": now.as_secs(),
    });
    let batch = json!({ "mappings": [mapping] }).to_string();
    let (status, batch, _) = edge.ask("POST", "/_ts/api/v1/batch-sync", &[token], &batch);
    assert_eq!(
        (status, &batch["errors"][0]["reason"]),
        (207, &"kv_unavailable".into())
    );
}

#[test]
fn exported_partners_and_seeded_records_are_read() {
    let id = format!("{}.Ab3xY9", "0f".repeat(32));
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let record = format!(
        r#"{{"v":1,"created":{now},"consent":{{"ok":true,"updated":{now}}},"geo":{{"country":"DE"}},"ids":{{}},"other":[1.10]}}"#
    );
    let partner = r#"{"id":"new","name":"new","source_domain":"new.com","enabled":true,"api_token_sha256":"SHA"}"#;
    let hash = sha256(b"a-token");
    let partner = partner.replace("SHA", &hash);
    let quote = |text: &str| Value::from(text).to_string();
    let local = format!(
        "[local_server.kv_stores]\nec_identity_store_dev = [{{ key = \"{id}\", data = {} }}, {{ key = \"{}\", data = \"rubbish\" }}]\nec_partner_store_dev = [{{ key = \"partner/new\", data = {} }}, {{ key = \"token/{hash}\", data = {} }}]\n",
        quote(&record),
        id.replace("0f", "1f"),
        quote(&partner),
        quote(r#"{"id":"new"}"#)
    );
    let Some(edge) = Edge::start(&local, &[]) else {
        return;
    };
    let ask = |token| {
        edge.ask(
            "GET",
            "/_ts/api/v1/identify",
            &[("authorization", token)],
            "",
        )
        .0
    };
    // Known, and without consent; and not known.
    assert_eq!((ask("Bearer a-token"), ask("Bearer another")), (403, 401));
    let shown = edge
        .ask(
            "GET",
            &format!("/_ts/admin/v1/ec/{id}"),
            &[("authorization", OPERATOR)],
            "",
        )
        .1;
    assert_eq!(
        (&shown["state"], &shown["body"]["other"].to_string()),
        (&"live".into(), &"[1.1]".to_owned())
    );
    let unreadable = edge
        .ask(
            "GET",
            &format!("/_ts/admin/v1/ec/{}", id.replace("0f", "1f")),
            &[("authorization", OPERATOR)],
            "",
        )
        .1;
    assert_eq!(unreadable["state"], "unreadable");
}

/// An origin whose every page may be kept by caches; what it was asked comes to the test.
fn origin() -> (String, Receiver<String>) {
    origin_answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nCache-Control: public, max-age=3600\r\nSurrogate-Control: max-age=86400\r\nSurrogate-Key: news\r\nX-Own: kept\r\nConnection: close\r\n\r\npage",
    )
}

fn origin_answering(answer: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).unwrap_or(0) > 0 {}
            let _ = sender.send(head.to_lowercase());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (url, asked)
}

#[test]
fn an_origins_page_is_completed_as_natively() {
    let (url, asked) = origin();
    let down = format!("http://127.0.0.1:{}", port::free());
    let start = |url: &str| {
        let environment = [("TRUSTED_SERVER__PUBLISHER__ORIGIN_URL", url)];
        let prefixes = "ec.organic.ts_prefixes=[\"/_ts/assets/\"]";
        let bundle = bundle_of(&[prefixes], &environment);
        Edge::start(&config_store("ec_config", "ec_bundle", &bundle), &[])
    };
    let Some(edge) = start(&url) else {
        return;
    };
    let get = |edge: &Edge, path: &str, headers: &[(&str, &str)]| {
        let mut request = ureq::http::Request::get(format!("{}{path}", edge.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = config.build().into();
        agent.run(request.body(()).unwrap()).unwrap()
    };
    let header = |answer: &ureq::http::Response<ureq::Body>, name: &str| {
        let value = answer.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let new = get(&edge, "/", &CONSENT);
    assert_eq!(
        header(&new, "cache-control").as_deref(),
        Some("private, no-store")
    );
    assert!(header(&new, "set-cookie").unwrap().starts_with("ts-ec="));
    assert_eq!(header(&new, "surrogate-control"), None);
    assert_eq!(header(&new, "surrogate-key"), None);
    assert_eq!(header(&new, "x-own").as_deref(), Some("kept"));
    assert!(
        !asked.recv().unwrap().contains("ts-ec"),
        "no id goes to the origin with it"
    );
    let plain = get(&edge, "/", &[("accept", "text/html")]);
    assert_eq!(
        header(&plain, "cache-control").as_deref(),
        Some("public, max-age=3600")
    );
    assert_eq!(header(&plain, "set-cookie"), None);
    asked.recv().unwrap();

    let partner = ("authorization", "Bearer token-of-one");
    let refused = get(&edge, "/_ts/api/v1/batch-syncs", &[partner]);
    assert_eq!(refused.status(), 404);
    assert_eq!(
        header(&refused, "cache-control").as_deref(),
        Some("no-store")
    );
    assert_eq!(get(&edge, "/_ts/assets/a.css", &[partner]).status(), 200);
    let assets = asked.recv().unwrap();
    assert!(
        assets.starts_with("get /_ts/assets/a.css") && !assets.contains("authorization"),
        "{assets}"
    );

    // A page that the origin did not give carries no id, and leaves no record.
    let edge = start(&down).unwrap();
    let failed = get(&edge, "/", &CONSENT);
    assert_eq!(
        (failed.status().as_u16(), header(&failed, "set-cookie")),
        (502, None)
    );
    assert_eq!(
        header(&failed, "cache-control").as_deref(),
        Some("no-store")
    );
    let operator = ("authorization", OPERATOR);
    let (_, ids, _) = edge.ask("GET", "/_ts/admin/v1/ec", &[operator], "");
    assert_eq!(ids["ids"], json!([]));
}

/// The edge before this origin, with these settings as well.
fn edge_before(url: &str, sets: &[&str]) -> Option<Edge> {
    let environment = [("TRUSTED_SERVER__PUBLISHER__ORIGIN_URL", url)];
    let bundle = bundle_of(sets, &environment);
    Edge::start(&config_store("ec_config", "ec_bundle", &bundle), &[])
}

impl Edge {
    /// What comes back for these bytes, until the emulator closes.
    fn raw(&self, request: &str) -> String {
        let address = self.base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// What the platform's URL parser (URL Standard, sections 4.4 and 1.3) makes of a target before the service sees it.
/// As `docs/origin.md` says: the origin is asked for what the service has checked, and for nothing else.
#[test]
fn a_target_reaches_the_origin_as_the_platform_parses_it() {
    let (url, asked) = origin();
    let Some(edge) = edge_before(&url, &[]) else {
        return;
    };
    for (sent, expected) in [
        ("/", "/"),
        ("/a%20b;c=d,e", "/a%20b;c=d,e"),
        ("//a//b", "//a//b"),
        ("/a%2fb%00", "/a%2fb%00"),
        ("/%", "/%"),
        ("/a?", "/a?"),
        ("/a?b=c%27&d", "/a?b=c%27&d"),
        // Dot segments are resolved, encoded ones too.
        ("/a/../b", "/b"),
        ("/a/./b", "/a/b"),
        ("/public/%2e%2e/admin", "/admin"),
        ("/..", "/"),
        // A backslash is a slash.
        ("/a\\b", "/a/b"),
        // Some characters are encoded.
        ("/a\"b", "/a%22b"),
        ("/{a}", "/%7ba%7d"),
        ("/a?b='c'", "/a?b=%27c%27"),
        ("/a'b", "/a'b"),
    ] {
        let page = edge.raw(&format!(
            "GET {sent} HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n\r\n"
        ));
        assert!(page.starts_with("HTTP/1.1 200"), "{sent}: {page}");
        let head = asked.recv_timeout(PATIENCE).unwrap();
        let line = head.lines().next().unwrap();
        assert_eq!(line, format!("get {expected} http/1.1"), "{sent}");
    }
}

#[test]
fn no_header_of_ours_comes_from_outside() {
    let (url, asked) = origin();
    let Some(edge) = edge_before(&url, &[]) else {
        return;
    };
    edge.raw("GET / HTTP/1.1\r\nHost: publisher.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nX-Hop: 1\r\nConnection: close, x-hop, x-forwarded-for, host\r\n\r\n");
    let head = asked.recv_timeout(PATIENCE).unwrap();
    let values = |name: &str| -> Vec<&str> {
        let fields = head.lines().filter_map(|line| line.split_once(": "));
        let named = fields.filter(|(own, _)| *own == name);
        named.map(|(_, value)| value.trim()).collect()
    };
    assert_eq!(values("x-forwarded-host"), ["publisher.example"], "{head}");
    assert_eq!(
        values("x-forwarded-for").last(),
        Some(&"127.0.0.1"),
        "{head}"
    );
    assert_eq!(
        values("forwarded")
            .last()
            .copied()
            .unwrap_or("for=127.0.0.1"),
        "for=127.0.0.1"
    );
    assert!(values("x-hop").is_empty(), "{head}");
}

#[test]
fn an_answer_with_confusing_framing_is_framed_again_or_refused() {
    for (answer, status, body) in [
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\nConnection: close\r\n\r\n4\r\npage\r\n0\r\n\r\n",
            200,
            "page",
        ),
        (
            "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage",
            204,
            "",
        ),
        (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\nConnection: close\r\n\r\n",
            304,
            "",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            502,
            "",
        ),
    ] {
        let (url, _asked) = origin_answering(answer);
        let Some(edge) = edge_before(&url, &[]) else {
            return;
        };
        let page =
            edge.raw("GET / HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n\r\n");
        assert!(
            page.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}: {page}"
        );
        let (head, rest) = page.split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        if status == 200 {
            let framed = [
                head.contains("content-length"),
                head.contains("transfer-encoding"),
            ];
            assert!(
                framed[0] != framed[1] && rest.contains(body),
                "{answer}: {page}"
            );
        } else if status != 502 {
            assert!(
                rest.is_empty() && !head.contains("content-length: 4"),
                "{answer}: {page}"
            );
        }
    }
}

#[test]
fn an_origin_that_does_not_answer_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let Some(edge) = edge_before(&url, &["ec.organic.origin_head_timeout=200ms"]) else {
        return;
    };
    let page = edge.raw("GET / HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n\r\n");
    // The emulator does not say which error it was.
    let given_up = ["HTTP/1.1 502", "HTTP/1.1 504"];
    assert!(given_up.iter().any(|line| page.starts_with(line)), "{page}");
}
