//! What an attacker and a bad day bring, against the release build where `EC_TEST_BINARY` names it (scripts/test.sh).
//!
//! A bound on time here only catches what hangs.
#![cfg(unix)]

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
use crate::harness::port;
mod progress;
use crate::harness::redis;
mod review;
use crate::harness::running;
mod server;
use crate::harness::disk as small_disk;
use crate::harness::site;
mod target;
mod terminal;
mod tokens;
mod upgrades;
