//! What is kept of a partner.

use serde::{Deserialize, Serialize};

use super::TokenHash;
use edge_cookie::policy::types::{
    DEFAULT_ATYPE, Partner, PartnerFieldError, parse_partner_name, parse_source_domain,
};
use edge_cookie::record::PartnerId;

/// A partner as `partner_store` keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerRecord {
    /// The name of the partner's uid in a record.
    #[serde(with = "partner_id")]
    pub id: PartnerId,
    /// The name people know the partner by.
    pub name: String,
    /// The domain that the partner's ids are announced under in `OpenRTB`.
    pub source_domain: String,
    /// The `OpenRTB` agent type of the partner's ids; [`DEFAULT_ATYPE`] where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openrtb_atype: Option<u32>,
    /// Batch requests within `sync.rate_window`; `sync.rate_limit` where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
    /// Whether the partner may use the API.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The hash of what the partner authenticates with; none shuts the partner out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_token_sha256: Option<TokenHash>,
}

/// A partner as an operator describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `source_domain`")]
pub struct NewPartner {
    /// The domain that the partner's ids are announced under in `OpenRTB`.
    pub source_domain: String,
    /// The name of its uid in a record; the domain where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name people know it by; the id where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The `OpenRTB` agent type of its ids; [`DEFAULT_ATYPE`] where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openrtb_atype: Option<u32>,
    /// Batch requests within `sync.rate_window`; `sync.rate_limit` where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
}

impl NewPartner {
    /// The record of this partner, which has no token yet.
    ///
    /// # Errors
    ///
    /// Where a field is not what it should be.
    pub fn record(&self) -> Result<PartnerRecord, PartnerFieldError> {
        let source_domain = parse_source_domain(&self.source_domain)?;
        let id = PartnerId::parse(self.id.as_deref().unwrap_or(&source_domain))?;
        let name = match &self.name {
            Some(name) => parse_partner_name(name)?,
            None => id.to_string(),
        };
        Ok(PartnerRecord {
            id,
            name,
            source_domain,
            openrtb_atype: self.openrtb_atype,
            rate_limit: self.rate_limit,
            enabled: true,
            api_token_sha256: None,
        })
    }
}

const fn yes() -> bool {
    true
}

/// What is wrong with a stored partner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a partner's record cannot be read: {0}")]
pub struct RecordError(String);

impl From<serde_json::Error> for RecordError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

impl PartnerRecord {
    /// Reads a record.
    ///
    /// # Errors
    ///
    /// Where it is not JSON of a partner's shape.
    pub fn from_body(body: &[u8]) -> Result<Self, RecordError> {
        Ok(serde_json::from_slice(body)?)
    }

    /// The record as stored.
    #[must_use]
    pub fn to_body(&self) -> Vec<u8> {
        // Strings and numbers always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// A declared partner, whose token has this hash.
    #[must_use]
    pub fn declared(partner: &Partner, api_token_sha256: Option<TokenHash>) -> Self {
        Self {
            id: partner.id.clone(),
            name: partner.name.clone(),
            source_domain: partner.source_domain.clone(),
            openrtb_atype: partner.openrtb_atype,
            rate_limit: partner.rate_limit,
            enabled: partner.enabled,
            api_token_sha256,
        }
    }

    /// The agent type that the partner's ids are announced with.
    #[must_use]
    pub fn atype(&self) -> u32 {
        self.openrtb_atype.unwrap_or(DEFAULT_ATYPE)
    }

    /// Whether this partner may come in with the token of this hash.
    #[must_use]
    pub fn admits(&self, token: &TokenHash) -> bool {
        self.has_token(token) && self.enabled
    }

    /// Whether its token has this hash.
    #[must_use]
    pub fn has_token(&self, token: &TokenHash) -> bool {
        let own = self.api_token_sha256.as_ref();
        own.is_some_and(|own| own.is(token))
    }
}

pub(super) mod partner_id {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use edge_cookie::record::PartnerId;

    pub(in crate::partner) fn serialize<S: Serializer>(
        id: &PartnerId,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(id.as_str())
    }

    pub(in crate::partner) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<PartnerId, D::Error> {
        let written = Cow::<str>::deserialize(from)?;
        PartnerId::parse(&written).map_err(D::Error::custom)
    }
}
