//! A worked example before it is run: what happens when, and to whom.

use super::consent_signal::ConsentSignal;
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::types::{Locality, Seconds};
use edge_cookie::record::PartnerId;

/// What a user, a partner or an operator does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// The user asks for a page and consents, coming from another site or not.
    Page {
        /// Whether a link on another site brought them.
        from_elsewhere: bool,
    },
    /// The user asks for a page from this place, and the browser says so much of their consent.
    PageWithSignal {
        /// Where from; none for where the machine assumes them to be.
        place: Option<Locality>,
        /// What the browser says.
        signal: ConsentSignal,
        /// The day whose laws apply, where it is not the event's.
        day: Option<Timestamp>,
    },
    /// The user withdraws, with the cookie that they have; the store refuses so many writes.
    Withdraw {
        /// Writes refused.
        refused: u32,
    },
    /// The user withdraws by the id that the partner knows: from another browser that holds it.
    WithdrawElsewhere,
    /// The partner's sync arrives, made at this time.
    Sync {
        /// Seconds since the change-over.
        made: i64,
    },
    /// The partner sends this as its uid for the user.
    SyncUid {
        /// What it sends.
        uid: String,
    },
    /// The partner asks for its uid of the user.
    Identify,
    /// A page asks for the partner's uid of the user whose browser shows it.
    IdentifyOnPage,
    /// Another system makes the metadata of the record so many bytes longer.
    GrowMetadata {
        /// Bytes.
        bytes: usize,
    },
    /// Another system writes the record that the partner knows again, and keeps only the fields that it knows.
    WriteElsewhere,
    /// The record that the partner knows is erased.
    Erase,
    /// Every record whose id was made from the user's address is erased.
    EraseAddress,
    /// The record that the partner knows is read.
    Read,
}

#[derive(Debug, Clone)]
pub(super) struct ScenarioEvent {
    pub(super) at: i64,
    pub(super) words: String,
    pub(super) act: Act,
    /// Whether it meets a machine that still runs the deployed policy, though others run the candidate.
    pub(super) by_deployed: bool,
}

/// Where the partner of an example is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum PartnerLocation {
    /// It does not matter: every machine knows it.
    #[default]
    Anywhere,
    /// In `partner_store`.
    Stored,
    /// It is declared in the policy, under this id.
    Declared(PartnerId),
}

/// Events in the order of time; the candidate takes over at zero.
#[derive(Debug, Clone, Default)]
pub(super) struct Scenario {
    pub(super) events: Vec<ScenarioEvent>,
    /// Where the partner is kept.
    pub(super) partner: PartnerLocation,
    /// Whether the store collects what has expired only later.
    pub(super) collects_late: bool,
}

impl Scenario {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn then(mut self, at: i64, act: Act, words: impl Into<String>) -> Self {
        self.events.push(ScenarioEvent {
            at,
            words: words.into(),
            act,
            by_deployed: false,
        });
        self
    }

    /// As [`then`](Self::then), on a machine that still runs the deployed policy.
    pub(super) fn then_on_deployed(self, at: i64, act: Act, words: &str) -> Self {
        let words = format!("{words}, at a machine that still runs the deployed policy");
        let mut scenario = self.then(at, act, words);
        if let Some(event) = scenario.events.last_mut() {
            event.by_deployed = true;
        }
        scenario
    }

    /// With the partner kept there.
    pub(super) fn with_partner(self, partner: PartnerLocation) -> Self {
        Self { partner, ..self }
    }

    /// On a store that collects what has expired only later.
    pub(super) fn on_late_collection(self) -> Self {
        Self {
            collects_late: true,
            ..self
        }
    }
}

const UNITS: [(u64, &str); 4] = [
    (Seconds::from_days(1).seconds(), "d"),
    (Seconds::from_hours(1).seconds(), "h"),
    (MINUTE, "m"),
    (1, "s"),
];

/// Seconds in a minute.
pub(super) const MINUTE: u64 = 60;

/// Seconds from the change-over as people write times: `-1h`, `1d 6h`.
pub(super) fn shown(at: i64) -> String {
    let mut rest = at.unsigned_abs();
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        if rest >= size {
            parts.push(format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if parts.is_empty() {
        return "0s".to_owned();
    }
    let sign = if at < 0 { "-" } else { "" };
    format!("{sign}{}", parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_show_as_people_write_them() {
        for (seconds, words) in [
            (0, "0s"),
            (3_600, "1h"),
            (-90, "-1m 30s"),
            (108_000, "1d 6h"),
            (i64::from(u32::MAX), "49710d 6h 28m 15s"),
        ] {
            assert_eq!(shown(seconds), words);
        }
    }
}
