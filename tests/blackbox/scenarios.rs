//! What the documentation of the IAB Tech Lab's trusted-server describes and its integration tests try, one test each: first
//! visit, return, withdrawal, batch sync, identify, operators. What this service does not do yet is tried as what it does
//! instead (`docs/migrating.md`).

use std::collections::HashSet;

use serde_json::{Value, json};

use super::server::{
    Answer, BASIC, BATCH_SYNC, IDENTIFY, ONE, OPERATOR, Server, THREE, TWO, forged, mapping,
};

/// What the trusted-server puts on an EC cookie, in any order.
const ATTRIBUTES: [&str; 6] = [
    "Domain=.publisher.example",
    "Path=/",
    "Secure",
    "SameSite=Lax",
    "Max-Age=31536000",
    "HttpOnly",
];

fn hash(id: &str) -> &str {
    id.split('.').next().unwrap()
}

/// The partners' uids in a user's record.
fn uids(server: &Server, id: &str) -> Value {
    server.record(id)["body"]["ids"].clone()
}

fn identify(server: &Server, token: &str, id: &str) -> Answer {
    server.get(IDENTIFY).token(token).consenting().ec(id).send()
}

#[test]
fn a_first_visit_gives_an_id_and_a_record() {
    let server = Server::start();
    let page = server.get("/news").consenting().send();
    let cookie = page.set_cookie().unwrap();
    let mut parts = cookie.split("; ");
    let id = parts.next().unwrap().strip_prefix("ts-ec=").unwrap();
    let (hash, end) = id.split_once('.').unwrap();
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(hash.len() == 64 && hash.chars().all(hex), "{id}");
    assert!(
        end.len() == 6 && end.chars().all(|c| c.is_ascii_alphanumeric()),
        "{id}"
    );
    let attributes: HashSet<&str> = parts.collect();
    assert_eq!(attributes, HashSet::from(ATTRIBUTES));
    let record = server.record(id);
    assert_eq!(record["state"], "live");
    let body = &record["body"];
    assert_eq!((&body["v"], &body["ids"]), (&json!(1), &json!({})));
    assert_eq!(body["consent"]["ok"], true);
    assert_eq!(body["geo"], json!({ "country": "US", "region": "CA" }));
}

#[test]
fn visitors_behind_one_address_share_the_hash_and_not_the_id() {
    let server = Server::start();
    let visitors: HashSet<String> = (0..4).map(|_| server.visitor()).collect();
    assert_eq!(visitors.len(), 4);
    let hashes: HashSet<&str> = visitors.iter().map(|id| hash(id)).collect();
    assert_eq!(hashes.len(), 1);
}

#[test]
fn a_return_visit_keeps_the_id_and_sets_no_cookie() {
    let server = Server::start();
    let user = server.visitor();
    let before = server.record(&user);
    let page = server.get("/").consenting().ec(&user).send();
    assert_eq!((page.status, page.set_cookies().len()), (204, 0));
    assert_eq!(server.record(&user)["body"], before["body"]);
}

#[test]
fn without_usable_consent_a_visitor_gets_no_id_and_a_user_loses_none() {
    let server = Server::start();
    // No signal in a state with a law, and strings that cannot be read.
    for signals in [
        &[][..],
        &[("euconsent-v2", "not-a-string")],
        &[("us_privacy", "????")],
        &[("__gpp", "!")],
    ] {
        let with = |path: &str| {
            let ask = server.get(path).header("accept", "text/html");
            let cookies = signals.iter();
            cookies.fold(ask, |ask, (name, value)| ask.cookie(name, value))
        };
        assert_eq!(with("/").send().set_cookie(), None, "{signals:?}");
        let user = server.visitor();
        let page = with("/").ec(&user).send();
        assert_eq!(page.set_cookie(), None, "{signals:?}");
        assert_eq!(server.state(&user), "live", "{signals:?}");
        let denied = with(IDENTIFY).token(ONE).ec(&user).send();
        assert_eq!(
            (denied.status, denied.json()),
            (403, json!({ "consent": "denied" }))
        );
    }
}

