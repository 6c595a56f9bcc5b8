//! Several EC cookies in one request: a browser has one for each scope that it was set for, and does not say which is which.

use super::server::{Answer, CONSENT, IDENTIFY, ONE, Server, forged, mapping};

const EXPIRED: &str = "Path=/; Max-Age=0; SameSite=Lax; Secure; HttpOnly";

/// The scopes that an answer takes the cookie away from, in the order of its lines.
fn expired(answer: &Answer) -> Vec<String> {
    let lines = answer.set_cookies().into_iter();
    let lines = lines.filter_map(|line| line.strip_prefix("ts-ec=; ")?.strip_suffix(EXPIRED));
    lines
        .map(|scope| scope.trim_end_matches("; ").to_owned())
        .collect()
}

#[test]
fn a_withdrawal_reaches_every_id_and_every_scope() {
    let server = Server::start();
    for (host, scopes) in [
        ("publisher.example", &["Domain=.publisher.example", ""][..]),
        (
            "www.publisher.example:8080",
            &[
                "Domain=.publisher.example",
                "Domain=.www.publisher.example",
                "",
            ],
        ),
        (
            "a.b.publisher.example",
            &[
                "Domain=.publisher.example",
                "Domain=.a.b.publisher.example",
                "Domain=.b.publisher.example",
                "",
            ],
        ),
        ("elsewhere.example", &["Domain=.publisher.example", ""]),
    ] {
        let users = [server.visitor(), server.visitor(), server.visitor()];
        let answer = server
            .get("/")
            .header("host", host)
            .withdrawing()
            .ec(&users[0])
            .ec("malformed")
            .ec(&users[1])
            .ec(&users[0])
            .header("cookie", &format!("ts-ec={}", users[2]))
            .send();
        assert_eq!(expired(&answer), scopes, "{host}: {answer:?}");
        assert_eq!(answer.set_cookies().len(), scopes.len(), "{answer:?}");
        for user in &users {
            assert_eq!(server.state(user), "tombstone");
        }
    }
}

#[test]
fn ids_of_one_request_are_bounded() {
    let server = Server::start();
    let ids: Vec<String> = (0..20).map(|_| forged()).collect();
    let ask = ids
        .iter()
        .fold(server.get("/").withdrawing(), |ask, id| ask.ec(id));
    assert!(!expired(&ask.send()).is_empty());
    let states = ids.iter().map(|id| server.state(id));
    let tombstones = states.filter(|state| state == "tombstone").count();
    assert_eq!(tombstones, 16);
}

#[test]
fn a_visit_keeps_the_first_id_that_is_live_and_no_other() {
    let server = Server::start();
    let (gone, kept, other) = (server.visitor(), server.visitor(), server.visitor());
    server.get("/").ec(&gone).withdrawing().send();
    let unknown = forged();
    let answer = server
        .get("/a.png")
        .cookie(CONSENT.0, CONSENT.1)
        .header("host", "www.publisher.example")
        .ec(&unknown)
        .ec(&gone)
        .ec(&kept)
        .ec(&other)
        .send();
    assert_eq!(expired(&answer).len(), 3, "{answer:?}");
    let set = format!("ts-ec={kept}; Domain=.publisher.example;");
    assert!(
        answer.set_cookies().last().unwrap().starts_with(&set),
        "{answer:?}"
    );
    assert_eq!(
        [&unknown, &gone, &kept, &other].map(|id| server.state(id)),
        ["absent", "tombstone", "live", "live"]
    );

    // A partner is answered for the same one.
    assert_eq!(server.sync(ONE, &[mapping(&kept, "u")]).status, 200);
    let ask = server.get(IDENTIFY).token(ONE).consenting();
    let answer = ask.ec(&unknown).ec(&gone).ec(&kept).ec(&other).send();
    assert_eq!(
        (answer.json()["ec"].as_str(), answer.json()["uid"].as_str()),
        (Some(&*kept), Some("u"))
    );
}

#[test]
fn ids_without_a_record_are_replaced_by_a_new_one() {
    let server = Server::start();
    let ask = || server.get("/").ec(&forged()).ec("malformed").ec(&forged());
    let answer = ask().consenting().send();
    assert_eq!(expired(&answer).len(), 2, "{answer:?}");
    let last = *answer.set_cookies().last().unwrap();
    let id = last["ts-ec=".len()..].split(';').next().unwrap();
    assert_eq!(server.state(id), "live");
    // What is no page view gets no id, and keeps what it has.
    let answer = ask().cookie(CONSENT.0, CONSENT.1).send();
    assert!(answer.set_cookies().is_empty(), "{answer:?}");
}

#[test]
fn consent_given_again_revives_the_first_that_was_withdrawn() {
    let server = Server::start();
    let (one, two, unknown) = (server.visitor(), server.visitor(), forged());
    server.get("/").ec(&one).ec(&two).withdrawing().send();
    // Consent is fresh where it is given after the withdrawal, and records keep whole seconds. Until then no cookie is
    // set again that was just taken away.
    let (mut answer, mut live) = (None, false);
    while !live {
        assert!(answer.is_none_or(|answer: Answer| answer.set_cookies().is_empty()));
        let ask = server.get("/").consenting().ec(&unknown).ec(&one).ec(&two);
        answer = Some(ask.send());
        live = server.state(&one) == "live";
    }
    let answer = answer.unwrap();
    let set = format!("ts-ec={one}; Domain=.publisher.example;");
    assert!(
        answer.set_cookies().last().unwrap().starts_with(&set),
        "{answer:?}"
    );
    assert_eq!(server.state(&two), "tombstone");
}

#[test]
fn one_cookie_sets_no_other_and_its_withdrawal_expires_every_scope() {
    let server = Server::start();
    let user = server.visitor();
    let visit = server.get("/").consenting().ec(&user).send();
    assert!(visit.set_cookies().is_empty(), "{visit:?}");
    let host = "shop.publisher.example";
    let ask = server.get("/").header("host", host).ec(&user).withdrawing();
    assert_eq!(
        expired(&ask.send()),
        [
            "Domain=.publisher.example",
            "Domain=.shop.publisher.example",
            ""
        ]
    );
}

#[test]
fn privacy_control_counts_however_it_comes() {
    let server = Server::start();
    for (lines, state) in [
        (&["1, 1"][..], "tombstone"),
        (&["1", " 1 "], "tombstone"),
        (&["1", "0"], "tombstone"),
        (&["1, 0"], "tombstone"),
        (&["0"], "live"),
        (&["true"], "live"),
    ] {
        let user = server.visitor();
        let ask = server.get("/").ec(&user);
        let ask = lines
            .iter()
            .fold(ask, |ask, line| ask.header("sec-gpc", line));
        ask.send();
        assert_eq!(server.state(&user), state, "{lines:?}");
    }
}
