//! The exchange with the publisher's origin: what it is asked, and what leaves with its answer.
#![cfg(unix)]
#![allow(
    clippy::maybe_infinite_iter,
    reason = "a failed test should stop, and what must come is waited for"
)]

use crate::harness::port;
use crate::harness::running;
use crate::harness::service;
use crate::harness::site;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use edge_cookie::clock::SystemClock;
use edge_cookie::store::{KvStore, MemoryStore};
use edge_cookie_service::Reply;
use http::{HeaderMap, Request};
use running::Running;
use service::Served;
use site::Site;

const CONFIG: &str = r#"
[publisher]
domain = "publisher.example"
origin_url = "http://ORIGIN"
[ec]
passphrase = "a passphrase"
admin_token = "operator"
[[ec.partners]]
source_domain = "a.com"
api_token = "partner"
[ec.organic]
budget = "60s"
"#;

/// A page view of a visitor in California who has not opted out.
const VIEW: &str = "Accept: text/html\r\nCookie: us_privacy=1YNN\r\n";

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Headers that let every cache in front keep an answer.
const PUBLIC: &str = "Cache-Control: public, max-age=3600\r\nCache-Control: stale-if-error=60\r\nSurrogate-Control: max-age=86400\r\nSurrogate-Key: news\r\nCDN-Cache-Control: max-age=60\r\nCloudflare-CDN-Cache-Control: max-age=60\r\nEdge-Control: cache-maxage=1h\r\nX-Accel-Expires: 60\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT\r\nAge: 17\r\nETag: \"x\"\r\n";

/// An origin whose requests come to the test, which answers them.
struct Origin {
    address: String,
    asked: Receiver<(String, TcpStream)>,
}

impl Origin {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, asked): (Sender<(String, TcpStream)>, _) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut head = String::new();
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).unwrap() > 0 {}
                let _ = sender.send((head, stream));
            }
        });
        Self { address, asked }
    }

    /// Answers the next request with these headers, and gives back what was asked.
    fn answer(&self, headers: &str) -> String {
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n{headers}\r\npage"
        );
        self.answer_with(&answer)
    }

    /// Answers the next request with this, as it is.
    fn answer_with(&self, answer: &str) -> String {
        let (head, mut stream) = self.asked.recv_timeout(PATIENCE).unwrap();
        let _ = stream.write_all(answer.as_bytes());
        head
    }
}

struct Server {
    _running: Running,
    site: Site,
    address: String,
    log: Receiver<String>,
}

impl Server {
    fn start(origin: &str, sets: &[&str]) -> Self {
        let site = Site::new(&CONFIG.replace("ORIGIN", origin));
        let args = [
            "serve",
            "--addr",
            "127.0.0.1:0",
            "--store",
            "memory",
            "--geo",
            "US-CA",
        ];
        let mut serve = site.command(&args);
        serve.args(sets.iter().flat_map(|set| ["--set", set]));
        let mut running = Running::start(serve.env("EC_LOG", "debug").stderr(Stdio::piped()));
        let address = running.url()["http://".len()..]
            .trim_end_matches('/')
            .to_owned();
        let (sender, log) = channel();
        let err = BufReader::new(running.process.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            _running: running,
            site,
            address,
            log,
        }
    }

    /// Sends a request whose answer is still to come.
    fn send(&self, method: &str, path: &str, headers: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    fn get(&self, path: &str, headers: &str) -> String {
        read(self.send("GET", path, headers))
    }

    /// The ids that there are.
    fn ids(&self) -> String {
        let url = format!("http://{}", self.address);
        let listed = self.site.ec(&["list", "--server", &url]);
        assert!(listed.status.success(), "{listed:?}");
        String::from_utf8(listed.stdout).unwrap()
    }

    fn log_until(&self, said: &str) -> Vec<String> {
        let next = || self.log.recv_timeout(PATIENCE).unwrap();
        let mut lines = vec![next()];
        while !lines.last().unwrap().contains(said) {
            lines.push(next());
        }
        lines
    }
}

fn read(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The values of a header, in the order of its lines.
fn values<'a>(answer: &'a str, name: &str) -> Vec<&'a str> {
    let lines = answer.split("\r\n\r\n").next().unwrap().lines().skip(1);
    let fields = lines.filter_map(|line| line.split_once(": "));
    let named = fields.filter(|(own, _)| own.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value).collect()
}

