//! What platforms, protocols and browsers allow: numbers that are not ours to choose, each with its source.
//!
//! `docs/platforms.md` has the same facts with what follows from them, and says how sure each is. Limits that we choose
//! ourselves are where they are used; what a publisher chooses is a [setting](crate::policy::settings).

/// Fastly KV Store and Fastly Compute.
pub mod fastly {
    use std::time::Duration;

    /// How far a lookup may lag behind. No bound is documented (Fastly's documentation, data stores): within a second as a
    /// rule, and so a minute is ample.
    pub const LOOKUP_LAG: Duration = Duration::from_secs(60);

    /// The rate at which one key takes writes: one a second (observed by its users).
    pub const WRITE_INTERVAL: Duration = Duration::from_secs(1);

    /// How much later than its expiry a key may be collected (API reference, KV stores).
    pub const COLLECTION_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// The longest key, in bytes (documentation, working with KV stores).
    pub const MAX_KEY_BYTES: usize = 1_024;

    /// The largest value, in bytes (documentation, working with KV stores: 25 MB).
    pub const MAX_VALUE_BYTES: u32 = 25 << 20;

    /// The largest metadata, in bytes (API reference, KV stores). More is accepted by an insert, and makes every later
    /// lookup of the key fail (observed).
    pub const MAX_METADATA_BYTES: u32 = 2_000;

    /// The longest name of a store, in bytes (API reference, KV stores).
    pub const MAX_STORE_NAME_BYTES: usize = 255;

    /// The most keys in one page of a listing (API reference, KV stores).
    pub const MAX_PAGE_KEYS: u32 = 1_000;

    /// The status by which every call but an insert says that it is throttled (`fastly-shared`, `FastlyStatus`).
    pub const LIMIT_EXCEEDED: i32 = 13;

    /// How long one execution may last (documentation, resource limits).
    pub const MAX_EXECUTION: Duration = Duration::from_secs(120);

    /// The most backend requests of one execution (documentation, resource limits). Whether store calls count is not
    /// documented.
    pub const MAX_BACKEND_REQUESTS: u32 = 32;

    /// The longest item of a config store, in characters (documentation, resource limits).
    pub const MAX_CONFIG_ITEM_CHARS: usize = 8_000;
}

/// Browsers.
pub mod browser {
    /// For how many days a cookie is kept at most (RFC 6265bis, section 5.5).
    pub const MAX_COOKIE_DAYS: u64 = 400;
}

/// Names, addresses and times on the Internet.
pub mod internet {
    /// The longest domain name, in characters (RFC 1035, section 2.3.4).
    pub const MAX_DOMAIN_BYTES: usize = 253;

    /// The longest label of a domain name, in characters (RFC 1035, section 2.3.4).
    pub const MAX_LABEL_BYTES: usize = 63;

    /// Whether this can be a label of a host's name: letters, digits and inner hyphens (RFC 1123, section 2.1).
    #[must_use]
    pub fn is_host_label(label: &str) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    }

    /// The part of an IPv6 address that names a site's network, its first 64 bits (RFC 4291, section 2.5.1).
    pub const IPV6_NETWORK: u128 = u128::MAX << 64;

    /// The port of `http` (RFC 9110, section 4.2.1).
    pub const HTTP_PORT: u16 = 80;

    /// The port of `https` (RFC 9110, section 4.2.2).
    pub const HTTPS_PORT: u16 = 443;

    /// The largest offset of a time from UTC, 23:59 (RFC 3339, section 5.6).
    pub const MAX_OFFSET_SECONDS: i32 = (23 * 60 + 59) * 60;
}
