//! What else there is to know on the day of the move.

use serde::Serialize;
use toml_edit::{DocumentMut, Item};

use super::secrets::Secrets;
use super::{EC, EDGE_COOKIE, PASSPHRASE, SECRETS_FILE, SYNTHETIC, partners};

/// Whose ids change, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IdChange {
    /// They are made as before.
    Kept,
    /// Those of IPv6 visitors are made of another form of the address.
    OtherForIpv6,
    /// They were made of a template of headers.
    OfTemplate,
    /// They were made by another provider than the one that uses the address.
    OfProvider,
    /// None were made: no provider was chosen.
    NoneBefore,
}

impl IdChange {
    /// How ids were made under this configuration, as the trusted-server wrote it.
    pub(super) fn of(document: &DocumentMut, layout: &str) -> Self {
        let ec = document.get(EC);
        let has = |key: &str| ec.and_then(|ec| ec.get(key));
        match (layout, has("provider").map(Item::as_str)) {
            (SYNTHETIC, _) => Self::OfTemplate,
            (EDGE_COOKIE, _) => Self::OtherForIpv6,
            (_, Some(Some("hmac"))) => Self::Kept,
            (_, Some(_)) => Self::OfProvider,
            (_, None) if has("providers").is_some() => Self::NoneBefore,
            (_, None) => Self::Kept,
        }
    }

    /// By which key of the old configuration users get other ids, which users, and what can be done about it; none where
    /// they keep them, or had none.
    pub(crate) const fn loss(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Kept | Self::NoneBefore => None,
            Self::OtherForIpv6 => Some((
                "edge_cookie",
                "IPv6 visitors who come without their cookie, and those whom an operator finds by the hash of their network",
                "move to a trusted-server with `[ec]` first, which makes the same change: nothing here writes a network as `[edge_cookie]` did",
            )),
            Self::OfTemplate => Some((
                "synthetic.template",
                "every user who has an id of the trusted-server",
                "nothing keeps ids that were made from a template of headers: let partners sync the new ones, and keep the old store for as long as they are asked for",
            )),
            Self::OfProvider => Some((
                "ec.provider",
                "users who come without their cookie, and those whom an operator finds by the hash in their id",
                "set `ec.provider = \"hmac\"` in the trusted-server first, which makes the same change",
            )),
        }
    }

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Kept => {
                "users keep their ids: they are made from the same passphrase and address, and kept in the same cookie and store"
            }
            Self::OtherForIpv6 => {
                "users keep the ids in their cookies. An IPv6 visitor without a cookie gets an id of another hash than before: `[edge_cookie]` hashed the network as `2001:db8:85a3:0::`, the trusted-server since `[ec]` and this program as `20010db885a30000`"
            }
            Self::OfTemplate => {
                "every user gets a new id: `[synthetic]` made ids from a template of headers and kept them in the cookie `synthetic_id`; here they are made from the address, and kept in `ts-ec`"
            }
            Self::OfProvider => {
                "users keep the ids in their cookies. A visitor without a cookie gets an id of another hash than before: the provider that `ec.provider` names does not make it from the address"
            }
            Self::NoneBefore => {
                "ids are made from now on: without `ec.provider` the trusted-server makes none"
            }
        }
    }
}

/// The notes of a report, from the configuration as it is now.
pub(super) fn of(ids: IdChange, document: &DocumentMut, secrets: &Secrets) -> Vec<String> {
    let mut notes = vec![ids.words().to_owned()];
    let declared = document.get(EC).and_then(|ec| ec.get("partners"));
    let tables = declared.and_then(Item::as_array_of_tables);
    if let Some(tables) = tables.filter(|tables| !tables.is_empty()) {
        notes.push(partners::DEFAULT_ATYPE_NOTE.to_owned());
        notes.push("a token stays with its partner: the file keeps its SHA-256 in `api_token_sha256`, and needs no more".to_owned());
        let without = tables.iter().filter(|table| table.get("gvl_id").is_none());
        let names = without.filter_map(|table| table.get("source_domain")?.as_str());
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        if !names.is_empty() {
            notes.push(format!(
                "the trusted-server knows no partner's number in IAB Europe's Global Vendor List: add it as `gvl_id = NUMBER` to the `[[ec.partners]]` of {}. It is kept for a feature to come, and a partner that is in no such list needs none",
                names.join(", ")
            ));
        }
    }
    let mut names = secrets.names().peekable();
    if names.peek().is_some() {
        notes.push(format!(
            "the secrets of the file are in `{SECRETS_FILE}`, which only its owner can read: keep them in a safe place and out of version control. To serve here: `set -a; . ./{SECRETS_FILE}; set +a; ec serve`"
        ));
    }
    if names.any(|name| name == PASSPHRASE) {
        notes.push(format!(
            "for the edge, store the passphrase where the profile `production` looks for it: `. ./{SECRETS_FILE} && printf %s \"${PASSPHRASE}\" | fastly secret-store-entry create --store-id=ID --name=passphrase --stdin`, ID being that of the secret store `ec_secrets`"
        ));
    }
    notes.push("a refusal (Global Privacy Control, US Privacy, GPP or TCF) counts wherever the user is; the trusted-server asks for the law of the place first. To keep that, write `honour_refusals = \"by_place\"` under `[ec.consent]`".to_owned());
    notes.push(
        "see what the move changes: `ec plan --move OLD.toml`, with the file as it was before"
            .to_owned(),
    );
    notes
}
