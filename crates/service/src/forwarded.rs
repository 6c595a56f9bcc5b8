//! What the origin learns about the client: its address and the host that it asked for.

use std::net::IpAddr;

use http::header::{FORWARDED, HOST, HeaderName};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue};

use super::framing::remove_connection_headers;
use edge_cookie::policy::publisher::OriginUrl;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What an origin is asked for where a client asked for `target`: behind the path that all its pages are below.
#[must_use]
pub fn origin_target(url: &OriginUrl, target: PathAndQuery) -> PathAndQuery {
    // `OPTIONS *` is about the server, and has no path.
    if url.base_path().is_empty() || !target.path().starts_with('/') {
        return target;
    }
    let behind = format!("{}{target}", url.base_path());
    behind.parse().unwrap_or(target)
}

/// Makes a client's headers those of a request to the origin, but for its `Host`: without what concerns the client's
/// connection, and with the host and the address that it came with.
pub(super) fn for_the_origin(headers: &mut HeaderMap, client: Option<IpAddr>) {
    // Before a client can have it taken out as its connection's own.
    let host = headers.remove(HOST);
    remove_connection_headers(headers);
    headers.remove(FORWARDED_HOST);
    if let Some(host) = host {
        headers.insert(FORWARDED_HOST, host);
    }
    name_the_client(headers, client);
}

/// Adds the client's address, as the platform knows it, to the lists that name it: their last element is the one that
/// the service answers for. One that is not known is `unknown` (RFC 7239, section 6.2), or the origin would take what
/// the client wrote for it.
fn name_the_client(headers: &mut HeaderMap, client: Option<IpAddr>) {
    const UNKNOWN: HeaderValue = HeaderValue::from_static("unknown");
    let value = |text: String| HeaderValue::from_str(&text).unwrap_or(UNKNOWN);
    if headers.contains_key(FORWARDED) {
        let element = match client {
            Some(IpAddr::V4(address)) => format!("for={address}"),
            Some(IpAddr::V6(address)) => format!("for=\"[{address}]\""),
            None => "for=unknown".to_owned(),
        };
        headers.append(FORWARDED, value(element));
    }
    let address = client.map_or(UNKNOWN, |address| value(address.to_string()));
    headers.append(FORWARDED_FOR, address);
}
