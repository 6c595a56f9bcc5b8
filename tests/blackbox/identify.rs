//! `GET /_ts/api/v1/identify`

use serde_json::json;

use super::server::{IDENTIFY, ONE, Server, TWO, forged, mapping};

const PAGE: &str = "https://www.publisher.example";

#[test]
fn a_partner_reads_its_own_uid_and_no_other() {
    let server = Server::start();
    let user = server.visitor();
    server.sync(ONE, &[mapping(&user, "of one")]);
    let ask = |token| {
        server
            .get(IDENTIFY)
            .token(token)
            .ec(&user)
            .consenting()
            .send()
    };
    let expected = json!({
        "ec": user, "consent": "ok", "degraded": false,
        "partner_id": "one", "source_domain": "one.example", "uid": "of one",
        "eid": { "source": "one.example", "uids": [{ "id": "of one", "atype": 3 }] },
    });
    assert_eq!((ask(ONE).status, ask(ONE).json()), (200, expected));
    // What there is none of is left out, never null.
    let expected = json!({
        "ec": user, "consent": "ok", "degraded": false,
        "partner_id": "two.example", "source_domain": "two.example",
    });
    assert_eq!((ask(TWO).status, ask(TWO).json()), (200, expected));
    let unknown = server
        .get(IDENTIFY)
        .token(ONE)
        .ec(&forged())
        .consenting()
        .send();
    assert_eq!((unknown.status, unknown.json().get("uid")), (200, None));
}

#[test]
fn an_id_is_read_in_any_case_and_with_quotes_around_it() {
    let server = Server::start();
    let user = server.visitor();
    server.sync(ONE, &[mapping(&user, "of one")]);
    let (hash, tail) = user.split_once('.').unwrap();
    let upper = format!("{}.{tail}", hash.to_uppercase());
    for sent in [
        user.clone(),
        upper.clone(),
        format!("\"{user}\""),
        format!("\"{upper}\""),
    ] {
        let answer = server
            .get(IDENTIFY)
            .token(ONE)
            .ec(&sent)
            .consenting()
            .send();
        let json = answer.json();
        assert_eq!(
            (&json["ec"], &json["uid"]),
            (&json!(user), &json!("of one"))
        );
    }
    // Withdrawn so, the record is the one that is meant.
    server
        .get("/")
        .withdrawing()
        .ec(&format!("\"{upper}\""))
        .send();
    assert_eq!(server.state(&user), "tombstone");
}

#[test]
fn what_is_checked_first_is_reported_first() {
    let server = Server::start();
    let foreign = |token: &str| {
        server
            .get(IDENTIFY)
            .token(token)
            .header("origin", "https://evil.example")
    };
    let answer = foreign("wrong").send();
    assert_eq!((answer.status, answer.body.as_str()), (403, ""));
    let ask = |token: &str| server.get(IDENTIFY).token(token).header("origin", PAGE);
    assert_eq!(
        ask("wrong").withdrawing().send().refusal(),
        (401, "invalid_token".into())
    );
    let denied = ask(ONE).withdrawing().send();
    assert_eq!(
        (denied.status, denied.json()),
        (403, json!({ "consent": "denied" }))
    );
    // No signal at all is no consent.
    assert_eq!(ask(ONE).send().status, 403);
    let no_user = ask(ONE).consenting().send();
    assert_eq!((no_user.status, no_user.body.as_str()), (204, ""));
    assert_eq!(ask(ONE).consenting().ec("malformed").send().status, 204);
}

#[test]
fn every_answer_says_who_may_read_and_keep_it() {
    let server = Server::start();
    let user = server.visitor();
    let ask = || server.get(IDENTIFY);
    for answer in [
        ask().header("origin", "https://evil.example").send(),
        ask().send(),
        ask().token(ONE).send(),
        ask().token(ONE).consenting().send(),
        ask().token(ONE).consenting().ec(&user).send(),
        server.ask("OPTIONS", IDENTIFY).send(),
    ] {
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{answer:?}"
        );
        assert_eq!(answer.header("pragma"), Some("no-cache"), "{answer:?}");
        assert_eq!(
            answer.header("vary"),
            Some("Origin, Authorization"),
            "{answer:?}"
        );
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{answer:?}"
        );
    }
    for origin in [
        PAGE,
        "https://publisher.example",
        "https://Publisher.Example:8443",
    ] {
        for answer in [
            ask().header("origin", origin).send(),
            ask()
                .token(ONE)
                .consenting()
                .ec(&user)
                .header("origin", origin)
                .send(),
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
            assert_eq!(
                answer.header("access-control-allow-credentials"),
                Some("true")
            );
        }
    }
}

#[test]
fn a_preflight_is_answered() {
    let server = Server::start();
    let ask = |origin| {
        server
            .ask("OPTIONS", IDENTIFY)
            .header("origin", origin)
            .send()
    };
    let allowed = ask(PAGE);
    assert_eq!((allowed.status, allowed.body.as_str()), (200, ""));
    for (name, value) in [
        ("access-control-allow-origin", PAGE),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET, OPTIONS"),
        ("access-control-allow-headers", "Authorization"),
        ("access-control-max-age", "600"),
        ("vary", "Origin, Authorization"),
    ] {
        assert_eq!(allowed.header(name), Some(value), "{name}");
    }
    for origin in [
        "http://publisher.example",
        "https://evilpublisher.example",
        "https://publisher.example.evil.example",
        "null",
    ] {
        let refused = ask(origin);
        assert_eq!(
            (
                refused.status,
                refused.header("access-control-allow-origin")
            ),
            (403, None)
        );
    }
}

#[test]
fn another_method_is_not_allowed() {
    let server = Server::start();
    for method in ["POST", "PUT", "DELETE"] {
        let answer = server.ask(method, IDENTIFY).token(ONE).send();
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("GET, OPTIONS")),
            "{method}"
        );
    }
}
