//! The effective policy as programs read it: every value with its origin.
//!
//! ```
//! use edge_cookie::policy::report::PolicyReport;
//! use edge_cookie::policy::resolve::resolve;
//!
//! let resolved = resolve(&[]);
//! let json = serde_json::to_value(PolicyReport::of("development", &resolved)).unwrap();
//! assert_eq!(json["values"][0]["key"], "ec.ec_store");
//! ```

use serde::Serialize;

use crate::policy::provenance::{EffectiveValue, Origin, Overridden, PartnerOrigin};
use crate::policy::resolve::Resolved;
use crate::policy::setting::full_key;
use crate::policy::value::Value;

/// What `ec show --format json` prints and the admin route `policy` answers.
#[derive(Debug, Serialize)]
pub struct PolicyReport<'r> {
    profile: &'r str,
    digest: &'r str,
    values: Vec<ValueReport<'r>>,
}

#[derive(Debug, Serialize)]
struct ValueReport<'r> {
    key: String,
    value: &'r Value,
    origin: &'r Origin,
    overrides: &'r [Overridden],
    #[serde(skip_serializing_if = "<[PartnerOrigin]>::is_empty")]
    partners: &'r [PartnerOrigin],
}

impl<'r> PolicyReport<'r> {
    /// One value of it, by its key below `ec`.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<impl Serialize> {
        let key = full_key(key);
        self.values.iter().find(|value| value.key == key)
    }

    /// The effective policy of `profile`.
    #[must_use]
    pub fn of(profile: &'r str, resolved: &'r Resolved) -> Self {
        let value = |effective: &'r EffectiveValue| ValueReport {
            key: full_key(effective.key),
            value: &effective.value,
            origin: &effective.origin,
            overrides: &effective.overrides,
            partners: &effective.partners,
        };
        Self {
            profile,
            digest: resolved.policy.digest.as_str(),
            values: resolved.values.iter().map(value).collect(),
        }
    }
}
