//! The fields that only the trusted-server of the IAB Tech Lab writes. A rewrite keeps them exactly as they are; here they
//! are read, on demand.
//!
//! ```
//! use edge_cookie::record::KvEntry;
//!
//! let body = br#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"US","asn":7922},
//!     "device":{"is_mobile":3},"network":{"cluster_size":4},"ids":{}}"#;
//! let entry = KvEntry::from_body(body).unwrap();
//! assert_eq!(entry.geo.asn().unwrap(), Some(7922));
//! assert_eq!(entry.network().unwrap().unwrap().cluster_size, Some(4));
//! assert!(entry.device().unwrap_err().to_string().contains("`is_mobile`"));
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Kept, KvEntry, KvGeo, KvMetadata};
use crate::clock::Timestamp;
use crate::platform_facts::internet::is_host_label;

/// The most domains in [`KvPubProperties::seen_domains`]: the trusted-server reads no record with more.
pub const MAX_SEEN_DOMAINS: usize = 50;

/// The longest domain in [`KvPubProperties`], in bytes: the trusted-server reads no record with a longer one.
pub const MAX_STORED_DOMAIN_LENGTH: usize = 255;

/// How many hex digits of a hash of the HTTP/2 settings are stored.
const H2_HASH_HEX_DIGITS: usize = 12;

/// Why such a field cannot be read. It is kept all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` is kept as it is, but cannot be read: {why}")]
pub struct ExtraFieldError {
    field: &'static str,
    why: String,
}

/// Where the record was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KvPubProperties {
    /// The publisher's domain on which the record was created: lower case, without a trailing dot, at most 255 bytes.
    pub origin_domain: String,
    /// The publisher's domains on which the user was seen, at most 50. A record of before May 2026 has an object here,
    /// whose keys are the domains; the counts and times in it are kept, and not read.
    #[serde(default, deserialize_with = "list_or_map")]
    pub seen_domains: BTreeSet<String>,
}

/// What the connection and the user agent say of the device, when the record was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KvDevice {
    /// `0`: a desktop; `1`: a mobile; `2`: not known.
    pub is_mobile: u8,
    /// The first section of the JA4 fingerprint, as `t13d1516h2`: the browser's family. It holds no `_`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ja4_class: Option<String>,
    /// The operating system's family: `mac`, `windows`, `ios`, `android` or `linux`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_class: Option<String>,
    /// The first 12 hex digits of the SHA-256 of the HTTP/2 settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub h2_fp_hash: Option<String>,
    /// `true`: a known browser; `false`: a known robot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_browser: Option<bool>,
}

/// How many ids share the user's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KvNetwork {
    /// How many ids have the same hash; none where they were not counted yet. The trusted-server counts up to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_size: Option<u32>,
    /// When they were counted; only in records of before May 2026.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_checked: Option<Timestamp>,
}

/// What is known of a client's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GeoInfo<'g> {
    /// The country's ISO 3166-1 alpha-2 code.
    pub country: &'g str,
    /// The region within the country, as `CA`.
    pub region: Option<&'g str>,
    /// The number of the network (autonomous system).
    pub asn: Option<u32>,
    /// The code of the television market (DMA); `0` where there is none.
    pub metro_code: i64,
}

/// What [`KvPubProperties`], [`KvDevice`] and [`KvNetwork`] must hold beyond their types.
trait Limits {
    /// What is beyond its limit.
    fn beyond(&self) -> Option<String> {
        None
    }
}

impl Limits for u32 {}
impl Limits for bool {}
impl Limits for KvNetwork {}

impl Limits for i64 {
    fn beyond(&self) -> Option<String> {
        (*self < 1).then(|| format!("`{self}` is not above 0"))
    }
}

impl Limits for u8 {
    fn beyond(&self) -> Option<String> {
        (*self > 2).then(|| format!("`{self}` is not 0, 1 or 2"))
    }
}

impl Limits for KvPubProperties {
    fn beyond(&self) -> Option<String> {
        if self.seen_domains.len() > MAX_SEEN_DOMAINS {
            let domains = self.seen_domains.len();
            return Some(format!(
                "`seen_domains` has {domains} domains, and at most {MAX_SEEN_DOMAINS} are read"
            ));
        }
        let mut domains = std::iter::once(&self.origin_domain).chain(&self.seen_domains);
        let wrong = domains.find(|domain| !is_stored_domain(domain))?;
        Some(format!("`{wrong}` is not a domain name in lower case"))
    }
}

impl Limits for KvDevice {
    fn beyond(&self) -> Option<String> {
        let wrong = |field: &str, text: &Option<String>, right: fn(&str) -> bool| {
            let wrong = text.as_deref().filter(|text| !right(text))?;
            Some(format!("`{field}` is `{wrong}`"))
        };
        let mobile = self.is_mobile.beyond();
        mobile
            .map(|why| format!("`is_mobile`: {why}"))
            .or_else(|| {
                wrong("ja4_class", &self.ja4_class, |class| {
                    !class.is_empty() && !class.contains('_')
                })
            })
            .or_else(|| {
                wrong("platform_class", &self.platform_class, |class| {
                    ["mac", "windows", "ios", "android", "linux"].contains(&class)
                })
            })
            .or_else(|| {
                wrong("h2_fp_hash", &self.h2_fp_hash, |hash| {
                    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                    hash.len() == H2_HASH_HEX_DIGITS && hash.bytes().all(hex)
                })
            })
    }
}

