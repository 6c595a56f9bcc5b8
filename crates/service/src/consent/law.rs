//! Which law applies where.

use edge_cookie::clock::Timestamp;
use edge_cookie::policy::settings::Consent;
use edge_cookie::policy::types::Locality;

/// Where a user is known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location<'r> {
    /// The country's ISO 3166-1 alpha-2 code.
    pub country: &'r str,
    /// The state or region, where it is known.
    pub region: Option<&'r str>,
}

impl<'r> Location<'r> {
    /// The place of a locality.
    #[must_use]
    pub fn of(place: &'r Locality) -> Self {
        Self {
            country: &place.country,
            region: place.region.as_deref(),
        }
    }
}

/// Which kind of law applies at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Law {
    /// Nothing is kept before the user consents, by TCF.
    OptIn,
    /// Nothing is kept before the user gives express consent, by TCF Canada.
    OptInCanada,
    /// Something may be kept until the user opts out.
    OptOut,
    /// No law of the policy's lists.
    Neither,
    /// The place is not known: any law may apply.
    Unknown,
}

const UNITED_STATES: &str = "US";
const CANADA: &str = "CA";

impl Law {
    /// A state that is not known may be any: the law of those that have one is kept.
    pub(super) fn of(place: Option<&Location<'_>>, rules: &Consent, now: Timestamp) -> Self {
        let Some(Location { country, region }) = place else {
            return Self::Unknown;
        };
        let of_the_states = *country == UNITED_STATES;
        if rules.gdpr_countries.cover(country, *region) {
            Self::OptIn
        } else if rules.opt_in_regions.cover(country, *region) {
            if *country == CANADA {
                Self::OptInCanada
            } else {
                Self::OptIn
            }
        } else if of_the_states && region.is_none_or(|state| rules.us_states.cover(state, now)) {
            Self::OptOut
        } else {
            Self::Neither
        }
    }
}
