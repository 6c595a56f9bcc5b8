//! Every other path: the publisher's page.

use super::server::{BATCH_SYNC, CONSENT, HEALTH, ONE, Server, forged, mapping};

#[test]
fn a_visitor_who_consents_gets_an_id_once() {
    let server = Server::start();
    let first = server.get("/news?page=1").consenting().send();
    assert_eq!(first.status, 204);
    let id = first.new_id().unwrap();
    let (hash, tail) = id.split_once('.').unwrap();
    // printf 127.0.0.1 | openssl dgst -sha256 -hmac 'black box'
    assert_eq!(
        hash,
        "218798d03b9330cd1368c68ffedcba177160d9fd7699f36e5440d3852f84487d"
    );
    assert!(
        tail.len() == 6 && tail.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{tail}"
    );
    let expected = format!(
        "ts-ec={id}; Domain=.publisher.example; Path=/; Max-Age=31536000; SameSite=Lax; Secure; HttpOnly"
    );
    assert_eq!(first.set_cookie(), Some(expected.as_str()));
    let record = server.record(&id);
    assert_eq!(
        (&record["state"], &record["body"]["geo"]["country"]),
        (&"live".into(), &"US".into())
    );
    assert_eq!(record["body"]["geo"]["region"], "CA");

    let again = server.get("/").consenting().ec(&id).send();
    assert_eq!((again.status, again.set_cookie()), (204, None));
    // Debounced: nothing was written.
    assert_eq!(server.record(&id)["generation"], record["generation"]);
}

#[test]
fn consent_strings_are_stored_as_given() {
    // A national section: with notice of the sale, sharing and targeted advertising, and opted out of none.
    const NOT_OPTED_OUT: &str = "DBABLA~BVVqAAAAAACA";
    // TCF from where purpose 1 is not asked for.
    const NOT_ASKED: &str = "CQqU7yAQqU7yAAKABBENCWFgAAAAAAAAAIYgAAAAAAAA.IAAA";
    let server = Server::start();
    let page = |gpp| server.get("/").consenting().cookie("__gpp", gpp).send();
    let record = server.record(&page(NOT_OPTED_OUT).new_id().unwrap());
    let consent = |record: &serde_json::Value| record["body"]["consent"].clone();
    let stored = consent(&record);
    assert_eq!(
        (&stored["gpp"], &stored["us_privacy"], &stored["rule"]),
        (
            &NOT_OPTED_OUT.into(),
            &"1YNN".into(),
            &"grant.us_not_opted_out".into()
        )
    );
    // A second value of a signal, by whichever cookie it comes.
    let page = |name, value| server.get("/").consenting().cookie(name, value).send();
    let stored = consent(&server.record(&page("usprivacy", "1YNY").new_id().unwrap()));
    assert_eq!(
        stored["more"],
        serde_json::json!([{ "signal": "us_privacy", "value": "1YNY" }])
    );
    // What takes no part in the decision is not kept.
    let stored = consent(&server.record(&page("euconsent-v2", NOT_ASKED).new_id().unwrap()));
    assert_eq!(stored.get("tcf"), None);
    // What cannot be decoded keeps the others from granting.
    assert_eq!(page("__gpp", "nonsense!").new_id(), None);
}

#[test]
fn a_forged_id_is_not_taken_on() {
    let server = Server::start();
    let forged = forged();
    for cookie in [forged.as_str(), "malformed", ""] {
        let answer = server.get("/").consenting().ec(cookie).send();
        let id = answer.new_id().unwrap();
        assert_ne!(id, forged);
    }
    assert_eq!(server.state(&forged), "absent");
}

#[test]
fn without_consent_there_is_no_new_id_and_nothing_is_deleted() {
    let server = Server::start();
    let known = server.visitor();
    for ask in [
        server.get("/"),
        server.get("/").ec(&known),
        server.get("/").ec("malformed"),
    ] {
        let answer = ask.send();
        assert_eq!((answer.status, answer.set_cookie()), (204, None));
    }
    assert_eq!(server.state(&known), "live");
}

#[test]
fn consent_given_again_revives_the_record() {
    let server = Server::start();
    let user = server.visitor();
    assert!(
        server
            .get("/")
            .ec(&user)
            .withdrawing()
            .send()
            .expires_cookie()
    );
    let sync = || server.sync(ONE, &[mapping(&user, "u")]);
    assert_eq!(sync().json()["errors"][0]["reason"], "consent_withdrawn");
    // Consent is fresh where it is given after the withdrawal, and records keep whole seconds.
    let revived = (0..).find(|_| {
        let page = server.get("/").ec(&user).consenting().send();
        assert_eq!((page.status, page.set_cookie()), (204, None));
        server.state(&user) == "live"
    });
    assert!(revived.is_some());
    assert_eq!(sync().status, 200);
}

#[test]
fn any_method_is_a_page_and_only_a_page_view_gets_an_id() {
    let server = Server::start();
    for (method, path, is_new) in [
        ("GET", "/", true),
        ("GET", "/_tsx/", true),
        ("GET", "/_ts/../news", true),
        ("GET", "/%255fts/api", true),
        ("HEAD", "/", false),
        ("POST", "/form", false),
        ("DELETE", "/_ts", false),
        ("OPTIONS", "/", false),
    ] {
        let answer = server.ask(method, path).consenting().send();
        assert_eq!(answer.status, 204, "{method} {path}");
        assert_eq!(answer.new_id().is_some(), is_new, "{method} {path}");
    }
}

