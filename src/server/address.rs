//! Whose request it is: the connection's address, unless a trusted proxy says otherwise.

use std::net::IpAddr;

/// The client's address: that of the connection, or where that is a proxy to be trusted, the last of
/// `X-Forwarded-For` that is not one.
///
/// What stands before that address was written by the client itself, and is not believed.
pub fn forwarded_client<'h>(
    peer: IpAddr,
    forwarded_for: impl IntoIterator<Item = &'h str>,
    is_proxy: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let headers: Vec<&str> = forwarded_for.into_iter().collect();
    let mut client = peer;
    for written in headers.iter().rev().flat_map(|header| header.rsplit(',')) {
        if !is_proxy(client) {
            break;
        }
        let Ok(address) = written.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        for (peer, forwarded, client) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1", "10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
        ] {
            let is_proxy = |address: IpAddr| address.to_string().starts_with("10.");
            let found =
                forwarded_client(peer.parse().unwrap(), forwarded.iter().copied(), is_proxy);
            assert_eq!(found.to_string(), client, "{peer} {forwarded:?}");
        }
    }
}