#[test]
fn a_page_with_our_cookie_is_no_shared_caches_and_any_other_stays_as_it_is() {
    let origin = Origin::start();
    let server = Server::start(&origin.address, &[]);
    let own = format!("{PUBLIC}Set-Cookie: session=1\r\n");

    let view = server.send("GET", "/", VIEW);
    let asked = origin.answer(&own);
    assert!(!asked.contains("ts-ec"), "{asked}");
    let page = read(view);
    let [session, id] = values(&page, "set-cookie")[..] else {
        panic!("{page}");
    };
    assert!(session == "session=1" && id.starts_with("ts-ec="), "{page}");
    assert_eq!(
        values(&page, "cache-control"),
        ["private, no-store"],
        "{page}"
    );
    for gone in [
        "surrogate-control",
        "surrogate-key",
        "cdn-cache-control",
        "cloudflare-cdn-cache-control",
        "edge-control",
        "x-accel-expires",
        "expires",
        "age",
    ] {
        assert!(values(&page, gone).is_empty(), "{gone}: {page}");
    }
    assert_eq!(values(&page, "etag"), ["\"x\""]);
    server.log_until("shared caches may keep");

    // No cookie of ours: as the origin sent it.
    let view = server.send("GET", "/", "Accept: text/html\r\n");
    origin.answer(&own);
    let page = read(view);
    for line in own.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        assert!(
            values(&page, name).contains(&value),
            "{line} is not in {page}"
        );
    }
    // It was reported once, and is not again.
    let view = server.send("GET", "/", "X-Request-Id: last\r\n");
    origin.answer(&own);
    let _ = read(view);
    let lines = server.log_until("last");
    assert!(
        !lines.iter().any(|line| line.contains("shared caches")),
        "{lines:?}"
    );

    // A withdrawal expires the cookie on whatever page it comes with.
    let user = id["ts-ec=".len()..].split(';').next().unwrap();
    let view = server.send(
        "GET",
        "/a.png",
        &format!("Sec-GPC: 1\r\nCookie: ts-ec={user}\r\n"),
    );
    origin.answer(PUBLIC);
    let page = read(view);
    assert!(page.contains("Max-Age=0"), "{page}");
    assert_eq!(
        values(&page, "cache-control"),
        ["private, no-store"],
        "{page}"
    );
}

#[test]
fn an_answer_that_the_origin_did_not_give_leaves_no_record() {
    let server = Server::start(&format!("127.0.0.1:{}", port::free()), &[]);
    let page = server.get("/", VIEW);
    assert!(page.starts_with("HTTP/1.1 502"), "{page}");
    assert_eq!(values(&page, "cache-control"), ["no-store"], "{page}");
    assert_eq!(
        (values(&page, "set-cookie").len(), server.ids()),
        (0, String::new())
    );

    // A withdrawal does not wait for the origin.
    let user = service::id(1);
    let withdraws = format!("Sec-GPC: 1\r\nCookie: ts-ec={user}\r\n");
    let page = server.get("/", &withdraws);
    assert!(
        page.starts_with("HTTP/1.1 502") && page.contains("Max-Age=0"),
        "{page}"
    );
    assert_eq!(
        values(&page, "cache-control"),
        ["private, no-store"],
        "{page}"
    );
    assert_eq!(server.ids().trim(), user);

    // One that never answers.
    let origin = Origin::start();
    let server = Server::start(&origin.address, &["ec.local.request_timeout=1s"]);
    let page = server.get("/", VIEW);
    assert!(page.starts_with("HTTP/1.1 504"), "{page}");
    assert_eq!(values(&page, "cache-control"), ["no-store"], "{page}");
    assert_eq!(server.ids(), "");
}

#[test]
fn an_id_stays_with_whatever_page_it_came() {
    let origin = Origin::start();
    let server = Server::start(&origin.address, &[]);
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\npage",
        "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone",
    ] {
        let view = server.send("GET", "/", VIEW);
        origin.answer_with(&answer.replacen("\r\n", "\r\nConnection: close\r\n", 1));
        let page = read(view);
        let cookies = values(&page, "set-cookie");
        let id = cookies[0]["ts-ec=".len()..].split(';').next().unwrap();
        // The next page finds it.
        let known = format!("Accept: text/html\r\nCookie: us_privacy=1YNN; ts-ec={id}\r\n");
        let view = server.send("GET", "/", &known);
        origin.answer("");
        let page = read(view);
        assert!(values(&page, "set-cookie").is_empty(), "{answer:?}: {page}");
        assert!(server.ids().contains(id), "{answer:?}");
    }
}

