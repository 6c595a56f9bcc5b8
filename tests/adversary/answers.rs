//! What the headers of our answers and pages say to a browser, and how tokens are compared.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::server::{CONFIG, OPERATOR, Server};
use super::site::Site;
use crate::support::sources::{self, without_tests};

#[test]
fn no_browser_guesses_a_type_for_an_answer_of_ours() {
    let server = Server::start(CONFIG, &["--store", "memory"]);
    let token = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let (operator, partner) = (token(OPERATOR), token("token-of-a-0123456789"));
    for (path, headers, status) in [
        ("/_ts/health", "", 200),
        ("/_ts/unknown", "", 404),
        ("/_ts/admin/v1/policy", operator.as_str(), 200),
        ("/_ts/admin/v1/policy", "", 401),
        ("/_ts/admin/v1/ec/x", &operator, 400),
        ("/_ts/admin/v1/partners/x/rotate", &operator, 405),
        ("/_ts/api/v1/batch-sync", &partner, 405),
        ("/_ts/api/v1/identify", &partner, 403),
        ("/_ts/api/v1/identify", "", 401),
    ] {
        let answer = server.get(path, headers).to_ascii_lowercase();
        assert!(
            answer.starts_with(&format!("http/1.1 {status} "))
                && answer.contains("\r\nx-content-type-options: nosniff\r\n"),
            "{path}: {answer}"
        );
    }
}

#[test]
fn the_report_of_a_simulation_may_do_nothing_but_look_as_it_does() {
    let site = Site::new(CONFIG);
    site.write(
        "small.toml",
        "visitors = 10\ndays = 2\n[[audience]]\nshare = 1.0\n[[regions]]\ncountry = \"BR\"\nshare = 1.0\n",
    );
    let output = site.ec(&["simulate", "small.toml", "--report", "report.html"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let page = site.read("report.html");
    let (before, after) = page.split_once("<style>").unwrap();
    let (style, _) = after.split_once("</style>").unwrap();
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    let policy = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">"
    );
    // It counts for what comes after it alone.
    assert!(before.contains(&policy), "{before}");
    assert!(!page.contains("style=\""), "its hash allows no attribute");
}

/// Files in which tokens are compared, as SECURITY.md lists them.
#[test]
fn every_place_that_compares_tokens_is_listed() {
    let root = std::path::Path::new(env!("REPOSITORY"));
    let mut found = Vec::new();
    for path in sources::all() {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = without_tests(&text).lines();
        let mut code = code.filter(|line| !line.trim_start().starts_with("//"));
        let calls = ["ct_eq", ".admits(", ".is_of("];
        if code.any(|line| calls.iter().any(|call| line.contains(call))) {
            let name = path.strip_prefix(root).unwrap();
            found.push(format!("`{}`", name.display()));
        }
    }
    assert!(!found.is_empty());
    let docs = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let listed = docs.split_once("## Secrets\n").unwrap().1;
    let listed = listed.split("\n## ").next().unwrap();
    for name in found {
        assert!(listed.contains(&name), "{name} is not listed");
    }
    // Two hashes have no other comparison than the one in constant time.
    let token = std::fs::read_to_string(root.join("crates/service/src/partner/token.rs")).unwrap();
    assert!(!token.contains("PartialEq, Eq, Hash"));
}