/// Whether the trusted-server would store this domain.
fn is_stored_domain(domain: &str) -> bool {
    domain.len() <= MAX_STORED_DOMAIN_LENGTH
        && !domain.contains(|character: char| character.is_ascii_uppercase())
        && domain.split('.').all(is_host_label)
}

/// Reads a list of domains, or the keys of the object that older records have.
fn list_or_map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Domains {
        List(BTreeSet<String>),
        Map(BTreeMap<String, Value>),
    }

    Ok(match Domains::deserialize(deserializer)? {
        Domains::List(domains) => domains,
        Domains::Map(domains) => domains.into_keys().collect(),
    })
}

/// Reads a field; none where it is missing or `null`. Where a name is there several times, the last one counts.
fn read<T: DeserializeOwned + Limits>(
    kept: &Kept,
    field: &'static str,
) -> Result<Option<T>, ExtraFieldError> {
    let Some(json) = kept.get(field) else {
        return Ok(None);
    };
    let error = |why| ExtraFieldError { field, why };
    let value: Option<T> =
        serde_json::from_slice(json.get().as_bytes()).map_err(|why| error(why.to_string()))?;
    match value.as_ref().and_then(Limits::beyond) {
        Some(why) => Err(error(why)),
        None => Ok(value),
    }
}

/// The result of reading such a field: none where it is missing.
pub type ExtraField<T> = Result<Option<T>, ExtraFieldError>;

impl KvGeo {
    /// The place of a client; `ZZ` where the country is not known, or not a code of two letters.
    #[must_use]
    pub fn from_geo_info(geo: Option<&GeoInfo<'_>>) -> Self {
        let known = geo.and_then(|geo| Self::known(geo.country, geo.region));
        let mut place = known.unwrap_or_default();
        if let Some(asn) = geo.and_then(|geo| geo.asn) {
            place.kept.set("asn", &asn);
        }
        if let Some(dma) = geo.map(|geo| geo.metro_code).filter(|code| *code > 0) {
            place.kept.set("dma", &dma);
        }
        place
    }

    /// The number of the network (autonomous system) that the user was in.
    ///
    /// # Errors
    ///
    /// Where it is not a number of 32 bits.
    pub fn asn(&self) -> ExtraField<u32> {
        read(&self.kept, "asn")
    }

    /// The code of the television market (DMA) that the user was in.
    ///
    /// # Errors
    ///
    /// Where it is not a whole number above 0.
    pub fn dma(&self) -> ExtraField<i64> {
        read(&self.kept, "dma")
    }
}

impl KvEntry {
    /// Where the record was created.
    ///
    /// # Errors
    ///
    /// Where it is not of that shape or beyond its limits.
    pub fn pub_properties(&self) -> ExtraField<KvPubProperties> {
        read(&self.kept, "pub_properties")
    }

    /// What is known of the device.
    ///
    /// # Errors
    ///
    /// Where it is not of that shape or beyond its limits.
    pub fn device(&self) -> ExtraField<KvDevice> {
        read(&self.kept, "device")
    }

    /// How many ids share the user's address.
    ///
    /// # Errors
    ///
    /// Where it is not of that shape.
    pub fn network(&self) -> ExtraField<KvNetwork> {
        read(&self.kept, "network")
    }
}

impl KvMetadata {
    /// How many ids share the user's address. Where the body says otherwise, [`KvEntry::network`] counts.
    ///
    /// # Errors
    ///
    /// Where it is not a number of 32 bits.
    pub fn cluster_size(&self) -> ExtraField<u32> {
        read(&self.kept, "cluster_size")
    }

    /// As [`KvDevice::is_mobile`].
    ///
    /// # Errors
    ///
    /// Where it is not 0, 1 or 2.
    pub fn is_mobile(&self) -> ExtraField<u8> {
        read(&self.kept, "is_mobile")
    }

    /// As [`KvDevice::known_browser`].
    ///
    /// # Errors
    ///
    /// Where it is not a truth value.
    pub fn known_browser(&self) -> ExtraField<bool> {
        read(&self.kept, "known_browser")
    }
}

/// Every such field of a record by its path, with its value as it was read.
#[must_use]
pub fn extra_fields(
    entry: &KvEntry,
    metadata: &KvMetadata,
) -> Vec<(&'static str, Result<Value, ExtraFieldError>)> {
    fn json<T: Serialize>(field: ExtraField<T>) -> ExtraField<Value> {
        field.map(|value| value.and_then(|value| serde_json::to_value(value).ok()))
    }

    let fields = [
        ("geo.asn", json(entry.geo.asn())),
        ("geo.dma", json(entry.geo.dma())),
        ("pub_properties", json(entry.pub_properties())),
        ("device", json(entry.device())),
        ("network", json(entry.network())),
        ("metadata.cluster_size", json(metadata.cluster_size())),
        ("metadata.is_mobile", json(metadata.is_mobile())),
        ("metadata.known_browser", json(metadata.known_browser())),
    ];
    let there = |(path, field): (_, ExtraField<Value>)| Some((path, field.transpose()?));
    fields.into_iter().filter_map(there).collect()
}
