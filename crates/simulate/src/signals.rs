//! The consent signals of visitors' browsers, and the decisions of a policy on them.

use super::workload::Region;
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::settings::Consent;
use edge_cookie::record::ConsentStrings;
use edge_cookie_service::consent::sample::TcfSample;
use edge_cookie_service::consent::{Location, Signal, Signals, Verdict, decide};

/// A visitor's choice in the consent banner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConsentChoice {
    Consents,
    Refuses,
    /// No choice yet.
    Undecided,
}

impl ConsentChoice {
    const ALL: [Self; 3] = [Self::Consents, Self::Refuses, Self::Undecided];

    /// The TCF string of a choice made at this time.
    fn tcf(self, at: Timestamp) -> Option<String> {
        let consents = match self {
            Self::Consents => true,
            Self::Refuses => false,
            Self::Undecided => return None,
        };
        let sample = TcfSample {
            consents,
            at,
            valid: true,
            length: 0,
        };
        Some(sample.text())
    }

    fn signals(self, tcf: Option<&str>) -> Signals<'_> {
        let signals = Signals::gpc(self == Self::Refuses);
        match tcf {
            Some(text) => signals.with(Signal::Tcf, text),
            None => signals,
        }
    }

    /// The consent strings that are stored for a choice made at this time.
    pub(crate) fn strings(self, at: Timestamp) -> ConsentStrings {
        ConsentStrings {
            tcf: self.tcf(at).map(Into::into),
            ..ConsentStrings::default()
        }
    }
}

/// The consent decision for each choice in a region at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RegionVerdicts {
    choices: [Verdict; ConsentChoice::ALL.len()],
    /// The decision for a consent that is older than the policy accepts.
    aged: Verdict,
}

impl RegionVerdicts {
    pub(crate) fn for_region(region: &Region, rules: &Consent, now: Timestamp) -> Self {
        let place = Location {
            country: &region.geo.country,
            region: region.geo.region.as_deref(),
        };
        let verdict = |choice: ConsentChoice, given: Timestamp| {
            let tcf = choice.tcf(given);
            let signals = choice.signals(tcf.as_deref());
            decide(&signals, Some(&place), rules, now).verdict()
        };
        let aged = Timestamp::from_unix(0);
        Self {
            choices: ConsentChoice::ALL.map(|choice| verdict(choice, now)),
            aged: verdict(ConsentChoice::Consents, aged),
        }
    }

    /// The decision for a choice that was made `age` seconds ago.
    pub(crate) fn of_choice(self, choice: ConsentChoice, age: u64, rules: &Consent) -> Verdict {
        let [consents, refuses, silent] = self.choices;
        let aged = rules.tcf_max_age.is_some_and(|most| age > most.seconds());
        match choice {
            ConsentChoice::Consents if aged => self.aged,
            ConsentChoice::Consents => consents,
            ConsentChoice::Refuses => refuses,
            ConsentChoice::Undecided => silent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_cookie::policy::EcPolicy;
    use edge_cookie::record::KvGeo;

    #[test]
    fn each_law_decides_each_choice() {
        use Verdict::{Granted, NotGranted, Withdrawn};
        let rules = EcPolicy::default().consent;
        let now = Timestamp::from_unix(1_772_409_600);
        for (country, state, expected, aged) in [
            ("DE", None, [Granted, Withdrawn, NotGranted], NotGranted),
            (
                "US",
                Some("CA"),
                [Granted, Withdrawn, NotGranted],
                NotGranted,
            ),
            ("BR", None, [Granted, Withdrawn, Granted], Granted),
        ] {
            let region = Region {
                geo: KvGeo::known(country, state).unwrap(),
                ..Region::default()
            };
            let verdicts = RegionVerdicts::for_region(&region, &rules, now);
            assert_eq!(verdicts.choices, expected, "{country}");
            let year = 365 * 24 * 60 * 60;
            let of = |age| verdicts.of_choice(ConsentChoice::Consents, age, &rules);
            assert_eq!((of(year), of(2 * year)), (Granted, aged), "{country}");
        }
    }
}
