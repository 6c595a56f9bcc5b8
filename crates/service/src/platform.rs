//! What the service needs of the platform that it runs on.

use std::time::Duration;

use super::{Probe, ServiceEvent, StoreProbe, TokenSender};
use crate::partner::TokenHash;
use edge_cookie::clock::{AsyncClock, Timestamp};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::types::Seconds;
use edge_cookie::record::{EcId, PartnerId};
use edge_cookie::store::AsyncKvStore;

/// Whether a partner may make one more request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Admitted,
    /// It has made as many as it may, and may try again after this long.
    TooMany(Seconds),
}

impl Admission {
    /// It may try again when `left` has passed: in whole seconds, rounded up, so that who comes back then is let in.
    #[must_use]
    pub fn too_many(left: Duration) -> Self {
        let whole = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Self::TooMany(Seconds::new(whole.max(1)))
    }
}

/// What an outbox holds: withdrawals that the store has not taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxState {
    /// Withdrawals in it.
    pub withdrawals: usize,
    /// The most that it holds.
    pub bound: u32,
    /// When the user withdrew who has waited longest.
    pub oldest: Option<Timestamp>,
    /// Withdrawals put into it since the server started.
    pub taken: u64,
    /// Withdrawals that the store has taken since, and that left it.
    pub delivered: u64,
    /// Withdrawals that it had no room for since.
    pub refused: u64,
    /// Records that were found damaged when the server started.
    pub damaged: u32,
}

/// The platform of the service: its stores, its clock, and the means to do work.
pub trait Platform: Send + Sync + 'static {
    /// The stores.
    type Store: AsyncKvStore;
    /// The clock.
    type Clock: AsyncClock;

    /// The identity graph, in the store that the policy names.
    fn graph(&self) -> &KvIdentityGraph<Self::Store, Self::Clock>;

    /// The store of partner records.
    fn partners(&self) -> &Self::Store;

    /// The clock.
    fn clock(&self) -> &Self::Clock;

    /// Counts one request of a partner that may make `limit` of them within `window`.
    fn admit(
        &self,
        partner: &PartnerId,
        limit: u32,
        window: Seconds,
    ) -> impl Future<Output = Admission> + Send;

    /// Whether a token of `sender` that no one knows may be looked up: it has sent fewer than `limit` wrong ones lately.
    fn may_try_token(&self, sender: TokenSender, limit: u32) -> Admission;

    /// Counts a wrong token of `sender`.
    fn count_wrong_token(&self, sender: TokenSender);

    /// Whether a stored partner's token was right when it came last, as far as this platform remembers.
    fn was_right(&self, token: &TokenHash) -> bool {
        let _ = token;
        false
    }

    /// Remembers that a stored partner's token is right, or that it is no longer.
    fn remember(&self, token: &TokenHash, right: bool) {
        let _ = (token, right);
    }

    /// Works for at most `budget`; none where that was not enough, and the work was dropped.
    fn within<T: Send>(
        &self,
        budget: Duration,
        work: impl Future<Output = T> + Send,
    ) -> impl Future<Output = Option<T>> + Send;

    /// Waits for at most `budget` for work that goes on to its end all the same, where the platform lets it;
    /// none where it was not done by then.
    fn started_within<T: Send + 'static>(
        &self,
        budget: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send;

    /// Starts work in the background; where the platform cannot, it is done at once.
    fn start(&self, work: impl Future<Output = ()> + Send + 'static);

    /// Tries both stores, as far as the platform lets it.
    ///
    /// Here by a lookup alone: where a key takes one write a second, a write would often be refused by a store that is
    /// well.
    fn probe(&self) -> impl Future<Output = Probe> + Send {
        async {
            Probe {
                graph: StoreProbe::read(self.graph().store()).await,
                partners: StoreProbe::read(self.partners()).await,
            }
        }
    }

    /// Keeps a withdrawal that the store has not taken where it outlives this process, and delivers it later; whether it
    /// is certain to be kept.
    fn keep_withdrawal(&self, id: &EcId, at: Timestamp) -> impl Future<Output = bool> + Send {
        let _ = (id, at);
        std::future::ready(false)
    }

    /// The store has taken a withdrawal made then: where it is kept, it need be no longer.
    fn withdrawal_written(&self, id: &EcId, at: Timestamp) {
        let _ = (id, at);
    }

    /// The state of the outbox, where there is one.
    fn outbox(&self) -> Option<OutboxState> {
        None
    }

    /// In what the stores may lose what they acknowledged, for operators.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Records an event, for logs and metrics. Must not block.
    fn record_event(&self, event: &ServiceEvent<'_>);
}
