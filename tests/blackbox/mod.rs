//! The HTTP surface from outside, of any server: `ec serve`, or at `EC_BASE_URL` the edge (`docs/http-api.md`).
#![allow(
    clippy::maybe_infinite_iter,
    clippy::unused_self,
    reason = "a failed test should stop, and what must come is waited for"
)]

mod admin;
mod batch_sync;
mod differences;
mod duplicates;
mod hostile;
mod identify;
mod organic;
mod scenarios;
mod server;
mod withdrawal;
