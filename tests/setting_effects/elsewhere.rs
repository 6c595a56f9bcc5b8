//! Settings whose change shows only in a process of its own, and those that nothing reads yet.

/// Keys below `ec`, and the test that shows the effect of each, by its path; a file of `src/` where no test can.
pub const ELSEWHERE: &[(&str, &str)] = &[
    (
        "local.data_dir",
        "cli::what_is_applied_stays_and_is_read_listed_and_erased",
    ),
    (
        "local.geo",
        "serve::the_place_and_the_address_are_those_that_the_policy_believes",
    ),
    (
        "local.trusted_proxies",
        "serve::the_place_and_the_address_are_those_that_the_policy_believes",
    ),
    (
        "organic.origin_connect_timeout",
        "adversary::origin_limits::a_connection_that_is_not_made_is_given_up",
    ),
    (
        "organic.origin_head_timeout",
        "adversary::origin_limits::an_answer_that_does_not_begin_is_given_up",
    ),
    (
        "organic.origin_progress_timeout",
        "adversary::origin_limits::an_answer_that_makes_no_progress_is_cut_off",
    ),
    (
        "local.max_connections",
        "adversary::connections::no_more_connections_are_taken_than_the_policy_says",
    ),
    ("local.request_timeout", "serve::limits_are_the_policys"),
    (
        "local.min_bytes_per_second",
        "adversary::progress::an_upload_that_makes_progress_is_waited_for_and_no_other",
    ),
    ("local.max_header_bytes", "serve::limits_are_the_policys"),
    (
        "local.shutdown_grace",
        "serve::a_stop_signal_lets_requests_under_way_finish",
    ),
    (
        "local.outbox_withdrawals",
        "outbox::a_full_outbox_keeps_the_cookie_and_says_so",
    ),
    (
        "local.store",
        "serve_redis::two_servers_share_users_partners_and_limits",
    ),
    (
        "redis.password",
        "serve_redis::a_password_comes_from_the_environment_and_never_shows",
    ),
    (
        "redis.min_replicas_to_write",
        "serve_redis::health_reports_what_the_server_may_lose",
    ),
    (
        "redis.connections",
        "store_redis::a_server_that_cannot_be_reached_is_left_alone_as_the_policy_says",
    ),
    (
        "redis.connect_timeout",
        "store_redis::a_server_that_says_nothing_is_waited_for_as_long_as_the_policy_says",
    ),
    (
        "redis.backoff",
        "store_redis::a_server_that_cannot_be_reached_is_left_alone_as_the_policy_says",
    ),
    (
        "redis.max_backoff",
        "store_redis::a_server_that_cannot_be_reached_is_left_alone_as_the_policy_says",
    ),
    (
        "edge.config_store",
        "edge::a_bundle_in_the_config_store_replaces_the_embedded_one",
    ),
    (
        "edge.bundle_key",
        "edge::a_bundle_in_the_config_store_replaces_the_embedded_one",
    ),
    // The emulator's counters never count: what is read of this name only the platform shows.
    ("edge.rate_counter", "crates/edge/src/platform.rs"),
];

/// Keys that are checked and kept for later features: a change has no effect yet.
pub const NOT_USED_YET: [&str; 3] = ["pull.concurrency", "cluster.max_trusted", "cluster.recheck"];
