//! A withdrawal reaches the store on every route.

use serde_json::json;

use super::server::{BATCH_SYNC, HEALTH, IDENTIFY, ONE, Server, mapping};

#[test]
fn a_withdrawal_is_written_whatever_was_asked_for() {
    let server = Server::start();
    for (method, path, status) in [
        ("GET", "/", 204),
        ("POST", "/form", 204),
        ("POST", BATCH_SYNC, 401),
        ("GET", BATCH_SYNC, 405),
        ("GET", IDENTIFY, 401),
        ("OPTIONS", IDENTIFY, 200),
        ("GET", HEALTH, 200),
        ("GET", "/_ts/admin/v1/policy", 401),
        ("GET", "/_ts/admin/v1/unknown", 401),
    ] {
        let user = server.visitor();
        let answer = server.ask(method, path).ec(&user).withdrawing().send();
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(
            answer.set_cookie(),
            Some(
                "ts-ec=; Domain=.publisher.example; Path=/; Max-Age=0; SameSite=Lax; Secure; HttpOnly"
            ),
            "{method} {path}"
        );
        assert_eq!(server.state(&user), "tombstone", "{method} {path}");
    }
}

#[test]
fn after_a_withdrawal_partners_learn_nothing() {
    let server = Server::start();
    let user = server.visitor();
    server.sync(ONE, &[mapping(&user, "u")]);
    let identify = || server.get(IDENTIFY).token(ONE).ec(&user);
    // The withdrawal itself comes along with this request.
    let denied = identify().withdrawing().send();
    assert_eq!(
        (denied.status, denied.json()),
        (403, json!({ "consent": "denied" }))
    );
    assert!(denied.expires_cookie());
    assert_eq!(identify().withdrawing().send().status, 403);
    let batch = server.sync(ONE, &[mapping(&user, "u")]);
    assert_eq!(
        batch.json()["errors"],
        json!([{ "index": 0, "reason": "consent_withdrawn" }])
    );
    // Once the signal is gone, the user has an id and no uid.
    let after = identify().consenting().send();
    assert_eq!((after.status, after.json().get("uid")), (200, None));
    assert_eq!(server.record(&user)["body"]["ids"], json!({}));
}

#[test]
fn a_cookie_without_an_id_is_expired_too() {
    let server = Server::start();
    assert!(
        server
            .get("/")
            .ec("malformed")
            .withdrawing()
            .send()
            .expires_cookie()
    );
    assert_eq!(server.get("/").withdrawing().send().set_cookie(), None);
}

#[test]
fn an_opt_out_counts_against_consent_given_elsewhere() {
    let server = Server::start();
    let user = server.visitor();
    let answer = server
        .get("/")
        .ec(&user)
        .cookie("us_privacy", "1YYN")
        .send();
    assert!(answer.expires_cookie());
    assert_eq!(server.state(&user), "tombstone");
}
