//! Counts of consent: what could not be decoded, and which consents did not count.

use std::borrow::Cow;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::metric_registry::{MetricRegistry, labels};
use edge_cookie_service::consent::{ConsentRule, Undecodable};

labels! {
    OfSection { signal: &'static str, section: Cow<'static, str> }
    OfReason { reason: &'static str }
}

/// The greatest number in the registry of sections: browsers may send any number up to 255, and a series is kept for as long as the
/// server runs.
const GREATEST_SECTION: u16 = 27;

/// The label of a signal that has no sections, or none that could be separated.
const WHOLE: &str = "none";

/// The label of every section beyond the registry's.
const OTHER: &str = "other";

/// What is counted of consent.
#[derive(Debug, Default)]
pub(super) struct OfConsent {
    undecodable: Family<OfSection, Counter>,
    rejected: Family<OfReason, Counter>,
}

impl OfConsent {
    pub(super) fn register(&self, registry: &mut MetricRegistry) {
        registry.register(
            "consent_undecodable",
            "consent signals, and sections of GPP, that could not be decoded",
            self.undecodable.clone(),
        );
        registry.register(
            "consent_rejected",
            "consents by TCF that did not count, by the rule",
            self.rejected.clone(),
        );
    }

    pub(super) fn undecodable(&self, undecodable: &Undecodable) {
        let section = match undecodable.section {
            None => WHOLE.into(),
            Some(section @ ..=GREATEST_SECTION) => section.to_string().into(),
            Some(_) => OTHER.into(),
        };
        let of = OfSection {
            signal: undecodable.signal.name(),
            section,
        };
        self.undecodable.get_or_create(&of).inc();
    }

    pub(super) fn rejected(&self, why: ConsentRule) {
        let of = OfReason { reason: why.name() };
        self.rejected.get_or_create(&of).inc();
    }
}
