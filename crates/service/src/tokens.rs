//! Wrong tokens: how many one sender may send before the store is asked about no more of them.

use std::net::{IpAddr, Ipv6Addr};

use super::Client;
use edge_cookie::platform_facts::internet::IPV6_NETWORK;
use edge_cookie::policy::types::Seconds;

/// The window in which wrong tokens are counted (`sync.invalid_token_limit`): the longest that the edge's rate counter knows.
pub const WRONG_TOKEN_WINDOW: Seconds = Seconds::new(60);

/// Routes whose wrong tokens are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenRoutes {
    /// Those of partners.
    Partner,
    /// Those of operators.
    Admin,
}

/// Who sends tokens: the network that a client's address belongs to, or no one known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenSender {
    routes: TokenRoutes,
    network: Option<IpAddr>,
}

impl TokenSender {
    /// The sender of a request from `client`: by its IPv4 address, or by its IPv6 network of 64 bits. Clients whose address
    /// is not known are one sender.
    #[must_use]
    pub fn of(client: &Client, routes: TokenRoutes) -> Self {
        let network = client.address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => {
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & IPV6_NETWORK))
            }
            address @ IpAddr::V4(_) => address,
        });
        Self { routes, network }
    }

    /// Every sender on these routes that cannot be counted by itself.
    #[must_use]
    pub const fn unknown(self) -> Self {
        Self {
            network: None,
            ..self
        }
    }

    /// The name that a counter knows it by.
    #[must_use]
    pub fn key(self) -> String {
        let routes = match self.routes {
            TokenRoutes::Partner => "partner",
            TokenRoutes::Admin => "admin",
        };
        match self.network {
            Some(network) => format!("wrong-token/{routes}/{network}"),
            None => format!("wrong-token/{routes}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_networks() {
        for (address, key) in [
            (Some("203.0.113.9"), "wrong-token/partner/203.0.113.9"),
            (
                Some("::ffff:203.0.113.9"),
                "wrong-token/partner/203.0.113.9",
            ),
            (
                Some("2001:db8:1:2:3:4:5:6"),
                "wrong-token/partner/2001:db8:1:2::",
            ),
            (None, "wrong-token/partner"),
        ] {
            let client = Client {
                address: address.map(|address| address.parse().unwrap()),
                place: None,
            };
            let sender = TokenSender::of(&client, TokenRoutes::Partner);
            assert_eq!(sender.key(), key);
            assert_ne!(sender, TokenSender::of(&client, TokenRoutes::Admin));
        }
    }
}