#[test]
fn what_is_no_page_view_gets_no_id() {
    let server = Server::start();
    let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let cubot = "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 Mobile Safari/537.36";
    let robot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    for (headers, is_new) in [
        (&[("sec-fetch-dest", "document")][..], true),
        (
            &[("sec-fetch-dest", "document"), ("user-agent", browser)],
            true,
        ),
        (
            &[("sec-fetch-dest", "document"), ("user-agent", cubot)],
            true,
        ),
        (&[("accept", "text/html,*/*;q=0.8")], true),
        (&[("accept", "*/*")], false),
        (
            &[("accept", "text/html"), ("user-agent", "curl/8.5.0")],
            false,
        ),
        (&[("accept", "text/html"), ("user-agent", robot)], false),
        (
            &[("sec-fetch-dest", "iframe"), ("accept", "text/html")],
            false,
        ),
        (&[("sec-fetch-dest", "font")], false),
        (&[("sec-fetch-dest", "image")], false),
        (&[("sec-fetch-dest", "script")], false),
        (
            &[("sec-fetch-dest", "empty"), ("accept", "text/html")],
            false,
        ),
        (&[("sec-fetch-dest", "serviceworker")], false),
        (
            &[("sec-fetch-dest", "document"), ("sec-purpose", "prefetch")],
            false,
        ),
        (&[("accept", "text/html"), ("purpose", "prefetch")], false),
        (&[("accept", "text/html"), ("x-moz", "prefetch")], false),
    ] {
        let ask = server.get("/").cookie(CONSENT.0, CONSENT.1);
        let ask = headers
            .iter()
            .fold(ask, |ask, (name, value)| ask.header(name, value));
        assert_eq!(ask.send().new_id().is_some(), is_new, "{headers:?}");
    }
    // A visit and a withdrawal count on every request.
    let user = server.visitor();
    let picture = || {
        server
            .get("/a.png")
            .header("sec-fetch-dest", "image")
            .ec(&user)
    };
    assert!(picture().withdrawing().send().expires_cookie());
    assert_eq!(server.state(&user), "tombstone");
}

#[test]
fn an_answer_that_sets_a_cookie_is_no_shared_caches() {
    let server = Server::start();
    let first = server.get("/").consenting().send();
    let id = first.new_id().unwrap();
    assert_eq!(first.header("cache-control"), Some("private, no-store"));
    assert_eq!(first.header("pragma"), Some("no-cache"));
    let again = server.get("/").consenting().ec(&id).send();
    assert_eq!(again.header("cache-control"), None);
    assert_eq!(again.header("pragma"), None);
    let withdrawn = server.get("/").ec(&id).withdrawing().send();
    assert!(withdrawn.expires_cookie());
    assert_eq!(withdrawn.header("cache-control"), Some("private, no-store"));
    let user = server.visitor();
    let withdrawn = server.get(HEALTH).ec(&user).withdrawing().send();
    assert!(withdrawn.expires_cookie());
    assert_eq!(withdrawn.header("cache-control"), Some("private, no-store"));
}

#[test]
fn every_path_below_the_services_prefix_is_its_own() {
    let server = Server::start();
    for path in [
        "/_ts/",
        "/_ts/api/v1/unknown",
        "/_ts/api/v1/batch-sync/",
        "/_ts/api/v1/batch-syncs",
        "/_ts/api/v1/identify/",
        "/_ts/api/v2/batch-sync",
        "//_ts/api/v1/batch-sync",
        "/_ts/./api/v1/batch-sync",
        "/news/../_ts/api/v1/batch-sync",
        "/%5fts/api/v1/batch-sync",
        "/%5Fts%2Fapi/v1/batch-sync",
        "/_ts/healthy",
    ] {
        // As it is written: a client library may tidy a path up.
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\nAuthorization: Bearer {ONE}\r\nContent-Length: 0\r\n\r\n"
        );
        let answer = server.raw(request.as_bytes()).to_ascii_lowercase();
        // The edge's platform resolves dot segments before it hands a request on: that is the partner's own route.
        let resolved = server.is_emulator() && path.contains("/.");
        let (status, error) = if resolved {
            ("400", "invalid_json")
        } else {
            ("404", "not_found")
        };
        assert!(
            answer.starts_with(&format!("http/1.1 {status}")),
            "{path}: {answer}"
        );
        assert!(
            answer.contains("cache-control: no-store"),
            "{path}: {answer}"
        );
        assert!(
            answer.contains(&format!(r#"{{"error":"{error}""#)),
            "{path}: {answer}"
        );
    }
    for (method, path, status) in [
        ("GET", BATCH_SYNC, 405),
        ("POST", HEALTH, 405),
        ("POST", BATCH_SYNC, 401),
        ("GET", HEALTH, 200),
        ("GET", "/_ts/admin/v1/policy", 401),
        ("GET", "/_ts/admin/v1/unknown", 401),
    ] {
        let answer = server.ask(method, path).send();
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{method} {path}"
        );
        assert_eq!(answer.header("pragma"), Some("no-cache"), "{method} {path}");
    }
}

#[test]
fn trace_is_refused_everywhere() {
    let server = Server::start();
    for path in ["/", "/news", HEALTH, "/_ts/unknown"] {
        let answer = server.ask("TRACE", path).send();
        assert_eq!(
            answer.refusal(),
            (405, "method_not_allowed".into()),
            "{path}"
        );
        assert!(answer.header("allow").is_some(), "{path}");
    }
}
