//! The permitted outcomes of partners' syncs, single and in batches.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Done, Outcome, PartnerSync};
use edge_cookie::policy::settings::{OnMissingSync, SyncOrder, Unchanged};
use edge_cookie::promise::Promise;
use edge_cookie::record::{KvEntry, KvPartnerId};

use super::table::{found_own_work, unexpected, wrote};
use super::{
    ObservedOperation, OracleViolation, State, SyncRefusal, check, made, sync_refusal, violation,
    winner,
};

/// Checks the outcome of a single sync.
pub(super) fn one_sync(
    op: &ObservedOperation<'_>,
    sync: &PartnerSync,
    outcome: Outcome,
) -> Result<(), OracleViolation> {
    let live = op.seen_entry().filter(|_| op.seen_state() == State::Live);
    let count = live.map_or(0, |(entry, _)| entry.ids.len());
    let follows = match sync_refusal(op, sync) {
        Some(sync_refusal) => outcome == refusal(sync_refusal),
        None => fit_sync(op, sync, outcome, count, true)?,
    };
    if follows {
        Ok(())
    } else {
        unexpected(op, outcome, None)
    }
}

fn refusal(sync_refusal: SyncRefusal) -> Outcome {
    match sync_refusal {
        SyncRefusal::TooOld => Outcome::Stale,
        SyncRefusal::TooNew => Outcome::InvalidTimestamp,
        SyncRefusal::NoUid => Outcome::InvalidUid,
    }
}

/// Whether the end of a sync that no policy refuses follows, where the entry held `count` uids; `alone` is whether it is
/// the only one in its operation.
fn fit_sync(
    op: &ObservedOperation<'_>,
    sync: &PartnerSync,
    outcome: Outcome,
    count: usize,
    alone: bool,
) -> Result<bool, OracleViolation> {
    let writes = matches!(
        outcome,
        Outcome::Written | Outcome::Refreshed | Outcome::CreatedMinimal
    );
    if writes && !wrote(op) {
        return violation(
            Promise::NoLostUpdate,
            "a uid was acknowledged that was not written",
        )
        .map(|()| false);
    }
    if found_own_work(op) {
        // The record it decided by is replaced: the record has its own uid.
        let (entry, _) = op.seen_entry().unwrap();
        let is_stored = entry
            .ids
            .get(&sync.partner)
            .is_some_and(|id| id.uid == sync.uid);
        return Ok(!writes || is_stored);
    }
    let creates = op.policy.sync.on_missing == OnMissingSync::CreateMinimal;
    let absent = op.seen_state() == State::Absent;
    let known = match op.seen_state() {
        State::Tombstone => return Ok(outcome == Outcome::ConsentWithdrawn),
        State::Absent if !creates => return Ok(outcome == Outcome::NotFound),
        State::Absent => None,
        State::Live => op
            .seen_entry()
            .and_then(|(entry, _)| entry.ids.get(&sync.partner)),
        State::Unreadable => return Ok(false),
    };
    let most = op.policy.entry.max_partner_ids as usize;
    Ok(match outcome {
        Outcome::EntryTooLarge => !alone || too_large(op, sync),
        Outcome::TooManyPartners => known.is_none() && count >= most,
        Outcome::CreatedMinimal => absent && count < most,
        Outcome::Written => {
            !absent && changes(op, sync, known) && (known.is_some() || count < most)
        }
        Outcome::Refreshed => {
            known.is_some_and(|known| due(op, sync, known)) && !changes(op, sync, known)
        }
        Outcome::Unchanged => {
            let refreshes = op.policy.sync.unchanged == Unchanged::Refresh;
            let is_stored = known.is_some_and(|known| known.uid == sync.uid);
            let since = known
                .and_then(|known| known.synced)
                .map_or(0, Timestamp::unix);
            let is_last = made(op, sync) + 1 >= since + op.policy.entry.ttl.seconds();
            check(
                !(refreshes && is_last),
                Promise::UidKept,
                "a uid was not refreshed before its entry's retention ended",
            )?;
            is_stored
                && !changes(op, sync, known)
                && !(refreshes && known.is_some_and(|known| due(op, sync, known)))
        }
        Outcome::Stale => is_older(op, sync, known),
        _ => false,
    } && (outcome == Outcome::Stale || !is_older(op, sync, known)))
}

