//! Rate limits: by a clock that no one sets, and of wrong tokens before the store is read.

use std::process::Command;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::server::{CONFIG, OPERATOR, PATIENCE, Server};
use super::site::Site;

const PARTNER: &str = "token-of-a-0123456789";

/// More than one sender's wrong tokens that are looked up within their window.
const GUESSES: usize = 150;

/// How many of them are.
const LOOKED_UP: usize = 60;

/// Partners' requests to the store.
const LOOKUPS: &str = "ec_store_call_seconds_count{store=\"partner_store\",call=\"lookup\"}";

/// A batch without mappings, from this address.
fn batch(server: &Server, from: &str, token: &str) -> String {
    server.send(
        format!(
            "POST /_ts/api/v1/batch-sync HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: {from}\r\n\
             Authorization: Bearer {token}\r\nContent-Length: 15\r\n\r\n{{\"mappings\":[]}}"
        )
        .as_bytes(),
    )
}

/// What an operator's route answers, to this address.
fn admin(server: &Server, from: &str, token: &str) -> String {
    let head = format!("X-Forwarded-For: {from}\r\nAuthorization: Bearer {token}\r\n");
    server.get("/_ts/admin/v1/policy", &head)
}

fn code(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A partner that the store keeps, and its token.
fn add_partner(server: &Server, domain: &str) -> String {
    let body = format!("{{\"source_domain\":\"{domain}\"}}");
    let answer = server.send(
        format!(
            "POST /_ts/admin/v1/partners HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Authorization: Bearer {OPERATOR}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    let (_, token) = answer.split_once("\"api_token\":\"").unwrap();
    token.split('"').next().unwrap().to_owned()
}

#[test]
fn guesses_are_refused_before_the_store_is_read_and_no_one_is_locked_out() {
    let config = CONFIG.replace("[ec]\n", "[ec]\nlocal.trusted_proxies = [\"127.0.0.1\"]\n");
    let server = Server::start(&config, &["--store", "graph.redb"]);
    let (guesser, other) = ("203.0.113.9", "203.0.113.10");
    let (came, new) = (
        add_partner(&server, "came.com"),
        add_partner(&server, "new.com"),
    );
    assert_eq!(code(&batch(&server, other, &came)), 200);
    let before = server.metric(LOOKUPS);
    let mut refused = 0;
    for guess in 0..GUESSES {
        let answer = batch(&server, guesser, &format!("guess-{guess}"));
        match code(&answer) {
            401 => assert_eq!(refused, 0, "{guess}: {answer}"),
            429 => {
                refused += 1;
                let answer = answer.to_ascii_lowercase();
                let (_, wait) = answer.split_once("\r\nretry-after: ").unwrap();
                let wait: u64 = wait.split('\r').next().unwrap().parse().unwrap();
                assert!((1..=60).contains(&wait), "{answer}");
                assert!(answer.contains("too_many_invalid_tokens"), "{answer}");
            }
            _ => panic!("{answer}"),
        }
    }
    assert_eq!(refused, GUESSES - LOOKED_UP);
    let read = usize::try_from(server.metric(LOOKUPS) - before).unwrap();
    assert!(read <= LOOKED_UP, "{read}");
    // The right tokens that someone is known to have pass from there, too, and operators' are counted apart.
    for (token, status) in [(PARTNER, 200), (&came, 200), (OPERATOR, 401), (&new, 429)] {
        assert_eq!(code(&batch(&server, guesser, token)), status, "{token}");
    }
    assert_eq!(code(&admin(&server, guesser, OPERATOR)), 200);
    assert_eq!(code(&admin(&server, guesser, "a-guess")), 401);
    assert_eq!(
        code(&server.get("/_ts/health", &format!("X-Forwarded-For: {guesser}\r\n"))),
        200
    );
    // So are other addresses, and a stored partner's token is right there at once.
    for (token, status) in [("a-guess", 401), (&new, 200)] {
        assert_eq!(code(&batch(&server, other, token)), status, "{token}");
    }
    assert_eq!(code(&batch(&server, guesser, &new)), 200);
    // A token that is replaced is known no longer.
    let rotate = format!(
        "POST /_ts/admin/v1/partners/came.com/rotate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Authorization: Bearer {OPERATOR}\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(code(&server.send(rotate.as_bytes())), 200);
    assert_eq!(code(&batch(&server, guesser, &came)), 401);
    assert_eq!(code(&batch(&server, guesser, &came)), 429);
    let limited = server.metric("ec_troubles_total{kind=\"too_many_invalid_tokens\"}");
    assert_eq!(usize::try_from(limited).unwrap(), GUESSES - LOOKED_UP + 2);
}

#[test]
fn guesses_of_the_admin_token_are_limited_and_the_right_one_passes() {
    let server = Server::start(CONFIG, &["--store", "memory"]);
    let from = "203.0.113.9";
    let codes: Vec<u16> = (0..GUESSES)
        .map(|guess| code(&admin(&server, from, &format!("guess-{guess}"))))
        .collect();
    assert!(
        codes[..LOOKED_UP].iter().all(|code| *code == 401),
        "{codes:?}"
    );
    assert!(
        codes[LOOKED_UP..].iter().all(|code| *code == 429),
        "{codes:?}"
    );
    for (token, status) in [(OPERATOR, 200), (PARTNER, 401), ("a-guess", 429)] {
        assert_eq!(code(&admin(&server, from, token)), status, "{token}");
    }
    // No one's address is believed who is no proxy: a new one in a header is no new sender.
    assert_eq!(code(&admin(&server, "203.0.113.10", "a-guess")), 429);
    assert_eq!(code(&batch(&server, from, "a-guess")), 401);
    assert_eq!(code(&batch(&server, from, PARTNER)), 200);
}

#[test]
fn guesses_of_the_password_are_limited_and_the_right_one_passes() {
    let password = "admin.basic = { username = \"ops\", password = \"right\" }";
    let config = CONFIG.replace("[ec]\n", &format!("[ec]\n{password}\n"));
    let server = Server::start(&config, &["--store", "memory"]);
    let try_it = |pair: &str| {
        let head = format!("Authorization: Basic {pair}\r\n");
        code(&server.get("/_ts/admin/v1/policy", &head))
    };
    // As `printf %s ops:NUMBER | base64` writes them, and `ops:right`.
    let guess = |number: usize| STANDARD.encode(format!("ops:{number}"));
    let right = "b3BzOnJpZ2h0";
    let codes: Vec<u16> = (0..GUESSES).map(|number| try_it(&guess(number))).collect();
    assert!(
        codes[..LOOKED_UP].iter().all(|code| *code == 401),
        "{codes:?}"
    );
    assert!(
        codes[LOOKED_UP..].iter().all(|code| *code == 429),
        "{codes:?}"
    );
    assert_eq!(try_it(right), 200);
    // Guesses of the password and of the token are counted together.
    for (token, status) in [(OPERATOR, 200), ("a-guess", 429)] {
        assert_eq!(code(&admin(&server, "x", token)), status, "{token}");
    }
}

#[test]
fn how_many_guesses_are_looked_up_is_the_policys_and_a_reload_changes_it() {
    let limited = |to: u32| {
        CONFIG.replace(
            "[ec]\n",
            &format!("[ec]\nsync.invalid_token_limit = {to}\n"),
        )
    };
    let server = Server::start(&limited(2), &["--store", "memory"]);
    let guess = || code(&batch(&server, "x", "a-guess"));
    assert_eq!([(); 3].map(|()| guess()), [401, 401, 429]);
    server.site.write("trusted-server.toml", &limited(4));
    server.signal("HUP");
    let start = Instant::now();
    while guess() == 429 {
        assert!(start.elapsed() < PATIENCE, "the policy is not read again");
    }
    assert_eq!([(); 2].map(|()| guess()), [401, 429]);
}

/// The clock of the server's machine is set back by an hour, while a partner is at its limit.
#[test]
fn a_clock_that_is_set_back_locks_no_partner_out() {
    let config = CONFIG.replace(
        "[ec]\n",
        "[ec]\nsync = { rate_limit = 1, rate_window = \"1s\" }\n",
    );
    let site = Site::new(&config);
    let library = site.path().join("clock.so");
    let source = concat!(env!("REPOSITORY"), "/tests/adversary/clock.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", source, "-o"])
        .arg(&library)
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let shift = site.path().join("shift");
    let server = Server::start_changed(site, &["--store", "memory"], |serve| {
        serve.env("LD_PRELOAD", &library).env("CLOCK_SHIFT", &shift);
    });
    let timestamp = || {
        // Health shows when the policy was read, by the machine's clock.
        server.signal("HUP");
        let start = Instant::now();
        loop {
            let health = server.get(
                "/_ts/health",
                &format!("Authorization: Bearer {OPERATOR}\r\n"),
            );
            if let Some((_, at)) = health.split_once("\"reloaded\":\"") {
                return at.split('"').next().unwrap().to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "{health}");
        }
    };
    // Once it answers, it handles signals.
    assert_eq!(code(&server.get("/_ts/health", "")), 200);
    let before = timestamp();
    // At its limit.
    while code(&batch(&server, "x", PARTNER)) != 429 {}
    std::fs::write(&shift, "-3600").unwrap();
    let start = Instant::now();
    while timestamp() >= before {
        assert!(start.elapsed() < PATIENCE, "the clock is not set back");
    }
    while code(&batch(&server, "x", PARTNER)) != 200 {
        assert!(start.elapsed() < PATIENCE, "the partner is locked out");
    }
}
