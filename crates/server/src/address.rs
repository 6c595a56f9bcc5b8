//! The client's address: the connection's, unless a trusted proxy names another.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};

use edge_cookie_service::parse_address;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address: that of the connection, or where that is a proxy to be trusted, the last address of
/// `X-Forwarded-For` or `Forwarded` (RFC 7239) that is not one.
///
/// What comes before that address was written by the client itself, and is not believed. An element that cannot be
/// read, an empty one too, ends the walk with no address at all, and so do two headers that name different clients: one of them passed through
/// the proxy as the client wrote it.
pub fn forwarded_client(
    peer: IpAddr,
    headers: &HeaderMap,
    is_proxy: impl Fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    if !is_proxy(peer) {
        return Some(peer);
    }
    let walk = |name: &HeaderName, read: fn(&str) -> Option<IpAddr>| {
        let mut lines = Vec::new();
        for line in headers.get_all(name) {
            lines.push(line.to_str().ok()?);
        }
        let mut client = peer;
        for line in lines.into_iter().rev() {
            let elements = split(line, ',');
            for element in elements.into_iter().rev().map(str::trim) {
                if !is_proxy(client) {
                    return Some(client);
                }
                client = read(element)?;
            }
        }
        Some(client)
    };
    let has = |name: &HeaderName| headers.contains_key(name);
    match (has(&X_FORWARDED_FOR), has(&FORWARDED)) {
        (true, true) => {
            let client = walk(&X_FORWARDED_FOR, parse_address)?;
            (walk(&FORWARDED, forwarded_for) == Some(client)).then_some(client)
        }
        (_, false) => walk(&X_FORWARDED_FOR, parse_address),
        (false, true) => walk(&FORWARDED, forwarded_for),
    }
}

/// The address that the `for` of an element of `Forwarded` names; none where it names none, or two.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut named = None;
    let pairs = split(element, ';').into_iter().map(str::trim);
    for pair in pairs.filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim();
        // A quote that a client left open would swallow the element that a proxy added.
        if !is_whole(value) {
            return None;
        }
        if name.trim().eq_ignore_ascii_case("for") && named.replace(value).is_some() {
            return None;
        }
    }
    parse_address(named?)
}

/// Whether a value is a token, or one quoted string from its first character to its last.
fn is_whole(value: &str) -> bool {
    let inside = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"'),
        None => Some(value),
    };
    inside.is_some_and(|inside| {
        let mut escaped = false;
        let unquoted = inside.chars().all(|character| {
            let plain = escaped || character != '"';
            escaped = character == '\\' && !escaped;
            plain
        });
        unquoted && !escaped
    })
}

