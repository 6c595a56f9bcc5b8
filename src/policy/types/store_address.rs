//! Where records are kept: in memory, in a file, or in a Valkey or Redis that servers share.

use std::fmt;
use std::path::PathBuf;

use super::name::read_text;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::node::Node;
use crate::policy::setting::{SettingValue, Shape, TextKind, full_key};
use crate::policy::value::Value;

/// Where records are kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StoreAddress {
    /// In memory, until the process ends.
    Memory,
    /// In this file, or in this folder.
    Path(PathBuf),
    /// In the Valkey or Redis at this address.
    Redis(RedisAddress),
}

/// The address of a Valkey or Redis, without a password.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RedisAddress(String);

/// What is wrong with a written place. Its message shows no part of an address that may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreAddressError {
    /// It names nothing.
    #[error("it names nothing: write `memory`, a file or folder, or `redis://HOST`")]
    Empty,
    /// Its scheme is none that is known.
    #[error(
        "no store has an address of this kind: write `redis://HOST`, or `rediss://HOST` over TLS"
    )]
    Scheme,
    /// It holds a password.
    #[error(
        "it holds a password, which anyone who sees the address can read: keep it in `redis.password`, as `{{ env = \"NAME\" }}`"
    )]
    Password,
    /// It is an address, and not a well-formed one.
    #[error(
        "it is not a valid address: write `redis://HOST`, `redis://USER@HOST:PORT` or `redis://HOST/DATABASE`"
    )]
    Address,
}

/// The word for a store that is gone when its process ends.
const MEMORY: &str = "memory";

/// What takes a place away that a lower layer gave.
const NONE: &str = "none";

const SCHEMES: [&str; 2] = ["redis://", "rediss://"];

impl StoreAddress {
    /// Reads a place, as `memory`, `ec-data` or `redis://127.0.0.1:6379/0`.
    ///
    /// # Errors
    ///
    /// [`StoreAddressError`], which says how to write it.
    pub fn parse(written: &str) -> Result<Self, StoreAddressError> {
        if written == MEMORY {
            return Ok(Self::Memory);
        }
        if written.trim().is_empty() {
            return Err(StoreAddressError::Empty);
        }
        if !written.contains("://") {
            return Ok(Self::Path(written.into()));
        }
        let Some(scheme) = SCHEMES.iter().find(|scheme| written.starts_with(**scheme)) else {
            return Err(StoreAddressError::Scheme);
        };
        let rest = written.get(scheme.len()..).unwrap_or_default();
        let (user, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
        if user.contains(':') {
            return Err(StoreAddressError::Password);
        }
        let (host, database) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |text: &str| !text.contains(|c: char| c.is_whitespace() || "?#/@".contains(c));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        // The colons of an IPv6 address stand in brackets.
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
            _ => (host, None),
        };
        let whole = !name.is_empty()
            && plain(user)
            && plain(name)
            && port.is_none_or(|port| port.parse::<u16>().is_ok())
            && digits(database);
        if whole {
            Ok(Self::Redis(RedisAddress(written.to_owned())))
        } else {
            Err(StoreAddressError::Address)
        }
    }

    /// The address, where it is a Valkey or Redis that servers share.
    #[must_use]
    pub const fn redis(&self) -> Option<&RedisAddress> {
        match self {
            Self::Redis(address) => Some(address),
            _ => None,
        }
    }
}

impl RedisAddress {
    /// The address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str(MEMORY),
            Self::Path(path) => path.display().fmt(f),
            Self::Redis(address) => address.fmt(f),
        }
    }
}

impl SettingValue for Option<StoreAddress> {
    const SHAPE: Shape = Shape::Text(TextKind {
        words: "a store address",
        pattern: "^(?!rediss?://[^@]*:[^@]*@)\\S.*$",
    });

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let help = "write `memory`, a file or folder, or `redis://HOST`";
        let text = read_text(node, key, "a place", |_| true, help, findings)?;
        if text == NONE {
            return Some(None);
        }
        match StoreAddress::parse(&text) {
            Ok(place) => Some(Some(place)),
            Err(why) => {
                // What was written may hold a password: the message must not repeat it.
                let message = format!("`{key}` names no place: {why}");
                findings.push(
                    Diagnostic::error(Code::BadValue, message)
                        .about(full_key(key))
                        .at(node.place.clone()),
                );
                None
            }
        }
    }

    fn show(&self) -> Value {
        Value::Text(
            self.as_ref()
                .map_or_else(|| NONE.to_owned(), ToString::to_string),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_no_password_is_taken() {
        let redis = |written: &str| Ok(StoreAddress::Redis(RedisAddress(written.to_owned())));
        for good in [
            "redis://127.0.0.1",
            "redis://valkey:6379",
            "rediss://ec@valkey.example:6380/2",
            "redis://[::1]:6379/0",
            "redis://[::1]",
        ] {
            assert_eq!(StoreAddress::parse(good), redis(good), "{good}");
        }
        for (written, read) in [
            ("memory", Ok(StoreAddress::Memory)),
            ("ec-data", Ok(StoreAddress::Path("ec-data".into()))),
            ("a:b@c", Ok(StoreAddress::Path("a:b@c".into()))),
            ("", Err(StoreAddressError::Empty)),
            ("http://host", Err(StoreAddressError::Scheme)),
            ("redis://:pw@host", Err(StoreAddressError::Password)),
            ("redis://u:p@w@host", Err(StoreAddressError::Password)),
            ("rediss://u:@host/1", Err(StoreAddressError::Password)),
            ("redis://", Err(StoreAddressError::Address)),
            ("redis://host:port", Err(StoreAddressError::Address)),
            ("redis://host:70000", Err(StoreAddressError::Address)),
            ("redis://host/one", Err(StoreAddressError::Address)),
            ("redis://host?password=pw", Err(StoreAddressError::Address)),
            (
                "redis://host/0?password=pw",
                Err(StoreAddressError::Address),
            ),
        ] {
            assert_eq!(StoreAddress::parse(written), read, "{written}");
            if let Err(why) = read {
                assert!(!why.to_string().contains("pw"), "{why}");
            }
        }
    }
}
