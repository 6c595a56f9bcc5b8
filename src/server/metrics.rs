//! What the server counts, in Prometheus' text format.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

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
    policy: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOperation {
    operation: &'static str,
    policy: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InForce {
    profile: String,
    digest: String,
    policy: &'static str,
}

/// Which of two policies counts: the one in force, or the one that is tried on a share of the users.
const fn role(candidate: bool) -> &'static str {
    if candidate { "candidate" } else { "deployed" }
}

/// Upper bounds of the latency histogram, in seconds: from a lookup in memory to the longest that a client waits.
const LATENCY_SECONDS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Counts of everything since the server started.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    latency: Family<OfRoute, Histogram, fn() -> Histogram>,
    operations: Family<Ended, Counter>,
    reads: Family<OfOperation, Counter>,
    writes: Family<OfOperation, Counter>,
    retries: Family<OfOperation, Counter>,
    troubles: Family<OfKind, Counter>,
    failed_withdrawals: Counter,
    policy: Family<InForce, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("ec");
        let latency: fn() -> Histogram = || Histogram::new(LATENCY_SECONDS);
        let new = Self {
            requests: Family::default(),
            latency: Family::new_with_constructor(latency),
            operations: Family::default(),
            reads: Family::default(),
            writes: Family::default(),
            retries: Family::default(),
            troubles: Family::default(),
            failed_withdrawals: Counter::default(),
            policy: Family::default(),
            registry: Registry::default(),
        };
        registry.register(
            "requests",
            "requests by route and status",
            new.requests.clone(),
        );
        registry.register("request_seconds", "time to an answer", new.latency.clone());
        registry.register(
            "operations",
            "operations by outcome",
            new.operations.clone(),
        );
        registry.register("store_reads", "lookups of the graph", new.reads.clone());
        registry.register(
            "store_writes",
            "writes sent to the graph",
            new.writes.clone(),
        );
        registry.register("retries", "attempts after the first", new.retries.clone());
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
                let policy = role(*candidate);
                let outcome = match &finished.result {
                    Ok(done) => done.outcome.word(),
                    Err(error) => error.word(),
                };
                let operation = *name;
                let ended = Ended {
                    operation,
                    outcome,
                    policy,
                };
                self.operations.get_or_create(&ended).inc();
                let of = OfOperation { operation, policy };
                let tally = finished.tally;
                self.reads.get_or_create(&of).inc_by(u64::from(tally.reads));
                self.writes
                    .get_or_create(&of)
                    .inc_by(u64::from(tally.writes));
                self.retries
                    .get_or_create(&of)
                    .inc_by(u64::from(tally.retries));
            }
            Note::FailedWithdrawal { .. } => drop(self.failed_withdrawals.inc()),
            Note::BudgetSpent => trouble("budget_spent"),
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
        let name = |profile: &str, policy: &EcPolicy, candidate| {
            let of = InForce {
                profile: profile.to_owned(),
                digest: policy.digest.mark().to_owned(),
                policy: role(candidate),
            };
            self.policy.get_or_create(&of).set(1);
        };
        name(setup.profile(), setup.policy(), false);
        if let Some(rollout) = setup.rollout() {
            name(&rollout.profile, &rollout.resolved.policy, true);
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
