//! Operators who change one partner at once: what was acknowledged holds, and no older token comes back.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::redis::Redis;
use super::server::{CONFIG, OPERATOR, Server};

/// Partners that are raced for: before changes were swaps, most of so many were left with a token that worked.
const PARTNERS: usize = 30;

/// The same where a process is started for each change.
const PARTNERS_BY_COMMAND: usize = 8;

/// How an operator reaches the partners.
#[derive(Clone, Copy)]
enum Access<'w> {
    Http,
    /// By `ec partner`, with these arguments.
    Command(&'w [&'w str]),
}

struct Operators<'s> {
    server: &'s Server,
    /// Every request comes from an address of its own, so that refused tokens are not counted together.
    requests: AtomicU32,
}

/// What a change gave: a token where it gives one, or that it was not made.
type Acknowledged = Option<String>;

impl<'s> Operators<'s> {
    const fn of(server: &'s Server) -> Self {
        Self {
            server,
            requests: AtomicU32::new(0),
        }
    }

    /// The status of the answer to a request, and its body.
    fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> (u16, String) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let [_, b, c, d] = number.to_be_bytes();
        let answer = self.server.send(
            format!(
                "{method} /_ts/{path} HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n\
                 Authorization: Bearer {token}\r\nX-Forwarded-For: 10.{b}.{c}.{d}\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .as_bytes(),
        );
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        (status, body.to_owned())
    }

    fn admits(&self, token: &str) -> bool {
        let (status, body) = self.ask("POST", "api/v1/batch-sync", token, r#"{"mappings":[]}"#);
        assert!([200, 401].contains(&status), "{status} {body}");
        status == 200
    }

    fn add(&self, id: &str) -> String {
        let described = format!(r#"{{"source_domain":"{id}"}}"#);
        let (status, body) = self.ask("POST", "admin/v1/partners", OPERATOR, &described);
        assert_eq!(status, 200, "{body}");
        token_in(&body).unwrap()
    }

    fn change(&self, way: Access<'_>, id: &str, action: &str) -> Option<Acknowledged> {
        match way {
            Access::Http => {
                let (method, path) = match action {
                    "delete" => ("DELETE", format!("admin/v1/partners/{id}")),
                    _ => ("POST", format!("admin/v1/partners/{id}/{action}")),
                };
                let (status, body) = self.ask(method, &path, OPERATOR, "");
                assert!([200, 204, 503].contains(&status), "{status} {body}");
                (status != 503).then(|| token_in(&body))
            }
            Access::Command(place) => {
                let arguments = [&["partner", action, id], place].concat();
                let done = self.server.site.ec(&arguments);
                let (out, error) = (
                    String::from_utf8_lossy(&done.stdout).trim().to_owned(),
                    String::from_utf8_lossy(&done.stderr),
                );
                let gave_up = error.contains("retries_exhausted") || error.contains("gave up");
                assert!(done.status.success() || gave_up, "{error}");
                (done.status.success()).then_some(Some(out).filter(|token| !token.is_empty()))
            }
        }
    }

    /// Makes these changes at once; what each gave that was made.
    fn race(&self, id: &str, changes: &[(Access<'_>, &str)]) -> Vec<Option<Acknowledged>> {
        let barrier = Barrier::new(changes.len());
        thread::scope(|scope| {
            let under_way: Vec<_> = changes
                .iter()
                .map(|&(way, action)| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        self.change(way, id, action)
                    })
                })
                .collect();
            let ended = under_way.into_iter();
            ended.map(|change| change.join().unwrap()).collect()
        })
    }

    fn must(&self, way: Access<'_>, id: &str, action: &str) -> Acknowledged {
        self.change(way, id, action)
            .unwrap_or_else(|| panic!("{action} of {id} meets no one, and is not made"))
    }

    fn admitted<'t>(&self, tokens: &'t [String]) -> Vec<&'t String> {
        tokens.iter().filter(|token| self.admits(token)).collect()
    }
}

fn token_in(body: &str) -> Acknowledged {
    let answer: serde_json::Value = serde_json::from_str(body).ok()?;
    Some(answer["api_token"].as_str()?.to_owned())
}

