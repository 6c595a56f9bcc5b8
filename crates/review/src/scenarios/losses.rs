//! Examples of what is lost: kept for a shorter time, or no longer reached.

use super::{
    COMES, DAY, HOUR, PAGE, RETURNS, STILL_SYNCS, SYNCS, WITHDRAW, WITHDRAWS, known_since, signed,
    sync, tombstones, within,
};
use crate::pair::Pair;
use crate::scenario::{Act, PartnerLocation, Scenario};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::UnknownAge;
use edge_cookie::record::PartnerId;

const READ: &str = "the record is read";

/// How long each policy keeps a live entry.
fn entries(pair: &Pair<'_>) -> (i64, i64) {
    let ttl = |policy: &EcPolicy| signed(policy.entry.ttl.seconds());
    (ttl(pair.deployed), ttl(pair.candidate))
}

/// A user stays away for longer than the candidate keeps anybody, and not for longer than the deployed policy does.
pub(crate) fn kept_shorter(pair: &Pair<'_>) -> Scenario {
    let (kept, forgotten) = entries(pair);
    let read = HOUR.saturating_add(within(forgotten, kept));
    Scenario::new()
        .then(HOUR, PAGE, COMES)
        .then(read, Act::Read, READ)
}

/// A user's record is written once more after `after` seconds, and read when only that write would have kept it.
fn written_once_more(pair: &Pair<'_>, after: i64, act: fn(i64) -> Act, words: &str) -> Scenario {
    let (kept, forgotten) = entries(pair);
    let ttl = kept.min(forgotten);
    let again = HOUR.saturating_add(within(
        after.min(ttl.saturating_sub(1)),
        ttl.saturating_sub(1),
    ));
    let first = HOUR.saturating_add(ttl);
    let read = within(first, again.saturating_add(ttl));
    Scenario::new()
        .then(HOUR, PAGE, COMES)
        .then(HOUR, sync(HOUR), SYNCS)
        .then(again, act(again), words)
        .then(read, Act::Read, READ)
}

/// A user stays away, and a partner goes on syncing the same uid.
pub(crate) fn unprolonged_by_syncs(pair: &Pair<'_>) -> Scenario {
    let after = signed(pair.deployed.sync.refresh_after.seconds());
    written_once_more(pair, after, sync, STILL_SYNCS)
}

/// A user keeps coming.
pub(crate) fn unprolonged_by_a_visit(pair: &Pair<'_>) -> Scenario {
    let debounce = |policy: &EcPolicy| signed(policy.last_seen.debounce.seconds());
    let after = debounce(pair.deployed).max(debounce(pair.candidate));
    written_once_more(pair, after, |_| PAGE, RETURNS)
}

/// A withdrawal that the candidate has forgotten, and the deployed policy not.
pub(crate) fn forgotten_sooner(pair: &Pair<'_>) -> Scenario {
    let (kept, forgotten) = tombstones(pair);
    let withdrawal = HOUR.saturating_add(HOUR);
    let arrives = withdrawal.saturating_add(within(forgotten, kept));
    Scenario::new()
        .then(HOUR, PAGE, COMES)
        .then(withdrawal, WITHDRAW, WITHDRAWS)
        .then(arrives, sync(arrives), STILL_SYNCS)
}

/// The user says no when only the deployed policy's cookie is still there.
fn says_no_without_a_cookie(scenario: Scenario, at: i64) -> Scenario {
    let syncs = at.saturating_add(HOUR);
    scenario
        .then(at, WITHDRAW, WITHDRAWS)
        .then(syncs, sync(syncs), STILL_SYNCS)
}

/// The candidate's cookie is gone before the deployed policy's would be.
pub(crate) fn cookie_gone(pair: &Pair<'_>) -> Scenario {
    let [kept, gone] =
        [pair.deployed, pair.candidate].map(|policy| signed(policy.cookie.max_age.seconds()));
    let at = HOUR.saturating_add(within(gone, kept));
    says_no_without_a_cookie(Scenario::new().then(HOUR, PAGE, COMES), at)
}

/// The candidate does not set the cookie again when the user comes back after `after` seconds.
pub(crate) fn cookie_not_renewed(pair: &Pair<'_>, after: u64) -> Scenario {
    let max_age = signed(pair.candidate.cookie.max_age.seconds());
    let back = HOUR.saturating_add(signed(after));
    let at = within(HOUR.saturating_add(max_age), back.saturating_add(max_age));
    let scenario = Scenario::new()
        .then(HOUR, PAGE, COMES)
        .then(back, PAGE, RETURNS);
    says_no_without_a_cookie(scenario, at)
}

/// A page asks for a uid, and the user comes back, where the pages are of another domain.
pub(crate) fn another_domain() -> Scenario {
    let [withdraws, syncs] = [DAY.saturating_add(HOUR), DAY.saturating_add(DAY)];
    known_since(-DAY)
        .then(
            HOUR,
            Act::IdentifyOnPage,
            "a page asks for the partner's uid of the user",
        )
        .then(DAY, PAGE, RETURNS)
        .then(withdraws, WITHDRAW, WITHDRAWS)
        .then(syncs, sync(syncs), STILL_SYNCS)
}

/// A declared partner asks for its uid.
pub(crate) fn declared_partner(partner: &PartnerId) -> Scenario {
    let words = format!("the partner `{partner}` asks for its uid of the user");
    let scenario = known_since(-DAY).then(HOUR, Act::Identify, words);
    scenario.with_partner(PartnerLocation::Declared(partner.clone()))
}

/// Another system keeps so much in the record's metadata that only the deployed policy has room for it.
pub(crate) fn burdened(pair: &Pair<'_>) -> Scenario {
    let limit = pair.candidate.entry.max_metadata_bytes;
    let after = signed(pair.candidate.last_seen.debounce.seconds());
    known_since(-DAY)
        .then(
            -HOUR,
            Act::GrowMetadata {
                bytes: limit as usize,
            },
            "another system keeps something of its own in the record's metadata",
        )
        .then(DAY.max(after), PAGE, RETURNS)
}

/// A record that another system wrote again outlives the time that a policy keeps it, counted from `created`.
pub(crate) fn of_unknown_age(pair: &Pair<'_>) -> Scenario {
    let longest = pair.deployed.entry.ttl.max(pair.candidate.entry.ttl);
    let rejects = pair.candidate.import.unknown_age == UnknownAge::Reject;
    let age = if rejects {
        DAY
    } else {
        signed(longest.seconds())
    };
    known_since(-age)
        .then(
            HOUR.saturating_add(HOUR).saturating_sub(age),
            Act::WriteElsewhere,
            "another system writes the record again, without `t` and `last_seen`",
        )
        .then(
            HOUR.saturating_add(HOUR),
            sync(HOUR.saturating_add(HOUR)),
            STILL_SYNCS,
        )
        .then(DAY, Act::Read, READ)
}
