//! The partner ids of an entry.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use serde_json::value::RawValue;

use super::PartnerId;
use super::object::{Name, longest_string, object};
use super::tolerant::{Tolerant, fields, within};
use crate::clock::Timestamp;

object! {
    /// A partner's uid for one user.
    KvPartnerId {
        /// The uid, as the partner gave it.
        uid: Box<str> = required,
        /// The timestamp of the sync that brought it; others may leave it out.
        synced: Option<Timestamp> = optional,
    }
}

/// What they are in JSON.
const EXPECTED: &str = "an object of partner ids";

/// The partner ids of an entry, in the order in which they came.
///
/// An entry holds few of them (`entry.max_partner_ids`), so that a plain list is the fastest map.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartnerIds(Vec<(PartnerId, KvPartnerId)>);

impl PartnerIds {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What `partner` has synced.
    #[must_use]
    pub fn get(&self, partner: &PartnerId) -> Option<&KvPartnerId> {
        self.iter()
            .find(|(known, _)| *known == partner)
            .map(|(_, id)| id)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&PartnerId, &KvPartnerId)> {
        self.0.iter().map(|(partner, id)| (partner, id))
    }

    /// Puts `partner`'s uid, in the place of its last one where it has one; unknown fields there stay.
    /// Gives back what stood there.
    pub fn put(
        &mut self,
        partner: &PartnerId,
        uid: &str,
        synced: Timestamp,
    ) -> Option<KvPartnerId> {
        let known = self.0.iter_mut().find(|(known, _)| known == partner);
        if let Some((_, id)) = known {
            let mut kept = id.kept.clone();
            kept.drop_all(&["synced"]);
            let new = KvPartnerId {
                uid: uid.into(),
                synced: Some(synced),
                kept,
            };
            return Some(std::mem::replace(id, new));
        }
        let id = KvPartnerId {
            uid: uid.into(),
            synced: Some(synced),
            kept: super::Kept::default(),
        };
        self.0.push((partner.clone(), id));
        None
    }

    /// Takes back a [`put`](Self::put), given what it gave back.
    pub(crate) fn undo_put(&mut self, partner: &PartnerId, before: Option<KvPartnerId>) {
        match before {
            Some(before) => {
                if let Some((_, id)) = self.0.iter_mut().find(|(known, _)| known == partner) {
                    *id = before;
                }
            }
            None => self.0.retain(|(known, _)| known != partner),
        }
    }

    /// The most bytes that putting `uid` for `partner` adds in JSON.
    pub(crate) fn longest_put(partner: &PartnerId, uid: &str) -> usize {
        const FRAME: usize = r#":{"uid":,"synced":18446744073709551615},"#.len();
        longest_string(partner.as_str()) + longest_string(uid) + FRAME
    }

    /// The most bytes they take in JSON.
    pub(super) fn longest_json(&self) -> usize {
        self.iter()
            .map(|(partner, id)| Self::longest_put(partner, &id.uid) + id.kept.longest_json())
            .sum()
    }
}

impl<'de> Deserialize<'de> for PartnerIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdsVisitor;

        impl<'de> Visitor<'de> for IdsVisitor {
            type Value = PartnerIds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut ids = Vec::new();
                while let Some(name) = map.next_key::<Name<'de>>()? {
                    ids.push((PartnerId::stored(name.0.into()), map.next_value()?));
                }
                Ok(PartnerIds(ids))
            }
        }

        deserializer.deserialize_map(IdsVisitor)
    }
}

impl Tolerant for PartnerIds {
    fn tolerant(json: &RawValue) -> Result<Self, serde_json::Error> {
        let id = |(name, value): (Name<'_>, &RawValue)| match KvPartnerId::tolerant(value) {
            Ok(id) => Ok((PartnerId::stored(name.0.into()), id)),
            Err(error) => Err(within(&name.0, &error)),
        };
        fields(json, EXPECTED)?
            .into_iter()
            .map(id)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Serialize for PartnerIds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (partner, id) in self.iter() {
            map.serialize_entry(partner.as_str(), id)?;
        }
        map.end()
    }
}
