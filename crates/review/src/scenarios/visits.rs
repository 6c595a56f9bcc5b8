//! Examples of users who come back, or cannot be served, and of who counts as one that consents.

use super::{
    DAY, HOUR, PAGE, RETURNS, STILL_SYNCS, SYNCS, WITHDRAW, WITHDRAWS, date, known_since, sync,
};
use crate::consent_signal::ConsentSignal;
use crate::pair::{Pair, creates};
use crate::scenario::{Act, PartnerLocation, Scenario};
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::types::Locality;

/// The candidate's graph is another one: a withdrawal stayed behind, or a user.
pub(crate) fn left_behind(pair: &Pair<'_>) -> Scenario {
    let scenario = known_since(-DAY);
    let back = HOUR;
    if creates(pair.candidate) {
        return scenario
            .then(-HOUR, WITHDRAW, WITHDRAWS)
            .then(back, sync(back), STILL_SYNCS);
    }
    out_of_reach(scenario, PAGE, RETURNS)
}

/// A returning user is taken for a new one, and withdraws: that does not reach the old record.
fn out_of_reach(scenario: Scenario, returns: Act, words: &str) -> Scenario {
    let [withdraws, syncs] = [DAY.saturating_add(HOUR), DAY.saturating_add(DAY)];
    scenario
        .then(DAY, returns, words)
        .then(withdraws, WITHDRAW, WITHDRAWS)
        .then(syncs, sync(syncs), STILL_SYNCS)
}

/// The cookie that a user has had for long is not looked at any more.
pub(crate) fn old_cookie() -> Scenario {
    out_of_reach(known_since(-DAY), PAGE, RETURNS)
}

/// The cookie that the candidate sets does not come back.
pub(crate) fn new_cookie(from_elsewhere: bool) -> Scenario {
    let words = if from_elsewhere {
        "the user comes back, by a link on another site"
    } else {
        RETURNS
    };
    out_of_reach(known_since(HOUR), Act::Page { from_elsewhere }, words)
}

/// A withdrawal meets a store that takes no writes, so many of them.
pub(crate) fn failed_withdrawal(refused: u32) -> Scenario {
    let tries_again = HOUR.saturating_add(HOUR);
    let syncs = tries_again.saturating_add(HOUR);
    known_since(-DAY)
        .then(
            HOUR,
            Act::Withdraw { refused },
            "the user withdraws consent, while the store refuses writes",
        )
        .then(
            tries_again,
            WITHDRAW,
            "the browser says so again, with the next page",
        )
        .then(syncs, sync(syncs), STILL_SYNCS)
}

/// Records are found by the hash of an address.
pub(crate) fn other_hash() -> Scenario {
    let syncs = HOUR.saturating_add(HOUR);
    known_since(-DAY)
        .then(
            HOUR,
            Act::EraseAddress,
            "an operator erases every record whose id was made from the user's address",
        )
        .then(syncs, Act::Read, "the record of the user is read")
}

/// A user comes, whom the candidate cannot serve.
pub(crate) fn not_served() -> Scenario {
    known_since(-DAY).then(HOUR, PAGE, RETURNS)
}

/// A partner that is kept in the store syncs.
pub(crate) fn stored_partner() -> Scenario {
    let scenario = known_since(-DAY).then(
        HOUR,
        sync(HOUR),
        "the partner, kept in `partner_store`, syncs again",
    );
    scenario.with_partner(PartnerLocation::Stored)
}

/// A partner sends a placeholder uid, and asks for it.
pub(crate) fn placeholder_uid(uid: &str) -> Scenario {
    let asks = HOUR.saturating_add(HOUR);
    let words = format!("the partner, which does not know the user, sends `{uid}`");
    known_since(-DAY)
        .then(
            HOUR,
            Act::SyncUid {
                uid: uid.to_owned(),
            },
            words,
        )
        .then(
            asks,
            Act::Identify,
            "the partner asks for its uid of the user",
        )
}

/// A user whose browser says so much comes, from a place or from where machines assume them to be; one who refuses was
/// there before.
pub(crate) fn comes(signal: ConsentSignal, place: Option<Locality>) -> Scenario {
    on_day(signal, place, None)
}

/// As [`comes`], on a day whose laws apply.
pub(crate) fn on_day(
    signal: ConsentSignal,
    place: Option<Locality>,
    day: Option<Timestamp>,
) -> Scenario {
    let scenario = if signal.refuses() {
        known_since(-DAY)
    } else {
        Scenario::new()
    };
    let syncs = HOUR.saturating_add(HOUR);
    let who = if signal.refuses() {
        "the user"
    } else {
        "a user"
    };
    let when = day.map_or_else(String::new, |day| format!(" on {}", date(day)));
    let words = format!(
        "{who}, {}, {}, comes{when}",
        from(place.as_ref()),
        signal.words()
    );
    scenario
        .then(HOUR, Act::PageWithSignal { place, signal, day }, words)
        .then(syncs, sync(syncs), SYNCS)
}

fn from(place: Option<&Locality>) -> String {
    match place {
        Some(place) => match &place.region {
            Some(region) => format!("in `{}-{region}`", place.country),
            None => format!("in `{}`", place.country),
        },
        None => "of unknown place".to_owned(),
    }
}
