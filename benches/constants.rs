//! The operations as they were before there was a policy: the same store, records and rules, the numbers in the code.
//!
//! Each does what the default policy asks for and no check more, so that nothing but the policy is between the two. One
//! thing is simpler: a batch that grows past the limit is refused as a whole.
#![allow(clippy::unwrap_used, reason = "a store in memory does not fail")]

use edge_cookie::clock::{Clock, Timestamp};
use edge_cookie::engine::PartnerSync;
use edge_cookie::policy::types::Ttl;
use edge_cookie::record::{ConsentStrings, EcId, KvEntry, KvGeo, KvMetadata};
use edge_cookie::store::{Insert, KvStore, Precondition, Removed, StoreError, Stored};

const ENTRY_TTL: u64 = 365 * 86_400;
const TOMBSTONE_TTL: u64 = 86_400;
const DEBOUNCE: u64 = 300;
const MAX_RETRIES: u32 = 3;
const MAX_PARTNER_IDS: usize = 64;
const MAX_UID_BYTES: usize = 512;
const MAX_BODY_BYTES: usize = 8_192;
const MAX_METADATA_BYTES: usize = 1_900;
const MAX_FUTURE: u64 = 300;
pub const MARK: &str = "00000000";

/// What is stored under an id.
enum Current {
    Absent(Precondition),
    Live(KvEntry, KvMetadata, Precondition),
    Tombstone(KvEntry, KvMetadata, Precondition),
}

fn read(store: &impl KvStore, id: &EcId, now: Timestamp) -> Option<Current> {
    see(store.lookup(id.as_str()).unwrap(), now)
}

fn see(stored: Option<Stored>, now: Timestamp) -> Option<Current> {
    let Some(stored) = stored else {
        return Some(Current::Absent(Precondition::Add));
    };
    let entry = KvEntry::from_body(&stored.body).ok()?;
    let metadata = KvMetadata::from_bytes(&stored.metadata).ok()?;
    let precondition = Precondition::Generation(stored.generation);
    let (from, ttl) = if entry.is_tombstone() {
        (entry.consent.updated, TOMBSTONE_TTL)
    } else {
        (metadata.t.unwrap_or(entry.created).min(now), ENTRY_TTL)
    };
    Some(if now > from.plus_seconds(ttl) {
        Current::Absent(precondition)
    } else if entry.is_tombstone() {
        Current::Tombstone(entry, metadata, precondition)
    } else {
        Current::Live(entry, metadata, precondition)
    })
}

/// Writes what is within the limits.
fn write(
    store: &impl KvStore,
    id: &EcId,
    entry: &KvEntry,
    metadata: KvMetadata,
    now: Timestamp,
    precondition: Precondition,
) -> Result<&'static str, StoreError> {
    if !entry.body_fits(MAX_BODY_BYTES) {
        return Ok("entry_too_large");
    }
    write_metadata_within_limits(store, id, entry, metadata, now, precondition)
}

/// Writes a body that is known to be within the limit, or that does not grow.
fn write_metadata_within_limits(
    store: &impl KvStore,
    id: &EcId,
    entry: &KvEntry,
    metadata: KvMetadata,
    now: Timestamp,
    precondition: Precondition,
) -> Result<&'static str, StoreError> {
    let metadata = metadata.rewritten(entry, now, MARK);
    if !metadata.fits(MAX_METADATA_BYTES) {
        return Ok("entry_too_large");
    }
    put(store, id, entry, &metadata, ENTRY_TTL, precondition).map(|()| "written")
}

fn put(
    store: &impl KvStore,
    id: &EcId,
    entry: &KvEntry,
    metadata: &KvMetadata,
    ttl: u64,
    precondition: Precondition,
) -> Result<(), StoreError> {
    let insert = Insert {
        body: entry.to_body(),
        metadata: metadata.to_bytes(),
        ttl: Some(Ttl::from_seconds_clamped(ttl + 1)),
        precondition,
    };
    store.insert(id.as_str(), insert)
}

/// Tries `attempt` again where another write came first.
fn retrying<T: From<&'static str>>(mut attempt: impl FnMut() -> Result<T, StoreError>) -> T {
    for _ in 0..=MAX_RETRIES {
        match attempt() {
            Ok(outcome) => return outcome,
            Err(StoreError::PreconditionFailed) => {}
            Err(_) => return "error".into(),
        }
    }
    "retries_exhausted".into()
}

