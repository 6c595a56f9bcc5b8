//! The cookie in a real browser: Chromium over TLS, a server with a publisher's domain, and an origin that leads the browser
//! from page to page. What counts is which cookies come back.
#![cfg(unix)]

use crate::harness::chromium;
use crate::harness::running;
use crate::harness::site;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use running::Running;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use site::Site;

const CONFIG: &str = r#"
[publisher]
domain = "DOMAIN"
origin_url = "http://ORIGIN"
[ec]
passphrase = "a passphrase"
admin_token = "operator"
[ec.organic]
# A busy machine may take longer for a page's identity.
budget = "60s"
[ec.local]
geo = "US-CA"
"#;

/// A reader's browser: by its own name it is a robot.
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/// Far longer than a browser takes to start and to ask for a few pages.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the origin does with one page: cookies it sets, and the host of the next page.
struct Page {
    host: &'static str,
    sets: Vec<String>,
}

/// A page that was asked for, and the EC ids that came with it.
#[derive(Debug)]
struct Asked {
    page: usize,
    ids: Vec<String>,
}

/// A browser that is stopped with the test.
struct Browser(Child);

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn head_of(stream: &mut impl Read) -> Option<String> {
    let mut head = String::new();
    let mut lines = BufReader::new(stream);
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// The number in a request's path.
fn page_of(head: &str) -> Option<usize> {
    let path = head.split(' ').nth(1)?;
    path.strip_prefix('/')?.parse().ok()
}

/// An origin that leads from each page to the next, at `door`.
fn lead(listener: TcpListener, pages: Vec<Page>, scheme: &'static str, door: u16) {
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let Some(head) = head_of(&mut stream) else {
                continue;
            };
            let page = page_of(&head);
            let sets = page.and_then(|page| pages.get(page)).map(|page| &page.sets);
            let sets = sets.into_iter().flatten();
            let sets: Vec<String> = sets.map(|set| format!("Set-Cookie: {set}\r\n")).collect();
            let sets = sets.concat();
            let next = page.map(|page| page + 1);
            let next = next.and_then(|next| Some((next, pages.get(next)?.host)));
            let first = next.map_or_else(
                || "200 OK\r\n".to_owned(),
                |(next, host)| {
                    format!("302 Found\r\nLocation: {scheme}://{host}:{door}/{next}\r\n")
                },
            );
            let answer =
                format!("HTTP/1.1 {first}{sets}Content-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
}

/// Hands a browser's request on to the server, and notes which ids came with it.
fn hand_on(mut browser: impl Read + Write, server: &str, asked: &Sender<Asked>) {
    let Some(head) = head_of(&mut browser) else {
        return;
    };
    let lines = || head.lines().filter_map(|line| line.split_once(": "));
    let cookies = lines().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    let pairs = cookies.flat_map(|(_, cookies)| cookies.split("; "));
    let ids = pairs.filter_map(|pair| pair.strip_prefix("ts-ec="));
    let ids = ids.map(str::to_owned).collect();
    let head = head.replacen("Connection: keep-alive", "Connection: close", 1);
    let mut stream = TcpStream::connect(server).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    if let Some(page) = page_of(&head) {
        let _ = asked.send(Asked { page, ids });
    }
    let _ = browser.write_all(&answer).and_then(|()| browser.flush());
}

/// What a server needs to speak TLS under any name: the browser accepts any certificate.
fn tls(folder: &Path) -> Arc<ServerConfig> {
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let certificate = CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    Arc::new(config.unwrap())
}

/// The door that the browser comes through: over TLS, where there is a certificate.
fn open_door(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    server: String,
) -> Receiver<Asked> {
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (tls, server, sender) = (tls.clone(), server.clone(), sender.clone());
            std::thread::spawn(move || match tls {
                None => hand_on(stream, &server, &sender),
                Some(tls) => {
                    let mut stream = StreamOwned::new(ServerConnection::new(tls).unwrap(), stream);
                    hand_on(&mut stream, &server, &sender);
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            });
        }
    });
    asked
}

