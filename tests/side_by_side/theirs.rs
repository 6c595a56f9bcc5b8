//! The trusted-server's way with a record, by what its program does: `crates/trusted-server-core/src/ec`, August 2026.

use edge_cookie::policy::types::Ttl;
use edge_cookie::store::{Generation, Insert, KvStore, Precondition, StoreError};
use serde_json::{Value, json};

use super::shape::{metadata_of, read};

/// Every live record is kept for a year from each write.
pub const ENTRY_SECONDS: u64 = 365 * 86_400;
/// Every tombstone is kept for a day from the withdrawal.
pub const TOMBSTONE_SECONDS: u64 = 86_400;
/// How often a conflicting write is made.
pub const ATTEMPTS: usize = 5;

/// How one of its operations ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    Written,
    /// It has nothing to write.
    Nothing,
    Missing,
    Withdrawn,
    OutOfAttempts,
    /// It cannot read what is there.
    Unreadable(String),
}

/// The trusted-server at one moment, before one record.
pub struct TrustedServer<'s> {
    pub store: &'s dyn KvStore,
    pub key: &'s str,
    /// Unix seconds.
    pub now: u64,
}

type Read = Option<(Value, Generation)>;

impl TrustedServer<'_> {
    /// A user who just got this id consents: a record is made, or a tombstone overwritten.
    pub fn create_or_revive(&self, entry: &Value) -> Ended {
        if self.write(entry, Precondition::Add) {
            return Ended::Written;
        }
        // The first look is free; each further one follows a conflict.
        for attempt in 0..=ATTEMPTS {
            match self.look() {
                Err(ended) => return ended,
                Ok(None) if self.write(entry, Precondition::Add) => return Ended::Written,
                Ok(None) => return Ended::OutOfAttempts,
                Ok(Some((known, _))) if is_live(&known) => return Ended::Nothing,
                Ok(Some(_)) if attempt == ATTEMPTS => break,
                Ok(Some((_, generation))) => {
                    if self.write(entry, Precondition::Generation(generation)) {
                        return Ended::Written;
                    }
                }
            }
        }
        Ended::OutOfAttempts
    }

    /// Partners' uids, of a batch, a pull or the page's own cookies: all in one write, where anything is new.
    pub fn put_uids(&self, uids: &[(String, String)]) -> Ended {
        for _ in 0..ATTEMPTS {
            let (mut entry, generation) = match self.look() {
                Err(ended) => return ended,
                Ok(None) => return Ended::Missing,
                Ok(Some((entry, _))) if !is_live(&entry) => return Ended::Withdrawn,
                Ok(Some(found)) => found,
            };
            let before = entry.clone();
            let fields = entry.as_object_mut().unwrap();
            let ids = fields.entry("ids").or_insert_with(|| json!({}));
            for (partner, uid) in uids {
                ids[partner] = json!({ "uid": uid });
            }
            ids.as_object_mut().unwrap().sort_keys();
            if entry == before {
                return Ended::Nothing;
            }
            if self.write(&entry, Precondition::Generation(generation)) {
                return Ended::Written;
            }
        }
        Ended::OutOfAttempts
    }

    /// An identify of a record whose cluster was not counted: it is counted and noted, once, unless another write comes first.
    pub fn count_cluster(&self) -> Ended {
        let (mut entry, generation) = match self.look() {
            Err(ended) => return ended,
            Ok(None) => return Ended::Missing,
            Ok(Some((entry, _))) if !is_live(&entry) => return Ended::Withdrawn,
            Ok(Some(found)) => found,
        };
        if entry.pointer("/network/cluster_size").is_some() {
            return Ended::Nothing;
        }
        let hash = self.key.split('.').next().unwrap();
        let size = self.store.list(hash, None, 100).unwrap().len();
        let fields = entry.as_object_mut().unwrap();
        let network = fields.entry("network").or_insert_with(|| json!({}));
        network["cluster_size"] = size.into();
        if self.write(&entry, Precondition::Generation(generation)) {
            Ended::Written
        } else {
            Ended::OutOfAttempts
        }
    }

    /// The user withdraws: whatever is there is overwritten.
    pub fn withdraw(&self) -> Ended {
        self.write(&tombstone(self.now), Precondition::None);
        Ended::Written
    }

    /// Its program has this, and nothing that calls it yet.
    pub fn delete(&self) -> Ended {
        self.store.delete(self.key).unwrap();
        Ended::Written
    }

    fn look(&self) -> Result<Read, Ended> {
        let Some(stored) = self.store.lookup(self.key).unwrap() else {
            return Ok(None);
        };
        let entry = read(&stored.body).map_err(Ended::Unreadable)?;
        Ok(Some((entry, stored.generation)))
    }

    /// Writes an entry; whether the precondition held.
    fn write(&self, entry: &Value, precondition: Precondition) -> bool {
        // It writes no other shape than the one it reads, in one order.
        let entry = read(entry.to_string().as_bytes()).unwrap();
        let seconds = if is_live(&entry) {
            ENTRY_SECONDS
        } else {
            TOMBSTONE_SECONDS
        };
        let written = self.store.insert(
            self.key,
            Insert {
                body: entry.to_string().into_bytes(),
                metadata: metadata_of(&entry).to_string().into_bytes(),
                ttl: Some(Ttl::from_seconds_clamped(seconds)),
                precondition,
            },
        );
        match written {
            Ok(()) => true,
            Err(StoreError::PreconditionFailed) => false,
            Err(error) => panic!("{error}"),
        }
    }
}

