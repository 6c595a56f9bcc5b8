//! Every other path: the publisher's page.

use crate::home::{Home, ONE, forged, mapping};

#[test]
fn a_visitor_who_consents_gets_an_id_once() {
    let home = Home::start();
    let first = home.get("/news?page=1").consenting().send();
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
    let record = home.record(&id);
    assert_eq!(
        (&record["state"], &record["body"]["geo"]["country"]),
        (&"live".into(), &"US".into())
    );
    assert_eq!(record["body"]["geo"]["region"], "CA");

    let again = home.get("/").consenting().ec(&id).send();
    assert_eq!((again.status, again.set_cookie()), (204, None));
    // Debounced: nothing was written.
    assert_eq!(home.record(&id)["generation"], record["generation"]);
}

#[test]
fn consent_strings_are_stored_as_given() {
    let home = Home::start();
    let answer = home
        .get("/")
        .consenting()
        .cookie("__gpp", "nonsense!")
        .send();
    let record = home.record(&answer.new_id().unwrap());
    assert_eq!(record["body"]["consent"]["gpp"], "nonsense!");
}

#[test]
fn a_forged_id_is_not_taken_on() {
    let home = Home::start();
    let forged = forged();
    for cookie in [forged.as_str(), "malformed", ""] {
        let answer = home.get("/").consenting().ec(cookie).send();
        let id = answer.new_id().unwrap();
        assert_ne!(id, forged);
    }
    assert_eq!(home.state(&forged), "absent");
}

#[test]
fn without_consent_there_is_no_new_id_and_nothing_is_deleted() {
    let home = Home::start();
    let known = home.visitor();
    for ask in [
        home.get("/"),
        home.get("/").ec(&known),
        home.get("/").ec("malformed"),
    ] {
        let answer = ask.send();
        assert_eq!((answer.status, answer.set_cookie()), (204, None));
    }
    assert_eq!(home.state(&known), "live");
}

#[test]
fn consent_given_anew_revives_the_record() {
    let home = Home::start();
    let user = home.visitor();
    assert!(
        home.get("/")
            .ec(&user)
            .withdrawing()
            .send()
            .expires_cookie()
    );
    let sync = || home.sync(ONE, &[mapping(&user, "u")]);
    assert_eq!(sync().json()["errors"][0]["reason"], "consent_withdrawn");
    // Consent is fresh where it is given after the withdrawal, and records keep whole seconds.
    let revived = (0..).find(|_| {
        let page = home.get("/").ec(&user).consenting().send();
        assert_eq!((page.status, page.set_cookie()), (204, None));
        home.state(&user) == "live"
    });
    assert!(revived.is_some());
    assert_eq!(sync().status, 200);
}

#[test]
fn any_path_and_any_method_is_a_page() {
    let home = Home::start();
    for (method, path) in [
        ("GET", "/_ts/api/v1/unknown"),
        ("POST", "/form"),
        ("HEAD", "/"),
        ("DELETE", "/_ts"),
        ("GET", "/_ts/api/v1/identify/"),
    ] {
        let answer = home.ask(method, path).consenting().send();
        assert_eq!(answer.status, 204, "{method} {path}");
        assert!(answer.new_id().is_some(), "{method} {path}");
    }
}
