//! The native home: tokio's clock and tasks, and the stores that were opened.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::blocking::Leave;
use super::{Blocking, Limiter, Metrics, NativeStore, SharedStore, Stores};
use crate::clock::{AsyncClock, Clock, Moment, SystemClock};
use crate::graph::KvIdentityGraph;
use crate::policy::EcPolicy;
use crate::policy::types::Seconds;
use crate::record::PartnerId;
use crate::service::{Admission, Home, Note};
#[cfg(feature = "redis")]
use crate::store::{RedisEngine, RedisWindow};

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

/// The native home of the service, under one policy. What it counts outlives a change of policy.
#[derive(Clone)]
pub struct NativeHome {
    graph: KvIdentityGraph<NativeStore, ReactorClock>,
    partners: NativeStore,
    limits: Limits,
    metrics: Arc<Metrics>,
    started: TaskTracker,
}

/// Where requests are counted.
#[derive(Clone)]
struct Limits {
    /// In the engine that servers share, where there is one.
    #[cfg(feature = "redis")]
    shared: Option<Engine>,
    /// By this server alone.
    own: Arc<Limiter>,
}

/// The engine that servers share, as one policy uses it.
#[cfg(feature = "redis")]
#[derive(Clone)]
struct Engine {
    engine: RedisEngine,
    window: RedisWindow,
}

impl NativeHome {
    /// A home over `stores`, whose calls are bounded as `policy` says.
    #[must_use]
    pub fn new(stores: &Stores, policy: &EcPolicy, metrics: Arc<Metrics>) -> Self {
        Self::over(stores, policy, Arc::default(), metrics, TaskTracker::new())
    }

    /// This home under another policy, over the same stores.
    #[must_use]
    pub fn under(&self, stores: &Stores, policy: &EcPolicy) -> Self {
        let own = Arc::clone(&self.limits.own);
        let metrics = Arc::clone(&self.metrics);
        Self::over(stores, policy, own, metrics, self.started.clone())
    }

    fn over(
        stores: &Stores,
        policy: &EcPolicy,
        own: Arc<Limiter>,
        metrics: Arc<Metrics>,
        started: TaskTracker,
    ) -> Self {
        let call_timeout = policy.store.call_timeout.duration();
        let leave = Leave::new(policy.local.store_calls as usize, call_timeout);
        let (graph, partners, limits) = match stores {
            Stores::Own { graph, partners } => {
                let blocking = |store: &SharedStore| {
                    NativeStore::Blocking(Blocking::new(Arc::clone(store), leave.clone()))
                };
                let limits = Limits {
                    #[cfg(feature = "redis")]
                    shared: None,
                    own,
                };
                (blocking(graph), blocking(partners), limits)
            }
            #[cfg(feature = "redis")]
            Stores::Shared(engine) => {
                let engine = engine.with_call_timeout(call_timeout);
                let names = &policy.stores;
                let awaited = |name| NativeStore::Awaited {
                    store: engine.store(name),
                    leave: leave.clone(),
                };
                let (graph, partners) = (awaited(&names.ec_store), awaited(&names.partner_store));
                let window = engine.window(&names.partner_store);
                let shared = Some(Engine { engine, window });
                (graph, partners, Limits { shared, own })
            }
        };
        Self {
            graph: KvIdentityGraph::new(graph, ReactorClock),
            partners,
            limits,
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
    type Store = NativeStore;
    type Clock = ReactorClock;

    fn graph(&self) -> &KvIdentityGraph<NativeStore, ReactorClock> {
        &self.graph
    }

    fn partners(&self) -> &NativeStore {
        &self.partners
    }

    fn clock(&self) -> &ReactorClock {
        &ReactorClock
    }

    async fn admit(&self, partner: &PartnerId, limit: u32, window: Seconds) -> Admission {
        #[cfg(feature = "redis")]
        if let Some(shared) = &self.limits.shared
            && let Ok(left) = shared.window.admit(partner, limit, window).await
        {
            return left.map_or(Admission::Admitted, Admission::too_many);
        }
        // Without its engine a server counts alone: better too much let in than nothing counted.
        let own = &self.limits.own;
        own.admit(partner, limit, window, SystemClock.now())
    }

    fn warnings(&self) -> Vec<String> {
        #[cfg(feature = "redis")]
        if let Some(shared) = &self.limits.shared {
            return shared.engine.warnings();
        }
        Vec::new()
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

    fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Without a runtime the process is ending.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.started.spawn_on(work, &runtime);
        }
    }

    fn note(&self, note: &Note<'_>) {
        self.metrics.count(note);
        super::log::write(note);
    }
}
