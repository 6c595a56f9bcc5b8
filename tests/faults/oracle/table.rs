//! The table of operations: every end is one that what the operation was told, and what it did, explains.

use edge_cookie::engine::{Done, Finished, OperationError, Outcome, PartnerSync};
use edge_cookie::policy::settings::{
    DeleteMode, OnMissingSync, OnMissingWithdrawal, OnRateLimited, Repeat, SyncOrder, Unchanged,
};
use edge_cookie::record::{KvEntry, KvPartnerId, Precondition};

use super::{Broken, Last, Op, State, Unfit, broken, counted_from, made, must, unfit, winner};
use crate::store::Refusal;
use crate::traffic::Act;

/// How many more writes than it may retry an operation sends at most, and how many more reads (promise 5).
const MORE_THAN_RETRIES: u32 = 2;

/// Holds the end of an operation against what it was told and did.
pub fn explained(op: &Op<'_>, finished: &Finished) -> Result<(), Broken> {
    let most = MORE_THAN_RETRIES + op.policy.cas.max_retries;
    let bounded = op.writes <= most && op.reads <= most;
    must(
        bounded,
        5,
        "an operation made more calls of the store than it may",
    )?;
    let told = (finished.tally.reads, finished.tally.writes);
    must(
        told == (op.reads, op.writes),
        5,
        "an operation miscounted its calls",
    )?;
    match &finished.result {
        Ok(done) => ended(op, done),
        Err(error) => failed(op, error),
    }
}

/// Holds a write that is about to be sent against what its operation was told: one that met another, or that may have been
/// done, is not tried again without a look at what stands there, unless it overwrites whatever that is.
pub fn may_write(op: &Op<'_>, precondition: Precondition) -> Result<(), Broken> {
    let met = matches!(
        op.last,
        Last::Refused(Refusal::Conflict | Refusal::AnswerLost)
    );
    must(
        !met || precondition == Precondition::None,
        2,
        "a write was tried again unread",
    )
}

/// Whether a lookup found the very write whose answer was lost.
fn found_own_work(op: &Op<'_>) -> bool {
    op.last == Last::Saw && op.lost.is_some() && op.told_entry() == op.lost.as_ref()
}

fn wrote(op: &Op<'_>) -> bool {
    (op.last == Last::Written && op.wrote.is_some()) || found_own_work(op)
}

fn unexpected(op: &Op<'_>, outcome: Outcome, promise: u8) -> Result<(), Broken> {
    let told = op.told_state();
    broken(
        promise,
        format!(
            "`{outcome}` is not what follows: it was told {:?}, last saw {told:?}",
            op.last
        ),
    )
}

fn ended(op: &Op<'_>, done: &Done) -> Result<(), Broken> {
    let outcome = done.outcome;
    let is_batch = matches!(op.act, Act::Batch(_));
    must(
        is_batch || done.each.is_empty(),
        0,
        "what is no batch tells of each of its ids",
    )?;
    let saw = |state: State| op.last == Last::Saw && op.told_state() == state;
    let met = op.wrote.as_ref().map(|met| met.state);
    let own_work = found_own_work(op);
    let follows = match (op.act, outcome) {
        (Act::Get | Act::GetMetadata, Outcome::Found) => {
            let record = done
                .record
                .as_ref()
                .map(|record| (&record.entry, &record.metadata));
            let same = record == op.told_entry().map(|(entry, metadata)| (entry, metadata));
            must(
                !saw(State::Absent),
                8,
                "a read returns a record whose time is over",
            )?;
            same && op.last == Last::Saw
        }
        (Act::Get | Act::GetMetadata, Outcome::NotFound) => {
            must(!saw(State::Live), 2, "a read does not find a live entry")?;
            must(
                !saw(State::Tombstone),
                3,
                "a read does not find a tombstone",
            )?;
            saw(State::Absent)
        }
        (Act::Create(_) | Act::Consent(_), Outcome::Created) => {
            wrote(op) && (own_work || met == Some(State::Absent))
        }
        (Act::Create(_), Outcome::AlreadyExists) => op.last == Last::Saw && !saw(State::Absent),
        (Act::Consent(_), Outcome::Revived) => {
            // On a store that lets a swap create what has vanished, it revives what it saw.
            wrote(op)
                && (own_work
                    || met == Some(State::Tombstone)
                    || op.told_state() == State::Tombstone)
        }
        (Act::Consent(_), Outcome::AlreadyLive) => saw(State::Live),
        (Act::Consent(_), Outcome::ConsentWithdrawn) => {
            let since = op
                .told_entry()
                .map(|(entry, _)| entry.consent.updated.unix());
            saw(State::Tombstone) && since >= Some(op.start)
        }
        (Act::Touch(timestamp), _) => return touch(op, timestamp.unix().min(op.start), outcome),
        (Act::Sync(sync), _) => return one_sync(op, sync, outcome),
        (Act::Batch(_), _) => return batch(op, done),
        (Act::Withdraw, _) => return withdrawal(op, outcome),
        (Act::Erase, _) => return erasure(op, outcome),
        _ => false,
    };
    if follows {
        Ok(())
    } else {
        unexpected(op, outcome, 0)
    }
}

