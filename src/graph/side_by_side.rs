//! The driver for stores that are awaited: the same transactions, many of them under way at once.

use super::{KvIdentityGraph, deleted, found, insert};
use crate::clock::AsyncClock;
use crate::engine::{Answer, Finished, Operation, Step, StoreError, Transaction};
use crate::policy::EcPolicy;
use crate::record::EcId;
use crate::store::AsyncKvStore;

impl<S: AsyncKvStore, C: AsyncClock> KvIdentityGraph<S, C> {
    /// Runs one operation on `id`'s record to its end, under `policy`; others may run meanwhile.
    pub async fn run_async(
        &self,
        policy: &EcPolicy,
        id: &EcId,
        operation: Operation<'_>,
    ) -> Finished {
        let key = id.as_str();
        let start = self.clock.now();
        let consistency = self.store.consistency();
        let mut transaction = Transaction::new(policy, operation, start.timestamp(), consistency);
        loop {
            let done = match transaction.step() {
                Step::End => return transaction.finish(),
                Step::Lookup => self.store.lookup(key).await.map(found).map(Answer::Found),
                Step::Exists => self.store.exists(key).await.map(Answer::Exists),
                Step::Insert(draft) => {
                    let written = self.store.insert(key, draft.lend(insert)).await;
                    written.map(|()| Answer::Written)
                }
                Step::Delete => (self.store.delete(key).await)
                    .map(deleted)
                    .map(Answer::Deleted),
                Step::Wait(wait) => {
                    self.clock.wait(wait.length(self.random)).await;
                    Ok(Answer::Waited {
                        elapsed: self.clock.now().since(start),
                    })
                }
            };
            transaction.resume(done.unwrap_or_else(|error: StoreError| Answer::Failed {
                error,
                elapsed: self.clock.now().since(start),
            }));
        }
    }
}
