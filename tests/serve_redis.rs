//! `ec` on a Redis: servers that share it, one that is down under them, and commands that look into it.
#![cfg(unix)]

use crate::harness::port;
use crate::harness::redis;
use crate::harness::running;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use edge_cookie::policy::EcPolicy;
use redis::{Redis, until};
use running::Running;
use serde_json::Value;

const CONFIG: &str = r#"
[publisher]
domain = "publisher.example"
[ec]
passphrase = "a secret passphrase"
admin_token = "a-secret-admin-token"
[[ec.partners]]
source_domain = "a.com"
api_token = "a-secret-partner-token"
rate_limit = 5
[ec.organic]
budget = "60s"
"#;

struct Server {
    _running: Running,
    base: String,
}

fn ec(folder: &Path) -> Command {
    std::fs::write(folder.join("trusted-server.toml"), CONFIG).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ec"));
    command.current_dir(folder).env("EC_LOG", "warn");
    command
}

impl Server {
    /// A server over the store that `ec.local.store` names.
    fn start(folder: &Path, store: &str, sets: &[&str]) -> Self {
        let mut running = Running::start(
            ec(folder)
                .args(["serve", "--addr", "127.0.0.1:0", "--geo", "US-CA"])
                .args(["--set", &format!("ec.local.store={store}")])
                .args(sets.iter().flat_map(|set| ["--set", set])),
        );
        let base = running.url();
        Self {
            _running: running,
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
            id: cookie.map(|cookie| {
                let (_, cookie) = cookie.to_str().unwrap().split_once('=').unwrap();
                cookie.split(';').next().unwrap().to_owned()
            }),
            body: body.read_to_string().unwrap(),
        }
    }

    fn page(&self) -> Answer {
        let view = [("accept", "text/html"), ("cookie", "us_privacy=1YNN")];
        self.ask("GET", "/", &view, "")
    }

    fn health(&self) -> Answer {
        self.ask(
            "GET",
            "/_ts/health",
            &[("authorization", "Bearer a-secret-admin-token")],
            "",
        )
    }

    fn sync(&self, id: &str) -> Answer {
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let mapping = serde_json::json!({"ec_id": id, "partner_uid": "uid", "timestamp": now});
        let token = ("authorization", "Bearer a-secret-partner-token");
        let body = serde_json::json!({ "mappings": [mapping] }).to_string();
        self.ask("POST", "/_ts/api/v1/batch-sync", &[token], &body)
    }

