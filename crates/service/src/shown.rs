//! A record as operators see it, by the admin route and by `ec get`.

use serde::Serialize;
use serde_json::Map;
use serde_json::value::{RawValue, Value};

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Found, RecordState, expires_at, record_state};
use edge_cookie::graph::found;
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::{EcId, Unreadable, extra_fields};
use edge_cookie::store::Stored;

/// A record as stored, and what the policy makes of it.
#[derive(Debug, Serialize)]
pub struct ShownRecord<'s> {
    ec_id: &'s str,
    /// `live`, `tombstone`, `expired`, `unreadable`, or `absent` where nothing is stored.
    state: &'static str,
    /// Why it is unreadable.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<String>,
    /// When the policy lets it expire, as RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// The fields of the trusted-server of the IAB Tech Lab by their paths, as they are read.
    #[serde(skip_serializing_if = "Map::is_empty")]
    fields: Map<String, Value>,
    /// Those of them that are not of their type or beyond their limits, each with the reason; they are kept too.
    #[serde(skip_serializing_if = "Map::is_empty")]
    unrecognised: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<StoredBytes<'s>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<StoredBytes<'s>>,
}

/// Stored bytes: the JSON that they are, else their text.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum StoredBytes<'s> {
    Json(&'s RawValue),
    Text(String),
}

impl<'s> ShownRecord<'s> {
    /// What is stored under `id`, as `policy` sees it at `now`.
    #[must_use]
    pub fn of(policy: &EcPolicy, id: &'s EcId, stored: Option<&'s Stored>, now: Timestamp) -> Self {
        let (mut fields, mut unrecognised) = (Map::new(), Map::new());
        let (state, why, expires) = match found(stored.cloned()) {
            Found::Nothing => ("absent", None, None),
            Found::Unreadable(record) => ("unreadable", Some(record.why.to_string()), None),
            Found::Record(record) => {
                let (entry, metadata) = (&record.entry, &record.metadata);
                for (path, field) in extra_fields(entry, metadata) {
                    match field {
                        Ok(value) => fields.insert(path.to_owned(), value),
                        Err(why) => unrecognised.insert(path.to_owned(), why.to_string().into()),
                    };
                }
                let expires = || Some(expires_at(policy, entry, metadata, now).to_string());
                match record_state(policy, entry, metadata, now) {
                    RecordState::Live => ("live", None, expires()),
                    RecordState::Tombstone => ("tombstone", None, expires()),
                    RecordState::Expired => ("expired", None, expires()),
                    RecordState::UnknownAge => {
                        ("unreadable", Some(Unreadable::UnknownAge.to_string()), None)
                    }
                }
            }
        };
        Self {
            ec_id: id.as_str(),
            state,
            why,
            generation: stored.map(|stored| stored.generation.to_string()),
            expires_at: expires,
            fields,
            unrecognised,
            body: stored.map(|stored| StoredBytes::of(&stored.body)),
            metadata: stored.map(|stored| StoredBytes::of(&stored.metadata)),
        }
    }

    /// Whether there is a record that counts: a live entry or a tombstone.
    #[must_use]
    pub fn counts(&self) -> bool {
        matches!(self.state, "live" | "tombstone")
    }
}

impl<'s> StoredBytes<'s> {
    fn of(stored: &'s [u8]) -> Self {
        match serde_json::from_slice(stored) {
            Ok(json) => Self::Json(json),
            Err(_) => Self::Text(String::from_utf8_lossy(stored).into_owned()),
        }
    }
}
