//! The consent signal that a browser of an example sends.

use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::{Locality, Seconds};
use edge_cookie_service::consent::sample::TcfSample;
use edge_cookie_service::consent::{Location, Signal, Signals, Verdict, decide};

/// The consent signal that a browser sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ConsentSignal {
    Nothing,
    /// By Global Privacy Control, that the user refuses.
    No,
    /// By US Privacy, that notice was given and the user has not opted out.
    NotOptedOut,
    /// By TCF, that the user consents.
    Consents(Consents),
    /// A signal in a cookie of this name, that the user refuses or does not.
    InCookie {
        name: String,
        signal: Signal,
        refuses: bool,
    },
}

/// A consent by TCF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Consents {
    /// How many seconds ago it was given; less than none where its clock is ahead.
    pub(super) age: i64,
    /// Whether it keeps all that TCF 2.3 asks for.
    pub(super) valid: bool,
    /// Whether Global Privacy Control is on as well.
    pub(super) gpc: bool,
    /// Its length at least.
    pub(super) length: usize,
}

/// A valid one, given now.
impl Default for Consents {
    fn default() -> Self {
        Self {
            age: 0,
            valid: true,
            gpc: false,
            length: 0,
        }
    }
}

/// No opt-out of the sale of data, and one, as GPP (section 7) and US Privacy have it.
const GPP: [&str; 2] = ["DBABLA~CVVqAAAAAACA.QA", "DBABLA~CVVaAAAAAACA.QA"];
const US_PRIVACY: [&str; 2] = ["1YNN", "1YYN"];

impl ConsentSignal {
    /// Whether it is a refusal.
    pub(super) const fn refuses(&self) -> bool {
        matches!(self, Self::No | Self::InCookie { refuses: true, .. })
    }

    /// What it means under a policy, at a place and a time.
    pub(super) fn verdict(
        &self,
        policy: &EcPolicy,
        place: Option<&Locality>,
        now: Timestamp,
    ) -> Verdict {
        let place = place.map(|place| Location {
            country: &place.country,
            region: place.region.as_deref(),
        });
        let decided =
            |signals: &Signals<'_>| decide(signals, place.as_ref(), &policy.consent, now).verdict();
        match self {
            Self::Nothing => decided(&Signals::default()),
            Self::No => decided(&Signals::gpc(true)),
            Self::NotOptedOut => decided(&Signals::default().with(Signal::UsPrivacy, "1YNN")),
            Self::Consents(consents) => {
                let text = consents.text(now);
                decided(&Signals::gpc(consents.gpc).with(Signal::Tcf, &text))
            }
            Self::InCookie {
                name,
                signal,
                refuses,
            } => {
                if Signal::of_cookie(name, &policy.consent_cookies) != Some(*signal) {
                    return decided(&Signals::default());
                }
                let index = usize::from(*refuses);
                let text = match signal {
                    Signal::UsPrivacy => US_PRIVACY.get(index).map(|text| (*text).to_owned()),
                    Signal::Gpp => GPP.get(index).map(|text| (*text).to_owned()),
                    Signal::Tcf => Some(sample(!refuses, now).text()),
                };
                let text = text.unwrap_or_default();
                decided(&Signals::default().with(*signal, &text))
            }
        }
    }

    /// In words, as what the user does.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Nothing => "who says nothing of consent".to_owned(),
            Self::No => "whose browser refuses (`Sec-GPC: 1`)".to_owned(),
            Self::NotOptedOut => "who has not opted out (`us_privacy=1YNN`)".to_owned(),
            Self::Consents(consents) => consents.words(),
            Self::InCookie { name, refuses, .. } => {
                let what = if *refuses { "refuses" } else { "consents" };
                format!("who {what} by the cookie `{name}`")
            }
        }
    }
}

const fn sample(consents: bool, at: Timestamp) -> TcfSample {
    TcfSample {
        consents,
        at,
        valid: true,
        length: 0,
    }
}

const DAY: i64 = Seconds::from_days(1).seconds().cast_signed();

impl Consents {
    fn text(&self, now: Timestamp) -> String {
        let at = now.unix().saturating_add_signed(self.age.saturating_neg());
        let sample = TcfSample {
            valid: self.valid,
            length: self.length,
            ..sample(true, Timestamp::from_unix(at))
        };
        sample.text()
    }

    fn words(&self) -> String {
        let by = match (self.valid, self.length) {
            (false, _) => "by a TCF string that is not specific to the service",
            (true, 0) => "by TCF",
            (true, _) => "by a very long TCF string",
        };
        let when = match self.age / DAY {
            0 if self.age < 0 => ", with a clock that is ahead".to_owned(),
            0 => String::new(),
            days if days < 0 => format!(", with a clock that is {} days ahead", -days),
            days => format!(", {days} days ago"),
        };
        let gpc = if self.gpc { ", with `Sec-GPC: 1`" } else { "" };
        format!("who has consented {by}{when}{gpc}")
    }
}
