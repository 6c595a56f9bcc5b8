//! A setting that changes nothing is a defect: for every key, a change of only that key shows.
#![cfg(feature = "cli")]
#![allow(
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tables of cases are long, and a failed test should stop"
)]

mod engine;
mod service;
#[path = "../support/mod.rs"]
mod support;

use edge_cookie::policy::known_settings;

/// Keys whose change shows only in a process of its own, and the test that starts one.
const ELSEWHERE: &[(&str, &str)] = &[
    ("local.data_dir", "tests/cli.rs"),
    ("local.geo", "tests/serve.rs"),
    ("local.trusted_proxies", "tests/serve.rs"),
    (
        "organic.origin_connect_timeout",
        "tests/adversary/origin_limits.rs",
    ),
    (
        "organic.origin_head_timeout",
        "tests/adversary/origin_limits.rs",
    ),
    (
        "organic.origin_progress_timeout",
        "tests/adversary/origin_limits.rs",
    ),
    ("local.max_connections", "tests/adversary/connections.rs"),
    ("local.request_timeout", "tests/serve.rs"),
    ("local.min_bytes_per_second", "tests/adversary/progress.rs"),
    ("local.max_header_bytes", "tests/serve.rs"),
    ("local.shutdown_grace", "tests/serve.rs"),
    ("local.outbox_withdrawals", "tests/outbox.rs"),
    ("local.store", "tests/serve_redis.rs"),
    ("redis.password", "tests/serve_redis.rs"),
    ("redis.min_replicas_to_write", "tests/serve_redis.rs"),
    ("redis.connections", "tests/store_redis.rs"),
    ("redis.connect_timeout", "tests/store_redis.rs"),
    ("redis.backoff", "tests/store_redis.rs"),
    ("redis.max_backoff", "tests/store_redis.rs"),
    ("edge.config_store", "tests/edge.rs"),
    ("edge.bundle_key", "tests/edge.rs"),
    // The emulator's counters never count: what is read of this name only the platform shows.
    ("edge.rate_counter", "src/edge/home.rs"),
];

/// Keys that are checked and kept for features to come: nothing is to show yet.
const TO_COME: [&str; 3] = ["pull.concurrency", "cluster.max_trusted", "cluster.recheck"];

#[test]
fn no_setting_is_without_a_witness() {
    let here = engine::WITNESSES.iter().map(|witness| witness.key);
    let here: Vec<&str> = here
        .chain(service::WITNESSES.iter().map(|witness| witness.key))
        .collect();
    for setting in known_settings() {
        if TO_COME.contains(&setting.key) {
            continue;
        }
        let elsewhere = ELSEWHERE.iter().find(|(key, _)| *key == setting.key);
        let witnesses = here.iter().filter(|key| **key == setting.key).count();
        assert_eq!(
            witnesses + usize::from(elsewhere.is_some()),
            1,
            "`{}` needs one witness",
            setting.key
        );
        if let Some((key, file)) = elsewhere {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(root.join(file)).unwrap();
            let named = [*key, &key.replace("edge.", ""), &key.replace("local.", "")];
            assert!(
                named.iter().any(|name| text.contains(name)),
                "`{key}` is not in {file}"
            );
        }
    }
    let known = |key: &str| known_settings().iter().any(|setting| setting.key == key);
    assert!(ELSEWHERE.iter().all(|(key, _)| known(key)), "a key is gone");
}
