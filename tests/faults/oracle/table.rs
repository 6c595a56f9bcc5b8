//! The table of operations: every end is one that what the operation was told, and what it did, explains.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Done, Finished, OperationError, Outcome};
use edge_cookie::policy::settings::{DeleteMode, OnMissingWithdrawal, OnRateLimited, Repeat};
use edge_cookie::record::{KvEntry, Precondition};

use super::syncs::{batch, one_sync};
use super::{Broken, Last, Op, State, broken, counted_from, must};
use crate::act::Act;
use crate::store::Refusal;

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
pub(super) fn found_own_work(op: &Op<'_>) -> bool {
    op.last == Last::Saw && op.lost.is_some() && op.told_entry() == op.lost.as_ref()
}

pub(super) fn wrote(op: &Op<'_>) -> bool {
    (op.last == Last::Written && op.wrote.is_some()) || found_own_work(op)
}

pub(super) fn unexpected(op: &Op<'_>, outcome: Outcome, promise: u8) -> Result<(), Broken> {
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
        .map(Timestamp::unix);
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
        OperationError::Unexpected(_) => false,
        OperationError::TooLarge(_) => match op.act {
            Act::Create(which) | Act::Consent(which) => {
                let (consent, geo) = (&op.said.consents[*which], &op.said.geos[*which]);
                let now = Timestamp::from_unix(op.start);
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
            error.as_str(),
            op.last
        ),
    )
}
