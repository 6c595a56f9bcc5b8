//! The table "HTTP: what stays different" in `docs/migrating.md`: each row is a case here, and each case a row.

use serde_json::json;

use super::server::{
    Answer, BASIC, BATCH_SYNC, CONSENT, HEALTH, IDENTIFY, LIMITED, ONE, OPERATOR, Server, forged,
    mapping,
};

const PAGE: &str = include_str!("../../docs/migrating.md");

const HEADING: &str = "## HTTP: what stays different";

/// A row by its first cell, and what shows that it is true of this service.
type Case = (&'static str, fn(&Server));

const CASES: [Case; 24] = [
    ("a batch that is not JSON", |server| {
        let answer = server.ask("POST", BATCH_SYNC).token(ONE).send_body("{");
        assert_eq!(answer.refusal(), (400, "invalid_json".into()));
        assert!(answer.json()["message"].is_string());
    }),
    ("a batch over the partner's rate", |server| {
        // On a server that all tests share, `batch_sync` spends this partner's rate.
        if std::env::var_os("EC_BASE_URL").is_some() {
            return;
        }
        let answers: Vec<Answer> = (0..3).map(|_| server.sync(LIMITED, &[])).collect();
        let last = &answers[2];
        assert_eq!(
            (last.status, last.header("retry-after").is_some()),
            (429, true)
        );
    }),
    ("a batch for an unknown or withdrawn user", |server| {
        let user = server.visitor();
        server.get("/").ec(&user).withdrawing().send();
        let answer = server.sync(ONE, &[mapping(&forged(), "u"), mapping(&user, "u")]);
        let reasons = [0, 1].map(|at| answer.json()["errors"][at]["reason"].clone());
        assert_eq!(reasons, ["ec_id_not_found", "consent_withdrawn"]);
    }),
    ("another method on an API path", |server| {
        for (method, path, allow) in [
            ("GET", BATCH_SYNC, "POST"),
            ("HEAD", IDENTIFY, "GET, OPTIONS"),
            ("POST", IDENTIFY, "GET, OPTIONS"),
        ] {
            let answer = server.ask(method, path).token(ONE).send();
            assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)));
        }
    }),
    ("a wrong or missing token", |server| {
        for asked in [server.get(IDENTIFY), server.get(IDENTIFY).token("wrong")] {
            assert_eq!(asked.send().headers("www-authenticate"), ["Bearer"]);
        }
    }),
    ("two `Authorization` headers", |server| {
        let user = server.visitor();
        let ask = server.get(IDENTIFY).consenting().ec(&user);
        assert_eq!(ask.token(ONE).token("wrong").send().status, 401);
    }),
    ("an answer of identify", |server| {
        let user = server.visitor();
        let ask = server.get(IDENTIFY).token(ONE).consenting().ec(&user);
        let answer = ask.send().json();
        assert_eq!(
            (&answer["partner_id"], answer.get("cluster_size")),
            (&json!("one"), None)
        );
    }),
    ("identify from an `Origin` in upper case", |server| {
        let ask = server.get(IDENTIFY).token(ONE).consenting();
        let answer = ask.header("origin", "https://WWW.Publisher.Example").send();
        assert_eq!(answer.status, 204);
    }),
    (
        "`Access-Control-Allow-Methods`, `-Headers` and `-Max-Age`",
        |server| {
            let origin = "https://publisher.example";
            let ask = |method| server.ask(method, IDENTIFY).header("origin", origin);
            for name in ["methods", "headers"] {
                let name = format!("access-control-allow-{name}");
                assert!(ask("OPTIONS").send().header(&name).is_some());
                assert_eq!(ask("GET").token(ONE).send().header(&name), None);
            }
        },
    ),
    ("an operator who is refused", |server| {
        let answer = server.get("/_ts/admin/v1/policy").send();
        assert_eq!(answer.refusal(), (401, "invalid_token".into()));
        assert_eq!(answer.headers("www-authenticate").len(), 2);
    }),
    ("many wrong tokens or passwords", |server| {
        // How many are let through is a setting; the emulator's counter never trips.
        let policy = server.admin("GET", "policy").send().json();
        let values = policy["values"].as_array().unwrap();
        let limit = "ec.sync.invalid_token_limit";
        assert!(values.iter().any(|value| value["key"] == limit));
    }),
    ("a record as operators see it", |server| {
        let user = server.visitor();
        let old = server.get(&format!("/_ts/admin/ec/{user}")).basic(BASIC);
        assert_eq!(old.send().status, 404);
        let record = server.record(&user);
        assert!(record["body"].is_object() && record["state"] == "live");
        assert_eq!(record.get("auction"), None);
    }),
    ("`GET /_ts/admin/ec` without an id", |server| {
        let user = server.visitor();
        let listed = server
            .admin("GET", &format!("ec?prefix={}", &user[..64]))
            .send();
        assert!(
            listed.json()["ids"]
                .as_array()
                .unwrap()
                .contains(&json!(user))
        );
    }),
    (
        "`/_ts/admin/eids`, `/_ts/admin/keys/…`, `/_ts/set-tester`",
        |server| {
            for path in [
                "/_ts/admin/eids",
                "/_ts/admin/keys/rotate",
                "/_ts/set-tester",
            ] {
                let answer = server.get(path).token(OPERATOR).send();
                assert_eq!(answer.refusal(), (404, "not_found".into()), "{path}");
            }
        },
    ),
    ("an answer that is no page", |server| {
        for asked in [server.get(HEALTH), server.ask("POST", BATCH_SYNC)] {
            let answer = asked.send();
            for (name, value) in [
                ("cache-control", "no-store"),
                ("pragma", "no-cache"),
                ("x-content-type-options", "nosniff"),
            ] {
                assert_eq!(answer.header(name), Some(value));
            }
        }
    }),
    ("an unknown path below `/_ts/`", |server| {
        let answer = server.get("/_ts/api/v2/identify").token(ONE).send();
        assert_eq!(answer.refusal(), (404, "not_found".into()));
    }),
    ("`/_ts/health`", |server| {
        assert_eq!(server.get(HEALTH).send().json()["status"], "ok");
    }),
    ("a first visit", |server| {
        let auction = server.ask("POST", "/auction").cookie(CONSENT.0, CONSENT.1);
        assert_eq!(auction.send_body("{}").set_cookie(), None);
        assert!(server.get("/").consenting().send().new_id().is_some());
    }),
    ("a page's headers", |server| {
        let page = server.get("/").consenting().send();
        for prefix in ["x-geo-", "x-ts-"] {
            assert_eq!(page.headers_like(prefix), [""; 0]);
        }
    }),
    ("`Set-Cookie`", |server| {
        let page = server.get("/").consenting().send();
        let cookie = page.set_cookie().unwrap();
        let attributes =
            "Domain=.publisher.example; Path=/; Max-Age=31536000; SameSite=Lax; Secure; HttpOnly";
        assert!(cookie.ends_with(attributes), "{cookie}");
    }),
    ("several `ts-ec` cookies", |server| {
        let user = server.visitor();
        let page = server.get("/").consenting().ec(&user).ec(&forged()).send();
        let cookies = page.set_cookies();
        assert!(
            cookies
                .last()
                .unwrap()
                .starts_with(&format!("ts-ec={user};"))
        );
        assert!(cookies[0].starts_with("ts-ec=;"));
    }),
    ("a withdrawal with a batch or a refused request", |server| {
        let user = server.visitor();
        let answer = server
            .ask("POST", BATCH_SYNC)
            .ec(&user)
            .withdrawing()
            .send();
        assert_eq!((answer.status, answer.expires_cookie()), (401, true));
        assert_eq!(server.state(&user), "tombstone");
    }),
    ("`ts-eids` and `sharedId` cookies", |server| {
        let user = server.visitor();
        let page = server.get("/").consenting().ec(&user);
        page.cookie("sharedId", "u").send();
        assert_eq!(server.record(&user)["body"]["ids"], json!({}));
    }),
    (
        "`/auction`, `/first-party/…`, `/static/tsjs=…`",
        |server| {
            // A page: without an origin every page is empty.
            for path in [
                "/auction",
                "/first-party/proxy",
                "/static/tsjs=tsjs-unified.min.js",
            ] {
                let answer = server.get(path).consenting().send();
                assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{path}");
            }
        },
    ),
];

#[test]
fn every_row_is_true_and_every_case_has_its_row() {
    let section = PAGE.split_once(HEADING).unwrap().1;
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<Vec<&str>> = rows
        .map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    // The head of the table and the line below it.
    let rows = &rows[2..];
    let listed: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    let tried: Vec<&str> = CASES.iter().map(|(row, _)| *row).collect();
    assert_eq!(listed, tried);
    // Both sides and the reason.
    assert!(rows.iter().all(|row| row.len() == 4), "{rows:?}");
    let server = Server::start();
    for (row, holds) in CASES {
        eprintln!("{row}");
        holds(&server);
    }
}
