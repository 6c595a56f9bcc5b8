//! Policies that ours may run under: the shipped ones, and drawn ones in which the checks find no error.

use std::sync::{Arc, LazyLock};

use edge_cookie::diagnostic::Severity;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::rules::{self, Subject};

use super::random::Random;
use super::written::{overridden, shipped};

pub type Named = (String, Arc<EcPolicy>);

/// How many are drawn.
const DRAWN: usize = 48;

/// The settings that what becomes of a record depends on.
const SPACE: &[(&str, &[&str])] = &[
    ("entry.ttl", &["30d", "365d"]),
    ("entry.renewal", &["on_write", "on_visit", "from_creation"]),
    ("entry.expiry", &["engine", "store"]),
    ("entry.max_partner_ids", &["2", "64"]),
    ("entry.max_uid_bytes", &["8", "512"]),
    ("entry.max_body_bytes", &["256", "8192"]),
    ("last_seen.debounce", &["1s", "300s", "15m"]),
    ("tombstone.ttl", &["5m", "24h", "48h", "400d"]),
    ("tombstone.repeat", &["rewrite", "keep"]),
    ("tombstone.on_missing", &["write", "skip"]),
    ("delete.mode", &["hard", "tombstone"]),
    ("cas.max_retries", &["0", "1", "3"]),
    ("import.unknown_age", &["created", "now"]),
    ("sync.on_missing", &["create_minimal", "reject"]),
    ("sync.unchanged", &["rewrite", "skip", "refresh"]),
    ("sync.max_age", &["none", "1h", "24h"]),
    ("sync.order", &["arrival", "timestamp"]),
];

/// All of them, the shipped ones first.
pub static POLICIES: LazyLock<Vec<Named>> = LazyLock::new(|| {
    let mut policies: Vec<Named> = shipped();
    let mut random = Random::new(1);
    while policies.len() < DRAWN {
        let sets: Vec<String> = (SPACE.iter())
            .map(|(key, values)| {
                let drawn = random.below(values.len() as u64);
                format!("{key}={}", values[usize::try_from(drawn).unwrap()])
            })
            .collect();
        let resolved = overridden(&sets);
        if passes(&resolved) {
            policies.push((sets.join(" "), Arc::new(resolved.policy)));
        }
    }
    policies
});

fn passes(resolved: &Resolved) -> bool {
    let found = rules::check(&Subject::of(resolved));
    resolved.is_usable() && found.iter().all(|found| found.severity < Severity::Error)
}
