//! A partner whose fields are not what they should be is refused wherever it is written: over HTTP, by commands, in a file.

use std::process::Output;

use serde_json::json;

use super::redis::Redis;
use super::server::{CONFIG, OPERATOR, Server};
use super::site::Site;

/// A domain and a name, and what is said of them where they are refused.
type Case<'c> = (String, Option<String>, &'c str);

fn case<'c>(domain: &str, name: Option<&str>, refusal: &'c str) -> Case<'c> {
    (domain.to_owned(), name.map(str::to_owned), refusal)
}

fn refused() -> Vec<Case<'static>> {
    let mut cases: Vec<_> = [
        "a b.com",
        "a..com",
        "-a.com",
        "a_b.com",
        "10.0.0.1",
        "https://a.com",
        "a.com/path",
        "a.com:443",
        "xn--a.com",
        "a\u{202e}.com",
        "a\u{1b}[31m.com",
    ]
    .map(|domain| case(domain, None, "is not a domain"))
    .into();
    let long = ["a".repeat(64), "com".to_owned()].join(".");
    let longer = vec!["a".repeat(49); 6].join(".");
    cases.extend([long, longer].map(|domain| case(&domain, None, "is not a domain")));
    for (domain, canonical) in [
        ("Partner.example", "write `partner.example`"),
        ("bücher.example", "write `xn--bcher-kva.example`"),
        ("ｐartner.example", "write `partner.example`"),
        ("partner.example.", "write `partner.example`"),
    ] {
        cases.push(case(domain, None, canonical));
    }
    for (name, refusal) in [
        (" ", "is blank"),
        ("bell\u{7}", "cannot be shown"),
        ("two\nlines", "cannot be shown"),
        ("\u{1b}[2Jcleared", "cannot be shown"),
        ("right\u{202e}to left", "cannot be shown"),
        ("zero\u{200b}width", "cannot be shown"),
    ] {
        cases.push(case("partner.example", Some(name), refusal));
    }
    let long = "é".repeat(129);
    cases.push(case("partner.example", Some(&long), "use at most 128"));
    cases
}

/// What is taken everywhere.
fn taken() -> Vec<(String, String)> {
    let pairs = [
        ("xn--bcher-kva.example", "Bücher \"& Söhne\" \\ d'Or"),
        ("a-1.partner.example", "広告"),
    ];
    let mut taken: Vec<_> = pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    taken.push(("long.example".to_owned(), "é".repeat(128)));
    taken
}

fn add_over_http(server: &Server, body: &str) -> (u16, String) {
    let answer = server.send(
        format!(
            "POST /_ts/admin/v1/partners HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n\
             Authorization: Bearer {OPERATOR}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn add_by_command(site: &Site, domain: &str, name: Option<&str>, place: &[&str]) -> Output {
    let domain = format!("--source-domain={domain}");
    let name = name.map(|name| format!("--name={name}"));
    let mut arguments = vec!["partner", "add", &domain];
    arguments.extend(name.as_deref());
    arguments.extend(place);
    site.ec(&arguments)
}

fn written(domain: &str, name: Option<&str>) -> String {
    // A string of JSON is one of TOML.
    let name = name.map_or_else(String::new, |name| format!("name = {}\n", json!(name)));
    format!(
        "{CONFIG}[[ec.partners]]\nsource_domain = {}\n{name}enabled = false\n",
        json!(domain)
    )
}

fn said(output: &Output) -> String {
    // Long messages are broken into lines.
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_partner_that_is_not_well_formed_is_refused_everywhere() {
    let server = Server::start(CONFIG, &[]);
    let url = format!("http://{}", server.address);
    for (domain, name, refusal) in refused() {
        let name = name.as_deref();
        let body = json!({ "source_domain": domain, "id": "p", "name": name }).to_string();
        let (status, answer) = add_over_http(&server, &body);
        assert_eq!(status, 400, "{domain:?} {name:?}: {answer}");
        assert!(answer.contains(refusal), "{domain:?} {name:?}: {answer}");

        let places = [["--server", url.as_str()], ["--store", "elsewhere"]];
        for place in places {
            let done = add_by_command(&server.site, &domain, name, &place);
            let said = said(&done);
            assert!(!done.status.success(), "{domain:?} {name:?} {place:?}");
            assert!(said.contains(refusal), "{domain:?} {name:?}: {said}");
        }

        let site = Site::new(&written(&domain, name));
        let checked = site.ec(&["check"]);
        let said = said(&checked);
        assert!(!checked.status.success(), "{domain:?} {name:?}: {said}");
        assert!(said.contains(refusal), "{domain:?} {name:?}: {said}");
    }
    let listed = server.site.ec(&["partner", "list", "--server", &url]);
    assert_eq!(said(&listed), "", "a partner that was refused is stored");
}

#[test]
fn what_is_well_formed_is_taken_everywhere() {
    let server = Server::start(CONFIG, &[]);
    let redis = Redis::start();
    for (domain, name) in taken() {
        let body = json!({ "source_domain": domain, "name": name }).to_string();
        let (status, answer) = add_over_http(&server, &body);
        assert_eq!(status, 200, "{domain} {name}: {answer}");
        if let Some(redis) = &redis {
            let place = ["--store", &redis.url()];
            let done = add_by_command(&server.site, &domain, Some(&name), &place);
            assert!(done.status.success(), "{domain} {name}: {}", said(&done));
        }
        let site = Site::new(&written(&domain, Some(&name)));
        let checked = site.ec(&["check"]);
        assert!(
            checked.status.success(),
            "{domain} {name}: {}",
            said(&checked)
        );
    }
}

#[test]
fn no_token_is_given_for_a_declared_partner() {
    let server = Server::start(CONFIG, &[]);
    let url = format!("http://{}", server.address);
    let declared = "the policy declares the partner `a.com`";
    for (id, domain) in [("a.com", "b.com"), ("another", "a.com")] {
        let body = json!({ "source_domain": domain, "id": id }).to_string();
        let (status, answer) = add_over_http(&server, &body);
        assert_eq!(status, 409, "{id} {domain}: {answer}");
        assert!(answer.contains(declared), "{answer}");
        for place in [["--server", url.as_str()], ["--store", "elsewhere"]] {
            let arguments = ["partner", "add", "--source-domain", domain, "--id", id];
            let done = server.site.ec(&[&arguments[..], &place].concat());
            let said = said(&done);
            assert!(!done.status.success(), "{id} {domain} {place:?}");
            assert!(said.contains(declared), "{id} {domain}: {said}");
        }
    }
    let answer = server.send(
        format!(
            "POST /_ts/admin/v1/partners/a.com/rotate HTTP/1.1\r\nHost: publisher.example\r\n\
             Connection: close\r\nAuthorization: Bearer {OPERATOR}\r\n\r\n"
        )
        .as_bytes(),
    );
    assert!(answer.starts_with("HTTP/1.1 409"), "{answer}");
}
