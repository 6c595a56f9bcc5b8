//! The JSON form of an event line, and the fields of each operation.

use std::borrow::Cow;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use super::{Event, EventAction};
use crate::clock::{Moment, Timestamp};
use crate::engine::PartnerSync;
use crate::policy::types::Ttl;
use crate::record::{ConsentStrings, EcId, KvGeo, KvSignal, PartnerId};

/// The operations of a line, each with its required and its optional fields.
const OPERATIONS: [(&str, &[&str], &[&str]); 10] = [
    ("create", &["ec_id"], &["consent", "geo"]),
    ("create_or_revive", &["ec_id"], &["consent", "geo"]),
    (
        "upsert_partner_id",
        &["ec_id", "partner_id", "uid"],
        &["timestamp"],
    ),
    ("upsert_partner_ids", &["ec_id", "ids"], &[]),
    ("update_last_seen", &["ec_id"], &["timestamp"]),
    ("write_withdrawal_tombstone", &["ec_id"], &["timestamp"]),
    ("delete", &["ec_id"], &[]),
    ("get", &["ec_id"], &[]),
    ("get_metadata", &["ec_id"], &[]),
    ("put_raw", &["ec_id", "body"], &["metadata", "ttl"]),
];

/// All values of `op`.
pub const OPERATION_NAMES: [&str; OPERATIONS.len()] = {
    let mut words = [""; OPERATIONS.len()];
    let mut index = 0;
    while index < words.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "evaluated by the compiler, which checks it"
        )]
        {
            words[index] = OPERATIONS[index].0;
        }
        index += 1;
    }
    words
};

/// The fields of all operations.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with `at`, `op` and the fields of the operation"
)]
pub(super) struct EventLine<'l> {
    pub(super) at: MomentField,
    #[serde(borrow)]
    pub(super) op: JsonText<'l>,
    #[serde(borrow)]
    pub(super) ec_id: Option<JsonText<'l>>,
    #[serde(borrow)]
    pub(super) consent: Option<ConsentFields<'l>>,
    #[serde(borrow)]
    pub(super) geo: Option<GeoFields<'l>>,
    #[serde(borrow)]
    pub(super) partner_id: Option<JsonText<'l>>,
    #[serde(borrow)]
    pub(super) uid: Option<JsonText<'l>>,
    pub(super) timestamp: Option<Timestamp>,
    #[serde(borrow)]
    pub(super) ids: Option<Vec<IdFields<'l>>>,
    #[serde(borrow)]
    pub(super) body: Option<JsonText<'l>>,
    #[serde(borrow)]
    pub(super) metadata: Option<JsonText<'l>>,
    #[serde(borrow)]
    pub(super) ttl: Option<JsonText<'l>>,
}

#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with any of `tcf`, `gpp`, `us_privacy`, `gpc`, `rule` and `more`"
)]
pub(super) struct ConsentFields<'l> {
    #[serde(borrow)]
    tcf: Option<JsonText<'l>>,
    #[serde(borrow)]
    gpp: Option<JsonText<'l>>,
    #[serde(borrow)]
    us_privacy: Option<JsonText<'l>>,
    gpc: Option<bool>,
    #[serde(borrow)]
    rule: Option<JsonText<'l>>,
    #[serde(borrow)]
    more: Option<Vec<SignalFields<'l>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `signal` and `value`")]
pub(super) struct SignalFields<'l> {
    #[serde(borrow)]
    signal: JsonText<'l>,
    #[serde(borrow)]
    value: JsonText<'l>,
}

#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with `country` and optionally `region`"
)]
pub(super) struct GeoFields<'l> {
    #[serde(borrow)]
    country: JsonText<'l>,
    #[serde(borrow)]
    region: Option<JsonText<'l>>,
}

#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with `partner_id`, `uid` and optionally `timestamp`"
)]
pub(super) struct IdFields<'l> {
    #[serde(borrow)]
    partner_id: JsonText<'l>,
    #[serde(borrow)]
    uid: JsonText<'l>,
    timestamp: Option<Timestamp>,
}

/// A string, borrowed from the line if it has no escapes.
pub(super) struct JsonText<'l>(Cow<'l, str>);

impl<'de: 'l, 'l> Deserialize<'de> for JsonText<'l> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = JsonText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(JsonText(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(JsonText(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// RFC 3339 or Unix seconds.
pub(super) struct MomentField(Moment);

impl<'de> Deserialize<'de> for MomentField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MomentVisitor;

        impl Visitor<'_> for MomentVisitor {
            type Value = MomentField;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time in RFC 3339, as `2026-03-02T08:30:00Z`, or Unix seconds")
            }

            fn visit_u64<E>(self, seconds: u64) -> Result<Self::Value, E> {
                Ok(MomentField(Timestamp::from_unix(seconds).into()))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map(MomentField).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(MomentVisitor)
    }
}

