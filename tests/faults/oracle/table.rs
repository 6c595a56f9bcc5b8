//! The table of operations: checks that the calls and replies of an operation explain its outcome.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Done, Finished, OperationError, Outcome};
use edge_cookie::policy::settings::{DeleteMode, OnMissingWithdrawal, OnRateLimited, Repeat};
use edge_cookie::promise::Promise;
use edge_cookie::record::{KvEntry, Precondition};

use super::super::action::Action;
use super::super::store::Refusal;
use super::syncs::{batch, one_sync};
use super::{LastReply, ObservedOperation, OracleViolation, State, check, counted_from, violation};

/// The writes, and the reads, that an operation may send beyond its retries (`Promise::BoundedWork`).
const MORE_THAN_RETRIES: u32 = 2;

/// Checks the outcome of an operation against its calls and replies.
pub fn check_outcome(
    op: &ObservedOperation<'_>,
    finished: &Finished,
) -> Result<(), OracleViolation> {
    let most = MORE_THAN_RETRIES + op.policy.cas.max_retries;
    let bounded = op.writes <= most && op.reads <= most;
    check(
        bounded,
        Promise::BoundedWork,
        "an operation made more store calls than it may",
    )?;
    let seen = (finished.tally.reads, finished.tally.writes);
    check(
        seen == (op.reads, op.writes),
        Promise::BoundedWork,
        "an operation miscounted its calls",
    )?;
    match &finished.result {
        Ok(done) => ended(op, done),
        Err(error) => failed(op, error),
    }
}

/// Checks a write before it is sent: a write that conflicted, or that may have been applied, is not retried without a read,
/// unless it is unconditional.
pub fn check_write(
    op: &ObservedOperation<'_>,
    precondition: Precondition,
) -> Result<(), OracleViolation> {
    let met = matches!(
        op.last,
        LastReply::Refused(Refusal::Conflict | Refusal::AnswerLost)
    );
    check(
        !met || precondition == Precondition::None,
        Promise::NoLostUpdate,
        "a write was retried without a read",
    )
}

/// Whether a lookup found the operation's own write whose reply was lost.
pub(super) fn found_own_work(op: &ObservedOperation<'_>) -> bool {
    op.last == LastReply::Saw && op.lost.is_some() && op.seen_entry() == op.lost.as_ref()
}

pub(super) fn wrote(op: &ObservedOperation<'_>) -> bool {
    (op.last == LastReply::Written && op.wrote.is_some()) || found_own_work(op)
}

pub(super) fn unexpected(
    op: &ObservedOperation<'_>,
    outcome: Outcome,
    promise: impl Into<Option<Promise>>,
) -> Result<(), OracleViolation> {
    let seen = op.seen_state();
    violation(
        promise,
        format!(
            "`{outcome}` is unexpected: the last reply was {:?}, the last state seen {seen:?}",
            op.last
        ),
    )
}

fn ended(op: &ObservedOperation<'_>, done: &Done) -> Result<(), OracleViolation> {
    let outcome = done.outcome;
    let is_batch = matches!(op.action, Action::Batch(_));
    check(
        is_batch || done.each.is_empty(),
        None,
        "an operation that is not a batch has outcomes of ids",
    )?;
    let saw = |state: State| op.last == LastReply::Saw && op.seen_state() == state;
    let met = op.wrote.as_ref().map(|met| met.state);
    let own_work = found_own_work(op);
    let follows = match (op.action, outcome) {
        (Action::Get | Action::GetMetadata, Outcome::Found) => {
            let record = done
                .record
                .as_ref()
                .map(|record| (&record.entry, &record.metadata));
            let same = record == op.seen_entry().map(|(entry, metadata)| (entry, metadata));
            check(
                !saw(State::Absent),
                Promise::Retention,
                "a read returns an expired record",
            )?;
            same && op.last == LastReply::Saw
        }
        (Action::Get | Action::GetMetadata, Outcome::NotFound) => {
            check(
                !saw(State::Live),
                Promise::NoLostUpdate,
                "a read does not find a live entry",
            )?;
            check(
                !saw(State::Tombstone),
                Promise::WithdrawalRemembered,
                "a read does not find a tombstone",
            )?;
            saw(State::Absent)
        }
        (Action::Create(_) | Action::Consent(_), Outcome::Created) => {
            wrote(op) && (own_work || met == Some(State::Absent))
        }
        (Action::Create(_), Outcome::AlreadyExists) => {
            op.last == LastReply::Saw && !saw(State::Absent)
        }
        (Action::Consent(_), Outcome::Revived) => {
            // On a store that lets a swap recreate a vanished record, it revives the record that it saw.
            wrote(op)
                && (own_work
                    || met == Some(State::Tombstone)
                    || op.seen_state() == State::Tombstone)
        }
        (Action::Consent(_), Outcome::AlreadyLive) => saw(State::Live),
        (Action::Consent(_), Outcome::ConsentWithdrawn) => {
            let since = op
                .seen_entry()
                .map(|(entry, _)| entry.consent.updated.unix());
            saw(State::Tombstone) && since >= Some(op.start)
        }
        (Action::Touch(timestamp), _) => return touch(op, timestamp.unix().min(op.start), outcome),
        (Action::Sync(sync), _) => return one_sync(op, sync, outcome),
        (Action::Batch(_), _) => return batch(op, done),
        (Action::Withdraw, _) => return withdrawal(op, outcome),
        (Action::Erase, _) => return erasure(op, outcome),
        _ => false,
    };
    if follows {
        Ok(())
    } else {
        unexpected(op, outcome, None)
    }
}

