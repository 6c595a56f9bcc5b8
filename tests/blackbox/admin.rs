//! What operators ask for.

use serde_json::json;

use super::server::{BASIC, BATCH_SYNC, HEALTH, IDENTIFY, ONE, OPERATOR, Server, forged, mapping};

#[test]
fn the_effective_policy_is_shown_with_its_origins() {
    let server = Server::start();
    let policy = server.admin("GET", "policy").send();
    assert_eq!(
        (policy.status, policy.header("content-type")),
        (200, Some("application/json"))
    );
    let policy = policy.json();
    let value = |key: &str| {
        let values = policy["values"].as_array().unwrap();
        values
            .iter()
            .find(|value| value["key"] == key)
            .unwrap()
            .clone()
    };
    assert_eq!(value("ec.sync.max_age")["value"], "24h");
    assert_eq!(value("ec.sync.max_age")["origin"]["layer"], "config");
    assert_eq!(value("ec.tombstone.ttl")["origin"]["layer"], "default");
    assert_eq!(value("ec.passphrase")["value"], "…");
    let health = server.get(HEALTH).token(OPERATOR).send();
    assert_eq!(
        (health.status, &health.json()["digest"]),
        (200, &policy["digest"])
    );
    // Who is no operator learns how the service is, and under which policy, by its digest alone.
    let public = json!({ "status": "ok", "digest": policy["digest"] });
    for asked in [
        server.get(HEALTH),
        server.get(HEALTH).token(ONE),
        server.get(HEALTH).token("wrong"),
    ] {
        let answer = asked.send();
        assert_eq!((answer.status, answer.json()), (200, public.clone()));
    }
    // At the edge a key takes one write a second: health reads only.
    let mut store = json!({ "name": "ec_identity_store_dev", "answers": true });
    if !server.is_emulator() {
        store["writes"] = json!(true);
    }
    assert_eq!(health.json()["stores"][0], store);
    assert_eq!(value("ec.admin.basic.password")["value"], "…");
    for secret in ["black box", OPERATOR, ONE, BASIC.1] {
        assert!(!policy.to_string().contains(secret), "{secret}");
    }
}

#[test]
fn a_user_name_and_password_are_as_good_as_the_token() {
    let server = Server::start();
    let policy = || server.get("/_ts/admin/v1/policy");
    let (username, password) = BASIC;
    assert_eq!(policy().basic(BASIC).send().status, 200);
    assert_eq!(server.admin("GET", "policy").send().status, 200);
    let details = server.get(HEALTH).basic(BASIC).send();
    assert!(details.json()["stores"].is_array(), "{details:?}");
    for wrong in [
        (username, "wrong"),
        ("wrong", password),
        (username, ""),
        ("", password),
        // Letters count, and so does every blank.
        ("Operator", password),
        (username, "the password of operators "),
        // The token is no password, nor a partner's.
        (username, OPERATOR),
        (username, ONE),
    ] {
        let answer = policy().basic(wrong).send();
        assert_eq!(answer.refusal(), (401, "invalid_token".into()), "{wrong:?}");
        let taken = r#"Basic realm="Trusted Server", charset="UTF-8""#;
        assert_eq!(answer.headers("www-authenticate"), ["Bearer", taken]);
        let health = server.get(HEALTH).basic(wrong).send();
        assert_eq!(health.json().get("stores"), None, "{wrong:?}");
    }
    for given in [
        "Basic",
        "Basic no+Base64!",
        // `operator` alone, and the right pair under the other scheme.
        "Basic b3BlcmF0b3I=",
        "Bearer b3BlcmF0b3I6dGhlIHBhc3N3b3JkIG9mIG9wZXJhdG9ycw==",
    ] {
        let answer = policy().header("authorization", given).send();
        assert_eq!(answer.status, 401, "{given}");
    }
    // Two of them are none: a proxy in between could see another than the service.
    let twice = policy().basic(BASIC).token(OPERATOR).send();
    assert_eq!(twice.status, 401);
    // Partners' routes take tokens alone.
    for asked in [server.get(IDENTIFY), server.ask("POST", BATCH_SYNC)] {
        let answer = asked.basic(BASIC).send();
        assert_eq!(answer.refusal(), (401, "invalid_token".into()));
        assert_eq!(answer.headers("www-authenticate"), ["Bearer"]);
    }
}

