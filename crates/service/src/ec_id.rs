//! New EC ids: a keyed hash of the client's address, and a random tail (`docs/semantics.md#ec-ids`).

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::partner::NoRandomness;
use edge_cookie::policy::settings::Ipv6Form;
use edge_cookie::record::EcId;

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

/// A new id for a client at `address`, whose network is written in `form` where it is of IPv6.
pub(super) fn generate_ec_id(
    passphrase: &Passphrase,
    address: IpAddr,
    form: Ipv6Form,
) -> Result<EcId, NoRandomness> {
    let mut hash = passphrase.0.clone();
    hash.update(hashed_address(address, form).as_bytes());
    let hash = base16ct::lower::encode_string(&hash.finalize().into_bytes());
    format!("{hash}.{}", tail()?)
        .parse()
        .map_err(|_| NoRandomness)
}

/// The part of an address that ids are made from: IPv4 as written, of IPv6 the network that a household has.
#[must_use]
pub fn hashed_address(address: IpAddr, form: Ipv6Form) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [first, second, third, fourth, ..] = address.segments();
            match form {
                Ipv6Form::Hex => format!("{first:04x}{second:04x}{third:04x}{fourth:04x}"),
                Ipv6Form::Groups => format!("{first:x}:{second:x}:{third:x}:{fourth:x}"),
            }
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
        for (address, hex, groups) in [
            ("203.0.113.7", "203.0.113.7", "203.0.113.7"),
            (
                "2001:db8:85a3::8a2e:370:7334",
                "20010db885a30000",
                "2001:db8:85a3:0",
            ),
            (
                "2001:0DB8:0001:0002:ffff::1",
                "20010db800010002",
                "2001:db8:1:2",
            ),
            ("::1", "0000000000000000", "0:0:0:0"),
            ("::ffff:203.0.113.7", "203.0.113.7", "203.0.113.7"),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(hashed_address(address, Ipv6Form::Hex), hex, "{address}");
            assert_eq!(
                hashed_address(address, Ipv6Form::Groups),
                groups,
                "{address}"
            );
        }
    }

    #[test]
    fn an_id_is_the_keyed_hash_of_its_address_and_a_tail_of_its_own() {
        let key = Passphrase::new("key").unwrap();
        for (address, form, hash) in [
            // printf 203.0.113.7 | openssl dgst -sha256 -hmac key
            (
                "203.0.113.7",
                Ipv6Form::Hex,
                "df9ac6d8766d37aa28f482625dcd1e3ceee755173c11874c62b66737c92d58df",
            ),
            (
                "203.0.113.7",
                Ipv6Form::Groups,
                "df9ac6d8766d37aa28f482625dcd1e3ceee755173c11874c62b66737c92d58df",
            ),
            // printf 20010db885a30000 | openssl dgst -sha256 -hmac key
            (
                "2001:db8:85a3::7334",
                Ipv6Form::Hex,
                "5a2df196891d0a0c893bd585c01243dd0a73a9abc0193a3b5b5e63ddb961e4cf",
            ),
            // printf 2001:db8:85a3:0 | openssl dgst -sha256 -hmac key
            (
                "2001:db8:85a3::7334",
                Ipv6Form::Groups,
                "653508ed9ada11148274289330a325b22a9a0a479704c369427f333257fd80f1",
            ),
        ] {
            let address = address.parse().unwrap();
            let [one, two] = [(); 2].map(|()| generate_ec_id(&key, address, form).unwrap());
            for id in [&one, &two] {
                assert_eq!(id.as_str().split_once('.').unwrap().0, hash, "{address}");
            }
            assert_ne!(one, two);
        }
    }
}