/// Whether a sync is older than the stored uid, if the policy orders by time.
fn is_older(op: &ObservedOperation<'_>, sync: &PartnerSync, known: Option<&KvPartnerId>) -> bool {
    op.policy.sync.order == SyncOrder::Timestamp
        && known
            .and_then(|known| known.synced)
            .is_some_and(|synced| synced.unix() > made(op, sync))
}

/// Whether a sync is written because of its uid, not because of the age of the stored one.
fn changes(op: &ObservedOperation<'_>, sync: &PartnerSync, known: Option<&KvPartnerId>) -> bool {
    op.policy.sync.unchanged == Unchanged::Rewrite
        || known.is_none_or(|known| known.uid != sync.uid)
}

fn due(op: &ObservedOperation<'_>, sync: &PartnerSync, known: &KvPartnerId) -> bool {
    let after = op.policy.sync.refresh_after.seconds();
    let passed = |since: u64| made(op, sync) >= since + after;
    op.policy.sync.unchanged == Unchanged::Refresh
        && known.synced.is_none_or(|since| passed(since.unix()))
}

/// Whether an entry with this uid would be too large.
fn too_large(op: &ObservedOperation<'_>, sync: &PartnerSync) -> bool {
    let seen = op.seen_entry().filter(|_| op.seen_state() == State::Live);
    let mut entry = seen.map_or_else(
        || KvEntry::minimal(Timestamp::from_unix(op.start)),
        |(entry, _)| entry.clone(),
    );
    let synced = Timestamp::from_unix(made(op, sync));
    entry.sync(&sync.partner, &sync.uid, synced);
    entry.to_body().len() > op.policy.entry.max_body_bytes as usize
}

/// Checks the outcomes of a batch.
pub(super) fn batch(op: &ObservedOperation<'_>, done: &Done) -> Result<(), OracleViolation> {
    let syncs = op.action.syncs();
    check(
        done.each.len() == syncs.len(),
        None,
        "a batch does not have an outcome for each of its ids",
    )?;
    let seen = op.seen_entry().filter(|_| op.seen_state() == State::Live);
    let mut count = seen.map_or(0, |(entry, _)| entry.ids.len());
    for (index, (sync, outcome)) in syncs.iter().zip(&done.each).enumerate() {
        let follows = match (sync_refusal(op, sync), winner(op, sync.partner.as_str())) {
            (Some(sync_refusal), _) => *outcome == refusal(sync_refusal),
            (None, Some((won, _))) if won == index => {
                let new = seen.is_none_or(|(entry, _)| entry.ids.get(&sync.partner).is_none());
                let follows = fit_sync(op, sync, *outcome, count, false)?;
                let written = matches!(outcome, Outcome::Written | Outcome::CreatedMinimal);
                count += usize::from(new && written);
                follows
            }
            // The last of duplicates wins, and the earlier ones have its outcome; if ordered by time, a later one is older.
            (None, Some((won, _))) if won > index => *outcome == done.each[won],
            // If the uids were not considered, all have the outcome of the record.
            (None, _) => {
                matches!(op.seen_state(), State::Tombstone | State::Absent)
                    || *outcome == Outcome::Stale
            }
        };
        if !follows {
            return unexpected(op, *outcome, None);
        }
    }
    let wrote_any = done.each.iter().find(|each| {
        matches!(
            each,
            Outcome::Written | Outcome::Refreshed | Outcome::CreatedMinimal
        )
    });
    let expected = match (wrote_any, done.each.first()) {
        (Some(Outcome::CreatedMinimal), _) => Outcome::CreatedMinimal,
        (Some(_), _) => Outcome::Written,
        (None, None) => Outcome::Unchanged,
        (None, Some(first)) if done.each.iter().all(|each| each == first) => *first,
        (None, Some(_)) => Outcome::Refused,
    };
    check(
        done.outcome == expected,
        None,
        "the outcome of a batch does not match its ids",
    )
}
