//! Which law applies where.

use crate::policy::settings::Consent;

/// Where a user is known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'r> {
    /// The country's ISO 3166-1 alpha-2 code.
    pub country: &'r str,
    /// The state, where it is known.
    pub region: Option<&'r str>,
}

/// Which kind of law applies at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Law {
    /// Nothing is kept before the user consents.
    OptIn,
    /// Something may be kept until the user opts out.
    OptOut,
    /// No law of the policy's lists.
    Neither,
}

const UNITED_STATES: &str = "US";

impl Law {
    /// A state that is not known may be any: the law of those that have one is kept.
    pub(super) fn of(place: &Place<'_>, rules: &Consent) -> Self {
        let covered = |region: &str| rules.us_states.contains(region);
        if rules.gdpr_countries.contains(place.country) {
            Self::OptIn
        } else if place.country == UNITED_STATES && place.region.is_none_or(covered) {
            Self::OptOut
        } else {
            Self::Neither
        }
    }
}
