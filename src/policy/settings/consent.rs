//! `[ec.consent]`: where which law applies.

use crate::policy::setting::{choices, settings};
use crate::policy::types::{Countries, UsStates};

choices! {
    /// Where an explicit refusal counts.
    HonourRefusals {
        /// The law of the place decides.
        ByPlace = "by_place",
        /// Wherever the user is.
        Everywhere = "everywhere",
    }
}

settings! {
    /// Where which law applies.
    Consent in "consent." {
        /// `by_place`: the law of the place decides; `everywhere`: an explicit refusal counts wherever the
        /// user is.
        honour_refusals: HonourRefusals = HonourRefusals::ByPlace;
        /// Where opt-in law applies: the EU, the EEA and GB.
        gdpr_countries: Countries = Countries::known(
            "AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK",
        );
        /// Where opt-out law applies: US states with a comprehensive privacy law in force.
        us_states: UsStates = UsStates::known(
            "CA CO CT DE FL IA IN KY MD MN MT NE NH NJ OR RI TN TX UT VA",
        );
    }
}
