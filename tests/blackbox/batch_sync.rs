//! `POST /_ts/api/v1/batch-sync`

use serde_json::json;

use super::server::{BATCH_SYNC, DISABLED, LIMITED, ONE, Server, THREE, TWO, forged, mapping, now};

#[test]
fn a_token_is_a_bearer_token_of_two_parts_that_is_known() {
    let server = Server::start();
    let empty = r#"{"mappings":[]}"#;
    let ask = || server.ask("POST", BATCH_SYNC);
    for (given, status) in [
        (None, 401),
        (Some("Bearer".to_owned()), 401),
        (Some("Bearer nobodys".to_owned()), 401),
        (Some(format!("Basic {ONE}")), 401),
        (Some(format!("Bearer {ONE} more")), 401),
        (Some(ONE.to_owned()), 401),
        (Some(format!("Bearer {DISABLED}")), 401),
        (Some(format!("Bearer {ONE}")), 200),
        (Some(format!("bearer {ONE}")), 200),
        (Some(format!("BEARER {ONE}")), 200),
    ] {
        let ask = match &given {
            Some(given) => ask().header("authorization", given),
            None => ask(),
        };
        let answer = ask.send_body(empty);
        assert_eq!(answer.status, status, "{given:?}");
        if status == 401 {
            assert_eq!(answer.refusal().1, "invalid_token", "{given:?}");
        }
    }
}