fn touch(op: &ObservedOperation<'_>, seen: u64, outcome: Outcome) -> Result<(), OracleViolation> {
    let saw = |state: State| op.last == LastReply::Saw && op.seen_state() == state;
    let last = op
        .seen_entry()
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
            let from = op.seen_entry().map_or(0, |(entry, metadata)| {
                counted_from(op.policy, entry, metadata)
            });
            let is_last = op.start + 1 >= from + op.policy.entry.ttl.seconds();
            check(
                !(visits_now && is_last),
                Promise::VisitorKept,
                "a visit at the end of an entry's retention was not written",
            )?;
            saw(State::Live) && last.is_some_and(|last| seen > last && seen - last < debounce)
        }
        Outcome::Superseded => op.last == LastReply::Refused(Refusal::Conflict),
        _ => false,
    };
    if follows {
        Ok(())
    } else {
        unexpected(op, outcome, None)
    }
}

fn withdrawal(op: &ObservedOperation<'_>, outcome: Outcome) -> Result<(), OracleViolation> {
    let rules = &op.policy.tombstone;
    let kept = op.wrote.as_ref().is_some_and(|met| met.kept);
    let saw = |state: State| op.last == LastReply::Saw && op.seen_state() == state;
    let follows = match outcome {
        Outcome::Withdrawn => op.last == LastReply::Written && op.wrote.is_some() && !kept,
        // On a store with stale lookups, only a write proves that the tombstone is stored.
        Outcome::AlreadyWithdrawn => {
            let is_stored = if op.is_strong() {
                saw(State::Tombstone)
            } else {
                (op.last == LastReply::Written && kept) || found_own_work(op)
            };
            rules.repeat == Repeat::Keep && is_stored
        }
        Outcome::NotFound => {
            let nothing = if op.is_strong() {
                saw(State::Absent)
            } else {
                op.last == LastReply::Exists(false)
            };
            rules.on_missing == OnMissingWithdrawal::Skip && nothing
        }
        _ => false,
    };
    if follows {
        Ok(())
    } else {
        unexpected(op, outcome, Promise::NoResurrection)
    }
}

fn erasure(op: &ObservedOperation<'_>, outcome: Outcome) -> Result<(), OracleViolation> {
    let wrote = op.last == LastReply::Written && op.wrote.is_some();
    let saw = |state: State| op.last == LastReply::Saw && op.seen_state() == state;
    let follows = match (op.policy.delete.mode, outcome) {
        (DeleteMode::Hard, Outcome::Deleted | Outcome::NotFound) => op.last == LastReply::Deleted,
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
                op.last == LastReply::Exists(false)
            };
            over || nothing || found_own_work(op)
        }
        _ => false,
    };
    if follows {
        Ok(())
    } else {
        unexpected(op, outcome, Promise::NoResurrection)
    }
}

fn failed(op: &ObservedOperation<'_>, error: &OperationError) -> Result<(), OracleViolation> {
    let insists = matches!(op.action, Action::Withdraw);
    let last = |refusal: Refusal| op.last == LastReply::Refused(refusal);
    let follows = match error {
        OperationError::Unreadable(_) => {
            let buries = matches!(op.action, Action::Withdraw | Action::Erase);
            op.last == LastReply::Saw && op.seen_state() == State::Unreadable && !buries
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
            let read = op.last == LastReply::Unread(Refusal::RateLimited);
            (last(Refusal::RateLimited) && fails) || read
        }
        OperationError::Unavailable(_) => {
            let read = op.last == LastReply::Unread(Refusal::Unavailable);
            (last(Refusal::Unavailable) && !insists) || read
        }
        OperationError::TooLarge(_) => match op.action {
            Action::Create(which) | Action::Consent(which) => {
                let (consent, geo) = (&op.inputs.consents[*which], &op.inputs.geos[*which]);
                let now = Timestamp::from_unix(op.start);
                let entry = KvEntry::new(consent.clone(), geo.clone(), now);
                entry.to_body().len() > op.policy.entry.max_body_bytes as usize
            }
            _ => false,
        },
        // Whatever a store of the tests cannot answer.
        _ => false,
    };
    if follows {
        return Ok(());
    }
    let promise = insists.then_some(Promise::NoResurrection);
    violation(
        promise,
        format!(
            "`{}` is unexpected: the last reply was {:?}",
            error.as_str(),
            op.last
        ),
    )
}