/// The parts between separators that are in no quoted string.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|character| {
        let separates = character == separator && !quoted;
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        separates
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn client(peer: &str, lines: &[(&'static str, &[u8])]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        let is_proxy = |address: IpAddr| address.to_string().starts_with("10.");
        let client = forwarded_client(peer.parse().unwrap(), &headers, is_proxy);
        client.map(|client| client.to_string())
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        for (peer, forwarded, expected) in [
            ("203.0.113.9", &["198.51.100.1"][..], Some("203.0.113.9")),
            ("203.0.113.9", &["unknown"], Some("203.0.113.9")),
            ("10.0.0.1", &["198.51.100.1"], Some("198.51.100.1")),
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1"], Some("198.51.100.1")),
            (
                "10.0.0.1",
                &["198.51.100.1, 10.0.0.2"],
                Some("198.51.100.1"),
            ),
            (
                "10.0.0.1",
                &["198.51.100.1", "10.0.0.2"],
                Some("198.51.100.1"),
            ),
            // A proxy that did not know the client may have written nothing.
            ("10.0.0.1", &["198.51.100.1, , 10.0.0.2"], None),
            ("10.0.0.1", &["198.51.100.1,"], None),
            ("10.0.0.1", &["198.51.100.1", ""], None),
            ("10.0.0.1", &[""], None),
            ("10.0.0.1", &[", 198.51.100.1"], Some("198.51.100.1")),
            (
                "10.0.0.1",
                &["nonsense, 198.51.100.1"],
                Some("198.51.100.1"),
            ),
            ("10.0.0.1", &[], Some("10.0.0.1")),
            ("10.0.0.1", &["2001:db8::1"], Some("2001:db8::1")),
            // What cannot be read ends the walk, with no address.
            ("10.0.0.1", &["nonsense"], None),
            ("10.0.0.1", &["198.51.100.1, nonsense"], None),
            ("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"], None),
            ("10.0.0.1", &["198.51.100.1", "unknown"], None),
        ] {
            let lines: Vec<_> = forwarded
                .iter()
                .map(|line| ("x-forwarded-for", line.as_bytes()))
                .collect();
            assert_eq!(
                client(peer, &lines).as_deref(),
                expected,
                "{peer} {forwarded:?}"
            );
        }
    }

    #[test]
    fn an_address_is_read_however_a_proxy_writes_it() {
        for (written, expected) in [
            ("198.51.100.1:4711", Some("198.51.100.1")),
            ("\"198.51.100.1:4711\"", Some("198.51.100.1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("\"[2001:db8::1]:_obf\"", Some("2001:db8::1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("[fe80::1%25eth0]:1", Some("fe80::1")),
            ("::ffff:198.51.100.1", Some("198.51.100.1")),
            ("[::ffff:198.51.100.1]:80", Some("198.51.100.1")),
            ("198.51.100.1:", None),
            ("198.51.100.1:70000", None),
            ("198.51.100.1:+80", None),
            ("198.51.100.1:80:80", None),
            ("198.51.100.01", None),
            ("[198.51.100.1]", None),
            ("[2001:db8::1]x", None),
            ("[2001:db8::1]:", None),
            ("[2001:db8::1", None),
            ("2001:db8::1]", None),
            ("fe80::1%", None),
            ("\"198.51.100.1", None),
            ("unknown", None),
            ("_hidden", None),
            ("localhost", None),
        ] {
            let line = [("x-forwarded-for", written.as_bytes())];
            assert_eq!(client("10.0.0.1", &line).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn forwarded_is_read_by_its_own_rules() {
        for (written, expected) in [
            ("for=198.51.100.1", Some("198.51.100.1")),
            ("For=\"198.51.100.1:4711\"", Some("198.51.100.1")),
            (
                "proto=https;for=\"[2001:db8::1]:4711\";by=10.0.0.1",
                Some("2001:db8::1"),
            ),
            (
                "for=1.2.3.4, for=198.51.100.1;host=\"a,b;c\\\"\", for=10.0.0.2",
                Some("198.51.100.1"),
            ),
            ("for=unknown", None),
            ("for=198.51.100.1, for=_hidden", None),
            ("for=198.51.100.1, proto=https", None),
            ("for=198.51.100.1;for=198.51.100.2", None),
            ("for=198.51.100.1,", None),
            ("for=198.51.100.1;", Some("198.51.100.1")),
            ("for=", None),
            ("for", None),
            // A client left a quote open, or closed the one that a proxy opened.
            ("for=1.2.3.4;a=\", for=198.51.100.1", None),
            ("for=1.2.3.4;a=\", for=\"[2001:db8::1]\"", None),
            ("for=1.2.3.4;a=\"\\, for=\"[2001:db8::1]:80\"", None),
            (
                "for=1.2.3.4;a=\", for=\"[2001:db8::1]\";by=\"10.0.0.2\"",
                None,
            ),
            ("for=1.2.3.4;a=b\"c, for=198.51.100.1", None),
            ("for=\"1.2.3.4, for=198.51.100.1", None),
            ("a=\"b\\\"\";for=198.51.100.1", Some("198.51.100.1")),
            ("a=\"b\\\";for=198.51.100.1", None),
            ("198.51.100.1", None),
        ] {
            let line = [("forwarded", written.as_bytes())];
            assert_eq!(client("10.0.0.1", &line).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn headers_that_disagree_or_are_no_text_name_no_one() {
        let (one, other): (&[u8], &[u8]) = (b"198.51.100.1", b"for=198.51.100.2");
        for (lines, expected) in [
            (
                &[("x-forwarded-for", one), ("forwarded", b"for=198.51.100.1")][..],
                Some("198.51.100.1"),
            ),
            (&[("x-forwarded-for", one), ("forwarded", other)], None),
            (
                &[("x-forwarded-for", one), ("forwarded", b"for=unknown")],
                None,
            ),
            (
                &[("x-forwarded-for", one), ("x-forwarded-for", b"\xff")],
                None,
            ),
            (
                &[("x-forwarded-for", b"\xff"), ("x-forwarded-for", one)],
                None,
            ),
        ] {
            assert_eq!(client("10.0.0.1", lines).as_deref(), expected, "{lines:?}");
        }
    }
}