#[test]
fn what_is_checked_first_is_reported_first() {
    let server = Server::start();
    let ask = |token: &str| server.ask("POST", BATCH_SYNC).token(token);
    let large = vec![b' '; 2_097_153];
    let many = json!({ "mappings": vec![mapping("x", "u"); 1_001] }).to_string();
    assert_eq!(
        ask("wrong").send_body(large.clone()).refusal(),
        (401, "invalid_token".into())
    );
    assert_eq!(
        ask(ONE).send_body(large.clone()).refusal(),
        (413, "body_too_large".into())
    );
    assert_eq!(
        ask(ONE).send_body("nonsense").refusal(),
        (400, "invalid_json".into())
    );
    assert_eq!(
        ask(ONE).send_body(many).refusal(),
        (400, "batch_too_large".into())
    );
    let most = json!({ "mappings": vec![mapping("x", "u"); 1_000] }).to_string();
    assert_eq!(ask(ONE).send_body(most).status, 207);

    // The rate comes before the size.
    for _ in 0..2 {
        assert_eq!(ask(LIMITED).send_body("nonsense").status, 400);
    }
    let third = ask(LIMITED).send_body(large);
    if !server.is_emulator() {
        assert_eq!(third.refusal(), (429, "rate_limit_exceeded".into()));
        let wait: u64 = third.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
}

#[test]
fn a_body_of_another_shape_is_refused_with_its_place() {
    let server = Server::start();
    for (body, said) in [
        ("", "line 1 column 1"),
        ("[", "line 1 column 1"),
        ("{}", "`mappings`"),
        (r#"{"mappings":{}}"#, "line 1 column 12"),
        (r#"{"mappings":[1]}"#, "an object with `ec_id`"),
        (
            r#"{"mappings":[{"ec_id":"a","partner_uid":"b"}]}"#,
            "`timestamp`",
        ),
        (
            r#"{"mappings":[{"ec_id":"a","timestamp":1}]}"#,
            "`partner_uid`",
        ),
        (
            r#"{"mappings":[{"partner_uid":"b","timestamp":1}]}"#,
            "`ec_id`",
        ),
        (
            r#"{"mappings":[{"ec_id":7,"partner_uid":"b","timestamp":1}]}"#,
            "line 1 column 23",
        ),
        (
            r#"{"mappings":[{"ec_id":"a","partner_uid":"b","timestamp":"1"}]}"#,
            "Unix seconds",
        ),
        (
            r#"{"mappings":[{"ec_id":"a","partner_uid":"b","timestamp":-1}]}"#,
            "1970",
        ),
        (r#"{"mappings":[]} more"#, "line 1 column 17"),
    ] {
        let answer = server.ask("POST", BATCH_SYNC).token(ONE).send_body(body);
        assert_eq!(answer.refusal(), (400, "invalid_json".into()), "{body}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(said), "{body}: {message}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

#[test]
fn mappings_are_accepted_or_refused_with_a_reason() {
    let server = Server::start();
    let (known, withdrawn) = (server.visitor(), server.visitor());
    server.get("/").ec(&withdrawn).withdrawing().send();
    let old = json!({ "ec_id": known, "partner_uid": "old", "timestamp": now() - 90_000 });
    let answer = server.sync(
        ONE,
        &[
            mapping("not an id", "u"),
            mapping(&known, "  "),
            mapping(&known, &"u".repeat(513)),
            mapping(&known, &"u".repeat(512)),
            mapping(&forged(), "u"),
            mapping(&withdrawn, "u"),
            old,
            mapping(&known, "last"),
            mapping(&known.replace('.', "x"), "u"),
        ],
    );
    assert_eq!(answer.status, 207);
    let reasons = [
        (0, "invalid_ec_id"),
        (1, "invalid_partner_uid"),
        (2, "invalid_partner_uid"),
        (4, "ec_id_not_found"),
        (5, "consent_withdrawn"),
        (6, "stale"),
        (8, "invalid_ec_id"),
    ];
    let errors = reasons.map(|(index, reason)| json!({ "index": index, "reason": reason }));
    assert_eq!(
        answer.json(),
        json!({ "accepted": 2, "rejected": 7, "errors": errors })
    );
    // The last valid one wins.
    assert_eq!(server.record(&known)["body"]["ids"]["one"]["uid"], "last");
}

#[test]
fn a_time_in_the_wrong_unit_is_refused_and_revives_no_one() {
    let server = Server::start();
    let (known, withdrawn) = (server.visitor(), server.visitor());
    server.get("/").ec(&withdrawn).withdrawing().send();
    let at = |user: &str, timestamp: u64| json!({ "ec_id": user, "partner_uid": "u", "timestamp": timestamp });
    let answer = server.sync(
        ONE,
        &[
            at(&known, now() * 1_000),
            at(&withdrawn, now() * 1_000),
            at(&forged(), now() * 1_000),
            at(&known, now() * 1_000_000),
            at(&known, now() + 3_600),
            at(&known, now() + 60),
        ],
    );
    let errors =
        [0, 1, 2, 3, 4].map(|index| json!({ "index": index, "reason": "invalid_timestamp" }));
    assert_eq!(
        answer.json(),
        json!({ "accepted": 1, "rejected": 5, "errors": errors })
    );
    let synced = server.record(&known)["body"]["ids"]["one"]["synced"]
        .as_u64()
        .unwrap();
    assert!(synced <= now(), "what is a minute ahead is taken as now");
}

#[test]
fn a_placeholder_uid_is_refused() {
    let server = Server::start();
    let user = server.visitor();
    let uids = [
        "$UID",
        "${UID}",
        "[UID]",
        "{{uid}}",
        "%%UID%%",
        "<vsid>",
        "0",
        "null",
        "Undefined",
        "NaN",
        " none ",
        "OPTOUT",
        "00000000-0000-0000-0000-000000000000",
        "00000000000000000000000000000000",
        "\t",
    ];
    let mappings = uids.map(|uid| mapping(&user, uid));
    let answer = server.sync(ONE, &mappings);
    let reason = |index| json!({ "index": index, "reason": "invalid_partner_uid" });
    let errors: Vec<_> = (0..uids.len()).map(reason).collect();
    assert_eq!(
        answer.json(),
        json!({ "accepted": 0, "rejected": uids.len(), "errors": errors })
    );
    let ids = &server.record(&user)["body"]["ids"];
    assert_eq!(ids, &json!({}));
}

#[test]
fn a_batch_without_a_rejection_is_200() {
    let server = Server::start();
    let user = server.visitor();
    let (hash, tail) = user.split_once('.').unwrap();
    for mappings in [
        vec![],
        vec![mapping(&user, "u")],
        vec![mapping(&format!("{}.{tail}", hash.to_uppercase()), "u")],
        vec![mapping(&user, "u"); 3],
    ] {
        let answer = server.sync(ONE, &mappings);
        let expected = json!({ "accepted": mappings.len(), "rejected": 0, "errors": [] });
        assert_eq!((answer.status, answer.json()), (200, expected));
    }
    // Unknown fields are ignored.
    let body = format!(
        r#"{{"source":"x","mappings":[{{"ec_id":"{user}","partner_uid":"u","timestamp":{},"more":[1]}}]}}"#,
        now()
    );
    assert_eq!(
        server
            .ask("POST", BATCH_SYNC)
            .token(ONE)
            .send_body(body)
            .status,
        200
    );
}

#[test]
fn a_partner_writes_its_own_id_and_no_more_than_there_is_room_for() {
    let server = Server::start();
    let user = server.visitor();
    assert_eq!(server.sync(ONE, &[mapping(&user, "of one")]).status, 200);
    assert_eq!(server.sync(TWO, &[mapping(&user, "of two")]).status, 200);
    let third = server.sync(THREE, &[mapping(&user, "of three")]).json();
    assert_eq!(
        third["errors"],
        json!([{ "index": 0, "reason": "too_many_partners" }])
    );
    let ids = server.record(&user)["body"]["ids"].clone();
    assert_eq!(
        (&ids["one"]["uid"], &ids["two.example"]["uid"]),
        (&json!("of one"), &json!("of two"))
    );
    assert!(ids.get("three.example").is_none());
}

#[test]
fn another_method_is_not_allowed() {
    let server = Server::start();
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let answer = server.ask(method, BATCH_SYNC).token(ONE).send();
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("POST")),
            "{method}"
        );
    }
}

#[test]
fn a_byte_order_mark_before_a_batch_is_skipped() {
    let server = Server::start();
    let user = server.visitor();
    let batch = serde_json::json!({ "mappings": [mapping(&user, "u")] });
    let body = format!("\u{feff}{batch}");
    let answer = server.ask("POST", BATCH_SYNC).token(ONE).send_body(body);
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_batch_that_is_no_json_is_refused_at_its_place() {
    let server = Server::start();
    for (body, place) in [
        ("null", "line 1 column 4"),
        ("{\"mappings\":[],}", "line 1 column 16"),
        ("{\"mappings\":[],\n\"mappings\":[]}", "line 2 column 10"),
    ] {
        let answer = server.ask("POST", BATCH_SYNC).token(ONE).send_body(body);
        assert_eq!(answer.refusal(), (400, "invalid_json".into()), "{body}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(place), "{body}: {message}");
    }
}