#[test]
fn only_an_operator_is_let_in() {
    let server = Server::start();
    for path in ["policy", "ec", "ec/x", "partners", "unknown"] {
        let path = format!("/_ts/admin/v1/{path}");
        for token in ["wrong", ONE, ""] {
            let answer = server.get(&path).token(token).send();
            assert_eq!(
                answer.refusal(),
                (401, "invalid_token".into()),
                "{path} {token}"
            );
        }
    }
    assert_eq!(server.admin("GET", "unknown").send().refusal().0, 404);
    assert_eq!(
        server.admin("POST", "policy").send().header("allow"),
        Some("GET")
    );
    // A partner's token is no operator's, nor the other way round.
    assert_eq!(server.get(IDENTIFY).token(OPERATOR).send().status, 401);
}

#[test]
fn a_record_is_shown_as_stored_and_erased() {
    let server = Server::start();
    let user = server.visitor();
    server.sync(ONE, &[mapping(&user, "u")]);
    let record = server.record(&user);
    assert_eq!(
        (&record["ec_id"], &record["state"]),
        (&json!(user), &json!("live"))
    );
    assert_eq!(record["body"]["ids"]["one"]["uid"], "u");
    assert_eq!(
        (&record["metadata"]["ok"], &record["metadata"]["country"]),
        (&json!(true), &json!("US"))
    );
    assert_eq!(record["generation"].as_str().unwrap().len(), 16);
    assert!(record["expires_at"].as_str().unwrap().ends_with('Z'));
    let listed = server
        .admin("GET", &format!("ec?prefix={}", &user[..64]))
        .send()
        .json();
    assert!(listed["ids"].as_array().unwrap().contains(&json!(user)));
    let erased = server.admin("DELETE", &format!("ec/{user}")).send();
    assert_eq!(
        (erased.status, erased.json()),
        (200, json!({ "outcome": "deleted" }))
    );
    for (method, id, refusal) in [
        ("GET", user.as_str(), (404, "not_found")),
        ("DELETE", &user, (404, "not_found")),
        ("GET", &forged(), (404, "not_found")),
        ("GET", "malformed", (400, "invalid_ec_id")),
        ("DELETE", "malformed", (400, "invalid_ec_id")),
    ] {
        let answer = server.admin(method, &format!("ec/{id}")).send();
        assert_eq!(
            answer.refusal(),
            (refusal.0, refusal.1.into()),
            "{method} {id}"
        );
    }
}