pub fn get(store: &impl KvStore, clock: &impl Clock, id: &EcId) -> Option<(KvEntry, KvMetadata)> {
    match read(store, id, clock.now().timestamp())? {
        Current::Live(entry, metadata, _) | Current::Tombstone(entry, metadata, _) => {
            Some((entry, metadata))
        }
        Current::Absent(_) => None,
    }
}

pub fn get_metadata(store: &impl KvStore, clock: &impl Clock, id: &EcId) -> Option<KvMetadata> {
    get(store, clock, id).map(|(_, metadata)| metadata)
}

pub fn create(
    store: &impl KvStore,
    clock: &impl Clock,
    id: &EcId,
    consent: &ConsentStrings,
    geo: &KvGeo,
) -> &'static str {
    let now = clock.now().timestamp();
    let entry = KvEntry::new(consent.clone(), geo.clone(), now);
    match write(
        store,
        id,
        &entry,
        KvMetadata::default(),
        now,
        Precondition::Add,
    ) {
        Err(StoreError::PreconditionFailed) => {}
        other => return other.unwrap_or("error"),
    }
    retrying(|| match read(store, id, now) {
        Some(Current::Absent(precondition)) => {
            write(store, id, &entry, KvMetadata::default(), now, precondition)
        }
        _ => Ok("already_exists"),
    })
}

pub fn create_or_revive(
    store: &impl KvStore,
    clock: &impl Clock,
    id: &EcId,
    consent: &ConsentStrings,
    geo: &KvGeo,
) -> &'static str {
    let now = clock.now().timestamp();
    retrying(|| match read(store, id, now) {
        Some(Current::Absent(precondition)) => {
            let entry = KvEntry::new(consent.clone(), geo.clone(), now);
            write(store, id, &entry, KvMetadata::default(), now, precondition)
        }
        Some(Current::Tombstone(mut entry, metadata, precondition))
            if entry.consent.updated < now =>
        {
            entry.revive(consent.clone(), geo.clone(), now);
            write(store, id, &entry, metadata, now, precondition)
        }
        Some(Current::Tombstone(..)) => Ok("consent_withdrawn"),
        Some(Current::Live(..)) => Ok("already_live"),
        None => Ok("error"),
    })
}

/// What became of a batch: a word for the whole, and one for each of its ids.
#[allow(dead_code, reason = "a benchmark asks for the words and reads none")]
pub struct Upserted(pub &'static str, pub Vec<&'static str>);

impl From<&'static str> for Upserted {
    fn from(word: &'static str) -> Self {
        Self(word, Vec::new())
    }
}

/// Why a sync is refused whatever the record.
fn refused(sync: &PartnerSync, now: Timestamp) -> Option<&'static str> {
    if sync.timestamp.seconds_since(now) > MAX_FUTURE {
        return Some("invalid_timestamp");
    }
    (sync.uid.len() > MAX_UID_BYTES || is_placeholder(&sync.uid)).then_some("invalid_uid")
}

/// The default of `sync.sentinels`, written out.
fn is_placeholder(uid: &str) -> bool {
    let uid = uid.trim();
    let Some(head) = uid.bytes().next() else {
        return true;
    };
    let is = |word: &str| uid.eq_ignore_ascii_case(word);
    let any = |words: &[&str]| words.iter().any(|word| is(word));
    let begins = |begin: &str| {
        let head = uid.as_bytes().get(..begin.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(begin.as_bytes()))
    };
    let around = |begin: &str, end: &str| {
        let rest = uid.len().checked_sub(end.len());
        let tail = rest.filter(|rest| *rest >= begin.len());
        let tail = tail.and_then(|rest| uid.as_bytes().get(rest..));
        begins(begin) && tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
    };
    match head.to_ascii_lowercase() {
        b'$' => true,
        b'[' => around("[", "]"),
        b'{' => around("{", "}"),
        b'<' => around("<", "id>"),
        b'@' => around("@", "@"),
        b'#' => around("##", "##") || around("#{", "}") || any(&["#pmuid", "#pm_user_id"]),
        b'_' => around("__", "id__"),
        b'%' => {
            around("%", "%")
                || begins("%24")
                || around("%25", "%25")
                || around("%3c", "id%3e")
                || around("%40", "%40")
                || around("%5b", "%5d")
                || around("%7b", "%7d")
                || is("%s")
        }
        b'u' => any(&["undefined", "unknown"]),
        b'b' => is("buyeruid"),
        b'n' => any(&["ntv_user_id", "null", "nil", "nan", "none", "n/a"]),
        b's' => is("sspcookieuserid"),
        b'x' => is("xxemodo_idxx"),
        b'3' => is("33xuserid33x"),
        b'0' => any(&[
            "0",
            "00000000-0000-0000-0000-000000000000",
            "00000000000000000000000000000000",
            "0000000000000000",
        ]),
        b'-' => is("-1"),
        b'(' => is("(null)"),
        b't' => is("true"),
        b'f' => is("false"),
        b'o' => any(&["optout", "opt-out", "opt_out"]),
        _ => false,
    }
}