/// Two rotations and a disable at once, then what follows one after the other.
fn withstand(server: &Server, partners: usize, ways: [Access<'_>; 3]) {
    let operators = Operators::of(server);
    let [first, second, third] = ways;
    let (mut broken, mut disabled) = (Vec::new(), 0);
    for number in 0..partners {
        let id = format!("p{number}.example");
        let mut tokens = vec![operators.add(&id)];
        assert!(operators.admits(&tokens[0]));
        let changes = [(first, "rotate"), (second, "rotate"), (third, "disable")];
        let ended = operators.race(&id, &changes);
        let given: Vec<String> = ended[..2].iter().flatten().flatten().cloned().collect();
        let rotated = !given.is_empty();
        tokens.extend(given);
        let admitted = operators.admitted(&tokens);
        let out = ended[2].is_some();
        disabled += usize::from(out);
        if out && !admitted.is_empty() || rotated && admitted.contains(&&tokens[0]) {
            broken.push(format!(
                "{id}: {} of {} tokens",
                admitted.len(),
                tokens.len()
            ));
            continue;
        }
        // Let in again, the partner has one token: the last that was given.
        operators.must(third, &id, "enable");
        let admitted = operators.admitted(&tokens);
        assert_eq!(admitted.len(), 1, "{id}: of {tokens:?}");
        assert!(!rotated || *admitted[0] != tokens[0], "{id}");
        tokens.extend(operators.must(first, &id, "rotate"));
        assert_eq!(operators.admitted(&tokens), [tokens.last().unwrap()]);
        operators.must(second, &id, "delete");
        tokens.push(operators.add(&id));
        assert_eq!(operators.admitted(&tokens), [tokens.last().unwrap()]);
        operators.must(third, &id, "delete");
        assert!(operators.admitted(&tokens).is_empty(), "{id}");
    }
    assert!(
        broken.is_empty(),
        "{} of {partners} partners keep a token that was revoked: {broken:?}",
        broken.len()
    );
    assert!(disabled > 0, "no partner was disabled at all");
}

/// Any number of rotations, disables and enables at once: one token at most is left, and a disable after them all holds.
fn withstand_many(server: &Server, way: Access<'_>) {
    let operators = Operators::of(server);
    let id = "many.example";
    let mut tokens = vec![operators.add(id)];
    let mut changes = vec![(Access::Http, "rotate"); 8];
    changes.extend([(way, "disable"), (Access::Http, "enable"), (way, "rotate")]);
    for _ in 0..4 {
        let ended = operators.race(id, &changes);
        let given: Vec<String> = ended.into_iter().flatten().flatten().collect();
        let old = tokens.len();
        let rotated = !given.is_empty();
        tokens.extend(given);
        let admitted = operators.admitted(&tokens);
        assert!(admitted.len() <= 1, "{} tokens", admitted.len());
        let of_before = admitted.iter().any(|token| tokens[..old].contains(token));
        assert!(
            !(rotated && of_before),
            "a token that was replaced is admitted"
        );
        operators.must(Access::Http, id, "disable");
        assert!(operators.admitted(&tokens).is_empty());
        operators.must(way, id, "enable");
    }
}

const PROXIED: [&str; 2] = ["--set", r#"ec.local.trusted_proxies=["127.0.0.1"]"#];

/// However slow the machine's disk is, the store answers: what is tried here is who comes first.
fn config() -> String {
    format!("{CONFIG}[ec.store]\ncall_timeout = \"5s\"\n[ec.cas]\ndeadline = \"5s\"\n")
}

#[test]
fn a_token_that_was_revoked_over_http_is_out() {
    let server = Server::start(&config(), &PROXIED);
    withstand(&server, PARTNERS, [Access::Http; 3]);
    withstand_many(&server, Access::Http);
}

#[test]
fn a_token_that_was_revoked_by_commands_is_out() {
    let server = Server::start(&config(), &PROXIED);
    let url = format!("http://{}", server.address);
    let place = ["--server", url.as_str()];
    let command = Access::Command(&place);
    withstand(
        &server,
        PARTNERS_BY_COMMAND,
        [command, Access::Http, command],
    );
    withstand_many(&server, command);
}

#[test]
fn a_token_that_was_revoked_on_a_shared_store_is_out() {
    let Some(redis) = Redis::start() else {
        return;
    };
    let url = redis.url();
    let server = Server::start(&config(), &[&PROXIED[..], &["--store", &url]].concat());
    withstand(&server, PARTNERS, [Access::Http; 3]);
    let place = ["--store", url.as_str()];
    let command = Access::Command(&place);
    withstand(
        &server,
        PARTNERS_BY_COMMAND,
        [command, Access::Http, command],
    );
    withstand_many(&server, command);
}