fn touch(op: &Op<'_>, seen: u64, outcome: Outcome) -> Result<(), Broken> {
    let saw = |state: State| op.last == Last::Saw && op.told_state() == state;
    let last = op
        .told_entry()
        .and_then(|(entry, _)| entry.last_seen)
        .map(|last| last.unix());
    let debounce = op.policy.last_seen.debounce.seconds();
    let follows = match outcome {
        Outcome::Touched => wrote(op),
        Outcome::NotFound => saw(State::Absent),
        Outcome::ConsentWithdrawn => saw(State::Tombstone),
        Outcome::Stale => saw(State::Live) && last.is_some_and(|last| seen <= last),
        Outcome::Debounced => {
            let visits_now = seen == op.start && op.visits_keep;
            let from = op.told_entry().map_or(0, |(entry, metadata)| {
                counted_from(op.policy, entry, metadata)
            });
            let is_last = op.start + 1 >= from + op.policy.entry.ttl.seconds();
            must(
                !(visits_now && is_last),
                9,
                "a visit at the end of an entry's time was not written",
            )?;
            saw(State::Live) && last.is_some_and(|last| seen > last && seen - last < debounce)
        }
        Outcome::Superseded => op.last == Last::Refused(Refusal::Conflict),
        _ => false,
    };
    if follows {
        Ok(())
    } else {
        unexpected(op, outcome, 0)
    }
}

/// How a sync for which a partner's others do not matter may end.
fn one_sync(op: &Op<'_>, sync: &PartnerSync, outcome: Outcome) -> Result<(), Broken> {
    let live = op.told_entry().filter(|_| op.told_state() == State::Live);
    let count = live.map_or(0, |(entry, _)| entry.ids.len());
    let follows = match unfit(op, sync) {
        Some(unfit) => outcome == refusal(unfit),
        None => fit_sync(op, sync, outcome, count, true)?,
    };
    if follows {
        Ok(())
    } else {
        unexpected(op, outcome, 0)
    }
}

fn refusal(unfit: Unfit) -> Outcome {
    match unfit {
        Unfit::TooOld => Outcome::Stale,
        Unfit::NoUid => Outcome::InvalidUid,
    }
}

