//! What the outbox counts, as metrics.

use std::sync::atomic::Ordering;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use crate::metric_registry::MetricRegistry;
use edge_cookie::clock::Timestamp;
use edge_cookie_service::OutboxState;

/// What the outbox holds, and what became of what it held.
#[derive(Debug, Default)]
pub(crate) struct OfOutbox {
    withdrawals: Gauge,
    bound: Gauge,
    oldest: Gauge,
    taken: Counter,
    delivered: Counter,
    refused: Counter,
    damaged: Gauge,
}

impl OfOutbox {
    pub(crate) fn register(&self, registry: &mut MetricRegistry) {
        let mut gauge = |name: &str, help: &str, gauge: &Gauge| {
            registry.register(&format!("outbox_{name}"), help, gauge.clone());
        };
        gauge(
            "withdrawals",
            "withdrawals that the store has not taken yet",
            &self.withdrawals,
        );
        gauge("bound", "the most that the outbox holds", &self.bound);
        gauge(
            "oldest_timestamp_seconds",
            "when the withdrawal was made that has waited longest, 0 for none",
            &self.oldest,
        );
        gauge(
            "damaged",
            "damaged records found at the start",
            &self.damaged,
        );
        let mut counter = |name: &str, help: &str, counter: &Counter| {
            registry.register(&format!("outbox_{name}"), help, counter.clone());
        };
        counter("taken", "withdrawals put into the outbox", &self.taken);
        counter(
            "delivered",
            "withdrawals that left the outbox, since the store has taken them",
            &self.delivered,
        );
        counter(
            "refused",
            "withdrawals that the outbox had no room for",
            &self.refused,
        );
    }

    pub(crate) fn set(&self, state: &OutboxState) {
        let oldest = state.oldest.map_or(0, Timestamp::unix);
        for (gauge, number) in [
            (&self.withdrawals, state.withdrawals as u64),
            (&self.bound, u64::from(state.bound)),
            (&self.oldest, oldest),
            (&self.damaged, u64::from(state.damaged)),
        ] {
            gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
        }
        for (counter, number) in [
            (&self.taken, state.taken),
            (&self.delivered, state.delivered),
            (&self.refused, state.refused),
        ] {
            counter.inner().store(number, Ordering::Relaxed);
        }
    }
}
