//! The retry machine, driven by hand with the store's answers: conflicts, limits, lost answers, stale reads.

use crate::support;

use std::time::Duration;

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{
    Answer, Consistency, Deleted, Finished, Found, Operation, OperationError, PendingWrite, Record,
    Step, StoreError, Transaction, Write,
};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{
    DeleteMode, Jitter, OnMissingWithdrawal, OnRateLimited, Renewal, Repeat,
};
use edge_cookie::policy::types::{Millis, Seconds};
use edge_cookie::record::{ConsentStrings, Generation, KvEntry, KvGeo, KvMetadata, Precondition};
use support::{DAY, HOUR, NOON, expired, live, policy, sync, tombstone};

const NO_TIME: Duration = Duration::ZERO;

fn record((body, metadata): (String, String)) -> Found {
    Found::Record(Box::new(Record {
        entry: KvEntry::from_body(body.as_bytes()).unwrap(),
        metadata: KvMetadata::from_bytes(metadata.as_bytes()).unwrap(),
        generation: Generation::from_platform(7),
    }))
}

fn written(write: &Write) -> Found {
    Found::Record(Box::new(Record {
        entry: write.entry.clone(),
        metadata: write.metadata.clone(),
        generation: Generation::from_platform(8),
    }))
}

fn failed(error: StoreError) -> Answer {
    Answer::Failed {
        error,
        elapsed: NO_TIME,
    }
}

fn conflict() -> Answer {
    failed(StoreError::PreconditionFailed)
}

fn lost_error() -> StoreError {
    StoreError::AnswerLost("cut".to_owned())
}

fn lost() -> Answer {
    failed(lost_error())
}

fn begin<'p>(
    policy: &'p EcPolicy,
    operation: Operation<'p>,
    consistency: Consistency,
) -> Transaction<'p> {
    Transaction::new(policy, operation, Timestamp::from_unix(NOON), consistency)
}

/// A withdrawal of a minute ago, delivered at noon.
const LATE: Operation<'_> = Operation::DeliverWithdrawal {
    at: Timestamp::from_unix(NOON - 60),
};

