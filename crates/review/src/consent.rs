//! Where which law applies, and where an explicit refusal counts.

use super::consent_signal::ConsentSignal;
use super::impact::{Impact, Known};
use super::pair::Pair;
use super::scenario::Scenario;
use super::scenario_run::START;
use super::{DataKind, Records, scenarios};
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::HonourRefusals;
use edge_cookie::policy::types::{Locality, UsStates};
use edge_cookie_service::consent::Verdict;

pub(super) const IMPACTS: [Known; 5] = [
    ("consent.honour_refusals", honour_refusals),
    ("consent.gdpr_countries", gdpr_countries),
    ("consent.opt_in_regions", opt_in_regions),
    ("consent.us_states", us_states),
    ("local.geo", geo),
];

/// Countries to show an example in; one of them without a law in a policy's lists.
const COUNTRIES: [&str; 5] = ["BR", "JP", "AU", "IN", "ZA"];

/// The country of an unknown place (`docs/semantics.md#body`).
const UNKNOWN: &str = "ZZ";

const UNITED_STATES: &str = "US";

pub(super) fn place(country: &str, region: Option<&str>) -> Locality {
    Locality {
        country: country.to_owned(),
        region: region.map(str::to_owned),
    }
}

fn honour_refusals(pair: &Pair<'_>) -> Impact {
    if pair.candidate.consent.honour_refusals == HonourRefusals::Everywhere {
        return Impact::safe(
            Records::None,
            "a refusal counts wherever the user is: who refuses (GPC, US Privacy, GPP or TCF) outside the places with a law is withdrawn at their next page, and gets no id any more",
        )
        .mixed("a refusal outside the places with a law counts at the candidate's machines; one of the deployed policy may give the same user a new id");
    }
    let listed = &pair.candidate.consent.gdpr_countries;
    let country = COUNTRIES
        .into_iter()
        .find(|country| !listed.cover(country, None))
        .unwrap_or(UNKNOWN);
    Impact::never(
        Records::None,
        "outside the places with a law a refusal no longer counts: a user there who says no, by GPC for one, is not withdrawn, and gets an id like one who said nothing",
        "keep `consent.honour_refusals = \"everywhere\"`",
        scenarios::comes(ConsentSignal::No, Some(place(country, None))),
    )
    .mixed("whether a refusal counts depends on the machine that it meets")
}

fn named(places: &[Dated]) -> String {
    let name = |dated: &Dated| format!("`{}`{}", dated.name, dated.from);
    let names: Vec<String> = places.iter().map(name).collect();
    names.join(", ")
}

/// A place of a list, and the day whose laws show the difference; none for any day.
struct Dated {
    name: String,
    place: Locality,
    /// In words, where the law applies from a day that is named.
    from: String,
    day: Option<Timestamp>,
}

impl Dated {
    fn of(place: &Locality) -> Self {
        Self {
            name: place.to_string(),
            place: place.clone(),
            from: String::new(),
            day: None,
        }
    }
}

/// The places of one list that another does not cover.
fn missing<'l>(
    from: impl Iterator<Item = &'l Locality>,
    covers: impl Fn(&Locality) -> bool,
) -> Vec<Dated> {
    from.filter(|place| !covers(place)).map(Dated::of).collect()
}

/// The states whose law applies under one list, and under another later or never.
fn later(from: &UsStates, to: &UsStates) -> Vec<Dated> {
    let coming: Vec<&str> = (from.coming().iter().map(|state| state.code.as_str())).collect();
    let later = from.iter().filter_map(|state| {
        let other = to.get(&state.code).map(|other| other.starts);
        if other.is_some_and(|other| other <= state.starts) {
            return None;
        }
        let until = other.map_or_else(String::new, |day| format!(" to {}", scenarios::date(day)));
        let dated = coming.contains(&state.code.as_str()) || other.is_some();
        Some(Dated {
            name: state.code.clone(),
            place: place(UNITED_STATES, Some(&state.code)),
            from: if dated {
                format!(" (from {}{until})", scenarios::date(state.starts))
            } else {
                String::new()
            },
            day: Some(state.starts),
        })
    });
    later.collect()
}