#[test]
fn the_last_client_named_to_the_origin_is_the_one_that_counts() {
    let origin = Origin::start();
    let trusting = &["ec.local.trusted_proxies=[\"127.0.0.1\"]"][..];
    let proxied = Server::start(&origin.address, trusting);
    let direct = Server::start(&origin.address, &[]);
    for (server, lines, x_forwarded_for, forwarded) in [
        (&direct, "", &["127.0.0.1"][..], &[][..]),
        (
            &direct,
            "X-Forwarded-For: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\n",
            &["203.0.113.7", "127.0.0.1"],
            &["for=203.0.113.7", "for=127.0.0.1"],
        ),
        (
            &proxied,
            "X-Forwarded-For: 1.2.3.4, 203.0.113.7:80\r\n",
            &["1.2.3.4, 203.0.113.7:80", "203.0.113.7"],
            &[],
        ),
        (
            &proxied,
            "Forwarded: for=\"[2001:db8::1]:80\"\r\n",
            &["2001:db8::1"],
            &["for=\"[2001:db8::1]:80\"", "for=\"[2001:db8::1]\""],
        ),
        // What a client wrote must not pass for what a proxy said.
        (
            &proxied,
            "X-Forwarded-For: 203.0.113.7, unknown\r\n",
            &["203.0.113.7, unknown", "unknown"],
            &[],
        ),
        (
            &proxied,
            "X-Forwarded-For: 203.0.113.7\r\nForwarded: for=203.0.113.8\r\n",
            &["203.0.113.7", "unknown"],
            &["for=203.0.113.8", "for=unknown"],
        ),
    ] {
        let view = server.send("GET", "/", lines);
        let asked = origin.answer("");
        read(view);
        assert_eq!(
            values(&asked, "x-forwarded-for"),
            x_forwarded_for,
            "{lines}"
        );
        assert_eq!(values(&asked, "forwarded"), forwarded, "{lines}");
    }
}

#[test]
fn a_path_of_the_origin_is_put_before_every_path() {
    let origin = Origin::start();
    let server = Server::start(&format!("{}/site/", origin.address), &[]);
    for (path, expected) in [
        ("/", "GET /site/ HTTP/1.1"),
        ("/a/../b?c=/d", "GET /site/a/../b?c=/d HTTP/1.1"),
        ("/%2e%2e/a", "GET /site/%2e%2e/a HTTP/1.1"),
        ("http://publisher.example/a", "GET /site/a HTTP/1.1"),
    ] {
        let view = server.send("GET", path, "");
        let asked = origin.answer("");
        read(view);
        assert_eq!(asked.lines().next(), Some(expected));
    }
}

#[test]
fn a_client_that_went_before_the_origin_answered_leaves_no_record() {
    let origin = Origin::start();
    let server = Server::start(&origin.address, &[]);
    let view = server.send("GET", "/", VIEW);
    let (_, mut asked) = origin.asked.recv_timeout(PATIENCE).unwrap();
    assert_eq!(
        server.ids(),
        "",
        "nothing is made before the origin has answered"
    );
    drop(view);
    // The server lets go of the origin's connection once it has noticed.
    asked.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(asked.read(&mut [0]).unwrap_or_default(), 0);
    let _ = asked.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(server.ids(), "");
}

#[test]
fn a_record_whose_id_no_client_received_is_removed() {
    let config =
        service::CONFIG.replace("[ec]\n", "origin_url = \"http://origin.example\"\n[ec]\n");
    let store = Arc::new(MemoryStore::new(SystemClock));
    let served = Served::under(store.clone(), service::setup_of(&config, &[]));
    let ids = || store.list("", None, 10).unwrap();
    let view = || {
        let request = Request::get("/").header("accept", "text/html");
        let request = request
            .header("cookie", "us_privacy=1YNN")
            .body(String::new());
        let Reply::PassOn(page) = served.reply(request.unwrap()) else {
            panic!("the page is the origin's");
        };
        assert!(ids().is_empty());
        let mut headers = HeaderMap::new();
        let unclaimed = served.wait_for(served.service.complete(page, &mut headers));
        assert_eq!(
            (headers.get_all("set-cookie").iter().count(), ids().len()),
            (1, 1)
        );
        unclaimed.unwrap()
    };
    let gone = view();
    served.wait_for(async { drop(gone) });
    assert!((0..).any(|_| ids().is_empty()));
    view().claim();
    assert_eq!(ids().len(), 1);
}

#[test]
fn what_is_below_the_services_prefix_reaches_the_origin_by_a_setting_alone() {
    let origin = Origin::start();
    let server = Server::start(
        &origin.address,
        &["ec.organic.ts_prefixes=[\"/_ts/assets/\"]"],
    );
    let partner = "Authorization: Bearer partner\r\nX-Own: kept\r\n";
    for path in [
        "/_ts/api/v1/batch-sync/",
        "/_ts/api/v1/batch-syncs",
        "//_ts/api/v1/batch-sync",
        "/%5fts/api/v1/identify",
        "/_ts/assets/../api/v1/identify",
    ] {
        let answer = server.get(path, partner);
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    for (path, authorized) in [
        ("/_ts/assets/a.css", false),
        ("/%5Fts/./assets/a.css", false),
        ("/page", true),
    ] {
        let view = server.send("GET", path, partner);
        let asked = origin.answer("").to_lowercase();
        assert!(read(view).starts_with("HTTP/1.1 200"));
        assert!(asked.contains("x-own: kept"), "{asked}");
        assert_eq!(
            asked.contains("authorization"),
            authorized,
            "{path}: {asked}"
        );
    }
    assert!(
        origin.asked.try_recv().is_err(),
        "nothing else was asked for"
    );
}
