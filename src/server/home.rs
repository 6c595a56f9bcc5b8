//! The native home: tokio's clock and tasks, blocking stores, a window in memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::{Blocking, Limiter, Metrics, SharedStore};
use crate::clock::{AsyncClock, Clock, Moment, SystemClock};
use crate::graph::KvIdentityGraph;
use crate::policy::EcPolicy;
use crate::policy::types::Seconds;
use crate::record::PartnerId;
use crate::service::{Admission, Home, Note};

/// The machine's clock, whose waits leave the reactor free.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReactorClock;

impl AsyncClock for ReactorClock {
    fn now(&self) -> Moment {
        SystemClock.now()
    }

    async fn wait(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

/// The stores that a server opened.
#[derive(Clone)]
pub struct Stores {
    /// The identity graph's.
    pub graph: SharedStore,
    /// The partner records'.
    pub partners: SharedStore,
}

/// The native home of the service, under one policy. What it counts outlives a change of policy.
#[derive(Clone)]
pub struct NativeHome {
    graph: KvIdentityGraph<Blocking, ReactorClock>,
    partners: Blocking,
    limiter: Arc<Limiter>,
    metrics: Arc<Metrics>,
    started: TaskTracker,
}

impl NativeHome {
    /// A home over `stores`, whose calls are bounded as `policy` says.
    #[must_use]
    pub fn new(stores: &Stores, policy: &EcPolicy, metrics: Arc<Metrics>) -> Self {
        let leave = Arc::new(Semaphore::new(policy.local.store_calls as usize));
        Self::over(
            stores,
            policy,
            &leave,
            Arc::default(),
            metrics,
            TaskTracker::new(),
        )
    }

    /// This home under another policy, over the same stores.
    #[must_use]
    pub fn under(&self, stores: &Stores, policy: &EcPolicy) -> Self {
        let leave = Arc::new(Semaphore::new(policy.local.store_calls as usize));
        let limiter = Arc::clone(&self.limiter);
        let metrics = Arc::clone(&self.metrics);
        Self::over(
            stores,
            policy,
            &leave,
            limiter,
            metrics,
            self.started.clone(),
        )
    }

    fn over(
        stores: &Stores,
        policy: &EcPolicy,
        leave: &Arc<Semaphore>,
        limiter: Arc<Limiter>,
        metrics: Arc<Metrics>,
        started: TaskTracker,
    ) -> Self {
        let call_timeout = policy.store.call_timeout.duration();
        let blocking =
            |store: &SharedStore| Blocking::new(Arc::clone(store), Arc::clone(leave), call_timeout);
        Self {
            graph: KvIdentityGraph::new(blocking(&stores.graph), ReactorClock),
            partners: blocking(&stores.partners),
            limiter,
            metrics,
            started,
        }
    }

    /// The work that goes on after its request was answered.
    #[must_use]
    pub const fn started(&self) -> &TaskTracker {
        &self.started
    }
}

impl Home for NativeHome {
    type Store = Blocking;
    type Clock = ReactorClock;

    fn graph(&self) -> &KvIdentityGraph<Blocking, ReactorClock> {
        &self.graph
    }

    fn partners(&self) -> &Blocking {
        &self.partners
    }

    fn clock(&self) -> &ReactorClock {
        &ReactorClock
    }

    async fn admit(&self, partner: &PartnerId, limit: u32, window: Seconds) -> Admission {
        self.limiter
            .admit(partner, limit, window, SystemClock.now())
    }

    async fn within<T: Send>(
        &self,
        budget: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        timeout(budget, work).await.ok()
    }

    async fn started_within<T: Send + 'static>(
        &self,
        budget: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let work = self.started.spawn(work);
        timeout(budget, work).await.ok()?.ok()
    }

    fn note(&self, note: &Note<'_>) {
        self.metrics.count(note);
        super::log::write(note);
    }
}
