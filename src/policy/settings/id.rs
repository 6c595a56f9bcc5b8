//! `[ec.id]`: how EC ids are made.

use crate::policy::setting::{choices, settings};

choices! {
    /// How the network of an IPv6 address is written before it is hashed.
    Ipv6Form {
        /// All 16 hex digits, without separators: `20010db885a30000`.
        Hex = "hex",
        /// Four groups without leading zeros, with colons: `2001:db8:85a3:0`.
        Groups = "groups",
    }
}

settings! {
    /// How EC ids are made.
    Ids in "id." {
        /// How an IPv6 visitor's network (64 bits) is hashed: `hex`, as the trusted-server of the IAB Tech Lab does
        /// (`20010db885a30000`), or `groups` (`2001:db8:85a3:0`).
        ///
        /// Changing it changes the ids that are made for IPv6 visitors from then on; a visitor who comes back keeps the
        /// one in the cookie.
        ipv6_form: Ipv6Form = Ipv6Form::Hex;
    }
}