#[test]
fn a_withdrawal_takes_the_cookie_and_leaves_a_tombstone() {
    let server = Server::start();
    let user = server.visitor();
    // The browser's signal counts more than the cookie that allows.
    let page = server.get("/").consenting().ec(&user).withdrawing().send();
    assert!(page.expires_cookie(), "{page:?}");
    assert_eq!(server.state(&user), "tombstone");
    // The browser has no id any more; with the signal still there it is refused.
    let ask = || server.get(IDENTIFY).token(ONE).consenting();
    assert_eq!(ask().send().status, 204);
    assert_eq!(ask().withdrawing().send().status, 403);
}

#[test]
fn identify_without_an_id_is_empty_and_without_consent_is_denied() {
    let server = Server::start();
    let none = server.get(IDENTIFY).token(ONE).consenting().send();
    assert_eq!((none.status, none.body.as_str()), (204, ""));
    let user = server.visitor();
    let denied = server.get(IDENTIFY).token(ONE).consenting().ec(&user);
    let denied = denied.withdrawing().send();
    assert_eq!(
        (denied.status, denied.json()),
        (403, json!({ "consent": "denied" }))
    );
}

#[test]
fn a_partner_syncs_its_uid_and_reads_it_back() {
    let server = Server::start();
    let user = server.visitor();
    // The same mapping once more is accepted, and another uid replaces the first.
    for uid in ["user-1", "user-1", "user-2"] {
        let synced = server.sync(ONE, &[mapping(&user, uid)]);
        assert_eq!(
            (synced.status, synced.body.as_str()),
            (200, r#"{"accepted":1,"rejected":0,"errors":[]}"#)
        );
        let read = identify(&server, ONE, &user);
        assert_eq!(read.status, 200);
        assert_eq!(
            read.json(),
            json!({
                "ec": user, "consent": "ok", "degraded": false,
                "partner_id": "one", "source_domain": "one.example", "uid": uid,
                "eid": { "source": "one.example", "uids": [{ "id": uid, "atype": 3 }] },
            })
        );
    }
    // A user whom no one has synced has an id and no uid.
    let other = server.visitor();
    let read = identify(&server, ONE, &other).json();
    assert_eq!((read.get("uid"), read.get("eid")), (None, None));
    assert_eq!(read["ec"], other.as_str());
}

#[test]
fn each_partner_reads_its_own_uid_alone() {
    let server = Server::start();
    let user = server.visitor();
    for (token, uid) in [(ONE, "uid-a"), (TWO, "uid-b")] {
        let synced = server.sync(token, &[mapping(&user, uid)]);
        assert_eq!(synced.status, 200, "{synced:?}");
    }
    for (token, uid, source) in [(ONE, "uid-a", "one.example"), (TWO, "uid-b", "two.example")] {
        let read = identify(&server, token, &user).json();
        assert_eq!(
            (&read["uid"], &read["source_domain"]),
            (&uid.into(), &source.into())
        );
        // A partner that states no type is announced with the trusted-server's.
        assert_eq!(read["eid"]["uids"], json!([{ "id": uid, "atype": 3 }]));
    }
    let none = identify(&server, THREE, &user).json();
    assert_eq!((none["ec"].as_str(), none.get("uid")), (Some(&*user), None));
}

#[test]
fn a_batch_names_each_mapping_that_it_rejects() {
    let server = Server::start();
    let user = server.visitor();
    let answer = server.sync(
        ONE,
        &[
            mapping("no-id", "u"),
            mapping(&user, " "),
            mapping(&user, "u"),
            mapping(&forged(), "u"),
        ],
    );
    let result = answer.json();
    assert_eq!(answer.status, 207);
    assert_eq!(
        (&result["accepted"], &result["rejected"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(
        result["errors"],
        json!([
            { "index": 0, "reason": "invalid_ec_id" },
            { "index": 1, "reason": "invalid_partner_uid" },
            { "index": 3, "reason": "ec_id_not_found" },
        ])
    );
}

#[test]
fn a_batch_without_the_right_token_is_refused() {
    let server = Server::start();
    let body = json!({ "mappings": [mapping(&forged(), "u")] }).to_string();
    let ask = || server.ask("POST", BATCH_SYNC);
    for asked in [ask(), ask().token("completely-wrong")] {
        let answer = asked.send_body(body.clone());
        assert_eq!(answer.refusal(), (401, "invalid_token".into()));
    }
}

#[test]
fn operators_look_at_a_record_with_user_name_and_password() {
    let server = Server::start();
    let user = server.visitor();
    server.sync(ONE, &[mapping(&user, "u")]);
    let path = format!("/_ts/admin/v1/ec/{user}");
    let seen = server.get(&path).basic(BASIC).send();
    assert_eq!(seen.status, 200);
    let record = seen.json();
    assert_eq!(
        (&record["ec_id"], &record["state"]),
        (&user.as_str().into(), &"live".into())
    );
    assert_eq!(record["body"]["ids"]["one"]["uid"], "u");
    assert!(record["generation"].is_string() && record["metadata"].is_object());
    // The token shows the same.
    assert_eq!(server.get(&path).token(OPERATOR).send().json(), record);
    let unknown = server.get(&format!("/_ts/admin/v1/ec/{}", forged()));
    assert_eq!(unknown.basic(BASIC).send().status, 404);
    let malformed = server.get("/_ts/admin/v1/ec/no-id").basic(BASIC).send();
    assert_eq!(malformed.refusal(), (400, "invalid_ec_id".into()));
    for asked in [
        server.get(&path),
        server.get(&path).basic(("operator", "wrong")),
    ] {
        let refused = asked.send();
        assert_eq!(refused.status, 401);
        let schemes = refused.headers("www-authenticate");
        assert!(
            schemes
                .iter()
                .any(|scheme| scheme.starts_with("Basic realm=")),
            "{schemes:?}"
        );
    }
}

/// The trusted-server asks partners for uids that are missing, once a page has been sent. Here a partner's `pull` table is
/// checked, kept and shown, and no one is asked: uids come from batches.
#[test]
fn a_visit_asks_no_partner_for_uids() {
    let server = Server::start();
    let policy = server.admin("GET", "policy").send().json();
    let values = policy["values"].as_array().unwrap();
    let partners = values.iter().find(|value| value["key"] == "ec.partners");
    let partners = partners.unwrap()["value"].as_array().unwrap().iter();
    let three = partners
        .clone()
        .find(|partner| partner["id"] == "three.example");
    assert_eq!(three.unwrap()["pull"]["url"], "https://three.example/uid");
    assert!(!policy.to_string().contains("token-of-pull"));
    let user = server.visitor();
    server.get("/").consenting().ec(&user).send();
    assert_eq!(uids(&server, &user), json!({}));
    server.sync(THREE, &[mapping(&user, "u")]);
    assert_eq!(identify(&server, THREE, &user).json()["uid"], "u");
}

/// The trusted-server runs auctions, puts stored uids into bid requests and shows them in `x-ts-eids`. Here a path such as
/// `/auction` is a page of the publisher's, and a bidder's server asks `identify` for the `eid` that belongs into
/// `user.ext.eids`.
#[test]
fn an_auction_is_the_origins_and_identify_has_its_eids() {
    let server = Server::start();
    let user = server.visitor();
    server.sync(ONE, &[mapping(&user, "u")]);
    let auction = server.ask("POST", "/auction").consenting().ec(&user);
    let auction = auction.header("content-type", "application/json");
    let answer = auction.send_body(r#"{"adUnits":[{"code":"top"}]}"#);
    // Without an origin every page is empty.
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(answer.headers_like("x-ts-"), [""; 0]);
    assert_eq!(
        identify(&server, ONE, &user).json()["eid"],
        json!({ "source": "one.example", "uids": [{ "id": "u", "atype": 3 }] })
    );
}

/// The trusted-server stores the uids that Prebid leaves in `ts-eids` and `sharedId`. Here those cookies are the origin's.
#[test]
fn uids_in_the_browsers_cookies_are_not_stored() {
    let server = Server::start();
    let user = server.visitor();
    // As `printf %s '[{"source":"one.example","uids":[{"id":"u","atype":1}]}]' | base64 -w0` writes it.
    let eids = "W3sic291cmNlIjoib25lLmV4YW1wbGUiLCJ1aWRzIjpbeyJpZCI6InUiLCJhdHlwZSI6MX1dfV0=";
    let page = server.get("/").consenting().ec(&user);
    let page = page.cookie("ts-eids", eids).cookie("sharedId", "u").send();
    assert_eq!(page.set_cookie(), None);
    assert_eq!(uids(&server, &user), json!({}));
}
