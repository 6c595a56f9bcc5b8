//! An origin that closes connections as it likes: what can safely be sent again is, once, and nothing else ever is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::origin::{Exchange, Origin, PAGE, target};
use super::server::PATIENCE;

/// An origin that answers the first request of each connection, and does `last` with the second: reused connections
/// only ever fail. The number is of connections that have.
fn closing(last: impl Fn(&mut Exchange) + Send + Sync + 'static) -> (Origin, Arc<AtomicUsize>) {
    let closed = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&closed);
    let origin = Origin::start(move |_, exchange| {
        if exchange.request().is_some() && exchange.answer(PAGE) && exchange.request().is_some() {
            last(exchange);
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (origin, closed)
}

/// How often each path was asked for.
fn times(origin: &Origin, path: &str) -> usize {
    let heads = origin.heads();
    let own = heads.iter().filter(|head| target(head) == path);
    own.count()
}

#[test]
fn a_page_whose_reused_connection_ended_comes_on_another() {
    let (origin, closed) = closing(|_| {});
    let server = origin.server(&[]);
    let start = Instant::now();
    for number in 0.. {
        let before = closed.load(Ordering::SeqCst);
        let path = format!("/{number}");
        let page = server.get(&path, "");
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        let times = times(&origin, &path);
        let ended = closed.load(Ordering::SeqCst) > before;
        assert!(times == 1 || times == 2 && ended, "{times}");
        if closed.load(Ordering::SeqCst) >= 5 {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "no connection is ever reused");
    }
}

#[test]
fn pages_come_though_the_origin_closes_every_connection_that_waits() {
    let origin = Origin::start(|_, exchange| {
        exchange.request();
        exchange.answer(PAGE);
    });
    let server = origin.server(&[]);
    for number in 0..300 {
        let page = server.get(&format!("/{number}"), "");
        assert!(page.starts_with("HTTP/1.1 200"), "{number}: {page}");
    }
}

#[test]
fn an_answer_that_has_begun_is_not_asked_for_again() {
    let (origin, closed) = closing(|exchange| {
        exchange.answer("HTTP/1.1 2");
    });
    let server = origin.server(&[]);
    let start = Instant::now();
    for number in 0.. {
        let path = format!("/{number}");
        let before = closed.load(Ordering::SeqCst);
        let page = server.get(&path, "");
        assert_eq!(times(&origin, &path), 1);
        if closed.load(Ordering::SeqCst) > before {
            assert!(page.starts_with("HTTP/1.1 502"), "{page}");
            break;
        }
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        assert!(start.elapsed() < PATIENCE, "no connection is ever reused");
    }
}

#[test]
fn a_page_is_asked_for_twice_at_most() {
    // The first connection serves two pages; every other ends without an answer.
    let origin = Origin::start(|number, exchange| {
        exchange.request();
        if number == 0 {
            exchange.answer(PAGE);
            exchange.request();
        }
    });
    let server = origin.server(&[]);
    assert!(server.get("/first", "").starts_with("HTTP/1.1 200"));
    origin.heads();
    let page = server.get("/second", "");
    assert!(page.starts_with("HTTP/1.1 502"), "{page}");
    let times = origin.heads().len();
    assert!((1..=2).contains(&times), "{times}");
}

#[test]
fn what_must_not_be_repeated_is_sent_once_and_on_a_connection_of_its_own() {
    let (origin, closed) = closing(|_| {});
    let server = origin.server(&[]);
    for (number, (method, headers, body)) in [
        ("POST", "Content-Length: 4\r\n", "body"),
        ("POST", "Content-Length: 0\r\n", ""),
        ("POST", "", ""),
        ("PATCH", "Content-Length: 0\r\n", ""),
        // Idempotent, but a body that has been sent is no longer there.
        ("PUT", "Content-Length: 4\r\n", "body"),
        ("GET", "Content-Length: 4\r\n", "body"),
        ("PUT", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    ]
    .into_iter()
    .cycle()
    .take(70)
    .enumerate()
    {
        let path = format!("/{number}");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: publisher.example\r\nConnection: close\r\n{headers}\r\n{body}"
        );
        let page = server.send(request.as_bytes());
        assert!(page.starts_with("HTTP/1.1 200"), "{method}: {page}");
        assert_eq!(times(&origin, &path), 1, "{method} {headers}");
    }
    assert_eq!(closed.load(Ordering::SeqCst), 0);
}
