//! What is known of the client that sends a request.

use std::net::IpAddr;

use edge_cookie::policy::types::Locality;

/// What the platform knows of the client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// The address it comes from.
    pub address: Option<IpAddr>,
    /// Where it is.
    pub place: Option<Locality>,
}
