//! The scenarios behind the examples, with their times derived from both policies.

mod losses;
mod visits;

use super::pair::{Pair, oldest_sync};
use super::scenario::{Act, Scenario};
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{DeleteMode, OnMissingWithdrawal};
use edge_cookie::policy::types::Seconds;

pub(super) use losses::{
    another_domain, burdened, cookie_gone, cookie_not_renewed, declared_partner, forgotten_sooner,
    kept_shorter, of_unknown_age, unprolonged_by_a_visit, unprolonged_by_syncs,
};
pub(super) use visits::{
    comes, failed_withdrawal, left_behind, new_cookie, not_served, old_cookie, on_day, other_hash,
    placeholder_uid, stored_partner,
};

const HOUR: i64 = Seconds::from_hours(1).seconds().cast_signed();
const DAY: i64 = Seconds::from_days(1).seconds().cast_signed();

const COMES: &str = "a user comes, consents and gets an id";
const SYNCS: &str = "a partner syncs its uid";
const WITHDRAWS: &str = "the user withdraws consent";
const RETURNS: &str = "the user comes back";
const ERASED: &str = "the user's record is erased";
const LATE: &str = "a sync arrives late, which the partner made just before that";
const STILL_SYNCS: &str = "a partner that still holds the uid syncs it again";

const PAGE: Act = Act::Page {
    from_elsewhere: false,
};
const WITHDRAW: Act = Act::Withdraw { refused: 0 };