/// Parses a line.
pub(super) fn parse(text: &str) -> Result<Event, LineError> {
    let line: EventLine<'_> = serde_json::from_str(text).map_err(LineError::Json)?;
    let (op, needed, _) = OPERATIONS
        .iter()
        .find(|(word, ..)| *word == line.op.0)
        .ok_or_else(|| {
            let words = OPERATION_NAMES.join("`, `");
            LineError::Field(
                "op",
                format!(
                    "unknown operation `{}`: the operations are `{words}`",
                    line.op.0
                ),
            )
        })?;
    line.refuse_foreign_fields(op)?;
    let missing = || {
        let list = needed.join("` and `");
        LineError::Field("op", format!("`{op}` needs `{list}`"))
    };
    let at = line.at.0;
    let ec_id = line.ec_id.as_ref().ok_or_else(missing)?;
    let ec_id: EcId = ec_id.0.parse().map_err(|error| {
        LineError::Field("ec_id", format!("`{}` is not an EC id: {error}", ec_id.0))
    })?;
    let now = at.timestamp();
    let timestamp = line.timestamp.unwrap_or(now);
    let action = match *op {
        "create" => {
            let (consent, geo) = line.consent_and_geo()?;
            EventAction::Create(consent, geo)
        }
        "create_or_revive" => {
            let (consent, geo) = line.consent_and_geo()?;
            EventAction::CreateOrRevive(consent, geo)
        }
        "upsert_partner_id" => {
            let (partner, uid) = line.partner_id.zip(line.uid).ok_or_else(missing)?;
            EventAction::UpsertPartnerId(sync("partner_id", &partner, &uid, timestamp)?)
        }
        "upsert_partner_ids" => {
            let ids = line.ids.ok_or_else(missing)?;
            let sync = |id: IdFields<'_>| {
                let timestamp = id.timestamp.unwrap_or(now);
                sync("ids", &id.partner_id, &id.uid, timestamp)
            };
            EventAction::UpsertPartnerIds(ids.into_iter().map(sync).collect::<Result<_, _>>()?)
        }
        "update_last_seen" => EventAction::UpdateLastSeen(timestamp),
        "write_withdrawal_tombstone" => {
            (line.timestamp).map_or(EventAction::Withdraw, EventAction::DeliverWithdrawal)
        }
        "delete" => EventAction::Delete,
        "get" => EventAction::Get,
        "get_metadata" => EventAction::GetMetadata,
        _ => EventAction::PutRaw {
            body: line.body.ok_or_else(missing)?.0.into_owned(),
            metadata: line
                .metadata
                .map(|text| text.0.into_owned())
                .unwrap_or_default(),
            ttl: line.ttl.map(|text| ttl(&text.0)).transpose()?,
        },
    };
    Ok(Event { at, ec_id, action })
}

fn sync(
    field: &'static str,
    partner: &JsonText<'_>,
    uid: &JsonText<'_>,
    timestamp: Timestamp,
) -> Result<PartnerSync, LineError> {
    Ok(PartnerSync {
        partner: PartnerId::parse(&partner.0)
            .map_err(|error| LineError::Field(field, error.to_string()))?,
        uid: (&*uid.0).into(),
        timestamp,
    })
}

fn ttl(text: &str) -> Result<Ttl, LineError> {
    Ttl::parse(text).map_err(|error| LineError::Field("ttl", error.to_string()))
}

impl EventLine<'_> {
    fn refuse_foreign_fields(&self, op: &str) -> Result<(), LineError> {
        let given = [
            ("consent", self.consent.is_some()),
            ("geo", self.geo.is_some()),
            ("partner_id", self.partner_id.is_some()),
            ("uid", self.uid.is_some()),
            ("timestamp", self.timestamp.is_some()),
            ("ids", self.ids.is_some()),
            ("body", self.body.is_some()),
            ("metadata", self.metadata.is_some()),
            ("ttl", self.ttl.is_some()),
        ];
        let taken = |field: &str| {
            OPERATIONS.iter().any(|(word, needed, optional)| {
                *word == op && (needed.contains(&field) || optional.contains(&field))
            })
        };
        match given
            .into_iter()
            .find(|(field, given)| *given && !taken(field))
        {
            Some((field, _)) => Err(LineError::Field(
                field,
                format!("`{op}` takes no `{field}`: leave it out"),
            )),
            None => Ok(()),
        }
    }

    fn consent_and_geo(&self) -> Result<(ConsentStrings, KvGeo), LineError> {
        let text = |text: &Option<JsonText<'_>>| text.as_ref().map(|text| Box::from(&*text.0));
        let consent = self
            .consent
            .as_ref()
            .map_or_else(ConsentStrings::default, |given| ConsentStrings {
                tcf: text(&given.tcf),
                gpp: text(&given.gpp),
                us_privacy: text(&given.us_privacy),
                gpc: given.gpc.unwrap_or_default(),
                rule: (given.rule.as_ref()).map(|rule| rule.0.clone().into_owned().into()),
                more: (given.more.iter().flatten())
                    .map(|of| KvSignal::new(&of.signal.0, &of.value.0))
                    .collect(),
            });
        let Some(geo) = &self.geo else {
            return Ok((consent, KvGeo::default()));
        };
        let region = geo.region.as_ref().map(|region| &*region.0);
        let known = KvGeo::known(&geo.country.0, region).ok_or_else(|| {
            let message = format!(
                "`{}` is not a country: write its two letters, as `DE`",
                geo.country.0
            );
            LineError::Field("geo", message)
        })?;
        Ok((consent, known))
    }
}

/// An error whose column is not known yet.
pub(super) enum LineError {
    /// The line is not JSON, or not an event.
    Json(serde_json::Error),
    /// The value of this field is invalid.
    Field(&'static str, String),
}