pub fn upsert(
    store: &impl KvStore,
    clock: &impl Clock,
    id: &EcId,
    syncs: &[PartnerSync],
) -> Upserted {
    let now = clock.now().timestamp();
    if !syncs.iter().any(|sync| refused(sync, now).is_none()) {
        return "invalid_uid".into();
    }
    retrying(|| {
        let (mut entry, metadata, precondition) = match read(store, id, now) {
            Some(Current::Live(entry, metadata, precondition)) => (entry, metadata, precondition),
            Some(Current::Absent(precondition)) => {
                (KvEntry::minimal(now), KvMetadata::default(), precondition)
            }
            Some(Current::Tombstone(..)) => return Ok("consent_withdrawn".into()),
            None => return Ok("error".into()),
        };
        let mut each = Vec::with_capacity(syncs.len());
        for sync in syncs {
            each.push(if let Some(why) = refused(sync, now) {
                why
            } else if entry.ids.get(&sync.partner).is_none() && entry.ids.len() >= MAX_PARTNER_IDS {
                "too_many_partners"
            } else {
                entry.sync(&sync.partner, &sync.uid, sync.timestamp.min(now));
                if !entry.body_fits(MAX_BODY_BYTES) {
                    return Ok("entry_too_large".into());
                }
                "written"
            });
        }
        if !each.contains(&"written") {
            return Ok(Upserted("refused", each));
        }
        write_metadata_within_limits(store, id, &entry, metadata, now, precondition)
            .map(|word| Upserted(word, each))
    })
}

pub fn touch(
    store: &impl KvStore,
    clock: &impl Clock,
    id: &EcId,
    timestamp: Timestamp,
) -> &'static str {
    let now = clock.now().timestamp();
    let seen = timestamp.min(now);
    let Some(Current::Live(mut entry, metadata, precondition)) = read(store, id, now) else {
        return "not_found";
    };
    if let Some(last_seen) = entry.last_seen {
        if seen <= last_seen {
            return "stale";
        }
        if seen.seconds_since(last_seen) < DEBOUNCE {
            return "debounced";
        }
    }
    entry.last_seen = Some(seen);
    write_metadata_within_limits(store, id, &entry, metadata, now, precondition)
        .unwrap_or("superseded")
}

pub fn withdraw(store: &impl KvStore, clock: &impl Clock, id: &EcId) -> &'static str {
    let now = clock.now().timestamp();
    let tombstone = KvEntry::tombstone(now);
    let metadata = KvMetadata::from_entry(&tombstone, now, MARK);
    retrying(|| {
        put(
            store,
            id,
            &tombstone,
            &metadata,
            TOMBSTONE_TTL,
            Precondition::None,
        )
        .map(|()| "withdrawn")
    })
}

pub fn delete(store: &impl KvStore, clock: &impl Clock, id: &EcId) -> &'static str {
    let now = clock.now().timestamp();
    match store.delete(id.as_str()) {
        Ok(Removed::Nothing) => "not_found",
        Ok(Removed::Record(stored)) => match see(stored, now) {
            Some(Current::Absent(_)) => "not_found",
            _ => "deleted",
        },
        Err(_) => "error",
    }
}
