//! Handing a page request on to the publisher's origin.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::body::Body;
use axum::response::Response;
use http::header::{
    CONNECTION, CONTENT_LENGTH, FORWARDED, HOST, HeaderName, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use crate::policy::publisher::OriginUrl;

/// The way to the origin.
#[derive(Debug, Clone)]
pub(super) struct Origin(reqwest::Client);

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[error("the origin did not answer: {0}")]
pub(super) struct OriginError(#[from] reqwest::Error);

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Headers that concern one connection only (RFC 9110, section 7.6.1).
const OF_THE_CONNECTION: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Whether a client goes through the proxy that the environment names (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxied {
    /// As the environment says.
    ByEnvironment,
    /// Never.
    Never,
}

/// A client that follows no redirect, and reaches TLS by the system's roots.
///
/// # Errors
///
/// Where the system's TLS cannot be used.
pub fn http_client(proxied: Proxied) -> Result<reqwest::Client, reqwest::Error> {
    match proxied {
        Proxied::ByEnvironment => client().build(),
        Proxied::Never => client().no_proxy().build(),
    }
}

/// The same for a server on this machine, which `host` names: never through a proxy, and to a loopback address whatever
/// is resolved for a name (RFC 6761, section 6.3).
///
/// # Errors
///
/// As [`http_client`].
pub fn local_client(host: &str) -> Result<reqwest::Client, reqwest::Error> {
    let addresses: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    // The URL's own port counts.
    let addresses = addresses.map(|address| SocketAddr::new(address, 0));
    let client = client().no_proxy();
    client.resolve_to_addrs(host, &addresses).build()
}

fn client() -> reqwest::ClientBuilder {
    // Whoever chose a provider before us has chosen well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none())
}

impl Origin {
    pub(super) fn new() -> Result<Self, OriginError> {
        // The origin is the publisher's own: its visitors' cookies are for no proxy that happens to be configured.
        Ok(Self(http_client(Proxied::Never)?))
    }

    /// The origin's page; the request's body is handed on as it comes.
    pub(super) async fn page(
        &self,
        url: &OriginUrl,
        head: Parts,
        body: Body,
        client: Option<IpAddr>,
    ) -> Result<Response, OriginError> {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let has_body = head.headers.contains_key(CONTENT_LENGTH)
            || head.headers.contains_key(TRANSFER_ENCODING);
        let mut headers = head.headers;
        let host = headers.remove(HOST);
        leave_out_the_connections(&mut headers);
        if let Some(host) = host {
            headers.insert(FORWARDED_HOST, host);
        }
        name_the_client(&mut headers, client);
        let request = self.0.request(head.method, format!("{url}{path}"));
        let request = if has_body {
            request.body(reqwest::Body::wrap_stream(body.into_data_stream()))
        } else {
            request
        };
        let page = request.headers(headers).send().await?;
        let page: http::Response<reqwest::Body> = page.into();
        let (head, body) = page.into_parts();
        // As a body rather than a stream: one that is empty is then known to be.
        let mut answer = Response::new(Body::new(body));
        *answer.status_mut() = head.status;
        *answer.headers_mut() = head.headers;
        leave_out_the_connections(answer.headers_mut());
        Ok(answer)
    }
}

/// Adds the client's address, as this server knows it, to the lists that name it: their last element is the one that
/// this server answers for. One that is not known is `unknown` (RFC 7239, section 6.2), or the origin would take what
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

/// Takes out what concerns one connection only, and what that connection names as such.
fn leave_out_the_connections(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in OF_THE_CONNECTION.iter().chain(&named) {
        headers.remove(name);
    }
}
