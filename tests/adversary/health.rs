//! What a stranger learns from health: whether the service is well, and nothing that helps an attack.

use serde_json::{Value, json};

use super::server::{CONFIG, OPERATOR, Server};

/// The status code and the JSON of health.
fn health(server: &Server, token: &str) -> (u16, Value) {
    let head = match token {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    let answer = server.get("/_ts/health", &head);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    (code, serde_json::from_str(body).unwrap())
}

/// Checks that a stranger, a partner and a guesser see the status and the digest only.
fn assert_public_health(server: &Server, code: u16, status: &str) -> Value {
    let (own_code, own) = health(server, OPERATOR);
    assert_eq!((own_code, &own["status"]), (code, &json!(status)), "{own}");
    let public = json!({ "status": status, "digest": own["digest"] });
    for token in ["", "token-of-a-0123456789", "a-guess"] {
        assert_eq!(health(server, token), (code, public.clone()), "{token}");
    }
    own
}

#[test]
fn a_stranger_sees_only_the_status_and_the_digest() {
    let server = Server::start(CONFIG, &["--store", "graph.redb"]);
    let own = assert_public_health(&server, 200, "ok");
    assert_eq!(own["stores"][0]["writes"], true);
    // A policy that cannot be used, with a secret in it.
    server.site.write(
        "trusted-server.toml",
        &CONFIG.replace("[ec]\n", "[ec]\nec_store = \"redis://:hunter2@host\"\n"),
    );
    let process = server.running.process.id().to_string();
    let signalled = std::process::Command::new("kill")
        .args(["-HUP", &process])
        .status();
    assert!(signalled.unwrap().success());
    let start = std::time::Instant::now();
    while health(&server, "").1["status"] == "ok" {
        assert!(start.elapsed() < super::server::PATIENCE);
    }
    let own = assert_public_health(&server, 200, "degraded");
    let trouble = own["trouble"].as_str().unwrap();
    assert!(
        trouble.contains("`redis://:…@host` is not a store name"),
        "{trouble}"
    );
    // `ec status` has the admin token, and so the reason; without it, it shows what anyone can see.
    let status = |token: &str| {
        let url = format!("http://{}", server.address);
        let mut command = server.site.command(&["status", "--server", &url]);
        let output = command.env("EC_ADMIN_TOKEN", token).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let [out, err] =
            [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap());
        (out, err)
    };
    let (out, err) = status(OPERATOR);
    assert!(
        out.contains("`redis://:…@host`") && err.is_empty(),
        "{out}{err}"
    );
    let (out, err) = status("a-guess");
    let public = format!(
        "status   degraded\npolicy   {}\n",
        own["digest"].as_str().unwrap()
    );
    assert_eq!(out, public);
    assert!(err.contains("does not take this admin token"), "{err}");
}

#[test]
fn a_store_that_fails_is_red_and_its_reason_is_the_operators() {
    // A Valkey that is not there.
    let store = format!("redis://127.0.0.1:{}", super::port::free());
    let server = Server::start(CONFIG, &["--store", &store]);
    let own = assert_public_health(&server, 503, "unavailable");
    let why = own["stores"][0]["why"].as_str().unwrap();
    assert!(!why.is_empty());
}