/// A day as people write it.
pub(super) fn date(day: Timestamp) -> String {
    let text = day.to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

/// Seconds as they count in a scenario.
fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// A time after `low` and not after `high`, on the hour or the minute where one is in between; just after `low` where
/// `high` is not later.
fn within(low: i64, high: i64) -> i64 {
    let middle = low.saturating_add((high.saturating_sub(low).saturating_add(1) >> 1).max(1));
    let on = |unit: i64| middle - middle.rem_euclid(unit);
    let minute = signed(crate::scenario::MINUTE);
    [on(HOUR), on(minute)]
        .into_iter()
        .find(|time| *time > low)
        .unwrap_or(middle)
}

fn sync(made: i64) -> Act {
    Act::Sync { made }
}

/// A user comes and a partner syncs, both a while before the change-over.
fn known_since(at: i64) -> Scenario {
    Scenario::new().then(at, PAGE, COMES).then(
        at.saturating_add(HOUR),
        sync(at.saturating_add(HOUR)),
        SYNCS,
    )
}

/// A sync from before the withdrawal comes when the candidate has forgotten it, and the deployed policy not.
pub(crate) fn late_sync(pair: &Pair<'_>) -> Scenario {
    let (kept, forgotten) = tombstones(pair);
    let latest = kept.min(signed(oldest_sync(pair.candidate)));
    late(within(forgotten, latest))
}

/// A sync that only the candidate takes for its age comes when both have forgotten the withdrawal.
pub(crate) fn older_sync(pair: &Pair<'_>) -> Scenario {
    let (_, forgotten) = tombstones(pair);
    let refused = signed(oldest_sync(pair.deployed)).max(forgotten);
    let latest = signed(oldest_sync(pair.candidate)).min(refused.saturating_add(DAY));
    late(within(refused, latest))
}

/// As [`older_sync`], for a user who said no at a time when `policy` ran, in a way that leaves no whole tombstone.
fn untraced(pair: &Pair<'_>, policy: &EcPolicy, no: i64) -> Scenario {
    let refused = signed(oldest_sync(pair.deployed));
    let latest = signed(oldest_sync(pair.candidate)).min(refused.saturating_add(DAY));
    let scenario = if policy.delete.mode == DeleteMode::Hard {
        known_since(no.saturating_sub(DAY)).then(no, Act::Erase, ERASED)
    } else if policy.tombstone.on_missing == OnMissingWithdrawal::Skip {
        expired_and_withdrawn(pair, no)
    } else {
        twice(policy, no)
    };
    let age = within(refused.max(HOUR), latest);
    scenario.then(no.saturating_add(age), sync(no), LATE)
}

/// Under the candidate a user says no in a way that leaves no whole tombstone.
pub(crate) fn untraced_by_the_candidate(pair: &Pair<'_>) -> Scenario {
    let (_, forgotten) = tombstones(pair);
    untraced(pair, pair.candidate, forgotten.saturating_add(DAY))
}

/// The same under the deployed policy.
pub(crate) fn untraced_by_the_deployed(pair: &Pair<'_>) -> Scenario {
    untraced(pair, pair.deployed, -HOUR)
}

fn late(age: i64) -> Scenario {
    let withdrawal = HOUR.saturating_add(HOUR);
    let arrives = withdrawal.saturating_add(age);
    Scenario::new()
        .then(HOUR, PAGE, COMES)
        .then(withdrawal, WITHDRAW, WITHDRAWS)
        .then(arrives, sync(withdrawal), LATE)
}

/// How long each policy remembers a withdrawal.
fn tombstones(pair: &Pair<'_>) -> (i64, i64) {
    let ttl = |policy: &EcPolicy| signed(policy.tombstone.ttl.seconds());
    (ttl(pair.deployed), ttl(pair.candidate))
}

/// The store forgets what the candidate wrote, and a machine that still runs the deployed policy takes a sync.
pub(crate) fn late_sync_in_the_mix(pair: &Pair<'_>) -> Scenario {
    let (kept, forgotten) = tombstones(pair);
    let latest = kept.min(signed(oldest_sync(pair.deployed)));
    let withdrawal = HOUR.saturating_add(HOUR);
    let arrives = withdrawal.saturating_add(within(forgotten, latest));
    Scenario::new()
        .then(HOUR, PAGE, COMES)
        .then(withdrawal, WITHDRAW, WITHDRAWS)
        .then_on_deployed(arrives, sync(withdrawal), LATE)
}

/// The candidate forgets early what was withdrawn under the deployed policy.
pub(crate) fn forgotten_early(pair: &Pair<'_>) -> Scenario {
    let (kept, forgotten) = tombstones(pair);
    let age = within(forgotten, kept);
    let withdrawal = -HOUR.min(age);
    let arrives = withdrawal.saturating_add(age);
    Scenario::new()
        .then(withdrawal.saturating_sub(HOUR), PAGE, COMES)
        .then(withdrawal, WITHDRAW, WITHDRAWS)
        .then(arrives, sync(arrives), STILL_SYNCS)
}

/// A sync older than the deployed policy's tombstones, which only the candidate takes.
pub(crate) fn outlived(pair: &Pair<'_>) -> Scenario {
    let (kept, _) = tombstones(pair);
    let refused = kept.max(signed(oldest_sync(pair.deployed)));
    let age = within(refused, signed(oldest_sync(pair.candidate)));
    let withdrawal = -HOUR.min(age);
    Scenario::new()
        .then(withdrawal.saturating_sub(HOUR), PAGE, COMES)
        .then(withdrawal, WITHDRAW, WITHDRAWS)
        .then(withdrawal.saturating_add(age), sync(withdrawal), LATE)
}

/// A withdrawal whose time is over, and a fresh sync.
pub(crate) fn brought_back(pair: &Pair<'_>) -> Scenario {
    let (_, forgotten) = tombstones(pair);
    let withdrawal = HOUR.saturating_add(HOUR);
    let arrives = withdrawal.saturating_add(forgotten).saturating_add(HOUR);
    Scenario::new()
        .then(HOUR, PAGE, COMES)
        .then(withdrawal, WITHDRAW, WITHDRAWS)
        .then(arrives, sync(arrives), STILL_SYNCS)
}

/// The last event of a scenario: a sync, on the machine that would create a user.
fn creating_sync(scenario: Scenario, pair: &Pair<'_>, at: i64, words: &str) -> Scenario {
    if pair.only_the_deployed_creates() {
        scenario.then_on_deployed(at, sync(at), words)
    } else {
        scenario.then(at, sync(at), words)
    }
}

/// An erased user, and a sync.
pub(crate) fn erased(pair: &Pair<'_>) -> Scenario {
    let [erased, arrives] = [HOUR, HOUR.saturating_add(HOUR)];
    let scenario = known_since(-DAY).then(erased, Act::Erase, ERASED);
    creating_sync(scenario, pair, arrives, STILL_SYNCS)
}

/// A user who withdraws again at this time, just before `policy` forgets the first.
fn twice(policy: &EcPolicy, again: i64) -> Scenario {
    let ttl = signed(policy.tombstone.ttl.seconds());
    let first = again.saturating_sub(ttl).saturating_add(HOUR.min(ttl >> 1));
    again_elsewhere(first, again)
}

fn again_elsewhere(first: i64, again: i64) -> Scenario {
    Scenario::new()
        .then(first.saturating_sub(HOUR), PAGE, COMES)
        .then(first, WITHDRAW, WITHDRAWS)
        .then(
            again,
            Act::WithdrawElsewhere,
            "the user withdraws again, from another browser that holds the same id",
        )
}

/// A user who withdraws again, and is forgotten from the first time on.
pub(crate) fn withdrawn_twice(pair: &Pair<'_>) -> Scenario {
    let (kept, forgotten) = tombstones(pair);
    let left = HOUR.min(forgotten >> 1);
    let again = HOUR
        .saturating_add(HOUR)
        .saturating_add(forgotten)
        .saturating_sub(left);
    let over = if pair.only_the_deployed_creates() {
        left.saturating_add(kept.min(forgotten))
            .saturating_sub(forgotten)
    } else {
        left
    };
    let age = within(over.max(0), kept);
    creating_sync(
        twice(pair.candidate, again),
        pair,
        again.saturating_add(age),
        STILL_SYNCS,
    )
}

/// A user who withdraws again, which only the longer memory of the deployed policy covers.
pub(crate) fn withdrawn_again_in_vain(pair: &Pair<'_>) -> Scenario {
    let (kept, forgotten) = tombstones(pair);
    let first = HOUR.saturating_add(HOUR);
    if pair.candidate.tombstone.on_missing == OnMissingWithdrawal::Skip {
        let again = within(forgotten, kept.saturating_sub(1));
        let arrives = first.saturating_add(within(again, kept.min(again.saturating_add(DAY))));
        let again = first.saturating_add(again);
        return again_elsewhere(first, again).then(arrives, sync(again), LATE);
    }
    let left = HOUR.min(forgotten >> 1);
    let again = first.saturating_add(forgotten).saturating_sub(left);
    let longest = kept.saturating_sub(forgotten).saturating_add(left);
    let age = within(left, longest.min(signed(oldest_sync(pair.candidate))));
    twice(pair.candidate, again).then(again.saturating_add(age), sync(again), LATE)
}

/// A user whose record expired under the deployed policy withdraws at this time.
fn expired_and_withdrawn(pair: &Pair<'_>, at: i64) -> Scenario {
    let expired = signed(pair.deployed.entry.ttl.seconds()).saturating_add(DAY);
    Scenario::new().then(-expired, PAGE, COMES).then(
        at,
        Act::WithdrawElsewhere,
        "the user, whose record has expired, withdraws consent",
    )
}

/// A user whose record has expired withdraws, and a partner syncs.
pub(crate) fn withdrawn_unknown(pair: &Pair<'_>) -> Scenario {
    let syncs = HOUR.saturating_add(HOUR);
    creating_sync(expired_and_withdrawn(pair, HOUR), pair, syncs, STILL_SYNCS)
}

/// A record past its time, in a store that has not collected it yet.
pub(crate) fn collected_late(pair: &Pair<'_>) -> Scenario {
    let longest = pair.candidate.entry.ttl.max(pair.deployed.entry.ttl);
    let past = signed(longest.seconds())
        .saturating_add(HOUR)
        .saturating_add(HOUR);
    let scenario = Scenario::new().then(HOUR, PAGE, COMES).then(
        past,
        Act::Read,
        "the record is read, past its time; the store has not collected it yet",
    );
    scenario.on_late_collection()
}

/// A user whom the candidate counts as gone withdraws there, and a machine of the deployed policy still knows them.
pub(crate) fn gone_and_back(pair: &Pair<'_>) -> Scenario {
    let ttl = |policy: &EcPolicy| signed(policy.entry.ttl.seconds());
    let age = within(ttl(pair.candidate), ttl(pair.deployed));
    let [synced, read] = [HOUR.saturating_add(HOUR), DAY];
    Scenario::new()
        .then(-age, PAGE, COMES)
        .then(
            HOUR,
            Act::WithdrawElsewhere,
            "the user, whom the candidate counts as gone, withdraws consent",
        )
        .then_on_deployed(synced, sync(synced), STILL_SYNCS)
        .then(read, sync(read), STILL_SYNCS)
}

/// A visitor whose visits are not written down before the record expires.
pub(crate) fn expires_between_visits(pair: &Pair<'_>) -> Scenario {
    let kept = signed(pair.candidate.entry.ttl.seconds());
    // The deployed policy writes the visit between down, or keeps the record for longer anyhow.
    let debounce = Some(signed(pair.deployed.last_seen.debounce.seconds()));
    let debounce = debounce.filter(|debounce| *debounce < kept);
    let between = within(debounce.unwrap_or(0), kept.saturating_sub(1));
    let longest = signed(pair.deployed.entry.ttl.seconds()).max(between.saturating_add(kept));
    let past = HOUR.saturating_add(within(kept, longest.min(kept.saturating_add(DAY))));
    let between = HOUR.saturating_add(between);
    Scenario::new()
        .then(HOUR, PAGE, COMES)
        .then(between, PAGE, RETURNS)
        .then(past, PAGE, "the user comes back once more")
}