/// Whether the end of a sync that no policy refuses follows, where the entry held `count` uids; `alone` tells whether it is
/// all that its operation brings.
fn fit_sync(
    op: &Op<'_>,
    sync: &PartnerSync,
    outcome: Outcome,
    count: usize,
    alone: bool,
) -> Result<bool, Broken> {
    let writes = matches!(
        outcome,
        Outcome::Written | Outcome::Refreshed | Outcome::CreatedMinimal
    );
    if writes && !wrote(op) {
        return broken(2, "a uid was acknowledged that was not written").map(|()| false);
    }
    if found_own_work(op) {
        // What it decided by is gone: what stands is what it brought.
        let (entry, _) = op.told_entry().unwrap();
        let stands = entry
            .ids
            .get(&sync.partner)
            .is_some_and(|id| id.uid == sync.uid);
        return Ok(!writes || stands);
    }
    let creates = op.policy.sync.on_missing == OnMissingSync::CreateMinimal;
    let absent = op.told_state() == State::Absent;
    let known = match op.told_state() {
        State::Tombstone => return Ok(outcome == Outcome::ConsentWithdrawn),
        State::Absent if !creates => return Ok(outcome == Outcome::NotFound),
        State::Absent => None,
        State::Live => op
            .told_entry()
            .and_then(|(entry, _)| entry.ids.get(&sync.partner)),
        State::Garbage => return Ok(false),
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
            let stands = known.is_some_and(|known| known.uid == sync.uid);
            let since = known
                .and_then(|known| known.synced)
                .map_or(0, |since| since.unix());
            let is_last = made(op, sync) + 1 >= since + op.policy.entry.ttl.seconds();
            must(
                !(refreshes && is_last),
                10,
                "a uid was not refreshed before its entry's time was over",
            )?;
            stands
                && !changes(op, sync, known)
                && !(refreshes && known.is_some_and(|known| due(op, sync, known)))
        }
        Outcome::Stale => is_older(op, sync, known),
        _ => false,
    } && (outcome == Outcome::Stale || !is_older(op, sync, known)))
}

/// Whether a sync is older than what stands, where that decides.
fn is_older(op: &Op<'_>, sync: &PartnerSync, known: Option<&KvPartnerId>) -> bool {
    op.policy.sync.order == SyncOrder::Timestamp
        && known
            .and_then(|known| known.synced)
            .is_some_and(|synced| synced.unix() > made(op, sync))
}

/// Whether a sync is written for what it brings, and not for the age of what stands.
fn changes(op: &Op<'_>, sync: &PartnerSync, known: Option<&KvPartnerId>) -> bool {
    op.policy.sync.unchanged == Unchanged::Rewrite
        || known.is_none_or(|known| known.uid != sync.uid)
}

fn due(op: &Op<'_>, sync: &PartnerSync, known: &KvPartnerId) -> bool {
    let after = op.policy.sync.refresh_after.seconds();
    let passed = |since: u64| made(op, sync) >= since + after;
    op.policy.sync.unchanged == Unchanged::Refresh
        && known.synced.is_none_or(|since| passed(since.unix()))
}

/// Whether an entry with this uid in it would be larger than it may.
fn too_large(op: &Op<'_>, sync: &PartnerSync) -> bool {
    let told = op.told_entry().filter(|_| op.told_state() == State::Live);
    let mut entry = told.map_or_else(
        || KvEntry::minimal(edge_cookie::clock::Timestamp::from_unix(op.start)),
        |(entry, _)| entry.clone(),
    );
    let synced = edge_cookie::clock::Timestamp::from_unix(made(op, sync));
    entry.sync(&sync.partner, &sync.uid, synced);
    entry.to_body().len() > op.policy.entry.max_body_bytes as usize
}

