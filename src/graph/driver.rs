//! The driver: does what a transaction asks for against a store. One loop, for stores that block and for stores that are
//! awaited.

use super::{KvIdentityGraph, found, insert};
use crate::clock::{AsyncClock, Clock};
use crate::engine::{
    Answer, Deleted, Finished, Found, Operation, PendingWrite, RecordOperation, Step, StoreError,
    Transaction,
};
use crate::policy::EcPolicy;
use crate::record::EcId;
use crate::store::{AsyncKvStore, Insert, KvStore, Removed, Stored};

/// How a store keeps the records of an operation.
pub trait StoredAs: RecordOperation {
    /// What the bytes that a store holds are to the operation.
    fn found(stored: Option<Stored>) -> Found<Self::Record>;

    /// What a write is to the store.
    fn insert(write: Self::Write<'_>) -> Insert;
}

impl StoredAs for Operation<'_> {
    #[inline]
    fn found(stored: Option<Stored>) -> Found {
        found(stored)
    }

    #[inline]
    fn insert(write: PendingWrite<'_>) -> Insert {
        write.with_write(insert)
    }
}

/// What a store removed, in the terms of the operation.
#[inline]
fn deleted<O: StoredAs>(removed: Removed) -> Deleted<O::Record> {
    match removed {
        Removed::Nothing => Deleted::Nothing,
        Removed::Record(None) => Deleted::Something,
        Removed::Record(stored) => Deleted::Was(O::found(stored)),
    }
}

/// Runs a transaction to its end and returns from the function around it. `await` at the end awaits each call.
macro_rules! run_transaction {
    ($operation:ty, $transaction:ident, ($store:expr, $key:expr), $clock:expr, $start:expr, $random:expr $(, $await:tt)?) => {
        loop {
            let done = match $transaction.step() {
                Step::End => return $transaction.ended(),
                Step::Lookup => ($store.lookup($key)$(.$await)?)
                    .map(<$operation>::found)
                    .map(Answer::Found),
                Step::Exists => $store.exists($key)$(.$await)?.map(Answer::Exists),
                Step::Insert(write) => match $store.insert($key, <$operation>::insert(write))$(.$await)? {
                    Ok(()) => return $transaction.written(),
                    Err(error) => Err(error),
                },
                Step::Delete => ($store.delete($key)$(.$await)?)
                    .map(deleted::<$operation>)
                    .map(Answer::Deleted),
                Step::Wait(wait) => {
                    $clock.wait(wait.length($random))$(.$await)?;
                    Ok(Answer::Waited {
                        elapsed: $clock.now().since($start),
                    })
                }
            };
            $transaction.resume(done.unwrap_or_else(|error: StoreError| Answer::Failed {
                error,
                elapsed: $clock.now().since($start),
            }));
        }
    };
}

/// Runs one operation on the record under `key` to its end, its waits drawn from `random`; others may run meanwhile.
pub async fn run_to_completion<O: StoredAs>(
    (store, key): (&impl AsyncKvStore, &str),
    clock: &impl AsyncClock,
    random: fn() -> u64,
    policy: &EcPolicy,
    operation: O,
) -> Finished<O::Done> {
    let start = clock.now();
    let mut transaction =
        Transaction::new(policy, operation, start.timestamp(), store.consistency());
    run_transaction!(O, transaction, (store, key), clock, start, random, await)
}

impl<S: KvStore, C: Clock> KvIdentityGraph<S, C> {
    /// Runs one operation on `id`'s record to its end, under `policy`.
    pub fn run(&self, policy: &EcPolicy, id: &EcId, operation: Operation<'_>) -> Finished {
        let (store, clock) = (&self.store, &self.clock);
        let start = clock.now();
        let mut transaction =
            Transaction::new(policy, operation, start.timestamp(), store.consistency());
        run_transaction!(
            Operation<'_>,
            transaction,
            (store, id.as_str()),
            clock,
            start,
            self.random
        )
    }
}

impl<S: AsyncKvStore, C: AsyncClock> KvIdentityGraph<S, C> {
    /// Runs one operation on `id`'s record to its end, under `policy`; others may run meanwhile.
    pub async fn run_async(
        &self,
        policy: &EcPolicy,
        id: &EcId,
        operation: Operation<'_>,
    ) -> Finished {
        let record = (&self.store, id.as_str());
        run_to_completion(record, &self.clock, self.random, policy, operation).await
    }
}
