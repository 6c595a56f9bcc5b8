//! Requests that no server should accept: checks of a request's head before anything else reads it.

use bytes::Bytes;
use http::header::HOST;
use http::request::Parts;
use http::{Method, Response, StatusCode, Version};

use super::answer::refusal_because;
use super::framing::is_plainly_coded;

/// The target that means the whole server (RFC 9112, section 3.2.4).
pub(super) const WHOLE_SERVER: &str = "*";

/// Refuses a request whose target or `Host` is none (RFC 9112, section 3.2), or whose body no one can read (section 6.1).
///
/// The origin is asked by a `Host` of its own, but takes the client's from `X-Forwarded-Host`: what is no host's name
/// must not reach it.
pub(super) fn check(head: &Parts) -> Result<(), Response<Bytes>> {
    // `CONNECT` names another server as its target; whatever that is, the method is refused.
    if head.method == Method::CONNECT {
        return Ok(());
    }
    if let Some(why) = target_problem(head).or_else(|| host_problem(head)) {
        let refused = StatusCode::BAD_REQUEST;
        return Err(refusal_because(refused, "bad_request", why));
    }
    if !is_plainly_coded(&head.headers) {
        let refused = StatusCode::NOT_IMPLEMENTED;
        let why = "the only `Transfer-Encoding` is `chunked`";
        return Err(refusal_because(refused, "not_implemented", why));
    }
    Ok(())
}

fn target_problem(head: &Parts) -> Option<&'static str> {
    let (uri, path) = (&head.uri, head.uri.path());
    match (uri.scheme_str(), uri.authority()) {
        (None, Some(_)) => Some("the request target is a host without a path"),
        (Some("http" | "https"), Some(authority)) if authority.as_str().contains('@') => {
            Some("the request target names a user")
        }
        (Some("http" | "https"), Some(_)) => None,
        (Some(_), _) => Some("the scheme of the request target is neither `http` nor `https`"),
        (None, None) if path == WHOLE_SERVER && head.method == Method::OPTIONS => None,
        (None, None) if path.starts_with('/') => None,
        (None, None) => Some("the request target is no path"),
    }
}

fn host_problem(head: &Parts) -> Option<&'static str> {
    let mut lines = head.headers.get_all(HOST).iter();
    let Some(host) = lines.next() else {
        let needed = head.version >= Version::HTTP_11;
        return needed.then_some("there is no `Host`");
    };
    if lines.next().is_some() {
        return Some("there is more than one `Host`");
    }
    let Some(name) = host_name(host.as_bytes()) else {
        return Some("`Host` is no host's name");
    };
    let same = |target: &str| target.as_bytes().eq_ignore_ascii_case(name);
    let agrees = head.uri.host().is_none_or(same);
    (!agrees).then_some("`Host` is not the host of the request target")
}

/// The host of a `Host` header: a name as DNS has them, or an IP address, with a port or without.
///
/// The grammar allows any encoded byte (RFC 3986, section 3.2.2); no name that leads here has one.
fn host_name(host: &[u8]) -> Option<&[u8]> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    let end = match host.strip_prefix(b"[") {
        Some(rest) => {
            let inside = rest.split(|byte| *byte == b']').next()?;
            let address = str::from_utf8(inside).ok()?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            inside.len() + "[]".len()
        }
        None => host.iter().take_while(|byte| is_name(byte)).count(),
    };
    let (name, port) = host.split_at_checked(end)?;
    let digits = match port {
        [] => &[],
        [b':', digits @ ..] => digits,
        _ => return None,
    };
    let port = str::from_utf8(digits).ok()?;
    let is_port =
        digits.iter().all(u8::is_ascii_digit) && (port.is_empty() || port.parse::<u16>().is_ok());
    (!name.is_empty() && is_port).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, Request};

    fn refused(method: &str, target: &str, version: Version, hosts: &[&[u8]]) -> bool {
        let request = Request::builder().method(method).uri(target).body(());
        let (mut head, ()) = request.unwrap().into_parts();
        head.version = version;
        for host in hosts {
            head.headers
                .append(HOST, HeaderValue::from_bytes(host).unwrap());
        }
        check(&head).is_err_and(|refusal| refusal.status() == StatusCode::BAD_REQUEST)
    }

    #[test]
    fn a_request_has_one_host_that_is_one() {
        for (hosts, accepted) in [
            (&[&b"publisher.example"[..]][..], true),
            (&[b"PUBLISHER.example:8080"], true),
            (&[b"publisher.example."], true),
            (&[b"my_host"], true),
            (&[b"203.0.113.7:80"], true),
            (&[b"[2001:db8::1]:80"], true),
            (&[b"[2001:db8::1]"], true),
            (&[b"publisher.example:"], true),
            (&[], false),
            (&[b""], false),
            (&[b":80"], false),
            (&[b"a.example", b"a.example"], false),
            (&[b"a.example, b.example"], false),
            (&[b"a.example b.example"], false),
            (&[b"user@a.example"], false),
            (&[b"a.example/path"], false),
            (&[b"a.example:80:80"], false),
            (&[b"a.example:65536"], false),
            (&[b"a.example:-1"], false),
            (&[b"[2001:db8::1"], false),
            (&[b"[2001:db8::1]x"], false),
            (&[b"[a.example]"], false),
            (&[b"[]"], false),
            (&[b"2001:db8::1"], false),
            (&[b"a%00.example"], false),
            (&[b"\xc3\xa9.example"], false),
            (&[b"a.example\t"], false),
        ] {
            let refused = refused("GET", "/", Version::HTTP_11, hosts);
            assert_eq!(refused, !accepted, "{hosts:?}");
        }
        assert!(!refused("GET", "/", Version::HTTP_10, &[]));
        assert!(refused("GET", "/", Version::HTTP_10, &[b"a", b"a"]));
    }

    #[test]
    fn a_target_is_a_path_or_the_address_of_one() {
        for (method, target, accepted) in [
            ("GET", "/a?b", true),
            ("GET", "http://publisher.example/a", true),
            ("GET", "HTTPS://PUBLISHER.example", true),
            ("GET", "http://publisher.example:80/", true),
            ("OPTIONS", "*", true),
            ("GET", "*", false),
            ("GET", "publisher.example", false),
            ("GET", "publisher.example:80", false),
            ("GET", "ftp://publisher.example/", false),
            ("GET", "http://user@publisher.example/", false),
            ("GET", "http://other.example/", false),
            // Refused for its method, elsewhere.
            ("CONNECT", "other.example:443", true),
        ] {
            let refused = refused(method, target, Version::HTTP_11, &[b"publisher.example"]);
            assert_eq!(refused, !accepted, "{method} {target}");
        }
    }
}