fn gdpr_countries(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| &policy.consent.gdpr_countries);
    let removed = missing(from.iter(), |place| to.contains(place));
    let added = missing(to.iter(), |place| from.contains(place));
    opt_in(pair, &removed, &added, "consent.gdpr_countries", "TCF")
}

fn opt_in_regions(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| &policy.consent.opt_in_regions);
    let removed = missing(from.iter(), |place| to.contains(place));
    let added = missing(to.iter(), |place| from.contains(place));
    let by = "TCF, or in Canada by TCF Canada expressly";
    opt_in(pair, &removed, &added, "consent.opt_in_regions", by)
}

fn opt_in(pair: &Pair<'_>, removed: &[Dated], added: &[Dated], key: &str, by: &str) -> Impact {
    if removed.is_empty() {
        return stricter(
            pair,
            added,
            &format!(
                "users who have not consented by {by} lose their grant: they get no id any more; what is kept of them stays until it expires"
            ),
        );
    }
    let Some(scenario) = looser(pair, removed) else {
        return covered(removed);
    };
    let places = named(removed);
    Impact::never(
        Records::None,
        format!(
            "users in {places} are no longer asked first: they gain a grant without a consent where no other law applies"
        ),
        format!("keep {places} in `{key}`"),
        scenario,
    )
    .mixed("whether a user there is asked first depends on the machine that a page meets")
}

fn us_states(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| &policy.consent.us_states);
    let removed = later(from, to);
    let added = later(to, from);
    if removed.is_empty() {
        return stricter(
            pair,
            &added,
            "users who have opted out are withdrawn at their next page, and those who say nothing lose their grant: they get no id any more",
        );
    }
    let Some(scenario) = looser(pair, &removed) else {
        return covered(&removed);
    };
    let states = named(&removed);
    Impact::never(
        Records::None,
        format!(
            "users in {states} who say nothing gain a grant: they get an id before they are given notice, and an opt-out there counts only where `consent.honour_refusals` is `everywhere`"
        ),
        format!("keep {states} in `consent.us_states`"),
        scenario,
    )
    .mixed("whether the state's law is kept depends on the machine that a page meets")
}

/// What shows that more is kept of users in one of these places than before; none where it is not.
fn looser(pair: &Pair<'_>, places: &[Dated]) -> Option<Scenario> {
    places.iter().find_map(|Dated { place, day, .. }| {
        let said = [
            ConsentSignal::Nothing,
            ConsentSignal::No,
            ConsentSignal::NotOptedOut,
        ];
        let signal = said.into_iter().find(|signal| {
            let [deployed, candidate] = [pair.deployed, pair.candidate]
                .map(|policy| kept(policy, Some(place), signal, *day));
            candidate > deployed
        })?;
        Some(scenarios::on_day(signal, Some(place.clone()), *day))
    })
}

/// Another law is as strict as the one that no longer applies.
fn covered(removed: &[Dated]) -> Impact {
    Impact::safe(
        Records::None,
        format!(
            "in {} another law of the lists applies, which is as strict",
            named(removed)
        ),
    )
}

/// In more places more is asked of users.
fn stricter(pair: &Pair<'_>, added: &[Dated], what: &str) -> Impact {
    if added.is_empty() {
        return Impact::safe(Records::None, "the same places, in another order");
    }
    let places_named = named(added);
    let why = format!("in {places_named}, {what}");
    let lost = added.iter().find_map(|dated| {
        let signal = unreached(pair, |_| Some(dated.place.clone()), dated.day)?;
        Some((signal, dated))
    });
    match lost {
        None => Impact::safe(Records::None, why),
        Some((signal, Dated { place, day, .. })) => {
            let scenario = scenarios::on_day(signal, Some(place.clone()), *day);
            out_of_reach(&why, &places_named, scenario)
        }
    }
}

