//! Where which law applies, and where an explicit refusal counts.

use super::answer::{Answer, Known};
use super::pair::Pair;
use super::scene::{Says, Scene};
use super::{Kept, Records, scenes};
use crate::consent::{Place, Verdict, judge};
use crate::policy::EcPolicy;
use crate::policy::settings::HonourRefusals;
use crate::policy::types::Locality;

pub(super) const ANSWERS: [Known; 4] = [
    ("consent.honour_refusals", honour_refusals),
    ("consent.gdpr_countries", gdpr_countries),
    ("consent.us_states", us_states),
    ("local.geo", geo),
];

/// Countries to show an example in; one of them without a law in a policy's lists.
const COUNTRIES: [&str; 5] = ["BR", "JP", "AU", "IN", "ZA"];

/// The country of nobody knows where (`POLICY.md`, stored record).
const UNKNOWN: &str = "ZZ";

const UNITED_STATES: &str = "US";

fn place(country: &str, region: Option<&str>) -> Locality {
    Locality {
        country: country.to_owned(),
        region: region.map(str::to_owned),
    }
}

fn honour_refusals(pair: &Pair<'_>) -> Answer {
    if pair.candidate.consent.honour_refusals == HonourRefusals::Everywhere {
        return Answer::safe(
            Records::None,
            "a refusal counts wherever the user is: who refuses (GPC, US Privacy, GPP or TCF) outside the places with a law is withdrawn at their next page, and gets no id any more",
        )
        .mixed("a refusal outside the places with a law counts at the candidate's machines; one of the deployed policy may give the same user a new id");
    }
    let listed = &pair.candidate.consent.gdpr_countries;
    let country = COUNTRIES
        .into_iter()
        .find(|country| !listed.contains(country))
        .unwrap_or(UNKNOWN);
    Answer::never(
        Records::None,
        "outside the places with a law a refusal no longer counts: a user there who says no, by GPC for one, is not withdrawn, and gets an id like one who said nothing",
        "keep `consent.honour_refusals = \"everywhere\"`",
        scenes::comes(Says::No, Some(place(country, None))),
    )
    .mixed("whether a refusal counts depends on the machine that it meets")
}

/// The codes of one list that another has not.
fn missing<'l>(from: impl Iterator<Item = &'l str>, has: impl Fn(&str) -> bool) -> Vec<&'l str> {
    from.filter(|code| !has(code)).collect()
}

fn named(codes: &[&str]) -> String {
    format!("`{}`", codes.join("`, `"))
}

fn gdpr_countries(pair: &Pair<'_>) -> Answer {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| &policy.consent.gdpr_countries);
    let removed = missing(from.iter(), |code| to.contains(code));
    let added = missing(to.iter(), |code| from.contains(code));
    if removed.is_empty() {
        return stricter(
            pair,
            &added,
            added.iter().map(|country| place(country, None)),
            "who has not consented by TCF gets no id any more; what is kept of them stays until it expires",
        );
    }
    let places = removed.iter().map(|country| place(country, None));
    let Some(scene) = looser(pair, places) else {
        return covered(&removed);
    };
    let country = named(&removed);
    Answer::never(
        Records::None,
        format!(
            "users in {country} are no longer asked first: who says nothing of consent gets an id where no other law applies, and a refusal by TCF counts only there and where `consent.honour_refusals` is `everywhere`"
        ),
        format!("keep {country} in `consent.gdpr_countries`"),
        scene,
    )
    .mixed("whether a user there is asked first depends on the machine that a page meets")
}

fn us_states(pair: &Pair<'_>) -> Answer {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| &policy.consent.us_states);
    let removed = missing(from.iter(), |code| to.contains(code));
    let added = missing(to.iter(), |code| from.contains(code));
    if removed.is_empty() {
        return stricter(
            pair,
            &added,
            added.iter().map(|state| place(UNITED_STATES, Some(state))),
            "who has opted out is withdrawn at their next page, and who says nothing gets no id any more",
        );
    }
    let places = removed
        .iter()
        .map(|state| place(UNITED_STATES, Some(state)));
    let Some(scene) = looser(pair, places) else {
        return covered(&removed);
    };
    let state = named(&removed);
    Answer::never(
        Records::None,
        format!(
            "users in {state} lose their opt-out: who says nothing gets an id, and so does who opted out, where `consent.honour_refusals` is not `everywhere`"
        ),
        format!("keep {state} in `consent.us_states`"),
        scene,
    )
    .mixed("whether an opt-out counts depends on the machine that it meets")
}