/// Answers every step with `answer` until the end; gives the steps as words, and the end.
fn run(
    mut transaction: Transaction<'_>,
    mut answer: impl FnMut(usize, Step<PendingWrite<'_>>) -> Answer,
) -> (Vec<String>, Finished) {
    let mut steps = Vec::new();
    loop {
        let step = transaction.step();
        let word = match step {
            Step::End => return (steps, transaction.finish()),
            Step::Lookup => "look".to_owned(),
            Step::Exists => "exists".to_owned(),
            Step::Delete => "delete".to_owned(),
            Step::Wait(wait) => format!("wait {}", wait.longest.as_millis()),
            Step::Insert(pending) => match pending.write().precondition {
                Precondition::None => "overwrite".to_owned(),
                Precondition::Add => "add".to_owned(),
                Precondition::Generation(_) => "swap".to_owned(),
            },
        };
        assert!(steps.len() < 50, "no end: {steps:?}");
        let reply = answer(steps.len(), step);
        steps.push(word);
        transaction.resume(reply);
    }
}

/// Answers lookups with what `found` says and every write with `refusal`.
fn refuse_all<'a>(
    found: &'a Found,
    refusal: &'a StoreError,
) -> impl FnMut(usize, Step<PendingWrite<'_>>) -> Answer + 'a {
    move |_, step| match step {
        Step::Lookup => Answer::Found(found.clone()),
        Step::Exists => Answer::Exists(true),
        Step::Wait(_) => Answer::Waited { elapsed: NO_TIME },
        _ => failed(refusal.clone()),
    }
}

#[test]
fn conflicts_are_retried_as_often_as_the_policy_says() {
    for retries in [0, 1, 3, 7] {
        let policy = policy(|policy| policy.cas.max_retries = retries);
        let (new, old) = (sync("a.com", "U", NOON), record(live()));
        let transaction = begin(
            &policy,
            Operation::UpsertPartnerId(&new),
            Consistency::Strong,
        );
        let (steps, finished) = run(
            transaction,
            refuse_all(&old, &StoreError::PreconditionFailed),
        );
        assert_eq!(steps, ["look", "swap"].repeat(retries as usize + 1));
        assert_eq!(finished.as_str(), "retries_exhausted");
        let message = finished.result.unwrap_err().to_string();
        assert!(
            message.contains(&format!("at attempt {}", retries + 1)),
            "{message}"
        );
        let tally = finished.tally;
        assert_eq!(
            (tally.reads, tally.writes, tally.retries),
            (retries + 1, retries + 1, retries)
        );
    }
}

#[test]
fn waits_double_up_to_the_longest() {
    let policy = policy(|policy| {
        policy.cas.max_retries = 5;
        policy.cas.backoff = Millis::new(20);
        policy.cas.max_backoff = Millis::new(100);
        policy.cas.jitter = Jitter::None;
    });
    let (new, old) = (sync("a.com", "U", NOON), record(live()));
    let transaction = begin(
        &policy,
        Operation::UpsertPartnerId(&new),
        Consistency::Strong,
    );
    let (steps, _) = run(
        transaction,
        refuse_all(&old, &StoreError::PreconditionFailed),
    );
    let waits: Vec<_> = steps
        .iter()
        .filter(|step| step.starts_with("wait"))
        .collect();
    assert_eq!(
        waits,
        ["wait 20", "wait 40", "wait 80", "wait 100", "wait 100"]
    );
}

#[test]
fn many_retries_do_not_overflow_the_wait() {
    let policy = policy(|policy| {
        policy.cas.max_retries = 40;
        policy.cas.backoff = Millis::new(u64::MAX / 2);
        policy.cas.max_backoff = Millis::new(7);
    });
    let new = sync("a.com", "U", NOON);
    let mut transaction = begin(
        &policy,
        Operation::UpsertPartnerId(&new),
        Consistency::Strong,
    );
    for _ in 0..40 {
        transaction.resume(Answer::Found(record(live())));
        transaction.resume(conflict());
        assert!(
            matches!(transaction.step(), Step::Wait(wait) if wait.longest == Duration::from_millis(7))
        );
        transaction.resume(Answer::Waited { elapsed: NO_TIME });
    }
}

#[test]
fn no_retry_starts_after_the_deadline() {
    let policy = policy(|policy| {
        policy.cas.deadline = Millis::new(100);
        policy.cas.backoff = Millis::new(1);
        policy.cas.max_backoff = Millis::new(1);
    });
    let new = sync("a.com", "U", NOON);
    for (at_refusal, after_wait, steps_made) in [(99, 99, 4), (99, 100, 3), (100, 100, 2)] {
        let transaction = begin(
            &policy,
            Operation::UpsertPartnerId(&new),
            Consistency::Strong,
        );
        let (steps, finished) = run(transaction, |made, step| match step {
            Step::Lookup => Answer::Found(record(live())),
            Step::Wait(_) => Answer::Waited {
                elapsed: Duration::from_millis(after_wait),
            },
            _ if made > 2 => Answer::Written,
            _ => Answer::Failed {
                error: StoreError::PreconditionFailed,
                elapsed: Duration::from_millis(at_refusal),
            },
        });
        assert_eq!(
            steps.len(),
            steps_made + usize::from(steps_made == 4),
            "{steps:?}"
        );
        if steps_made == 4 {
            assert_eq!(finished.as_str(), "written");
        } else {
            let error = finished.result.unwrap_err();
            assert_eq!(error.as_str(), "retries_exhausted");
            assert!(error.to_string().contains("`cas.deadline`"), "{error}");
        }
    }
}

/// A retry that the deadline stops before it starts is none: found by the fault simulation.
#[test]
fn what_stops_the_last_retry_before_it_starts_is_the_deadline() {
    let policy = policy(|policy| {
        policy.cas.max_retries = 1;
        policy.cas.backoff = Millis::new(1);
        policy.cas.max_backoff = Millis::new(1);
    });
    let transaction = begin(
        &policy,
        Operation::WriteWithdrawalTombstone,
        Consistency::Strong,
    );
    let (steps, finished) = run(transaction, |_, step| match step {
        Step::Wait(_) => Answer::Waited {
            elapsed: policy.cas.deadline.duration(),
        },
        _ => failed(StoreError::RateLimited),
    });
    assert_eq!(steps, ["overwrite", "wait 1"]);
    let deadline_passed = OperationError::DeadlinePassed { attempts: 1 };
    assert_eq!(finished.result, Err(deadline_passed));
    assert_eq!((finished.tally.writes, finished.tally.retries), (1, 0));
}

/// No write is kept for a retry: each request for it makes it again.
#[test]
fn a_write_that_is_sent_again_is_the_same_write() {
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    let new = sync("a.com", "U", NOON);
    let cases = [
        (
            Operation::Create {
                consent: &consent,
                geo: &geo,
            },
            Found::Nothing,
        ),
        (
            Operation::CreateOrRevive {
                consent: &consent,
                geo: &geo,
            },
            record(tombstone(HOUR)),
        ),
        (Operation::UpsertPartnerId(&new), Found::Nothing),
        (Operation::UpsertPartnerId(&new), record(live())),
        (Operation::WriteWithdrawalTombstone, Found::Nothing),
        (LATE, record(live())),
        (Operation::Delete, record(live())),
    ];
    for (operation, found) in cases {
        for renewal in [Renewal::OnWrite, Renewal::OnVisit, Renewal::FromCreation] {
            let policy = policy(|policy| {
                policy.cas.on_rate_limited = OnRateLimited::Retry;
                policy.entry.renewal = renewal;
                policy.delete.mode = DeleteMode::Tombstone;
            });
            let mut sent = Vec::new();
            let transaction = begin(&policy, operation, Consistency::Strong);
            run(transaction, |_, step| match step {
                Step::Lookup => Answer::Found(found.clone()),
                Step::Wait(_) => Answer::Waited { elapsed: NO_TIME },
                Step::Insert(pending) => {
                    sent.push(pending.with_write(Write::of));
                    assert_eq!(sent.last(), Some(&pending.write()));
                    failed(StoreError::RateLimited)
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(sent.len(), 4, "{operation:?}");
            assert!(sent.iter().all(|write| *write == sent[0]), "{sent:?}");
        }
    }
}

#[test]
fn rate_limits_fail_or_are_retried_as_the_policy_says() {
    let new = sync("a.com", "U", NOON);
    let old = record(live());
    for (on_rate_limited, word, writes) in [
        (OnRateLimited::Fail, "rate_limited", 1),
        (OnRateLimited::Retry, "retries_exhausted", 4),
    ] {
        let policy = policy(|policy| policy.cas.on_rate_limited = on_rate_limited);
        let transaction = begin(
            &policy,
            Operation::UpsertPartnerId(&new),
            Consistency::Strong,
        );
        let (_, finished) = run(transaction, refuse_all(&old, &StoreError::RateLimited));
        assert_eq!(finished.as_str(), word);
        assert_eq!((finished.tally.reads, finished.tally.writes), (1, writes));
    }
}

#[test]
fn a_withdrawal_is_retried_whatever_stops_it() {
    let policy = EcPolicy::default();
    for error in [
        StoreError::RateLimited,
        StoreError::Unavailable("down".to_owned()),
        StoreError::AnswerLost("cut".to_owned()),
    ] {
        let transaction = begin(
            &policy,
            Operation::WriteWithdrawalTombstone,
            Consistency::Strong,
        );
        let (steps, finished) = run(transaction, refuse_all(&Found::Nothing, &error));
        assert_eq!(steps, ["overwrite"; 4], "{error}");
        assert_eq!(finished.as_str(), "retries_exhausted");
    }
}

#[test]
fn a_store_that_is_down_or_refuses_the_size_ends_the_operation_at_once() {
    let policy = EcPolicy::default();
    let (new, old) = (sync("a.com", "U", NOON), record(live()));
    for (error, word) in [
        (StoreError::Unavailable("down".to_owned()), "kv_unavailable"),
        (StoreError::TooLarge("2 MiB".to_owned()), "entry_too_large"),
    ] {
        let transaction = begin(
            &policy,
            Operation::UpsertPartnerId(&new),
            Consistency::Strong,
        );
        let (steps, finished) = run(transaction, refuse_all(&old, &error));
        assert_eq!(steps, ["look", "swap"]);
        assert_eq!(finished.as_str(), word);
    }
    for (error, word) in [
        (StoreError::Unavailable("down".to_owned()), "kv_unavailable"),
        (StoreError::RateLimited, "rate_limited"),
    ] {
        let transaction = begin(&policy, Operation::Get, Consistency::Strong);
        let (steps, finished) = run(transaction, |_, _| failed(error.clone()));
        assert_eq!((steps.len(), finished.as_str()), (1, word));
        assert_eq!(finished.tally.reads, 1);
    }
}

#[test]
fn a_touch_that_loses_the_race_leaves_it_at_that() {
    let policy = EcPolicy::default();
    let touch = Operation::UpdateLastSeen {
        timestamp: Timestamp::from_unix(NOON),
    };
    let (steps, finished) = run(
        begin(&policy, touch, Consistency::Strong),
        refuse_all(&record(live()), &StoreError::PreconditionFailed),
    );
    assert_eq!(steps, ["look", "swap"]);
    assert_eq!(finished.as_str(), "superseded");
}

#[test]
fn a_refused_add_looks_once_and_does_not_count_as_a_retry() {
    let policy = EcPolicy::default();
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    let create = Operation::Create {
        consent: &consent,
        geo: &geo,
    };
    let (steps, finished) = run(
        begin(&policy, create, Consistency::Strong),
        refuse_all(&record(support::expired()), &StoreError::PreconditionFailed),
    );
    let mut expected = vec!["add"];
    expected.extend(["look", "swap"].repeat(4));
    assert_eq!(steps, expected, "2 + `cas.max_retries` writes at most");
    assert_eq!(finished.tally.retries, 3);
}

#[test]
fn a_write_whose_answer_was_lost_finds_its_own_work_done() {
    let policy = EcPolicy::default();
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    let new = sync("a.com", "U", NOON);
    let cases: [(Operation<'_>, Found, &str); 6] = [
        (
            Operation::Create {
                consent: &consent,
                geo: &geo,
            },
            Found::Nothing,
            "created",
        ),
        (
            Operation::CreateOrRevive {
                consent: &consent,
                geo: &geo,
            },
            record(tombstone(HOUR)),
            "revived",
        ),
        (Operation::UpsertPartnerId(&new), record(live()), "written"),
        (
            Operation::UpdateLastSeen {
                timestamp: Timestamp::from_unix(NOON),
            },
            record(live()),
            "touched",
        ),
        (LATE, record(live()), "withdrawn"),
        (LATE, Found::Nothing, "withdrawn"),
    ];
    for (operation, before, word) in cases {
        let mut own = None;
        let (steps, finished) =
            run(
                begin(&policy, operation, Consistency::Strong),
                |_, step| match step {
                    Step::Lookup => Answer::Found(own.clone().unwrap_or_else(|| before.clone())),
                    Step::Insert(pending) => {
                        own = Some(written(&pending.write()));
                        lost()
                    }
                    other => panic!("{other:?}"),
                },
            );
        assert_eq!(finished.as_str(), word, "{operation:?}");
        assert_eq!(
            (finished.tally.writes, finished.tally.retries),
            (1, 1),
            "{operation:?} {steps:?}"
        );
    }
}

/// A write makes a new generation: an equal record of the one that was to be replaced is what stood there before.
#[test]
fn what_was_to_be_replaced_is_not_taken_for_what_was_written() {
    let policy = EcPolicy::default();
    let before = record(tombstone(30));
    let transaction = begin(&policy, LATE, Consistency::Eventual);
    let (steps, finished) = run(transaction, |step, asked| match asked {
        Step::Lookup => Answer::Found(before.clone()),
        _ if step == 1 => lost(),
        _ => Answer::Written,
    });
    assert_eq!(steps, ["look", "swap", "look", "swap"]);
    assert_eq!(finished.as_str(), "already_withdrawn");
}

#[test]
fn a_write_whose_answer_was_lost_and_that_did_not_happen_is_made_again() {
    let policy = EcPolicy::default();
    let new = sync("a.com", "U", NOON);
    let transaction = begin(
        &policy,
        Operation::UpsertPartnerId(&new),
        Consistency::Strong,
    );
    let (steps, finished) = run(transaction, |made, step| match step {
        Step::Lookup => Answer::Found(record(live())),
        _ if made == 1 => lost(),
        _ => Answer::Written,
    });
    assert_eq!(steps, ["look", "swap", "look", "swap"]);
    assert_eq!(finished.as_str(), "written");
}

#[test]
fn a_write_whose_answer_was_lost_is_not_taken_for_anothers() {
    let policy = EcPolicy::default();
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    let create = Operation::Create {
        consent: &consent,
        geo: &geo,
    };
    let others: [fn(&Write) -> Write; 2] = [
        |own| Write {
            metadata: KvMetadata::default(),
            ..own.clone()
        },
        |own| Write {
            entry: KvEntry::minimal(Timestamp::from_unix(NOON - 1)),
            ..own.clone()
        },
    ];
    for other in others {
        let mut there = Found::Nothing;
        let (_, finished) = run(
            begin(&policy, create, Consistency::Strong),
            |_, step| match step {
                Step::Lookup => Answer::Found(there.clone()),
                Step::Insert(pending) => {
                    there = written(&other(&pending.write()));
                    lost()
                }
                other => panic!("{other:?}"),
            },
        );
        assert_eq!(finished.as_str(), "already_exists");
    }
}

#[test]
fn where_retries_and_time_are_both_over_the_retries_are_named() {
    let policy = policy(|policy| policy.cas.max_retries = 0);
    let new = sync("a.com", "U", NOON);
    let (_, finished) = run(
        begin(
            &policy,
            Operation::UpsertPartnerId(&new),
            Consistency::Strong,
        ),
        |_, step| match step {
            Step::Lookup => Answer::Found(record(live())),
            _ => Answer::Failed {
                error: StoreError::PreconditionFailed,
                elapsed: policy.cas.deadline.duration(),
            },
        },
    );
    let message = finished.result.unwrap_err().to_string();
    assert_eq!(
        message,
        "gave up at attempt 1: other writers changed the record each time, and `cas.max_retries` allows no more; try again later"
    );
}

#[test]
fn a_failure_says_what_the_store_said() {
    let policy = EcPolicy::default();
    for (error, message) in [
        (
            StoreError::Unavailable("down".to_owned()),
            "the store is not available: down",
        ),
        (lost_error(), "the store is not available: cut"),
        (
            StoreError::PreconditionFailed,
            "the store is not available: the record changed since it was read",
        ),
    ] {
        let get = begin(&policy, Operation::Get, Consistency::Strong);
        let (_, finished) = run(get, |_, _| failed(error.clone()));
        assert_eq!(finished.result.unwrap_err().to_string(), message);
    }
}

#[test]
fn a_deletion_whose_answer_was_lost_finds_its_own_work_done() {
    let policy = EcPolicy::default();
    let (steps, finished) = run(
        begin(&policy, Operation::Delete, Consistency::Strong),
        |made, _| match made {
            0 => lost(),
            _ => Answer::Deleted(Deleted::Nothing),
        },
    );
    assert_eq!(steps, ["delete", "delete"]);
    assert_eq!(finished.as_str(), "deleted");
}

#[test]
fn a_deletion_reports_what_was_there_as_far_as_the_store_can() {
    let policy = EcPolicy::default();
    for (deleted, word) in [
        (Deleted::Nothing, "not_found"),
        (Deleted::Something, "deleted"),
        (Deleted::Was(record(live())), "deleted"),
        (Deleted::Was(record(support::expired())), "not_found"),
    ] {
        let (_, finished) = run(
            begin(&policy, Operation::Delete, Consistency::Strong),
            |_, _| Answer::Deleted(deleted.clone()),
        );
        assert_eq!(finished.as_str(), word);
    }
}

#[test]
fn a_race_that_ends_in_the_wished_state_is_success() {
    let policy = EcPolicy::default();
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    let operation = Operation::CreateOrRevive {
        consent: &consent,
        geo: &geo,
    };
    let (steps, finished) = run(
        begin(&policy, operation, Consistency::Strong),
        |made, step| match step {
            Step::Lookup if made == 0 => Answer::Found(Found::Nothing),
            Step::Lookup => Answer::Found(record(live())),
            _ => conflict(),
        },
    );
    assert_eq!(steps, ["look", "add", "look"]);
    assert_eq!(finished.as_str(), "already_live");
}

#[test]
fn a_revival_that_meets_a_newer_withdrawal_gives_way() {
    let policy = EcPolicy::default();
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    let operation = Operation::CreateOrRevive {
        consent: &consent,
        geo: &geo,
    };
    let (_, finished) = run(
        begin(&policy, operation, Consistency::Strong),
        |made, step| match step {
            Step::Lookup if made == 0 => Answer::Found(record(tombstone(HOUR))),
            Step::Lookup => Answer::Found(record(tombstone(0))),
            _ => conflict(),
        },
    );
    assert_eq!(finished.as_str(), "consent_withdrawn");
}

fn keep_and_skip() -> EcPolicy {
    policy(|policy| {
        policy.tombstone.repeat = Repeat::Keep;
        policy.tombstone.on_missing = OnMissingWithdrawal::Skip;
    })
}

#[test]
fn where_reads_may_be_stale_a_kept_tombstone_is_put_back_with_the_time_it_had_left() {
    let policy = keep_and_skip();
    let mut transaction = begin(
        &policy,
        Operation::WriteWithdrawalTombstone,
        Consistency::Eventual,
    );
    transaction.resume(Answer::Found(record(tombstone(HOUR))));
    let Step::Insert(pending) = transaction.step() else {
        panic!("no swap")
    };
    let write = pending.write();
    assert_eq!(
        write.precondition,
        Precondition::Generation(Generation::from_platform(7))
    );
    assert_eq!(
        write.entry.consent.updated,
        Timestamp::from_unix(NOON - HOUR)
    );
    assert_eq!(write.ttl.seconds(), DAY - HOUR + 1);
    transaction.resume(Answer::Written);
    assert_eq!(transaction.finish().as_str(), "already_withdrawn");
}

#[test]
fn a_kept_tombstone_that_is_not_the_current_record_is_read_again_and_overwritten_in_the_end() {
    let policy = keep_and_skip();
    let transaction = begin(
        &policy,
        Operation::WriteWithdrawalTombstone,
        Consistency::Eventual,
    );
    let (steps, finished) = run(transaction, |_, step| match step {
        Step::Lookup => Answer::Found(record(tombstone(HOUR))),
        Step::Insert(pending) if pending.write().precondition == Precondition::None => {
            Answer::Written
        }
        _ => conflict(),
    });
    let mut expected = ["look", "swap"].repeat(4);
    expected.push("overwrite");
    assert_eq!(steps, expected);
    assert_eq!(finished.as_str(), "withdrawn");
}

#[test]
fn where_reads_may_be_stale_absence_is_made_sure_of() {
    let soft = policy(|policy| policy.delete.mode = DeleteMode::Tombstone);
    let skip = keep_and_skip();
    for (policy, operation, there_word) in [
        (&skip, Operation::WriteWithdrawalTombstone, "withdrawn"),
        (&soft, Operation::Delete, "deleted"),
    ] {
        for there in [true, false] {
            let (steps, finished) = run(
                begin(policy, operation, Consistency::Eventual),
                |_, step| match step {
                    Step::Lookup => Answer::Found(Found::Nothing),
                    Step::Exists => Answer::Exists(there),
                    _ => Answer::Written,
                },
            );
            assert_eq!(steps.get(..2).unwrap(), ["look", "exists"]);
            assert_eq!(
                finished.as_str(),
                if there { there_word } else { "not_found" }
            );
            assert_eq!(
                (finished.tally.reads, finished.tally.writes),
                (2, u32::from(there))
            );
        }
        // An expired record may be a stale read of a live one.
        let (steps, _) = run(
            begin(policy, operation, Consistency::Eventual),
            |_, step| match step {
                Step::Lookup => Answer::Found(record(support::expired())),
                _ => Answer::Written,
            },
        );
        assert_eq!(steps, ["look", "overwrite"]);
    }
}

/// It would undo consent that was given since: better not done, and delivered again.
#[test]
fn a_withdrawal_that_is_delivered_late_never_overwrites_what_it_has_not_seen() {
    let policies = [EcPolicy::default(), keep_and_skip()];
    let unavailable = StoreError::Unavailable("down".to_owned());
    for policy in &policies {
        for consistency in [Consistency::Strong, Consistency::Eventual] {
            let (steps, finished) = run(begin(policy, LATE, consistency), |_, step| match step {
                Step::Lookup => failed(unavailable.clone()),
                _ => Answer::Written,
            });
            assert_eq!(steps, ["look"]);
            assert_eq!(finished.as_str(), "kv_unavailable");
            let (steps, finished) = run(
                begin(policy, LATE, consistency),
                refuse_all(&record(live()), &StoreError::PreconditionFailed),
            );
            assert_eq!(steps, ["look", "swap"].repeat(4));
            assert_eq!(finished.as_str(), "retries_exhausted");
            let (steps, finished) = run(
                begin(policy, LATE, consistency),
                refuse_all(&record(live()), &StoreError::RateLimited),
            );
            assert_eq!(steps, ["look", "swap", "swap", "swap", "swap"]);
            assert_eq!(finished.as_str(), "retries_exhausted");
        }
    }
}

#[test]
fn a_withdrawal_that_is_delivered_late_believes_no_stale_lookup() {
    let skip = keep_and_skip();
    for (there, word) in [(true, "kv_unavailable"), (false, "not_found")] {
        let transaction = begin(&skip, LATE, Consistency::Eventual);
        let (steps, finished) = run(transaction, |_, step| match step {
            Step::Lookup => Answer::Found(Found::Nothing),
            Step::Exists => Answer::Exists(there),
            other => panic!("{other:?}"),
        });
        assert_eq!(steps, ["look", "exists"]);
        assert_eq!(finished.as_str(), word);
    }
    // Each of these may be what stood there before a live entry.
    for (found, word) in [
        (record(support::expired()), "withdrawn"),
        (record(tombstone(HOUR)), "withdrawn"),
        (record(tombstone(30)), "already_withdrawn"),
    ] {
        let transaction = begin(&skip, LATE, Consistency::Eventual);
        let (steps, finished) = run(transaction, |_, step| match step {
            Step::Lookup => Answer::Found(found.clone()),
            _ => Answer::Written,
        });
        assert_eq!(steps, ["look", "swap"]);
        assert_eq!(finished.as_str(), word);
    }
}

#[test]
fn a_withdrawal_or_an_erasure_is_not_lost_because_the_record_could_not_be_read() {
    let soft = policy(|policy| policy.delete.mode = DeleteMode::Tombstone);
    let skip = keep_and_skip();
    for (policy, operation, word) in [
        (&skip, Operation::WriteWithdrawalTombstone, "withdrawn"),
        (&soft, Operation::Delete, "deleted"),
    ] {
        let (steps, finished) =
            run(
                begin(policy, operation, Consistency::Strong),
                |_, step| match step {
                    Step::Lookup => failed(StoreError::Unavailable("unreadable".to_owned())),
                    _ => Answer::Written,
                },
            );
        assert_eq!(steps, ["look", "overwrite"]);
        assert_eq!(finished.as_str(), word);
    }
}

#[test]
fn an_answer_to_another_step_changes_nothing() {
    let policy = EcPolicy::default();
    let mut transaction = begin(&policy, Operation::Get, Consistency::Strong);
    transaction.resume(Answer::Written);
    transaction.resume(Answer::Waited { elapsed: NO_TIME });
    assert_eq!(transaction.step(), Step::Lookup);
    assert_eq!(
        transaction.clone().finish().as_str(),
        "kv_unavailable",
        "cut short"
    );
    transaction.resume(Answer::Found(Found::Nothing));
    assert_eq!(transaction.step(), Step::End);
    assert_eq!(transaction.finish().tally.reads, 1);
}

/// Promise 5: no operation sends more than `2 + cas.max_retries` writes, nor more reads than that.
#[test]
fn work_is_bounded_under_every_policy_and_every_answer() {
    let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
    let new = sync("a.com", "U", NOON);
    let operations = [
        Operation::Create {
            consent: &consent,
            geo: &geo,
        },
        Operation::CreateOrRevive {
            consent: &consent,
            geo: &geo,
        },
        Operation::UpsertPartnerId(&new),
        Operation::UpdateLastSeen {
            timestamp: Timestamp::from_unix(NOON),
        },
        Operation::WriteWithdrawalTombstone,
        LATE,
        Operation::Delete,
        Operation::Get,
    ];
    let founds = [
        Found::Nothing,
        record(live()),
        record(tombstone(HOUR)),
        record(support::expired()),
        record(tombstone(DAY + 1)),
    ];
    let errors = [
        StoreError::PreconditionFailed,
        StoreError::RateLimited,
        StoreError::AnswerLost("cut".to_owned()),
        StoreError::Unavailable("down".to_owned()),
    ];
    for max_retries in [0, 3] {
        for hardened in [false, true] {
            let policy = policy(|policy| {
                policy.cas.max_retries = max_retries;
                policy.cas.on_rate_limited = OnRateLimited::Retry;
                if hardened {
                    policy.tombstone.repeat = Repeat::Keep;
                    policy.tombstone.on_missing = OnMissingWithdrawal::Skip;
                    policy.delete.mode = DeleteMode::Tombstone;
                }
            });
            for operation in operations {
                for consistency in [Consistency::Strong, Consistency::Eventual] {
                    for found in &founds {
                        for error in &errors {
                            let transaction = begin(&policy, operation, consistency);
                            let (steps, finished) = run(transaction, refuse_all(found, error));
                            let most = 2 + max_retries;
                            assert!(finished.tally.writes <= most, "{operation:?} {steps:?}");
                            assert!(finished.tally.reads <= most, "{operation:?} {steps:?}");
                        }
                    }
                }
            }
        }
    }
}

/// Found by `ec verify`: the sync took as its own the time at which it had started, and so moved the user's time back.
#[test]
fn a_sync_that_was_overtaken_by_a_touch_leaves_the_users_time_where_the_touch_put_it() {
    let sync = sync("liveramp.com", "LR_1", NOON);
    let touched = NOON + 60;
    for (renewal, retained) in [
        (Renewal::OnVisit, touched),
        (Renewal::FromCreation, NOON - DAY),
    ] {
        let policy = policy(|policy| policy.entry.renewal = renewal);
        let mut transaction = begin(
            &policy,
            Operation::UpsertPartnerId(&sync),
            Consistency::Strong,
        );
        let mut entry = KvEntry::minimal(Timestamp::from_unix(NOON - DAY));
        entry.last_seen = Some(Timestamp::from_unix(touched));
        let metadata = KvMetadata::from_entry(&entry, Timestamp::from_unix(touched), "");
        transaction.resume(Answer::Found(Found::Record(Box::new(Record {
            entry,
            metadata,
            generation: Generation::from_platform(7),
        }))));
        let Step::Insert(pending) = transaction.step() else {
            panic!("{:?}", transaction.step());
        };
        let write = pending.write();
        assert_eq!(write.metadata.t, Some(Timestamp::from_unix(retained)));
    }
}

/// Found by `ec verify`: the removal took along a record created in between, and left nothing that a sync under way would meet.
#[test]
fn an_erasure_that_finds_a_record_past_its_time_swaps_it() {
    let policy = policy(|policy| policy.delete.mode = DeleteMode::Tombstone);
    let mut transaction = begin(&policy, Operation::Delete, Consistency::Strong);
    transaction.resume(Answer::Found(record(expired())));
    let Step::Insert(pending) = transaction.step() else {
        panic!("{:?}", transaction.step());
    };
    let write = pending.write();
    assert!(write.entry.is_tombstone());
    let generation = Generation::from_platform(7);
    assert_eq!(write.precondition, Precondition::Generation(generation));
    transaction.resume(Answer::Written);
    let done = transaction.finish().result.unwrap();
    assert_eq!(done.outcome.as_str(), "not_found");
}

/// Found by the fault simulation: it reported each of its ids where it was refused before any read, and only there.
#[test]
fn a_single_sync_has_one_outcome_however_it_ends() {
    let policy = policy(|policy| policy.sync.max_age = Some(Seconds::new(HOUR)));
    for (age, word) in [(0, "written"), (2 * HOUR, "stale")] {
        let brought = sync("a.com", "U", NOON - age);
        let operation = Operation::UpsertPartnerId(&brought);
        let transaction = begin(&policy, operation, Consistency::Strong);
        let (_, finished) = run(transaction, |_, step| match step {
            Step::Lookup => Answer::Found(record(live())),
            _ => Answer::Written,
        });
        assert_eq!(finished.as_str(), word);
        assert!(finished.result.unwrap().each.is_empty(), "{word}");
    }
}
