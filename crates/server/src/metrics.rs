//! What the server counts. [`Exposition`] writes it.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use super::Exposition;
use super::call_timer::{CallTimer, CallTimers};
use super::consent_counts::OfConsent;
use super::log_queue::DROPPED;
use super::metric_registry::{MetricInfo, MetricRegistry, labels};
use super::outbox::OfOutbox;
use edge_cookie::engine::Finished;
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::PartnerId;
use edge_cookie_service::{OutboxState, ServiceEvent, Setup};

labels! {
    Answered { route: &'static str, status: u16 }
    OfRoute { route: &'static str }
    Ended { operation: &'static str, outcome: &'static str }
    OfOperation { operation: &'static str }
    OfKind { kind: &'static str }
    EffectiveValue { profile: String, digest: String }
    Build { version: &'static str, digest: String }
    OfCall { store: &'static str, call: &'static str }
    OfPartner { partner: String, route: &'static str, outcome: &'static str }
}

/// The most partners that are counted each for themselves: of those that policies declared since the server started, the
/// first. A series is kept for as long as the server runs, so that their number must not grow with what is added at run
/// time.
const MAX_PARTNERS: usize = 100;

/// The label of every other partner.
const OTHER_PARTNERS: &str = "other";

/// Upper bounds of the latency histograms, in seconds: from a lookup in memory to the longest that a client waits.
const LATENCY_SECONDS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// What the graph was asked and answered.
#[derive(Debug, Default)]
struct OfGraph {
    operations: Family<Ended, Counter>,
    reads: Family<OfOperation, Counter>,
    writes: Family<OfOperation, Counter>,
    retries: Family<OfOperation, Counter>,
}

impl OfGraph {
    /// Enters the counts under names that begin with `prefix`, of `whose` operations.
    fn register(&self, registry: &mut MetricRegistry, prefix: &str, whose: &str) {
        let mut enter = |name: &str, help: &str, family: Family<OfOperation, Counter>| {
            registry.register(
                &format!("{prefix}{name}"),
                &format!("{help}{whose}"),
                family,
            );
        };
        enter("store_reads", "lookups of the graph", self.reads.clone());
        enter(
            "store_writes",
            "writes sent to the graph",
            self.writes.clone(),
        );
        enter("retries", "attempts after the first", self.retries.clone());
        registry.register(
            &format!("{prefix}operations"),
            &format!("operations by outcome{whose}"),
            self.operations.clone(),
        );
    }

    fn count(&self, operation: &'static str, finished: &Finished) {
        let outcome = finished.as_str();
        let ended = Ended { operation, outcome };
        self.operations.get_or_create(&ended).inc();
        let of = OfOperation { operation };
        let tally = finished.tally;
        for (family, number) in [
            (&self.reads, tally.reads),
            (&self.writes, tally.writes),
            (&self.retries, tally.retries),
        ] {
            family.get_or_create(&of).inc_by(u64::from(number));
        }
    }
}

/// Counts of everything since the server started.
#[derive(Debug)]
pub struct Metrics {
    registry: MetricRegistry,
    requests: Family<Answered, Counter>,
    latency: Family<OfRoute, Histogram, fn() -> Histogram>,
    graph: OfGraph,
    /// Of these, what the policy that is tried on a share of the users did.
    candidate: OfGraph,
    store_calls: Family<OfCall, Histogram, fn() -> Histogram>,
    partners: Family<OfPartner, Counter>,
    /// Those that are counted each for themselves.
    named_partners: RwLock<BTreeSet<PartnerId>>,
    troubles: Family<OfKind, Counter>,
    consent: OfConsent,
    failed_withdrawals: Counter,
    failed_reloads: Counter,
    build: Family<Build, Gauge>,
    outbox: OfOutbox,
    connections: Gauge,
    policy: Family<EffectiveValue, Gauge>,
    candidate_policy: Family<EffectiveValue, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = MetricRegistry::default();
        let latency: fn() -> Histogram = || Histogram::new(LATENCY_SECONDS);
        let new = Self {
            requests: Family::default(),
            latency: Family::new_with_constructor(latency),
            graph: OfGraph::default(),
            candidate: OfGraph::default(),
            store_calls: Family::new_with_constructor(latency),
            partners: Family::default(),
            named_partners: RwLock::default(),
            troubles: Family::default(),
            consent: OfConsent::default(),
            failed_withdrawals: Counter::default(),
            failed_reloads: Counter::default(),
            build: Family::default(),
            outbox: OfOutbox::default(),
            connections: Gauge::default(),
            policy: Family::default(),
            candidate_policy: Family::default(),
            registry: MetricRegistry::default(),
        };
        registry.register(
            "requests",
            "requests by route and status",
            new.requests.clone(),
        );
        registry.register("request_seconds", "time to an answer", new.latency.clone());
        new.graph.register(&mut registry, "", "");
        let whose = ", of users under the candidate";
        new.candidate.register(&mut registry, "candidate_", whose);
        registry.register(
            "store_call_seconds",
            "time of one call of a store",
            new.store_calls.clone(),
        );
        registry.register(
            "partner_outcomes",
            "what partners sent and asked for, by outcome",
            new.partners.clone(),
        );
        registry.register(
            "troubles",
            "what went wrong without failing",
            new.troubles.clone(),
        );
        new.consent.register(&mut registry);
        registry.register(
            "failed_withdrawals",
            "withdrawals that were not written",
            new.failed_withdrawals.clone(),
        );
        registry.register(
            "policy_reload_failures",
            "changed policies that could not be used",
            new.failed_reloads.clone(),
        );
        registry.register(
            "build_info",
            "the version that runs, and the digest of its policy",
            new.build.clone(),
        );
        registry.register(
            "log_dropped",
            "log lines that were not written",
            DROPPED.clone(),
        );
        registry.register(
            "connections",
            "connections of clients",
            new.connections.clone(),
        );
        new.outbox.register(&mut registry);
        registry.register("policy", "the effective policy", new.policy.clone());
        registry.register(
            "candidate_policy",
            "the policy that is tried on a share of the users",
            new.candidate_policy.clone(),
        );
        Self { registry, ..new }
    }
}

impl Metrics {
    /// Counts an event of the service.
    pub fn count(&self, event: &ServiceEvent<'_>) {
        let trouble = |kind| {
            self.troubles.get_or_create(&OfKind { kind }).inc();
        };
        match event {
            ServiceEvent::Operation {
                name,
                candidate,
                finished,
                ..
            } => {
                self.graph.count(name, finished);
                if *candidate {
                    self.candidate.count(name, finished);
                }
            }
            ServiceEvent::PartnerOutcome {
                partner,
                route,
                outcome,
                times,
            } => {
                let of = OfPartner {
                    partner: self.label_of(partner),
                    route,
                    outcome,
                };
                self.partners.get_or_create(&of).inc_by(*times);
            }
            ServiceEvent::FailedWithdrawal { .. } => drop(self.failed_withdrawals.inc()),
            ServiceEvent::KeptWithdrawal { .. } => {}
            ServiceEvent::BudgetSpent => trouble("budget_spent"),
            ServiceEvent::Unclaimed { removed: true } => trouble("id_not_delivered"),
            ServiceEvent::Unclaimed { removed: false } => trouble("record_of_nobody"),
            ServiceEvent::SharedCookie => trouble("shared_cookie"),
            ServiceEvent::Undecodable(undecodable) => self.consent.undecodable(undecodable),
            ServiceEvent::ConsentRejected(why) => self.consent.rejected(*why),
            ServiceEvent::TokenNotTried => trouble("too_many_invalid_tokens"),
            ServiceEvent::PartnerUnknown { .. } => trouble("partner_lookup_failed"),
        }
    }

    /// Counts an answer.
    pub fn answered(&self, route: &'static str, status: u16, took: Duration) {
        self.requests
            .get_or_create(&Answered { route, status })
            .inc();
        let latency = self.latency.get_or_create(&OfRoute { route });
        latency.observe(took.as_secs_f64());
    }

    /// Counts a changed policy that could not be used.
    pub fn reload_failed(&self) {
        self.failed_reloads.inc();
    }

    /// Times the calls of the store that is named so.
    #[must_use]
    pub fn calls_of(&self, store: &'static str) -> CallTimers {
        let time = |call| {
            let of = OfCall { store, call };
            CallTimer::new(self.store_calls.get_or_create_owned(&of))
        };
        CallTimers {
            lookup: time("lookup"),
            exists: time("exists"),
            insert: time("insert"),
            delete: time("delete"),
            list: time("list"),
        }
    }

    /// Names the effective policy, and counts the partners that it declares each for itself, as many as there is room for.
    pub fn set_policy(&self, setup: &Setup) {
        let mut named = self
            .named_partners
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for partner in setup.policy().root.partners.iter() {
            if named.len() < MAX_PARTNERS {
                named.insert(partner.id.clone());
            }
        }
        drop(named);
        self.build.clear();
        let build = Build {
            version: env!("CARGO_PKG_VERSION"),
            digest: setup.policy().digest.as_str().to_owned(),
        };
        self.build.get_or_create(&build).set(1);
        self.policy.clear();
        self.candidate_policy.clear();
        let name = |gauge: &Family<EffectiveValue, Gauge>, profile: &str, policy: &EcPolicy| {
            let of = EffectiveValue {
                profile: profile.to_owned(),
                digest: policy.digest.mark().to_owned(),
            };
            gauge.get_or_create(&of).set(1);
        };
        name(&self.policy, setup.profile(), setup.policy());
        if let Some(rollout) = setup.rollout() {
            let policy = &rollout.resolved.policy;
            name(&self.candidate_policy, &rollout.profile, policy);
        }
    }

    fn label_of(&self, partner: &PartnerId) -> String {
        let named = self
            .named_partners
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let label = if named.contains(partner) {
            partner.as_str()
        } else {
            OTHER_PARTNERS
        };
        label.to_owned()
    }

    /// Takes over what the outbox counts.
    pub fn outbox(&self, state: &OutboxState) {
        self.outbox.set(state);
    }

    /// Takes over how many connections there are.
    pub fn connections(&self, number: usize) {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.connections.set(number);
    }

    /// Every metric there is, whether anything was counted or not.
    #[must_use]
    pub fn known(&self) -> &[MetricInfo] {
        self.registry.known()
    }

    /// All counts as text.
    #[must_use]
    pub fn text(&self, exposition: Exposition) -> String {
        exposition.write(self.registry.registry())
    }
}
