//! The shape of a line, and the fields that each operation takes.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer};

use super::locate::Fault;
use super::{Action, Event};
use crate::clock::{Moment, Timestamp};
use crate::engine::PartnerSync;
use crate::policy::types::Ttl;
use crate::record::{ConsentStrings, EcId, KvGeo, KvSignal, PartnerId};

/// The operations a line can name, each with the fields that it needs and those it may have besides.
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

/// Every word that `op` takes.
pub const OP_WORDS: [&str; OPERATIONS.len()] = {
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

/// Every field of every operation.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with `at`, `op` and the fields of the operation"
)]
pub(super) struct Line<'l> {
    pub(super) at: At,
    #[serde(borrow)]
    pub(super) op: Text<'l>,
    #[serde(borrow)]
    pub(super) ec_id: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) consent: Option<Consent<'l>>,
    #[serde(borrow)]
    pub(super) geo: Option<Geo<'l>>,
    #[serde(borrow)]
    pub(super) partner_id: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) uid: Option<Text<'l>>,
    pub(super) timestamp: Option<Timestamp>,
    #[serde(borrow)]
    pub(super) ids: Option<Vec<Id<'l>>>,
    #[serde(borrow)]
    pub(super) body: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) metadata: Option<Text<'l>>,
    #[serde(borrow)]
    pub(super) ttl: Option<Text<'l>>,
}

#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with `tcf`, `gpp`, `us_privacy`, `gpc`, `rule` and `more`, each as far as there is one"
)]
pub(super) struct Consent<'l> {
    #[serde(borrow)]
    tcf: Option<Text<'l>>,
    #[serde(borrow)]
    gpp: Option<Text<'l>>,
    #[serde(borrow)]
    us_privacy: Option<Text<'l>>,
    gpc: Option<bool>,
    #[serde(borrow)]
    rule: Option<Text<'l>>,
    #[serde(borrow)]
    more: Option<Vec<Signal<'l>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `signal` and `value`")]
pub(super) struct Signal<'l> {
    #[serde(borrow)]
    signal: Text<'l>,
    #[serde(borrow)]
    value: Text<'l>,
}

#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with `country` and perhaps `region`"
)]
pub(super) struct Geo<'l> {
    #[serde(borrow)]
    country: Text<'l>,
    #[serde(borrow)]
    region: Option<Text<'l>>,
}

#[expect(
    clippy::struct_field_names,
    reason = "the fields are those of the line"
)]
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with `partner_id`, `uid` and perhaps `timestamp`"
)]
pub(super) struct Id<'l> {
    #[serde(borrow)]
    partner_id: Text<'l>,
    #[serde(borrow)]
    uid: Text<'l>,
    timestamp: Option<Timestamp>,
}

/// A string, borrowed from the line where it holds no escapes.
pub(super) struct Text<'l>(Cow<'l, str>);

impl<'de: 'l, 'l> Deserialize<'de> for Text<'l> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// RFC 3339 or Unix seconds.
pub(super) struct At(Moment);

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AtVisitor;

        impl Visitor<'_> for AtVisitor {
            type Value = At;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time in RFC 3339, as `2026-03-02T08:30:00Z`, or Unix seconds")
            }

            fn visit_u64<E>(self, seconds: u64) -> Result<Self::Value, E> {
                Ok(At(Timestamp::from_unix(seconds).into()))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map(At).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(AtVisitor)
    }
}

/// Reads a line.
pub(super) fn parse(text: &str) -> Result<Event, Fault> {
    let line: Line<'_> = serde_json::from_str(text).map_err(Fault::Json)?;
    let (op, needed, _) = OPERATIONS
        .iter()
        .find(|(word, ..)| *word == line.op.0)
        .ok_or_else(|| {
            let words = OP_WORDS.join("`, `");
            Fault::Field(
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
        Fault::Field("op", format!("`{op}` needs `{list}`"))
    };
    let at = line.at.0;
    let ec_id = line.ec_id.as_ref().ok_or_else(missing)?;
    let ec_id: EcId = ec_id.0.parse().map_err(|error| {
        Fault::Field("ec_id", format!("`{}` is not an EC id: {error}", ec_id.0))
    })?;
    let now = at.timestamp();
    let timestamp = line.timestamp.unwrap_or(now);
    let action = match *op {
        "create" => {
            let (consent, geo) = line.consent_and_geo()?;
            Action::Create(consent, geo)
        }
        "create_or_revive" => {
            let (consent, geo) = line.consent_and_geo()?;
            Action::CreateOrRevive(consent, geo)
        }
        "upsert_partner_id" => {
            let (partner, uid) = line.partner_id.zip(line.uid).ok_or_else(missing)?;
            Action::UpsertPartnerId(sync("partner_id", &partner, &uid, timestamp)?)
        }
        "upsert_partner_ids" => {
            let ids = line.ids.ok_or_else(missing)?;
            let sync = |id: Id<'_>| {
                let timestamp = id.timestamp.unwrap_or(now);
                sync("ids", &id.partner_id, &id.uid, timestamp)
            };
            Action::UpsertPartnerIds(ids.into_iter().map(sync).collect::<Result<_, _>>()?)
        }
        "update_last_seen" => Action::UpdateLastSeen(timestamp),
        "write_withdrawal_tombstone" => {
            (line.timestamp).map_or(Action::Withdraw, Action::DeliverWithdrawal)
        }
        "delete" => Action::Delete,
        "get" => Action::Get,
        "get_metadata" => Action::GetMetadata,
        _ => Action::PutRaw {
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
    partner: &Text<'_>,
    uid: &Text<'_>,
    timestamp: Timestamp,
) -> Result<PartnerSync, Fault> {
    Ok(PartnerSync {
        partner: PartnerId::parse(&partner.0)
            .map_err(|error| Fault::Field(field, error.to_string()))?,
        uid: (&*uid.0).into(),
        timestamp,
    })
}

fn ttl(text: &str) -> Result<Ttl, Fault> {
    Ttl::parse(text).map_err(|message| Fault::Field("ttl", message))
}

impl Line<'_> {
    fn refuse_foreign_fields(&self, op: &str) -> Result<(), Fault> {
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
            Some((field, _)) => Err(Fault::Field(
                field,
                format!("`{op}` takes no `{field}`: leave it out"),
            )),
            None => Ok(()),
        }
    }

    fn consent_and_geo(&self) -> Result<(ConsentStrings, KvGeo), Fault> {
        let text = |text: &Option<Text<'_>>| text.as_ref().map(|text| Box::from(&*text.0));
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
            Fault::Field("geo", message)
        })?;
        Ok((consent, known))
    }
}

/// Whether `json` is a value that `field` takes; unknown fields take none.
pub(super) fn check_field(field: &str, json: &str) -> Result<(), serde_json::Error> {
    fn is<'j, T: Deserialize<'j>>(json: &'j str) -> Result<(), serde_json::Error> {
        serde_json::from_str::<T>(json).map(|_| ())
    }
    match field {
        "at" => is::<At>(json),
        "op" => is::<Text<'_>>(json),
        "ec_id" | "partner_id" | "uid" | "body" | "metadata" | "ttl" => {
            is::<Option<Text<'_>>>(json)
        }
        "consent" => is::<Option<Consent<'_>>>(json),
        "geo" => is::<Option<Geo<'_>>>(json),
        "timestamp" => is::<Option<Timestamp>>(json),
        "ids" => is::<Option<Vec<Id<'_>>>>(json),
        _ => Err(serde_json::Error::custom("not a field")),
    }
}
