//! The registry of metrics: each one is registered for Prometheus and described for readers in one call.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::{Metric, Registry};

/// What every name begins with.
const PREFIX: &str = "ec";

/// What is known of a metric before anything is counted: `docs/metrics.md` is made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricInfo {
    /// The name in queries and in the text format, such as `ec_requests_total`.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it counts, as `# HELP` shows it.
    pub help: String,
}

/// A set of labels whose names are known.
pub(super) trait LabelNames {
    const NAMES: &'static [&'static str];
}

/// A metric whose kind and labels follow from its type.
pub(super) trait MetricDescription {
    const KIND: MetricType;
    const LABELS: &'static [&'static str];
}

impl MetricDescription for Counter {
    const KIND: MetricType = Self::TYPE;
    const LABELS: &'static [&'static str] = &[];
}

impl MetricDescription for Gauge {
    const KIND: MetricType = Self::TYPE;
    const LABELS: &'static [&'static str] = &[];
}

impl<L: LabelNames, M: TypedMetric, C> MetricDescription for Family<L, M, C> {
    const KIND: MetricType = M::TYPE;
    const LABELS: &'static [&'static str] = L::NAMES;
}

/// Declares a set of labels.
macro_rules! labels {
    ($($name:ident { $($label:ident: $type:ty),* $(,)? })*) => {
        $(
            #[derive(Debug, Clone, PartialEq, Eq, Hash, prometheus_client::encoding::EncodeLabelSet)]
            struct $name {
                $($label: $type,)*
            }

            impl $crate::metric_registry::LabelNames for $name {
                const NAMES: &'static [&'static str] = &[$(stringify!($label)),*];
            }
        )*
    };
}

pub(super) use labels;

/// Every metric of a server.
#[derive(Debug)]
pub(super) struct MetricRegistry {
    registry: Registry,
    known: Vec<MetricInfo>,
}

impl Default for MetricRegistry {
    fn default() -> Self {
        Self {
            registry: Registry::with_prefix(PREFIX),
            known: Vec::new(),
        }
    }
}

impl MetricRegistry {
    pub(super) fn register<M: MetricDescription + Metric>(
        &mut self,
        name: &str,
        help: &str,
        metric: M,
    ) {
        let total = match M::KIND {
            MetricType::Counter => "_total",
            _ => "",
        };
        self.known.push(MetricInfo {
            name: format!("{PREFIX}_{name}{total}"),
            kind: M::KIND.as_str().to_owned(),
            labels: M::LABELS,
            help: help.to_owned(),
        });
        self.registry.register(name, help, metric);
    }

    /// Everything that was registered, in that order.
    pub(super) fn known(&self) -> &[MetricInfo] {
        &self.known
    }

    pub(super) const fn registry(&self) -> &Registry {
        &self.registry
    }
}
