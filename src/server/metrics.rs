//! What the server counts, in Prometheus' text format.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::engine::Finished;
use crate::policy::EcPolicy;
use crate::service::{Note, Setup};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRoute {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOperation {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InForce {
    profile: String,
    digest: String,
}

/// Upper bounds of the latency histogram, in seconds: from a lookup in memory to the longest that a client waits.
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
    fn register(&self, registry: &mut Registry, prefix: &str, whose: &str) {
        let mut enter = |name: &str, help: &str, family: Family<OfOperation, Counter>| {
            registry.register(format!("{prefix}{name}"), format!("{help}{whose}"), family);
        };
        enter("store_reads", "lookups of the graph", self.reads.clone());
        enter(
            "store_writes",
            "writes sent to the graph",
            self.writes.clone(),
        );
        enter("retries", "attempts after the first", self.retries.clone());
        registry.register(
            format!("{prefix}operations"),
            format!("operations by outcome{whose}"),
            self.operations.clone(),
        );
    }

    fn count(&self, operation: &'static str, finished: &Finished) {
        let outcome = match &finished.result {
            Ok(done) => done.outcome.word(),
            Err(error) => error.word(),
        };
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
    registry: Registry,
    requests: Family<Answered, Counter>,
    latency: Family<OfRoute, Histogram, fn() -> Histogram>,
    graph: OfGraph,
    /// Of these, what the policy that is tried on a share of the users did.
    candidate: OfGraph,
    troubles: Family<OfKind, Counter>,
    failed_withdrawals: Counter,
    policy: Family<InForce, Gauge>,
    candidate_policy: Family<InForce, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("ec");
        let latency: fn() -> Histogram = || Histogram::new(LATENCY_SECONDS);
        let new = Self {
            requests: Family::default(),
            latency: Family::new_with_constructor(latency),
            graph: OfGraph::default(),
            candidate: OfGraph::default(),
            troubles: Family::default(),
            failed_withdrawals: Counter::default(),
            policy: Family::default(),
            candidate_policy: Family::default(),
            registry: Registry::default(),
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
            "troubles",
            "what went wrong without failing",
            new.troubles.clone(),
        );
        registry.register(
            "failed_withdrawals",
            "withdrawals that were not written",
            new.failed_withdrawals.clone(),
        );
        registry.register("policy", "the policy in force", new.policy.clone());
        registry.register(
            "candidate_policy",
            "the policy that is tried on a share of the users",
            new.candidate_policy.clone(),
        );
        Self { registry, ..new }
    }
}

impl Metrics {
    /// Counts what the service tells.
    pub fn count(&self, note: &Note<'_>) {
        let trouble = |kind| {
            self.troubles.get_or_create(&OfKind { kind }).inc();
        };
        match note {
            Note::Operation {
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
            Note::FailedWithdrawal { .. } => drop(self.failed_withdrawals.inc()),
            Note::BudgetSpent => trouble("budget_spent"),
            Note::Unclaimed { removed: true } => trouble("id_not_delivered"),
            Note::Unclaimed { removed: false } => trouble("record_of_nobody"),
            Note::SharedCookie => trouble("shared_cookie"),
            Note::Undecodable(_) => trouble("undecodable_signal"),
            Note::PartnerUnknown { .. } => trouble("partner_lookup_failed"),
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

    /// Names the policy in force.
    pub fn in_force(&self, setup: &Setup) {
        self.policy.clear();
        self.candidate_policy.clear();
        let name = |gauge: &Family<InForce, Gauge>, profile: &str, policy: &EcPolicy| {
            let of = InForce {
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

    /// All counts as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
