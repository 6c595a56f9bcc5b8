//! The native platform: tokio's clock and tasks, and the stores that were opened.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::blocking::CallPermits;
use super::probe::WriteProbe;
use super::wrong_tokens::{KnownTokens, WrongTokens};
use super::{Blocking, Limiter, Metrics, NativeStore, Outbox, Stores};
use edge_cookie::clock::{AsyncClock, Clock, Moment, SystemClock, Timestamp};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::Seconds;
use edge_cookie::record::{EcId, PartnerId};
use edge_cookie_service::partner::TokenHash;
use edge_cookie_service::{Admission, OutboxState, Platform, Probe, ServiceEvent, TokenSender};
use edge_cookie_stores::{RedisServer, RedisWindow};

/// The stores as metrics and logs name them: by the settings that name them.
const EC_STORE: &str = "ec_store";
const PARTNER_STORE: &str = "partner_store";

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

/// The native platform of the service, under one policy.
#[derive(Clone)]
pub struct NativePlatform {
    graph: KvIdentityGraph<NativeStore, ReactorClock>,
    partners: NativeStore,
    shared: Option<SharedRedis>,
    /// The longest that one call of a store or of the outbox is waited for.
    call_timeout: Duration,
    kept: SharedParts,
}

/// What outlives a change of policy.
#[derive(Clone)]
struct SharedParts {
    metrics: Arc<Metrics>,
    /// What partners asked of this server alone.
    limiter: Arc<Limiter>,
    wrong_tokens: Arc<WrongTokens>,
    known_tokens: Arc<KnownTokens>,
    probes: Arc<Probes>,
    started: TaskTracker,
    /// The stores of its own, once they were called.
    own: Option<[Blocking; 2]>,
    /// The outbox, or why it cannot be opened; none where there is to be none.
    outbox: Option<Result<Arc<Outbox>, Arc<str>>>,
}

/// Whether the stores take writes.
#[derive(Default)]
struct Probes {
    graph: WriteProbe,
    partners: WriteProbe,
}

/// The Valkey or Redis that servers share, as one policy uses it.
#[derive(Clone)]
struct SharedRedis {
    redis: RedisServer,
    window: RedisWindow,
}

impl NativePlatform {
    /// A platform over `stores`, whose calls are bounded as `policy` says.
    #[must_use]
    pub fn new(stores: &Stores, policy: &EcPolicy, metrics: Arc<Metrics>) -> Self {
        let kept = SharedParts {
            metrics,
            limiter: Arc::default(),
            wrong_tokens: Arc::default(),
            known_tokens: Arc::default(),
            probes: Arc::default(),
            started: TaskTracker::new(),
            own: None,
            outbox: None,
        };
        Self::over(stores, policy, kept)
    }

    /// This platform under another policy, over the same stores.
    #[must_use]
    pub fn under(&self, stores: &Stores, policy: &EcPolicy) -> Self {
        Self::over(stores, policy, self.kept.clone())
    }

    /// This platform with an outbox, or with the reason why it has none.
    #[must_use]
    pub fn with_outbox(mut self, opened: Result<Arc<Outbox>, Arc<str>>) -> Self {
        self.kept.outbox = Some(opened);
        self
    }

    /// The outbox, where there is one.
    pub(super) fn opened_outbox(&self) -> Option<&Arc<Outbox>> {
        self.kept.outbox.as_ref()?.as_ref().ok()
    }

    fn over(stores: &Stores, policy: &EcPolicy, mut kept: SharedParts) -> Self {
        let call_timeout = policy.store.call_timeout.duration();
        let permits = CallPermits::new(policy.local.store_calls as usize, call_timeout);
        let [graph_calls, partner_calls] =
            [EC_STORE, PARTNER_STORE].map(|store| kept.metrics.calls_of(store));
        match stores {
            Stores::Own { graph, partners } => {
                let own = kept.own.as_ref().map_or_else(
                    || {
                        [graph, partners]
                            .map(|store| Blocking::new(Arc::clone(store), permits.clone()))
                    },
                    |own| own.each_ref().map(|store| store.under(permits.clone())),
                );
                kept.own = Some(own.clone());
                let [graph, partners] = own;
                let graph = NativeStore::blocking(graph, graph_calls);
                Self {
                    graph: KvIdentityGraph::new(graph, ReactorClock),
                    partners: NativeStore::blocking(partners, partner_calls),
                    shared: None,
                    call_timeout,
                    kept,
                }
            }
            Stores::Shared(redis) => {
                let redis = redis.with_call_timeout(call_timeout);
                let names = &policy.root;
                let awaited =
                    |name, calls| NativeStore::shared(redis.store(name), permits.clone(), calls);
                let graph = awaited(&names.ec_store, graph_calls);
                Self {
                    graph: KvIdentityGraph::new(graph, ReactorClock),
                    partners: awaited(&names.partner_store, partner_calls),
                    shared: Some(SharedRedis {
                        window: redis.window(&names.partner_store),
                        redis,
                    }),
                    call_timeout,
                    kept,
                }
            }
        }
    }

    /// The work that goes on after its request was answered.
    #[must_use]
    pub const fn started(&self) -> &TaskTracker {
        &self.kept.started
    }
}

impl Platform for NativePlatform {
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
        if let Some(shared) = &self.shared
            && let Ok(left) = shared.window.admit(partner, limit, window).await
        {
            return left.map_or(Admission::Admitted, Admission::too_many);
        }
        // Without it a server counts alone: better too much let in than nothing counted.
        let own = &self.kept.limiter;
        own.admit(partner, limit, window, Instant::now())
    }

    fn may_try_token(&self, sender: TokenSender, limit: u32) -> Admission {
        let tokens = &self.kept.wrong_tokens;
        tokens.may_try(sender, limit, Instant::now())
    }

    fn count_wrong_token(&self, sender: TokenSender) {
        self.kept.wrong_tokens.count(sender, Instant::now());
    }

    fn was_right(&self, token: &TokenHash) -> bool {
        self.kept.known_tokens.has(token)
    }

    fn remember(&self, token: &TokenHash, right: bool) {
        self.kept.known_tokens.set(token, right);
    }

    async fn probe(&self) -> Probe {
        let probes = &self.kept.probes;
        let (graph, partners) = tokio::join!(
            probes.graph.make(EC_STORE, self.graph.store()),
            probes.partners.make(PARTNER_STORE, &self.partners),
        );
        Probe { graph, partners }
    }

    async fn keep_withdrawal(&self, id: &EcId, at: Timestamp) -> bool {
        let Some(outbox) = self.opened_outbox() else {
            return false;
        };
        // A disk that hangs holds no page up.
        let kept = timeout(self.call_timeout, outbox.keep(id, at)).await;
        kept.unwrap_or(false)
    }

    fn withdrawal_written(&self, id: &EcId, at: Timestamp) {
        if let Some(outbox) = self.opened_outbox() {
            outbox.remove(id, at);
        }
    }

    fn outbox(&self) -> Option<OutboxState> {
        Some(self.opened_outbox()?.state())
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(shared) = &self.shared {
            warnings.extend(shared.redis.warnings());
        }
        if let Some(Err(why)) = &self.kept.outbox {
            warnings.push(why.to_string());
        }
        warnings
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
        let work = self.kept.started.spawn(work);
        timeout(budget, work).await.ok()?.ok()
    }

    fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Without a runtime the process is ending.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.kept.started.spawn_on(work, &runtime);
        }
    }

    fn record_event(&self, event: &ServiceEvent<'_>) {
        self.kept.metrics.count(event);
        super::log::write(event);
    }
}
