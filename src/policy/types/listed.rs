//! The entries of a list of places, each with its law: what the policy adds to the shipped list, and removes from it.
//!
//! ```
//! use edge_cookie::policy::EcPolicy;
//! use edge_cookie::policy::types::ListChange;
//!
//! let states = EcPolicy::default().consent.us_states.rows();
//! let oklahoma = states.iter().find(|row| row.place == "OK").unwrap();
//! assert_eq!((oklahoma.since.as_deref(), oklahoma.change), (Some("2027-01-01"), ListChange::Shipped));
//! ```

use serde::Serialize;

use super::regions::{OptInPlaces, OptInRegions, UsState, UsStates};
use crate::policy::laws::{OPT_IN, OPT_IN_REGIONS, OptInLaw, StateLaw, US_STATES};

/// An entry of a list of places, with its law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ListedLaw {
    /// The place, as the list writes it.
    pub place: String,
    /// The place's name, or that of a state's act; none where the shipped table has no row for it.
    pub name: Option<&'static str>,
    /// The law, or where the act is codified; none where the shipped table has no row for it.
    pub source: Option<&'static str>,
    /// The day from which it applies, `YYYY-MM-DD`; none where it always does.
    pub since: Option<String>,
    /// What the policy changes of the shipped list.
    pub change: ListChange,
}

/// What a policy changes of an entry of the shipped list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListChange {
    /// Nothing.
    Shipped,
    /// The shipped list does not have it.
    Added,
    /// The shipped list has it from another day.
    Dated,
    /// The shipped list alone has it: here the law does not apply.
    Removed,
}

impl ListChange {
    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::Added => "added",
            Self::Dated => "dated",
            Self::Removed => "removed",
        }
    }
}

impl ListedLaw {
    fn of_place(place: String, shipped: &[OptInLaw]) -> Self {
        match shipped.iter().find(|law| law.place == place) {
            Some(law) => Self::shipped_place(law, ListChange::Shipped),
            None => Self {
                place,
                name: None,
                source: None,
                since: None,
                change: ListChange::Added,
            },
        }
    }

    fn shipped_place(law: &OptInLaw, change: ListChange) -> Self {
        Self {
            place: law.place.to_owned(),
            name: Some(law.name),
            source: Some(law.source),
            since: Some(law.since.to_owned()),
            change,
        }
    }

    fn shipped_state(law: &StateLaw, change: ListChange) -> Self {
        Self {
            place: law.state.to_owned(),
            name: Some(law.act),
            source: Some(law.statute),
            since: Some(law.since.to_owned()),
            change,
        }
    }

    fn of_state(state: &UsState) -> Self {
        let since = state.since();
        let Some(law) = US_STATES.iter().find(|law| law.state == state.code) else {
            return Self {
                place: state.code.clone(),
                name: None,
                source: None,
                since,
                change: ListChange::Added,
            };
        };
        let change = if since.as_deref() == Some(law.since) {
            ListChange::Shipped
        } else {
            ListChange::Dated
        };
        Self {
            since,
            ..Self::shipped_state(law, change)
        }
    }
}

/// The rows of a list, and after them those that it leaves out of the shipped ones.
fn with_removed<T>(
    listed: impl Iterator<Item = ListedLaw>,
    shipped: &[T],
    row: impl Fn(&T, ListChange) -> ListedLaw,
) -> Vec<ListedLaw> {
    let mut rows: Vec<ListedLaw> = listed.collect();
    for law in shipped {
        let removed = row(law, ListChange::Removed);
        if rows.iter().all(|listed| listed.place != removed.place) {
            rows.push(removed);
        }
    }
    rows
}

impl OptInPlaces {
    /// Its entries with their laws, then those of the shipped list that it leaves out.
    #[must_use]
    pub fn rows(&self) -> Vec<ListedLaw> {
        let listed = self.iter().map(ToString::to_string);
        let listed = listed.map(|place| ListedLaw::of_place(place, OPT_IN));
        with_removed(listed, OPT_IN, ListedLaw::shipped_place)
    }
}

impl OptInRegions {
    /// Its entries with their laws, then those of the shipped list that it leaves out.
    #[must_use]
    pub fn rows(&self) -> Vec<ListedLaw> {
        let listed = self.iter().map(ToString::to_string);
        let listed = listed.map(|place| ListedLaw::of_place(place, OPT_IN_REGIONS));
        with_removed(listed, OPT_IN_REGIONS, ListedLaw::shipped_place)
    }
}

impl UsStates {
    /// Its entries with their laws, then those of the shipped list that it leaves out.
    #[must_use]
    pub fn rows(&self) -> Vec<ListedLaw> {
        with_removed(
            self.iter().map(ListedLaw::of_state),
            US_STATES,
            ListedLaw::shipped_state,
        )
    }
}