/// What a user of this place says who was known under the deployed policy, and is neither known nor withdrawn under the
/// candidate: nothing reads what is kept of them.
fn unreached(
    pair: &Pair<'_>,
    place: impl Fn(&EcPolicy) -> Option<Locality>,
    day: Option<Timestamp>,
) -> Option<ConsentSignal> {
    let said = [
        ConsentSignal::Nothing,
        ConsentSignal::NotOptedOut,
        ConsentSignal::No,
    ];
    said.into_iter().find(|signal| {
        let [deployed, candidate] = [pair.deployed, pair.candidate]
            .map(|policy| kept(policy, place(policy).as_ref(), signal, day));
        (deployed, candidate) == (GIVEN, LEFT)
    })
}

pub(super) fn out_of_reach(why: &str, place: &str, scenario: Scenario) -> Impact {
    Impact::never(
        Records::None,
        format!("{why}. Until they consent, no page and no partner reads the record of one who was known before"),
        "ask users there for their consent before the change: who gives it is known again",
        scenario,
    )
    .losing(
        DataKind::Users,
        format!("users in {place} who have not said what the law there asks for"),
    )
    .losing(DataKind::PartnerIds, "those of them whom a partner has synced")
}

fn geo(pair: &Pair<'_>) -> Impact {
    let assumed = |policy: &EcPolicy| match &policy.local.geo {
        Some(geo) => match &geo.region {
            Some(region) => format!("in `{}-{region}`", geo.country),
            None => format!("in `{}`", geo.country),
        },
        None => "nowhere, and got no id".to_owned(),
    };
    let (from, to) = (assumed(pair.deployed), assumed(pair.candidate));
    let why = format!(
        "the native server takes users of unknown place to be {to}; before, they were {from}"
    );
    // Where no place was known no one got an id: a user who was given notice and has not opted out may get one now.
    let asked = [
        ConsentSignal::Nothing,
        ConsentSignal::No,
        ConsentSignal::NotOptedOut,
    ];
    let asked = asked.into_iter().filter(|signal| {
        *signal != ConsentSignal::NotOptedOut || pair.deployed.local.geo.is_some()
    });
    let looser = |signal: &ConsentSignal| {
        let kept = |policy: &EcPolicy| kept(policy, policy.local.geo.as_ref(), signal, None);
        kept(pair.candidate) > kept(pair.deployed)
    };
    let Some(signal) = asked.into_iter().find(looser) else {
        let why = format!("{why}. No one gets an id whose silence or refusal counted before");
        let own_places = |policy: &'_ EcPolicy| policy.local.geo.clone();
        return match unreached(pair, own_places, None) {
            None => Impact::safe(Records::None, why),
            Some(signal) => out_of_reach(&why, "no known place", scenarios::comes(signal, None)),
        };
    };
    Impact::never(
        Records::None,
        format!(
            "{why}: users get an id there, or keep one, whose silence or refusal counted before"
        ),
        "assume the strictest place that users may come from",
        scenarios::comes(signal, None),
    )
    .mixed("whether a user of unknown place gets an id depends on the machine that a page meets")
}

/// What there is stays, and nothing reads it.
pub(super) const LEFT: u8 = 1;

/// The user is known, or gets an id.
pub(super) const GIVEN: u8 = LEFT + 1;

/// How much is kept of users in this place who say so much on a day: all goes, what there is stays, or they get an id.
pub(super) fn kept(
    policy: &EcPolicy,
    place: Option<&Locality>,
    signal: &ConsentSignal,
    day: Option<Timestamp>,
) -> u8 {
    let now = day.unwrap_or(Timestamp::from_unix(START));
    match signal.verdict(policy, place, now) {
        Verdict::Withdrawn => 0,
        Verdict::NotGranted => LEFT,
        Verdict::Granted => GIVEN,
    }
}
