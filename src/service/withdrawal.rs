//! A user's withdrawal, which reaches the store whatever was asked for.

use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue};

use super::cookie;
use super::visitor::Visitor;
use super::{Home, Note, Service, ShownId};
use crate::consent::Verdict;
use crate::engine::Operation;
use crate::policy::settings::OnFailedWithdrawal;
use crate::record::EcId;

impl<H: Home> Service<H> {
    /// Writes a tombstone for every id by which a user who withdraws is known; gives back what becomes of the cookies.
    ///
    /// The client waits for them no longer than for any other work on its identity, but the work goes on.
    pub(super) async fn withdraw(
        &self,
        visitor: &Visitor,
        request: &HeaderMap,
    ) -> Vec<HeaderValue> {
        if visitor.verdict() != Verdict::Withdrawn || !visitor.cookies.any() {
            return Vec::new();
        }
        let ids = visitor.cookies.ids();
        let written = if ids.is_empty() {
            Vec::new()
        } else {
            self.write_tombstones(ids).await
        };
        let keeps = |id: &EcId| {
            let rule = self.setup.policy_of(id).cookie.on_failed_withdrawal;
            rule == OnFailedWithdrawal::Keep
        };
        let failed = |(id, written): (&EcId, &bool)| !written && keeps(id);
        if ids.iter().zip(&written).any(failed) {
            return Vec::new();
        }
        cookie::expire(&self.setup, request)
    }

    /// Whether each tombstone was written, in time.
    async fn write_tombstones(&self, ids: &[EcId]) -> Vec<bool> {
        let (service, owned) = (self.clone(), ids.to_vec());
        let work = async move {
            let writes = owned.iter().map(|id| service.write_tombstone(id));
            join_all(writes).await
        };
        let budget = self.setup.policy.organic.budget.duration();
        let written = self.home.started_within(budget, work).await;
        written.unwrap_or_else(|| {
            self.home.note(&Note::BudgetSpent);
            vec![false; ids.len()]
        })
    }

    async fn write_tombstone(&self, id: &EcId) -> bool {
        let finished = self.run(id, Operation::WriteWithdrawalTombstone).await;
        if let Err(error) = &finished.result {
            let id = ShownId::of(id, self.setup.policy.log.id_chars);
            let why = error.word();
            self.home.note(&Note::FailedWithdrawal { id, why });
        }
        finished.result.is_ok()
    }
}
