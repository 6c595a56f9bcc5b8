//! What an attacker and a bad day bring, against the release build where `EC_TEST_BINARY` names it (scripts/test.sh).
//!
//! A bound on time here only catches what hangs.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test should stop"
)]

mod answers;
mod connections;
mod disk;
mod endless;
mod exchange;
#[path = "../../fuzz/fuzz_targets/exchange_case.rs"]
#[allow(clippy::expect_used, reason = "a failed test should stop")]
mod exchange_case;
mod files;
mod forwarded;
mod framing;
mod health;
mod log;
mod malformed;
mod origin;
mod origin_limits;
mod origin_reuse;
mod partner_fields;
mod partner_races;
mod passwords;
#[path = "../support/port.rs"]
#[allow(dead_code, reason = "each module takes what it needs")]
#[allow(clippy::duplicate_mod, reason = "`redis` takes it as well")]
mod port;
mod progress;
#[path = "../support/redis.rs"]
#[allow(dead_code, reason = "each module takes what it needs")]
mod redis;
mod review;
#[path = "../support/running.rs"]
mod running;
mod server;
#[path = "../support/site.rs"]
mod site;
#[path = "../support/disk.rs"]
mod small_disk;
mod target;
mod terminal;
mod tokens;
mod upgrades;