    fn identify(&self, id: &str) -> Answer {
        let cookie = format!("ts-ec={id}; us_privacy=1YNN");
        let token = ("authorization", "Bearer a-secret-partner-token");
        self.ask(
            "GET",
            "/_ts/api/v1/identify",
            &[token, ("cookie", &cookie)],
            "",
        )
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    id: Option<String>,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[test]
fn two_servers_share_users_partners_and_limits() {
    let Some(store) = Redis::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let servers = [(); 2].map(|()| Server::start(folder.path(), &store.url(), &[]));
    let id = servers[0].page().id.unwrap();
    assert_eq!(servers[1].sync(&id).status, 200);
    assert_eq!(servers[0].identify(&id).json()["uid"], "uid");
    // One limit for both: of five requests one was made.
    let made: Vec<u16> = (0..6)
        .map(|turn| servers[turn % 2].sync(&id).status)
        .collect();
    assert_eq!(made, [200, 200, 200, 200, 429, 429]);
    // A partner added on one is known to the other, and to the command line.
    let admin = ("authorization", "Bearer a-secret-admin-token");
    let added = servers[0].ask(
        "POST",
        "/_ts/admin/v1/partners",
        &[admin],
        r#"{"source_domain":"b.com"}"#,
    );
    let token = added.json()["api_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let heads = [("authorization", bearer.as_str())];
    let body = r#"{"mappings":[]}"#;
    assert_eq!(
        servers[1]
            .ask("POST", "/_ts/api/v1/batch-sync", &heads, body)
            .status,
        200
    );
    let partners = run(folder.path(), &["partner", "list", "--store", &store.url()]);
    assert!(said(&partners).contains("b.com"), "{partners:?}");
}

#[test]
fn a_store_that_is_down_degrades_the_answers_and_comes_back_by_itself() {
    let Some(mut store) = Redis::durable() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    // No call fails for longer than this after the store's return: then it is tried again.
    let longest = EcPolicy::default().redis.max_backoff.duration();
    assert!(longest <= Duration::from_secs(1));
    let server = Server::start(folder.path(), &store.url(), &[]);
    let id = server.page().id.unwrap();
    for _ in 0..2 {
        store.kill();
        // A page is a page, without an id.
        let page = server.page();
        assert_eq!((page.status, &page.id), (204, &None));
        assert_eq!(server.identify(&id).json()["degraded"], true);
        let health = server.health();
        assert_eq!(
            (health.status, &health.json()["status"]),
            (503, &"unavailable".into())
        );
        let refused = server.sync(&id);
        assert_eq!(refused.status, 207);
        assert_eq!(refused.json()["errors"][0]["reason"], "kv_unavailable");
        store.up();
        until("a server that is well", || {
            (server.health().status == 200).then_some(())
        });
        assert!(server.page().id.is_some());
        assert_eq!(server.identify(&id).json()["degraded"], false);
    }
}

/// Without a store a server starts, serves pages, and takes the store up where it comes.
#[test]
fn a_server_starts_before_its_store() {
    let Some(mut store) = Redis::start() else {
        return;
    };
    store.kill();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &store.url(), &[]);
    assert_eq!(server.page().status, 204);
    store.up();
    until("an id", || server.page().id);
}

/// Shows `redis.min_replicas_to_write`.
#[test]
fn health_reports_what_the_server_may_lose() {
    let Some(store) = Redis::start_with(&["--maxmemory-policy", "allkeys-lru"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(
        folder.path(),
        &store.url(),
        &["ec.redis.min_replicas_to_write=1"],
    );
    let warnings = until("warnings", || {
        server.health().json().get("warnings").cloned()
    });
    let warnings = warnings.to_string();
    assert!(
        warnings.contains("`maxmemory-policy` is `allkeys-lru`"),
        "{warnings}"
    );
    assert!(
        warnings.contains("`min-replicas-to-write` is `0`"),
        "{warnings}"
    );
    let Some(store) = Redis::start() else { return };
    let server = Server::start(folder.path(), &store.url(), &[]);
    assert_eq!(server.page().status, 204);
    assert_eq!(server.health().json().get("warnings"), None);
}

/// The limit of the partner in `CONFIG`.
const LIMIT: usize = 5;

/// Requests that were counted an hour ahead of the clock of Redis are no requests of now.
#[test]
fn an_engine_whose_clock_is_set_back_locks_no_partner_out() {
    let Some(store) = Redis::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &store.url(), &[]);
    let id = until("an id", || server.page().id);
    let now = std::time::SystemTime::now();
    let now = now
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let counted = format!("RPUSH ec_partner_store/rate/a.com {}", now + 3_600_000);
    for _ in 0..LIMIT {
        store.say(&counted).unwrap();
    }
    for _ in 0..LIMIT {
        assert_eq!(server.sync(&id).status, 200);
    }
    assert_eq!(server.sync(&id).status, 429);
}

/// A server that answers and takes no writes is not well.
#[test]
fn health_is_red_while_the_store_takes_no_writes() {
    let Some(store) = Redis::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &store.url(), &[]);
    for _ in 0..2 {
        until("a server that is well", || {
            (server.health().status == 200).then_some(())
        });
        store.say("CONFIG SET min-replicas-to-write 1").unwrap();
        // Each store is tried by itself.
        until("stores that take no writes", || {
            let health = server.health();
            let stores = health.json()["stores"].clone();
            let refuses =
                |store: usize| stores[store]["answers"] == true && stores[store]["writes"] == false;
            (refuses(0) && refuses(1)).then(|| {
                assert_eq!(health.status, 503);
                assert_eq!(health.json()["status"], "unavailable");
            })
        });
        store.say("CONFIG SET min-replicas-to-write 0").unwrap();
    }
}

fn run(folder: &Path, args: &[&str]) -> Output {
    ec(folder).args(args).output().unwrap()
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
    format!("{out}{err}")
}

const EVENTS: &str = concat!(
    r#"{"op":"create","at":1772409600,"ec_id":"ID","geo":{"country":"DE"}}"#,
    "\n",
    r#"{"op":"upsert_partner_id","at":1772409660,"ec_id":"ID","partner_id":"a.com","uid":"u"}"#,
    "\n",
);

#[test]
fn commands_look_into_the_same_store() {
    let Some(store) = Redis::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let id = format!("{}.Ab3xY9", "0f".repeat(32));
    std::fs::write(root.join("events"), EVENTS.replace("ID", &id)).unwrap();
    let url = store.url();
    // What health writes to see whether the store can be written shows nowhere.
    let server = Server::start(root, &url, &[]);
    let health = server.health();
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["stores"][1]["writes"], true);
    drop(server);
    assert_ne!(store.say("DBSIZE").unwrap(), ":0");
    for (args, shown) in [
        (&["list", "--store", &url][..], ""),
        (
            &["rollout", "status", "--store", &url],
            "the store holds no records\n",
        ),
    ] {
        let ran = run(root, args);
        assert_eq!(ran.status.code(), Some(0), "{args:?}: {}", said(&ran));
        assert_eq!(String::from_utf8_lossy(&ran.stdout), shown, "{args:?}");
    }
    let at = ["--at", "2026-03-02T00:02:00Z"];
    for (args, code, expected) in [
        (&["apply", "events", "--store", &url][..], 0, "1 live"),
        (&["get", &id, "--store", &url, at[0], at[1]], 0, "a.com"),
        (&["list", "--store", &url, at[0], at[1]], 0, id.as_str()),
        (
            &["rollout", "status", "--store", &url, at[0], at[1]],
            0,
            "1",
        ),
        // Its time is over on the server's clock.
        (
            &["get", &id, "--store", &url, "--at", "2028-03-02T00:00:00Z"],
            1,
            "absent",
        ),
        (&["delete", &id, "--store", &url], 0, "deleted"),
        (&["get", &id, "--store", &url, at[0], at[1]], 1, "absent"),
    ] {
        let ran = run(root, args);
        assert_eq!(ran.status.code(), Some(code), "{args:?}: {}", said(&ran));
        assert!(said(&ran).contains(expected), "{args:?}: {}", said(&ran));
    }
    drop(store);
    let down = run(root, &["list", "--store", &url]);
    assert_eq!(down.status.code(), Some(2));
    assert!(
        said(&down).contains("the store is not available: cannot connect: "),
        "{}",
        said(&down)
    );
}

/// Shows `redis.password`.
#[test]
fn a_password_comes_from_the_environment_and_never_shows() {
    let Some(store) = Redis::start() else { return };
    assert_eq!(store.say("CONFIG SET requirepass hunter2").unwrap(), "+OK");
    let folder = tempfile::tempdir().unwrap();
    for (password, code, expected) in [
        (Some("hunter2"), 0, ""),
        (
            Some("hunter3"),
            2,
            "the store is not available: cannot connect: ",
        ),
        (None, 2, "cannot read `ec.redis.password`"),
    ] {
        let mut command = ec(folder.path());
        command.args(["list", "--store", &store.url()]);
        command.args(["--set", "ec.redis.password={ env = \"TEST_PASSWORD\" }"]);
        match password {
            Some(password) => command.env("TEST_PASSWORD", password),
            None => command.env_remove("TEST_PASSWORD"),
        };
        let ran = command.output().unwrap();
        assert_eq!(
            ran.status.code(),
            Some(code),
            "{password:?}: {}",
            said(&ran)
        );
        assert!(
            said(&ran).contains(expected),
            "{password:?}: {}",
            said(&ran)
        );
        assert!(!said(&ran).contains("hunter"), "{}", said(&ran));
    }
}

/// The commands that `docs/operations.md` says the user needs are all that are needed.
#[test]
fn a_user_of_few_rights_is_enough() {
    let Some(store) = Redis::start() else { return };
    let operations = concat!(env!("REPOSITORY"), "/docs/operations.md");
    let operations = std::fs::read_to_string(operations).unwrap();
    let rights = operations
        .split('`')
        .find(|text| text.starts_with("+eval"))
        .unwrap();
    let user = format!("ACL SETUSER ec on nopass ~ec_identity_store:* ~ec_partner_store* {rights}");
    assert_eq!(store.say(&user).unwrap(), "+OK");
    let folder = tempfile::tempdir().unwrap();
    let url = store.url().replace("redis://", "redis://ec@");
    let sets = [r#"ec.redis.password="any""#];
    let server = Server::start(folder.path(), &url, &sets);
    let id = server.page().id.unwrap();
    assert_eq!(server.sync(&id).status, 200);
    assert_eq!(server.identify(&id).json()["uid"], "uid");
    let admin = [("authorization", "Bearer a-secret-admin-token")];
    let listed = server.ask("GET", "/_ts/admin/v1/ec?prefix=", &admin, "");
    assert!(listed.body.contains(&id), "{}", listed.body);
    let erased = server.ask("DELETE", &format!("/_ts/admin/v1/ec/{id}"), &admin, "");
    assert_eq!(erased.status, 200, "{}", erased.body);
}

#[test]
fn a_password_in_an_address_is_refused_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let url = "redis://:hunter2@127.0.0.1:6379";
    let policy = format!("[ec.local]\nstore = \"{url}\"\n");
    ec(folder.path());
    std::fs::create_dir(folder.path().join("policies")).unwrap();
    std::fs::write(folder.path().join("policies/development.toml"), policy).unwrap();
    let set = format!("ec.local.store={url}");
    for args in [
        &["check"][..],
        &["check", "--format", "json"],
        &["show"],
        &["list"],
        &["list", "--store", url],
        &["check", "--set", &set],
    ] {
        let ran = run(folder.path(), args);
        assert_ne!(ran.status.code(), Some(0), "{args:?}: {}", said(&ran));
        assert!(
            said(&ran).contains("`redis.password`"),
            "{args:?}: {}",
            said(&ran)
        );
        assert!(!said(&ran).contains("hunter2"), "{args:?}: {}", said(&ran));
    }
}

/// A certificate of its own authority, by the machine's `openssl`.
fn certificate(folder: &Path) {
    let ran = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", said(&ran));
}

#[test]
fn tls_holds_the_server_to_its_name_and_authority() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    certificate(root);
    let file = |name: &str| root.join(name).to_str().unwrap().to_owned();
    let port = port::free();
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let Some(_store) = Redis::start_with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &cert,
        "--tls-auth-clients",
        "no",
    ]) else {
        return;
    };
    for (host, trusted, code) in [
        ("localhost", Some(&cert), 0),
        ("localhost", None, 2),
        ("127.0.0.1", Some(&cert), 2),
    ] {
        let mut command = ec(root);
        command.args(["list", "--store", &format!("rediss://{host}:{port}")]);
        if let Some(trusted) = trusted {
            command.env("SSL_CERT_FILE", trusted);
        }
        let ran = command.output().unwrap();
        assert_eq!(ran.status.code(), Some(code), "{host}: {}", said(&ran));
    }
}
