//! The HTTP client of the command line.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

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
    // A provider that was installed earlier stays in use.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none())
}
