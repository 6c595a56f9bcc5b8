//! What visitors' browsers say, and what it means under a policy.

use super::workload::Region;
use crate::consent::{Place, Signal, Signals, Verdict, judge};
use crate::policy::settings::Consent;
use crate::record::ConsentStrings;

/// What a visitor has told the consent banner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Consents,
    Refuses,
    /// Nothing yet.
    Silent,
}

/// TCF strings that differ in purpose 1: one that consents, one that does not.
const CONSENTS: &str = "CQgcD4AQgcD4AAGABCENCUFgAP_gAEPgAAqIAAAAAAAAAAAAAA.YAAAAAAAAAAA";
const REFUSES: &str = "CQgcD4AQgcD4AAGABCENCUFgAH_gAEPgAAqIAAAAAAAAAAAAAA.YAAAAAAAAAAA";

impl Choice {
    const ALL: [Self; 3] = [Self::Consents, Self::Refuses, Self::Silent];

    fn signals(self) -> Signals<'static> {
        match self {
            Self::Consents => Signals::default().with(Signal::Tcf, CONSENTS),
            Self::Refuses => Signals::gpc(true).with(Signal::Tcf, REFUSES),
            Self::Silent => Signals::default(),
        }
    }

    /// The strings that are stored with the consent.
    pub(crate) fn strings(self) -> ConsentStrings {
        ConsentStrings {
            tcf: self.signals().first(Signal::Tcf).map(Into::into),
            gpp: None,
        }
    }
}

/// What each choice means in a region.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdicts([Verdict; Choice::ALL.len()]);

impl Verdicts {
    pub(crate) fn of(region: &Region, rules: &Consent) -> Self {
        let place = Place {
            country: &region.geo.country,
            region: region.geo.region.as_deref(),
        };
        Self(Choice::ALL.map(|choice| judge(&choice.signals(), Some(&place), rules).verdict))
    }

    pub(crate) const fn of_choice(self, choice: Choice) -> Verdict {
        let [consents, refuses, silent] = self.0;
        match choice {
            Choice::Consents => consents,
            Choice::Refuses => refuses,
            Choice::Silent => silent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::EcPolicy;
    use crate::record::KvGeo;

    #[test]
    fn choices_mean_what_they_say_under_each_law() {
        use Verdict::{Granted, NotGranted, Withdrawn};
        let rules = EcPolicy::default().consent;
        for (country, state, expected) in [
            ("DE", None, [Granted, Withdrawn, NotGranted]),
            ("US", Some("CA"), [Granted, Withdrawn, NotGranted]),
            ("BR", None, [Granted, Granted, Granted]),
        ] {
            let region = Region {
                geo: KvGeo::known(country, state).unwrap(),
                ..Region::default()
            };
            assert_eq!(Verdicts::of(&region, &rules).0, expected, "{country}");
        }
    }
}
