//! New EC ids: a keyed hash of the client's address, and a random tail (`API.md`, organic request).

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::partner::NoRandomness;
use crate::policy::hex;
use crate::record::EcId;

/// The key that addresses are hashed with.
#[derive(Clone)]
pub(super) struct Passphrase(Hmac<Sha256>);

impl Passphrase {
    pub(super) fn new(passphrase: &str) -> Option<Self> {
        // A key of any length is good for an HMAC.
        Hmac::new_from_slice(passphrase.as_bytes()).ok().map(Self)
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(<redacted>)")
    }
}

const TAIL_CHARACTERS: usize = 6;
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Random bytes below this choose every character equally often.
const FAIR: usize = 256 - 256 % ALPHABET.len();

/// A new id for a client at `address`.
pub(super) fn mint(passphrase: &Passphrase, address: IpAddr) -> Result<EcId, NoRandomness> {
    let mut hash = passphrase.0.clone();
    hash.update(household(address).as_bytes());
    let hash = hex(&hash.finalize().into_bytes());
    format!("{hash}.{}", tail()?)
        .parse()
        .map_err(|_| NoRandomness)
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

fn tail() -> Result<String, NoRandomness> {
    let mut tail = String::with_capacity(TAIL_CHARACTERS);
    while tail.len() < TAIL_CHARACTERS {
        let mut random = [0; TAIL_CHARACTERS];
        getrandom::fill(&mut random).map_err(|_| NoRandomness)?;
        let fair = random
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < FAIR);
        let characters = fair.filter_map(|byte| ALPHABET.get(byte % ALPHABET.len()));
        let missing = TAIL_CHARACTERS - tail.len();
        tail.extend(characters.take(missing).map(|byte| char::from(*byte)));
    }
    Ok(tail)
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

    #[test]
    fn an_id_is_the_keyed_hash_of_its_address_and_a_tail_of_its_own() {
        let key = Passphrase::new("key").unwrap();
        let address = "203.0.113.7".parse().unwrap();
        let (one, two) = (mint(&key, address).unwrap(), mint(&key, address).unwrap());
        // printf 203.0.113.7 | openssl dgst -sha256 -hmac key
        let expected = "df9ac6d8766d37aa28f482625dcd1e3ceee755173c11874c62b66737c92d58df.";
        assert!(one.as_str().starts_with(expected) && two.as_str().starts_with(expected));
        assert_ne!(one, two);
    }
}