pub fn is_live(entry: &Value) -> bool {
    entry["consent"]["ok"] == true
}

fn tombstone(now: u64) -> Value {
    json!({
        "v": 1,
        "created": now,
        "consent": { "ok": false, "updated": now },
        "geo": { "country": "ZZ" },
    })
}

/// Records that its program makes of a user who consents: from the least to the most that it can know.
pub const SAMPLES: usize = 4;

/// The record of a new user, made now.
pub fn sample(number: usize, now: u64) -> Value {
    let mut entry = json!({
        "v": 1,
        "created": now,
        "consent": { "ok": true, "updated": now },
        "geo": { "country": "ZZ" },
    });
    if number > 0 {
        entry["consent"] = json!({ "tcf": format!("T{number}"), "ok": true, "updated": now });
        entry["geo"] = json!({ "country": "US", "region": "CA", "asn": 7922, "dma": 807 });
    }
    if number > 1 {
        entry["consent"] = json!({
            "tcf": format!("T{number}"), "gpp": "DBABMA~1YNN", "ok": true, "updated": now,
        });
        entry["pub_properties"] = json!({
            "origin_domain": "news.example",
            "seen_domains": ["news.example"],
        });
        entry["device"] = json!({ "is_mobile": 2 });
    }
    if number > 2 {
        entry["device"] = json!({
            "is_mobile": 1,
            "ja4_class": "t13d1516h2",
            "platform_class": "ios",
            "h2_fp_hash": "0f1e2d3c4b5a",
            "known_browser": true,
        });
    }
    entry
}

/// A record and its metadata as versions before and after that one have them: with fields that today's does not write.
pub fn other_version(newer: bool, now: u64) -> (Value, Value) {
    let mut entry = sample(3, now);
    entry["network"] = json!({ "cluster_size": 3 });
    entry["ids"] = json!({ "two.example": { "uid": "T-1" }, "one.example": { "uid": "O-1" } });
    let mut metadata = metadata_of(&entry);
    if newer {
        entry["next"] = json!({ "to": ["come", 1.50], "a": null });
        entry["consent"]["next"] = json!(-1);
        entry["geo"]["next"] = json!("N");
        entry["device"]["next"] = json!([]);
        entry["pub_properties"]["next"] = json!({});
        entry["network"]["next"] = json!(true);
        entry["ids"]["one.example"]["next"] = json!({ "a": { "b": 1 } });
        metadata["next"] = json!({ "z": 1, "a": 2 });
        return (entry, metadata);
    }
    entry["ids"]["one.example"]["synced"] = json!(now);
    entry["network"]["cluster_checked"] = json!(now);
    entry["pub_properties"]["seen_domains"] =
        json!({ "news.example": { "first": now, "last": now, "visits": 3 } });
    let fields = entry.as_object_mut().unwrap();
    fields.shift_insert(2, "last_seen".to_owned(), json!(now));
    (entry, metadata)
}
