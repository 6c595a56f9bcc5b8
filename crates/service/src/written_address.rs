//! Addresses as proxies and logs write them.

use std::net::{IpAddr, Ipv6Addr};

/// An address as proxies write it: with a port or without, IPv6 in brackets or without, a zone, quotes round it.
pub fn parse_address(written: &str) -> Option<IpAddr> {
    let quoted = written.strip_prefix('"');
    let written = match quoted {
        Some(rest) => rest.strip_suffix('"')?,
        None => written,
    };
    if let Some(rest) = written.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port = port.strip_prefix(':');
        let whole = rest.ends_with(']') || port.is_some_and(is_port);
        return whole.then(|| ipv6(address)).flatten();
    }
    if let Ok(address) = written.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    match written.split_once(':') {
        Some((address, port)) if is_port(port) => address.parse().map(IpAddr::V4).ok(),
        _ => ipv6(written),
    }
}

/// An IPv6 address; the zone after it names the proxy's own interface (RFC 6874).
fn ipv6(written: &str) -> Option<IpAddr> {
    let (address, zone) = written.split_once('%').unwrap_or((written, "-"));
    let address: Ipv6Addr = address.parse().ok()?;
    (!zone.is_empty()).then(|| IpAddr::V6(address).to_canonical())
}

/// A number, or a name that hides it (RFC 7239, section 6).
fn is_port(written: &str) -> bool {
    let hidden = written.strip_prefix('_');
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match hidden {
        Some(name) => !name.is_empty() && name.bytes().all(named),
        None => written.bytes().all(|byte| byte.is_ascii_digit()) && written.parse::<u16>().is_ok(),
    }
}