#[test]
fn a_partner_is_added_rotated_and_shut_out() {
    let server = Server::start();
    let id = format!("p{}.example", &forged()[..16]);
    let described = json!({ "source_domain": id, "openrtb_atype": 1 }).to_string();
    let add = || {
        server
            .admin("POST", "partners")
            .send_body(described.clone())
    };
    let token = |answer: super::server::Answer| {
        assert_eq!(
            (answer.status, &answer.json()["partner_id"]),
            (200, &json!(id))
        );
        answer.json()["api_token"].as_str().unwrap().to_owned()
    };
    let good = |token: &str| {
        let answer = server
            .ask("POST", BATCH_SYNC)
            .token(token)
            .send_body(r#"{"mappings":[]}"#);
        answer.status == 200
    };
    let act = |action: &str| {
        server
            .admin("POST", &format!("partners/{id}/{action}"))
            .send()
    };
    let first = token(add());
    assert!(good(&first));
    assert_eq!(add().refusal(), (409, "already_exists".into()));
    let second = token(act("rotate"));
    assert!(!good(&first) && good(&second));
    assert_eq!(act("disable").status, 204);
    assert!(!good(&second));
    assert_eq!(act("enable").status, 204);
    assert!(good(&second));
    let partners = server.admin("GET", "partners").send();
    assert!(partners.body.contains(&id) && !partners.body.contains(&second));
    let delete = || server.admin("DELETE", &format!("partners/{id}")).send();
    assert_eq!(delete().status, 204);
    assert!(!good(&second));
    assert_eq!(delete().refusal(), (404, "not_found".into()));
    let third = token(add());
    assert!(!good(&second) && good(&third));
    assert_eq!(delete().status, 204);
    let missing = server
        .admin("POST", "partners/unknown.example/rotate")
        .send();
    assert_eq!(missing.refusal(), (404, "not_found".into()));
    let invalid = server
        .admin("POST", "partners")
        .send_body(r#"{"source":"x"}"#);
    assert_eq!(invalid.refusal(), (400, "invalid_json".into()));
}

#[test]
fn a_decision_about_consent_is_explained_as_it_is_made() {
    let server = Server::start();
    let explain = |body: serde_json::Value| {
        let ask = server.admin("POST", "consent/explain");
        ask.send_body(body.to_string())
    };
    // Where both servers take a client on loopback to be.
    let decided = |cookies: &str| {
        let explained = explain(json!({ "cookies": cookies, "geo": "US-CA" }));
        assert_eq!(explained.status, 200, "{cookies}");
        let explained = explained.json();
        let word = |name: &str| explained[name].as_str().unwrap().to_owned();
        (word("verdict"), word("rule"))
    };
    for (cookies, verdict, rule) in [
        ("us_privacy=1YNN", "granted", "grant.us_not_opted_out"),
        ("us_privacy=1YYN", "withdrawn", "refusal.us_sale"),
        (
            "us_privacy=1YNN; usprivacy=1YYN",
            "withdrawn",
            "refusal.us_sale",
        ),
        ("us_privacy=1NNN", "not_granted", "block.notice_not_given"),
        ("us_privacy=maybe", "not_granted", "block.undecodable"),
        (
            "__gpp=DBABBg~BUkAAABA.QA",
            "withdrawn",
            "refusal.us_sharing",
        ),
        ("theme=dark", "not_granted", "none.us_not_said"),
    ] {
        assert_eq!(decided(cookies), (verdict.into(), rule.into()), "{cookies}");
        // A page of the same visitor is given an id where the explanation says so.
        let (names, rest) = cookies.split_once('=').unwrap();
        let page = server.get("/").header("accept", "text/html");
        let page = page.cookie(names, rest).send();
        assert_eq!(page.new_id().is_some(), verdict == "granted", "{cookies}");
    }
    let of_gpc = explain(json!({ "headers": ["Sec-GPC: 1"], "geo": "DE", "at": 1_795_867_200 }));
    let of_gpc = of_gpc.json();
    assert_eq!(
        (&of_gpc["rule"], &of_gpc["at"], &of_gpc["law"]["name"]),
        (
            &json!("refusal.gpc"),
            &json!("2026-11-28T12:00:00Z"),
            &json!("Germany")
        )
    );
    assert_eq!(of_gpc["signals"][0]["source"], "header `Sec-GPC`");
    for (body, error) in [
        (json!({ "geo": "Germany" }), "invalid_request"),
        (json!({ "at": "today" }), "invalid_json"),
        (json!({ "gpc": true }), "invalid_json"),
        (json!(7), "invalid_json"),
    ] {
        assert_eq!(explain(body).refusal(), (400, error.into()));
    }
    for token in ["wrong", ONE, ""] {
        let ask = server.ask("POST", "/_ts/admin/v1/consent/explain");
        let answer = ask.token(token).send_body("{}");
        assert_eq!(answer.refusal(), (401, "invalid_token".into()), "{token}");
    }
    // Who asks is not who is asked about: nothing is withdrawn.
    let user = server.visitor();
    let asked = json!({ "cookies": format!("us_privacy=1YYN; ts-ec={user}"), "geo": "US-CA" });
    assert_eq!(explain(asked).json()["verdict"], "withdrawn");
    assert_eq!(server.state(&user), "live");
}