/// What shows that more is kept of users in one of these places than before; none where it is not.
fn looser(pair: &Pair<'_>, mut places: impl Iterator<Item = Locality>) -> Option<Scene> {
    places.find_map(|place| {
        let said = [Says::Nothing, Says::No, Says::NotOptedOut];
        let says = said.into_iter().find(|says| {
            let [deployed, candidate] =
                [pair.deployed, pair.candidate].map(|policy| kept(policy, Some(&place), *says));
            candidate > deployed
        })?;
        Some(scenes::comes(says, Some(place)))
    })
}

/// Another law is as strict as the one that no longer applies.
fn covered(removed: &[&str]) -> Answer {
    Answer::safe(
        Records::None,
        format!(
            "in {} another law of the lists applies, which is as strict",
            named(removed)
        ),
    )
}

/// In more places more is asked of users.
fn stricter(
    pair: &Pair<'_>,
    added: &[&str],
    mut places: impl Iterator<Item = Locality>,
    what: &str,
) -> Answer {
    if added.is_empty() {
        return Answer::safe(Records::None, "the same places, in another order");
    }
    let places_named = named(added);
    let why = format!("in {places_named}, {what}");
    let lost = places.find_map(|place| Some((unreached(pair, |_| Some(place.clone()))?, place)));
    match lost {
        None => Answer::safe(Records::None, why),
        Some((says, place)) => out_of_reach(&why, &places_named, scenes::comes(says, Some(place))),
    }
}

/// What a user of this place says who was known under the deployed policy, and is neither known nor withdrawn under the
/// candidate: nobody reads what is kept of them.
fn unreached(pair: &Pair<'_>, place: impl Fn(&EcPolicy) -> Option<Locality>) -> Option<Says> {
    let said = [Says::Nothing, Says::NotOptedOut, Says::No];
    said.into_iter().find(|says| {
        let [deployed, candidate] = [pair.deployed, pair.candidate]
            .map(|policy| kept(policy, place(policy).as_ref(), *says));
        (deployed, candidate) == (GIVEN, LEFT)
    })
}

fn out_of_reach(why: &str, place: &str, scene: Scene) -> Answer {
    Answer::never(
        Records::None,
        format!("{why}. Until they consent, no page and no partner reads the record of one who was known before"),
        "ask users there for their consent before the change: who gives it is known again",
        scene,
    )
    .losing(
        Kept::Users,
        format!("users in {place} who have not said what the law there asks for"),
    )
    .losing(Kept::PartnerIds, "those of them whom a partner has synced")
}

fn geo(pair: &Pair<'_>) -> Answer {
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
    // Where no place was known nobody got an id: a user who was told and has not opted out may now.
    let asked = [Says::Nothing, Says::No, Says::NotOptedOut];
    let asked = asked
        .into_iter()
        .filter(|says| *says != Says::NotOptedOut || pair.deployed.local.geo.is_some());
    let looser = |says: &Says| {
        let kept = |policy: &EcPolicy| kept(policy, policy.local.geo.as_ref(), *says);
        kept(pair.candidate) > kept(pair.deployed)
    };
    let Some(says) = asked.into_iter().find(looser) else {
        let why = format!("{why}. Nobody gets an id whose silence or refusal counted before");
        let own_places = |policy: &'_ EcPolicy| policy.local.geo.clone();
        return match unreached(pair, own_places) {
            None => Answer::safe(Records::None, why),
            Some(says) => out_of_reach(&why, "no known place", scenes::comes(says, None)),
        };
    };
    Answer::never(
        Records::None,
        format!(
            "{why}: users get an id there, or keep one, whose silence or refusal counted before"
        ),
        "assume the strictest place that users may come from",
        scenes::comes(says, None),
    )
    .mixed("whether a user of unknown place gets an id depends on the machine that a page meets")
}

/// What there is stays, and nobody reads it.
const LEFT: u8 = 1;

/// The user is known, or gets an id.
const GIVEN: u8 = LEFT + 1;

/// How much is kept of users in this place who say so much: all goes, what there is stays, or they get an id.
fn kept(policy: &EcPolicy, place: Option<&Locality>, says: Says) -> u8 {
    let place = place.map(|place| Place {
        country: &place.country,
        region: place.region.as_deref(),
    });
    match judge(&says.signals(), place.as_ref(), &policy.consent).verdict {
        Verdict::Withdrawn => 0,
        Verdict::NotGranted => LEFT,
        Verdict::Granted => GIVEN,
    }
}
