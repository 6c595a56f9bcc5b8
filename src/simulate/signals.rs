//! What visitors' browsers say, and what it means under a policy.

use super::workload::Region;
use crate::clock::Timestamp;
use crate::consent::sample::TcfSample;
use crate::consent::{Place, Signal, Signals, Verdict, decide};
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

impl Choice {
    const ALL: [Self; 3] = [Self::Consents, Self::Refuses, Self::Silent];

    /// The TCF string of one who chose at this time.
    fn tcf(self, at: Timestamp) -> Option<String> {
        let consents = match self {
            Self::Consents => true,
            Self::Refuses => false,
            Self::Silent => return None,
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

    /// The strings that are stored with a consent given at this time.
    pub(crate) fn strings(self, at: Timestamp) -> ConsentStrings {
        ConsentStrings {
            tcf: self.tcf(at).map(Into::into),
            ..ConsentStrings::default()
        }
    }
}

/// What each choice means in a region at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdicts {
    choices: [Verdict; Choice::ALL.len()],
    /// What a consent means that is older than the policy takes.
    aged: Verdict,
}

impl Verdicts {
    pub(crate) fn of(region: &Region, rules: &Consent, now: Timestamp) -> Self {
        let place = Place {
            country: &region.geo.country,
            region: region.geo.region.as_deref(),
        };
        let verdict = |choice: Choice, given: Timestamp| {
            let tcf = choice.tcf(given);
            let signals = choice.signals(tcf.as_deref());
            decide(&signals, Some(&place), rules, now).verdict()
        };
        let aged = Timestamp::from_unix(0);
        Self {
            choices: Choice::ALL.map(|choice| verdict(choice, now)),
            aged: verdict(Choice::Consents, aged),
        }
    }

    /// What a choice means that was made so many seconds ago.
    pub(crate) fn of_choice(self, choice: Choice, age: u64, rules: &Consent) -> Verdict {
        let [consents, refuses, silent] = self.choices;
        let aged = rules.tcf_max_age.is_some_and(|most| age > most.seconds());
        match choice {
            Choice::Consents if aged => self.aged,
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
            let verdicts = Verdicts::of(&region, &rules, now);
            assert_eq!(verdicts.choices, expected, "{country}");
            let year = 365 * 24 * 60 * 60;
            let of = |age| verdicts.of_choice(Choice::Consents, age, &rules);
            assert_eq!((of(year), of(2 * year)), (Granted, aged), "{country}");
        }
    }
}
