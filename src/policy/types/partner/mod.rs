//! Partners declared in the policy itself, as `[[ec.partners]]`.
//!
//! Layers are merged by `source_domain` (`merge.rs`), then read.

mod fields;
mod form;
mod merge;
mod pull;
mod read;

use crate::diagnostic::Diagnostic;
use crate::policy::node::Node;
use crate::policy::setting::{SettingValue, Shape};
use crate::policy::types::Secret;
use crate::policy::value::Value;
use crate::record::PartnerId;

pub(crate) use fields::SECRET_FIELDS;
pub use fields::is_partner_field;
#[cfg(feature = "files")]
pub(crate) use fields::{FieldKind, field_kind};
pub use form::{
    MAX_PARTNER_NAME_CHARS, PartnerFieldError, parse_partner_name, parse_source_domain,
};
pub(in crate::policy) use merge::merge;
pub use pull::PartnerPull;

/// A partner's API token, or what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartnerToken {
    /// The token, in clear or by reference.
    Token(Secret),
    /// The SHA-256 of the token, in 64 lower-case hex digits.
    Sha256(String),
}

/// A declared partner.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Partner {
    /// The name under which a record stores the partner's uid; the source domain where left out.
    pub id: PartnerId,
    /// The name people know the partner by, as [`parse_partner_name`] has it; the id where left out.
    pub name: String,
    /// The domain that the partner's ids are announced under in `OpenRTB`, as [`parse_source_domain`] has it.
    pub source_domain: String,
    /// The `OpenRTB` agent type of the partner's ids; [`DEFAULT_ATYPE`] where left out.
    pub openrtb_atype: Option<u32>,
    /// The partner's number in IAB Europe's Global Vendor List, from 1. Kept for consent by vendor, a feature to come.
    pub gvl_id: Option<u16>,
    /// What the partner authenticates with; none shuts the partner out of the API.
    pub token: Option<PartnerToken>,
    /// Batch requests within `sync.rate_window`; `sync.rate_limit` where left out.
    pub rate_limit: Option<u32>,
    /// Whether the partner may use the API.
    pub enabled: bool,
    /// Whether the partner's ids may go into bid requests. Kept for the auction's context, a feature to come.
    pub bidstream: bool,
    /// How the partner is asked for its uids. Kept for pull sync, a feature to come.
    pub pull: Option<PartnerPull>,
}

/// The agent type of a partner that states none: a person, on whatever device (`OpenRTB` 2.6, section 3.2.28, and `AdCOM` 1.0, list
/// "Agent Types"). The trusted-server sends the same (`default_openrtb_atype` in its `settings.rs`).
pub const DEFAULT_ATYPE: u32 = 3;

impl Partner {
    /// The agent type that the partner's ids are announced with.
    #[must_use]
    pub fn atype(&self) -> u32 {
        self.openrtb_atype.unwrap_or(DEFAULT_ATYPE)
    }
}

/// The declared partners, each id once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partners(Vec<Partner>);

impl Partners {
    /// The partners in the order declared.
    pub fn iter(&self) -> impl Iterator<Item = &Partner> {
        self.0.iter()
    }
}

impl SettingValue for Partners {
    const SHAPE: Shape = Shape::Partners;

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        read::partners(node, key, findings).map(Self)
    }

    fn show(&self) -> Value {
        self.listed(Secret::show)
    }

    fn digested(&self) -> Value {
        self.listed(Secret::digested)
    }

    fn in_clear(&self) -> Value {
        self.listed(Secret::in_clear)
    }
}

impl Partners {
    fn listed(&self, secret: fn(&Secret) -> Value) -> Value {
        Value::List(
            self.0
                .iter()
                .map(|partner| partner.listed(secret))
                .collect(),
        )
    }
}

impl Partner {
    fn listed(&self, secret: fn(&Secret) -> Value) -> Value {
        let mut members = vec![
            ("id", Value::from(self.id.as_str())),
            ("name", Value::from(self.name.as_str())),
            ("source_domain", Value::from(self.source_domain.as_str())),
        ];
        if let Some(atype) = self.openrtb_atype {
            members.push(("openrtb_atype", atype.show()));
        }
        if let Some(vendor) = self.gvl_id {
            members.push(("gvl_id", u32::from(vendor).show()));
        }
        match &self.token {
            Some(PartnerToken::Token(token)) => members.push(("api_token", secret(token))),
            Some(PartnerToken::Sha256(hash)) => {
                members.push(("api_token_sha256", Value::from(hash.as_str())));
            }
            None => {}
        }
        if let Some(limit) = self.rate_limit {
            members.push(("rate_limit", limit.show()));
        }
        members.push(("enabled", Value::Boolean(self.enabled)));
        // What no one writes leaves a policy's digest as it was.
        if self.bidstream {
            members.push(("bidstream", Value::Boolean(true)));
        }
        if let Some(pull) = &self.pull {
            members.push(("pull", pull.listed(secret)));
        }
        Value::Table(members)
    }
}