fn batch(op: &Op<'_>, done: &Done) -> Result<(), Broken> {
    let syncs = op.act.syncs();
    must(
        done.each.len() == syncs.len(),
        0,
        "a batch does not tell how each of its ids ended",
    )?;
    let told = op.told_entry().filter(|_| op.told_state() == State::Live);
    let mut count = told.map_or(0, |(entry, _)| entry.ids.len());
    for (index, (sync, outcome)) in syncs.iter().zip(&done.each).enumerate() {
        let follows = match (unfit(op, sync), winner(op, sync.partner.as_str())) {
            (Some(unfit), _) => *outcome == refusal(unfit),
            (None, Some((won, _))) if won == index => {
                let new = told.is_none_or(|(entry, _)| entry.ids.get(&sync.partner).is_none());
                let follows = fit_sync(op, sync, *outcome, count, false)?;
                let written = matches!(outcome, Outcome::Written | Outcome::CreatedMinimal);
                count += usize::from(new && written);
                follows
            }
            // The last of duplicates wins, and those before share its end; where times decide, who came after is older.
            (None, Some((won, _))) if won > index => *outcome == done.each[won],
            // Where nothing was decided by the record's uids, all share the record's end.
            (None, _) => {
                matches!(op.told_state(), State::Tombstone | State::Absent)
                    || *outcome == Outcome::Stale
            }
        };
        if !follows {
            return unexpected(op, *outcome, 0);
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
    must(
        done.outcome == expected,
        0,
        "a batch's word is not that of its ids",
    )
}

fn withdrawal(op: &Op<'_>, outcome: Outcome) -> Result<(), Broken> {
    let rules = &op.policy.tombstone;
    let kept = op.wrote.as_ref().is_some_and(|met| met.kept);
    let saw = |state: State| op.last == Last::Saw && op.told_state() == state;
    let follows = match outcome {
        Outcome::Withdrawn => op.last == Last::Written && op.wrote.is_some() && !kept,
        // On a store whose lookups may be stale only a write tells that the tombstone stands.
        Outcome::AlreadyWithdrawn => {
            let stands = if op.is_strong() {
                saw(State::Tombstone)
            } else {
                (op.last == Last::Written && kept) || found_own_work(op)
            };
            rules.repeat == Repeat::Keep && stands
        }
        Outcome::NotFound => {
            let nothing = if op.is_strong() {
                saw(State::Absent)
            } else {
                op.last == Last::Exists(false)
            };
            rules.on_missing == OnMissingWithdrawal::Skip && nothing
        }
        _ => false,
    };
    if follows {
        Ok(())
    } else {
        unexpected(op, outcome, 1)
    }
}

fn erasure(op: &Op<'_>, outcome: Outcome) -> Result<(), Broken> {
    let wrote = op.last == Last::Written && op.wrote.is_some();
    let saw = |state: State| op.last == Last::Saw && op.told_state() == state;
    let follows = match (op.policy.delete.mode, outcome) {
        (DeleteMode::Hard, Outcome::Deleted | Outcome::NotFound) => op.last == Last::Deleted,
        (DeleteMode::Tombstone, Outcome::Deleted) => wrote,
        (DeleteMode::Tombstone, Outcome::NotFound) => {
            let over = wrote
                && op
                    .wrote
                    .as_ref()
                    .is_some_and(|met| met.state == State::Absent);
            let nothing = if op.is_strong() {
                saw(State::Absent)
            } else {
                op.last == Last::Exists(false)
            };
            over || nothing || found_own_work(op)
        }
        _ => false,
    };
    if follows {
        Ok(())
    } else {
        unexpected(op, outcome, 1)
    }
}

fn failed(op: &Op<'_>, error: &OperationError) -> Result<(), Broken> {
    let insists = matches!(op.act, Act::Withdraw);
    let last = |refusal: Refusal| op.last == Last::Refused(refusal);
    let follows = match error {
        OperationError::Unreadable(_) => {
            let buries = matches!(op.act, Act::Withdraw | Act::Erase);
            op.last == Last::Saw && op.told_state() == State::Garbage && !buries
        }
        OperationError::RetriesExhausted { attempts } => {
            *attempts == op.policy.cas.max_retries + 1 && op.refused >= *attempts
        }
        OperationError::DeadlinePassed { attempts } => {
            let passed = u128::from(op.elapsed) >= op.policy.cas.deadline.duration().as_millis();
            passed && op.refused >= 1 && *attempts <= op.policy.cas.max_retries
        }
        OperationError::RateLimited => {
            let fails = op.policy.cas.on_rate_limited == OnRateLimited::Fail && !insists;
            let read = op.last == Last::Unread(Refusal::RateLimited);
            (last(Refusal::RateLimited) && fails) || read
        }
        OperationError::Unavailable(_) => {
            let read = op.last == Last::Unread(Refusal::Unavailable);
            (last(Refusal::Unavailable) && !insists) || read
        }
        OperationError::TooLarge(_) => match op.act {
            Act::Create(which) | Act::Consent(which) => {
                let (consent, geo) = (&op.said.consents[*which], &op.said.geos[*which]);
                let now = edge_cookie::clock::Timestamp::from_unix(op.start);
                let entry = KvEntry::consented(consent.clone(), geo.clone(), now);
                entry.to_body().len() > op.policy.entry.max_body_bytes as usize
            }
            _ => false,
        },
    };
    if follows {
        return Ok(());
    }
    let promise = u8::from(insists);
    broken(
        promise,
        format!(
            "`{}` is not what follows: it was told {:?}",
            error.word(),
            op.last
        ),
    )
}
