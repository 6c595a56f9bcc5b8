//! Which law applies at a place, with its source.

use serde::Serialize;

use super::super::law::{Law, Location};
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::settings::Consent;
use edge_cookie::policy::types::{ListChange, ListedLaw};

/// The law of a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExplainedLaw {
    /// `opt_in`, `opt_in_canada`, `opt_out`, `none` or `unknown`.
    pub kind: &'static str,
    /// What it asks for.
    pub asks: &'static str,
    /// The place's name, or that of the state's act.
    pub name: Option<&'static str>,
    /// Where it is written; none where a policy lists the place and the shipped table has no row for it.
    pub source: Option<&'static str>,
    /// The day from which it applies, `YYYY-MM-DD`.
    pub since: Option<String>,
    /// The setting that lists the place.
    pub setting: Option<&'static str>,
    /// What else is to be known of the place.
    pub note: Option<String>,
}

const ANY_REGION: &str = "the region is not known: it may be one of those listed";

impl ExplainedLaw {
    pub(super) fn of(
        law: Law,
        place: Option<&Location<'_>>,
        rules: &Consent,
        now: Timestamp,
    ) -> Self {
        let (kind, asks) = describe(law);
        let plain = Self {
            kind,
            asks,
            name: None,
            source: None,
            since: None,
            setting: None,
            note: None,
        };
        let Some(place) = place else {
            return plain;
        };
        let (setting, rows) = match law {
            Law::Unknown => return plain,
            Law::Neither | Law::OptOut => ("ec.consent.us_states", rules.us_states.rows()),
            Law::OptIn if rules.gdpr_countries.cover(place.country, place.region) => {
                ("ec.consent.gdpr_countries", rules.gdpr_countries.rows())
            }
            Law::OptIn | Law::OptInCanada => {
                ("ec.consent.opt_in_regions", rules.opt_in_regions.rows())
            }
        };
        let whole = place
            .region
            .map(|region| format!("{}-{region}", place.country));
        let is_here = |row: &&ListedLaw| match law {
            Law::Neither | Law::OptOut => {
                place.country == "US" && place.region == Some(row.place.as_str())
            }
            _ => row.place == place.country || whole.as_deref() == Some(row.place.as_str()),
        };
        let row = rows.iter().find(is_here);
        if law == Law::Neither {
            let note = row.map(|row| not_here(row, now));
            return Self { note, ..plain };
        }
        let Some(row) = row else {
            return Self {
                setting: Some(setting),
                note: place.region.is_none().then(|| ANY_REGION.to_owned()),
                ..plain
            };
        };
        let note = match row.change {
            ListChange::Added => Some("the policy lists it: the shipped table has no row for it"),
            ListChange::Dated => Some("the policy states another day than the shipped table"),
            ListChange::Shipped | ListChange::Removed => None,
        };
        Self {
            name: row.name,
            source: row.source,
            since: row.since.clone(),
            setting: Some(setting),
            note: note.map(str::to_owned),
            ..plain
        }
    }
}

/// Why the law of a row does not apply.
fn not_here(row: &ListedLaw, now: Timestamp) -> String {
    let name = row.name.unwrap_or(&row.place);
    match (&row.since, row.change) {
        (Some(since), change) if change != ListChange::Removed => {
            format!("{name} applies from {since}, after {now}")
        }
        _ => format!("`ec.consent.us_states` does not list it: {name} is not taken into account"),
    }
}

const fn describe(law: Law) -> (&'static str, &'static str) {
    match law {
        Law::OptIn => (
            "opt_in",
            "consent to purpose 1, by TCF, before anything is kept",
        ),
        Law::OptInCanada => (
            "opt_in_canada",
            "express consent to purpose 1, by TCF Canada, before anything is kept",
        ),
        Law::OptOut => ("opt_out", "notice, and that the user does not opt out"),
        Law::Neither => (
            "none",
            "nothing: the place is in none of the policy's lists",
        ),
        Law::Unknown => ("unknown", "any: the place is not known"),
    }
}
