//! The steps of docs/migrating.md, run as a reader pastes them: from the trusted-server's file to a server that answers a page,
//! a sync and an identify, and back.
#![cfg(unix)]

use crate::harness::running;
use crate::harness::site;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;

use running::Running;
use site::{Site, ec};

const PAGE: &str = include_str!("../docs/migrating.md");

/// A configuration as the trusted-server has it; its partner's token, and its origin's address.
const CONFIG: &str = include_str!("migrate/configs/ec.toml");
const TOKEN: &str = "hunter2-a0b1c2d3e4f5061728394a5b6c7d8e9f";
const ORIGIN: &str = "https://origin.news.example/site";

/// The lines of a block of the page, as readers paste them.
fn block(name: &str) -> &'static str {
    let begin = PAGE
        .lines()
        .find(|line| line.starts_with(&format!("<!-- {name}: run by ")));
    let (_, rest) = PAGE.split_once(begin.unwrap()).unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    rest.split_once("```\n").unwrap().0
}

/// Runs lines in a publisher's folder, where `ec` is the one that is tested.
fn run(site: &Site, lines: &str) -> String {
    let folder = Path::new(&ec()).parent().unwrap().to_owned();
    let mut places = vec![folder];
    places.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let ran = Command::new("bash")
        .current_dir(site.path())
        .args(["-euo", "pipefail", "-c", lines])
        .env("PATH", std::env::join_paths(&places).unwrap())
        .env("TOKEN", TOKEN)
        .env_remove("EC_PROFILE")
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    let err = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{lines}\n{out}\n{err}");
    out
}

/// A publisher's origin that answers each request with a page.
fn origin() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut read = [0; 4_096];
            let _ = stream.read(&mut read);
            let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnews";
            let _ = stream.write_all(page.as_bytes());
        }
    });
    format!("http://{address}/site")
}

/// A publisher who has come as far as a configuration of `ec`.
fn moved() -> (Site, String) {
    let config = CONFIG.replace(ORIGIN, &origin());
    let site = Site::new(&config);
    run(&site, "cp trusted-server.toml trusted-server.before.toml");
    run(&site, block("move"));
    run(&site, block("secrets"));
    (site, config)
}

/// The page's own line, with an address and a store of the test's own.
fn serve(site: &Site) -> Running {
    let lines = block("serve").replace("ec serve", "exec \"$0\" serve --addr 127.0.0.1:0");
    let mut serve = Command::new("sh");
    serve
        .current_dir(site.path())
        .args(["-c", &lines])
        .arg(ec())
        // A busy machine may take longer for a page's identity.
        .env("TRUSTED_SERVER__EC__ORGANIC__BUDGET", "60s")
        .env_remove("EC_PROFILE");
    Running::start(&mut serve)
}

#[test]
fn a_first_page_a_sync_and_an_identify_as_the_page_says() {
    let (site, config) = moved();
    let mut running = serve(&site);
    let url = running.url();
    let first = block("first").replace("http://127.0.0.1:7676", &url);
    let out = run(&site, &first);
    assert!(out.contains(r#""accepted":1,"rejected":0"#), "{out}");
    assert!(out.contains(r#""uid":"first-uid""#), "{out}");
    let id = out
        .split_once("the visitor's id is ")
        .unwrap()
        .1
        .lines()
        .next()
        .unwrap();
    let status = block("watch")
        .replace("ec status", &format!("ec status --server {url}"))
        .replace("http://127.0.0.1:7676", &url);
    let out = run(&site, &status);
    assert!(out.contains(r#""status":"ok""#), "{out}");
    // Uids that a browser brings along in the trusted-server's cookies are not taken from there.
    let eids = "W3sic291cmNlIjoidHdvLmV4YW1wbGUiLCJ1aWRzIjpbeyJpZCI6IngifV19XQ==";
    let visit = format!(
        "curl -sf {url}/ -A Browser -H 'Accept: text/html' -H 'Cookie: us_privacy=1YNN; ts-ec={id}; ts-eids={eids}'
        set -a; . ./ec-admin.env; set +a
        ec get {id} --server {url}"
    );
    let out = run(&site, &visit);
    assert!(
        out.contains("one.example") && !out.contains("two.example"),
        "{out}"
    );
    // Back again: the file is what it was.
    run(&site, block("back"));
    assert_eq!(site.read("trusted-server.toml"), config);
    // And over again.
    run(&site, block("move"));
}

#[test]
fn records_of_a_key_value_store_are_brought_as_the_page_says() {
    let (site, _) = moved();
    let id = |end: &str| format!("{}.{end}", "0f".repeat(32));
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let live = format!(
        r#"{{"v":1,"created":{now},"consent":{{"tcf":"a \"b\" \\ c","ok":true,"updated":{now}}},"geo":{{"country":"US","region":"CA","asn":7922}},"pub_properties":{{"origin_domain":"news.example","seen_domains":["news.example"]}},"device":{{"is_mobile":1}},"ids":{{"one.example":{{"uid":"x"}}}}}}"#
    );
    let withdrawn = format!(
        r#"{{"v":1,"created":{now},"consent":{{"ok":false,"updated":{now}}},"geo":{{"country":"ZZ"}}}}"#
    );
    site.write(&format!("records/{}.json", id("aaaaaa")), &live);
    site.write(&format!("records/{}.json", id("bbbbbb")), &withdrawn);
    let out = run(&site, block("import"));
    assert!(
        out.contains(&id("aaaaaa")) && out.contains(&id("bbbbbb")),
        "{out}"
    );
    let shown = run(
        &site,
        &format!("ec get {}; ec get {}", id("aaaaaa"), id("bbbbbb")),
    );
    let mut lines = shown
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let (first, second) = (lines.next().unwrap(), lines.next().unwrap());
    assert_eq!(first["state"], "live");
    let live: serde_json::Value = serde_json::from_str(&live).unwrap();
    for field in ["consent", "geo", "pub_properties", "device", "ids"] {
        assert_eq!(first["body"][field], live[field], "{field}");
    }
    assert_eq!(second["state"], "tombstone");
}
