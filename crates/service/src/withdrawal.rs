//! A user's withdrawal, which reaches the store on every route.

use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue};

use super::cookie;
use super::visitor::Visitor;
use super::{Platform, Service, ServiceEvent, ShownId};
use crate::consent::Verdict;
use crate::visit::WithdrawalDelivery;
use edge_cookie::clock::{AsyncClock, Timestamp};
use edge_cookie::engine::Operation;
use edge_cookie::record::EcId;

impl<H: Platform> Service<H> {
    /// Writes a tombstone for every id by which a user who withdraws is known; gives back what becomes of the cookies.
    ///
    /// The client waits for them no longer than for any other work on its identity, but the work goes on.
    pub(super) async fn withdraw(
        &self,
        visitor: &Visitor<'_>,
        request: &HeaderMap,
    ) -> Vec<HeaderValue> {
        if visitor.verdict() != Verdict::Withdrawn || !visitor.cookies.any() {
            return Vec::new();
        }
        let ids = visitor.cookies.ids();
        let deliveries = if ids.is_empty() {
            Vec::new()
        } else {
            self.write_tombstones(ids).await
        };
        let expires = |(id, delivery): (&EcId, &WithdrawalDelivery)| {
            let rule = self.setup.policy_of(id).cookie.on_failed_withdrawal;
            delivery.expires_cookie(rule)
        };
        if ids.iter().zip(&deliveries).all(expires) {
            cookie::expire(&self.setup, request)
        } else {
            Vec::new()
        }
    }

    /// What becomes of each withdrawal within the budget. One that is not written by then is kept, since this process may
    /// end before it is.
    async fn write_tombstones(&self, ids: &[EcId]) -> Vec<WithdrawalDelivery> {
        let at = self.platform.clock().now().timestamp();
        let (service, owned) = (self.clone(), ids.to_vec());
        let work = async move {
            let writes = owned.iter().map(|id| service.write_tombstone(id, at));
            join_all(writes).await
        };
        let budget = self.setup.policy.organic.budget.duration();
        if let Some(deliveries) = self.platform.started_within(budget, work).await {
            return deliveries;
        }
        self.platform.record_event(&ServiceEvent::BudgetSpent);
        join_all(ids.iter().map(|id| self.keep_withdrawal(id, at))).await
    }

    async fn write_tombstone(&self, id: &EcId, at: Timestamp) -> WithdrawalDelivery {
        let finished = self.run(id, Operation::WriteWithdrawalTombstone).await;
        let Err(error) = &finished.result else {
            self.platform.withdrawal_written(id, at);
            return WithdrawalDelivery::Written;
        };
        let why = error.as_str();
        let shown = self.shown_id(id);
        self.platform
            .record_event(&ServiceEvent::FailedWithdrawal { id: shown, why });
        self.keep_withdrawal(id, at).await
    }

    async fn keep_withdrawal(&self, id: &EcId, at: Timestamp) -> WithdrawalDelivery {
        if !self.platform.keep_withdrawal(id, at).await {
            return WithdrawalDelivery::NotKept;
        }
        let id = self.shown_id(id);
        self.platform
            .record_event(&ServiceEvent::KeptWithdrawal { id });
        WithdrawalDelivery::Queued
    }

    /// Delivers a withdrawal that was kept; whether the store has taken it.
    pub async fn deliver(&self, id: &EcId, at: Timestamp) -> bool {
        let finished = self.run(id, Operation::DeliverWithdrawal { at }).await;
        let taken = finished.result.is_ok();
        if taken {
            self.platform.withdrawal_written(id, at);
        }
        taken
    }

    fn shown_id<'i>(&self, id: &'i EcId) -> ShownId<'i> {
        ShownId::of(id, self.setup.policy.log.id_chars)
    }
}
