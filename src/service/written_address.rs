//! Addresses as proxies and logs write them, and what of one an id is made from.

use std::net::{IpAddr, Ipv6Addr};

/// An address as proxies write it: with a port or without, IPv6 in brackets or without, a zone, quotes round it.
pub(crate) fn parse_address(written: &str) -> Option<IpAddr> {
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

/// What an address stands for where ids are made: IPv4 as written, of IPv6 the network that a household has.
pub(crate) fn household(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [first, second, third, fourth, ..] = address.segments();
            format!("{first:x}:{second:x}:{third:x}:{fourth:x}")
        }
    }
}

/// An IPv6 address; the zone after it tells the proxy's own interface (RFC 6874).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_hashed_as_the_interface_says() {
        for (address, hashed_as) in [
            ("203.0.113.7", "203.0.113.7"),
            ("2001:db8:85a3::8a2e:370:7334", "2001:db8:85a3:0"),
            ("2001:0DB8:0001:0002:ffff::1", "2001:db8:1:2"),
            ("::1", "0:0:0:0"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
        ] {
            assert_eq!(household(address.parse().unwrap()), hashed_as, "{address}");
        }
    }
}
