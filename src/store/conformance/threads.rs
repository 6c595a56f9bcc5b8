//! Preconditions under concurrent writes.

use std::thread;

use super::trial::{Trial, describe};
use super::{Case, Failure};
use crate::store::{Insert, KvStore, Precondition, StoreError};

const KEY: &str = "threads/counter";
const THREADS: u64 = 8;
const INCREMENTS: u64 = 25;

/// Counts up one record in eight threads, each with a lookup and a conditional insert. No update may be lost, and an
/// insert may be refused only where another thread wrote in between.
///
/// The store must have no record under `threads/counter`. A store that cannot be shared between threads, and a store
/// with eventual consistency, cannot be tested so.
///
/// # Errors
///
/// A [`Failure`] of [`Case::ConcurrentWrites`].
pub fn check_threads<S: KvStore + Sync>(store: &S) -> Result<(), Failure> {
    let count = || {
        let trial = trial(store);
        (0..INCREMENTS).try_for_each(|_| increment(&trial))
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(count)).collect();
        // Every thread is joined, so that a store's panic is reported and not passed on.
        let ended: Vec<_> = threads
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        ended.into_iter().try_for_each(|ended| {
            ended.unwrap_or_else(|_| {
                let panicked = "with a panic".to_owned();
                Err(trial(store).failure("concurrent calls", "no panic".into(), panicked))
            })
        })
    })?;
    let trial = trial(store);
    let expected = THREADS * INCREMENTS;
    let counted = number(&trial, &trial.written(KEY)?.body)?;
    let step = format!("count after {THREADS} threads added {INCREMENTS} each");
    trial.equal(&step, &expected, &counted)
}

fn trial(store: &dyn KvStore) -> Trial<'_> {
    Trial {
        case: Case::ConcurrentWrites,
        store,
        time: None,
    }
}

/// Adds one. Whenever it is refused, another thread wrote since the lookup: so it succeeds after as many attempts as
/// there are writes.
fn increment(trial: &Trial<'_>) -> Result<(), Failure> {
    for _ in 0..=THREADS * INCREMENTS {
        let (count, precondition) = match trial.read(KEY)? {
            None => (0, Precondition::Add),
            Some(stored) => (
                number(trial, &stored.body)?,
                Precondition::Generation(stored.generation),
            ),
        };
        let insert = Insert {
            body: (count + 1).to_string().into_bytes(),
            metadata: Vec::new(),
            ttl: None,
            precondition,
        };
        match trial.store.insert(KEY, insert.clone()) {
            Err(StoreError::PreconditionFailed) => {}
            Ok(()) => return Ok(()),
            Err(error) => {
                let step = format!("insert of `{KEY}` with {precondition:?}");
                return Err(Failure {
                    source: Some(error.clone()),
                    ..trial.failure(&step, "a write or a refusal".into(), format!("`{error}`"))
                });
            }
        }
    }
    let expected = "a write, as the other threads have ended theirs".into();
    let answered = describe(trial.read(KEY)?.as_ref());
    Err(trial.failure(
        "insert with the generation of a fresh lookup",
        expected,
        answered,
    ))
}

fn number(trial: &Trial<'_>, body: &[u8]) -> Result<u64, Failure> {
    let text = String::from_utf8_lossy(body);
    text.parse().map_err(|_| {
        let step = format!("lookup of `{KEY}`");
        trial.failure(&step, "a number".into(), format!("`{text}`"))
    })
}