/// What the server makes of an id.
fn state(server: &str, id: &str) -> String {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let asked = agent.get(format!(
        "{}/_ts/admin/v1/ec/{id}",
        server.trim_end_matches('/')
    ));
    let mut answer = asked
        .header("Authorization", "Bearer operator")
        .call()
        .unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    let state = record["state"].as_str();
    state.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// Has the browser go through the pages, under a publisher's domain; gives back the ids that came with each page, and
/// in the end what became of each of these ids.
fn browse(
    chromium: &str,
    domain: &str,
    pages: Vec<Page>,
) -> (Vec<Vec<String>>, BTreeMap<String, String>) {
    let (origin, origin_port) = listen();
    let (door, door_port) = listen();
    let config = CONFIG.replace("DOMAIN", domain);
    let site = Site::new(&config.replace("ORIGIN", &format!("127.0.0.1:{origin_port}")));
    let mut serve = site.command(&["serve", "--addr", "127.0.0.1:0", "--store", "memory"]);
    let mut server = Running::start(serve.env("EC_LOG", "warn"));
    let url = server.url();
    let address = url["http://".len()..].trim_end_matches('/').to_owned();

    let secure = domain != "localhost";
    let scheme = if secure { "https" } else { "http" };
    let start = format!("{scheme}://{}:{door_port}/0", pages[0].host);
    let count = pages.len();
    lead(origin, pages, scheme, door_port);
    let asked = open_door(door, secure.then(|| tls(site.path())), address);

    let profile = tempfile::tempdir().unwrap();
    let browser = chromium::command(chromium, profile.path())
        .arg(format!("--user-agent={AGENT}"))
        .args([
            "--ignore-certificate-errors",
            "--host-resolver-rules=MAP * 127.0.0.1",
        ])
        .args(["--dump-dom", &start])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let browser = Browser(browser.unwrap());
    let mut came: Vec<Vec<String>> = Vec::new();
    while came.len() < count {
        let next = asked.recv_timeout(PATIENCE);
        let next = next.unwrap_or_else(|error| panic!("{error}: {domain} {came:?}"));
        assert_eq!(next.page, came.len(), "{domain} {came:?}");
        came.push(next.ids);
    }
    drop(browser);
    let ids = came.iter().flatten();
    let states = ids.map(|id| (id.clone(), state(&url, id))).collect();
    (came, states)
}

const CONSENTS: &str = "us_privacy=1YNN; Path=/; Max-Age=3600";
const REFUSES: &str = "us_privacy=1YYN; Path=/; Max-Age=3600";

/// An id of the right form that no one was given.
fn forged(number: usize) -> String {
    format!("{number:064x}.Forged")
}

/// The domains that a policy accepts, the host of the pages, and another one that the cookie must reach.
const FORMS: &[(&str, &str, &str)] = &[
    (
        "publisher.example",
        "publisher.example",
        "shop.publisher.example",
    ),
    (
        "publisher.example",
        "a.www.publisher.example",
        "publisher.example",
    ),
    (
        "www.publisher.example",
        "www.publisher.example",
        "a.www.publisher.example",
    ),
    ("publisher.co.uk", "www.publisher.co.uk", "publisher.co.uk"),
    ("localhost", "localhost", "localhost"),
];

fn page(host: &'static str, sets: &[&str]) -> Page {
    let sets = sets.iter().map(|set| (*set).to_owned()).collect();
    Page { host, sets }
}

#[test]
fn the_cookie_comes_back_until_the_user_withdraws() {
    let Some(chromium) = chromium::find("the cookie in a browser") else {
        return;
    };
    for (domain, host, other) in FORMS {
        let pages = vec![
            page(host, &[CONSENTS]),
            page(host, &[]),
            page(other, &[]),
            page(host, &[REFUSES]),
            page(host, &[]),
            page(other, &[]),
            page(host, &[]),
        ];
        let (came, states) = browse(chromium, domain, pages);
        let [id] = &came[2][..] else {
            panic!("{domain}: one id comes back on the page after the one that set it: {came:?}");
        };
        let (one, none) = (std::slice::from_ref(id), &[][..]);
        assert_eq!(came, [none, none, one, one, one, none, none], "{domain}");
        assert_eq!(states[id], "tombstone", "{domain}");
    }
}

#[test]
fn of_cookies_in_several_scopes_a_visit_leaves_one_and_a_withdrawal_none() {
    let Some(chromium) = chromium::find("several cookies in a browser") else {
        return;
    };
    for (domain, host, scopes) in [
        ("publisher.example", "publisher.example", &[""][..]),
        (
            "publisher.example",
            "a.www.publisher.example",
            &[
                "",
                "; Domain=a.www.publisher.example",
                "; Domain=www.publisher.example",
            ],
        ),
        ("www.publisher.example", "www.publisher.example", &[""]),
        (
            "publisher.co.uk",
            "www.publisher.co.uk",
            &["", "; Domain=www.publisher.co.uk"],
        ),
    ] {
        let others: Vec<String> = (0..scopes.len()).map(forged).collect();
        let sets: Vec<String> = (scopes.iter().zip(&others))
            .map(|(scope, id)| format!("ts-ec={id}{scope}; Path=/; Max-Age=3600; Secure"))
            .collect();
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let pages = vec![
            page(host, &[CONSENTS]),
            page(host, &[]),
            page(host, &sets),
            page(host, &[]),
            page(host, &[&sets[..], &[REFUSES]].concat()),
            page(host, &[]),
            page(host, &[]),
        ];
        let (came, states) = browse(chromium, domain, pages);
        let own = &came[2];
        let all = |page: usize| {
            let mut ids = came[page].clone();
            ids.sort();
            ids
        };
        let mut every: Vec<String> = [&own[..], &others].concat();
        every.sort();
        assert_eq!(own.len(), 1, "{domain} {host}: {came:?}");
        // A visit with all of them keeps the one that is live.
        assert_eq!((all(3), &came[4]), (every.clone(), own), "{domain} {host}");
        assert_eq!(
            (all(5), came[6].len()),
            (every.clone(), 0),
            "{domain} {host}"
        );
        let left: Vec<&String> = states.values().collect();
        assert_eq!(left, vec!["tombstone"; every.len()], "{domain} {host}");
    }
}
