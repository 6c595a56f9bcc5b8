//! `[ec.consent]`: where which law applies, and which signals count.

use crate::policy::setting::{choices, settings};
use crate::policy::types::{
    CookieNames, GPP_COOKIES, OptInPlaces, OptInRegions, Seconds, TCF_COOKIES, US_PRIVACY_COOKIES,
    UsStates,
};

choices! {
    /// Where an explicit refusal counts.
    HonourRefusals {
        /// The law of the place decides.
        ByPlace = "by_place",
        /// Wherever the user is.
        Everywhere = "everywhere",
    }
}

choices! {
    /// What Global Privacy Control means beside a valid consent, where opt-in law applies.
    GpcInOptIn {
        /// The consent counts: the user was asked, and answered.
        Ignore = "ignore",
        /// It is a refusal all the same.
        Refusal = "refusal",
    }
}

choices! {
    /// What no signal at all means where opt-out law applies.
    UsWithoutSignal {
        /// Nothing is kept until the user was given notice and does not opt out.
        NotGranted = "not_granted",
        /// An identity is kept until the user opts out, as the law has it.
        Grant = "grant",
    }
}

choices! {
    /// How much a TCF string must keep of its specification for its consent to count.
    TcfValidity {
        /// All that the framework's policies ask for.
        Strict = "strict",
        /// That it can be decoded.
        Lenient = "lenient",
    }
}

settings! {
    /// Where which law applies.
    Consent in "consent." {
        /// `everywhere`: an explicit refusal counts wherever the user is; `by_place`: the law of the place
        /// decides.
        honour_refusals: HonourRefusals = HonourRefusals::Everywhere;
        /// Where opt-in law applies: the EU with its territories, the EEA and GB. A whole list, or
        /// `{ add = ["CH"], remove = ["GB"] }`.
        gdpr_countries: OptInPlaces = OptInPlaces::shipped();
        /// Regions where opt-in law applies though it does not in the whole country. In Canada it takes express consent by
        /// TCF Canada.
        opt_in_regions: OptInRegions = OptInRegions::shipped();
        /// Where opt-out law applies: US states with a comprehensive privacy law, each from the day on which it takes effect.
        /// A whole list, or `{ add = ["OK@2027-01-01"], remove = ["FL"] }`.
        us_states: UsStates = UsStates::shipped();
        /// No signal at all in a US state with such a law: `not_granted`, or `grant`.
        us_without_signal: UsWithoutSignal = UsWithoutSignal::NotGranted;
        /// Global Privacy Control in addition to a valid consent where opt-in law applies: `ignore`, or a `refusal`. Without such a
        /// consent it is a refusal.
        gpc_in_opt_in: GpcInOptIn = GpcInOptIn::Ignore;
        /// A TCF string that was updated longer ago grants nothing; `none` for any age. Refusals count whatever their age.
        tcf_max_age: Option<Seconds> = Some(Seconds::from_days(395)), shown "395d";
        /// How far ahead of this clock a TCF string's time may be.
        clock_skew: Seconds = Seconds::from_days(1), shown "1d", from Seconds::new(0), to Seconds::from_days(30);
        /// `strict`: a TCF string grants only where it has a CMP's id, the policy version of its day, times in order, is
        /// specific to the service, and discloses vendors since March 2026; `lenient`: where it can be decoded.
        tcf_validity: TcfValidity = TcfValidity::Strict;
        /// Bytes of a signal's value that are read. A longer value cannot grant; a refusal in the part that is
        /// read still counts.
        max_signal_bytes: u32 = 65_536, from 256, to 1_048_576;
    }
}

settings! {
    /// The cookies that signals of consent come in.
    ConsentCookies in "consent.cookies." {
        /// Cookies with a TCF string. Every one of them counts.
        tcf: CookieNames = CookieNames::known(&TCF_COOKIES);
        /// Cookies with a GPP string.
        gpp: CookieNames = CookieNames::known(&GPP_COOKIES);
        /// Cookies with a US Privacy string.
        us_privacy: CookieNames = CookieNames::known(&US_PRIVACY_COOKIES);
    }
}
