//! A batch of 1,000 users over a store that takes its time for each call, one user after the other and many at once.
//!
//!     cargo run --release --example slow_store
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "an example for measuring may stop"
)]

#[path = "../tests/harness/service.rs"]
#[allow(dead_code, reason = "each user takes its part")]
mod support;

use std::time::{Duration, Instant};

use support::{Before, Served, body, id};

const CALL: Duration = Duration::from_millis(5);
const USERS: u64 = 1_000;

/// How long a batch of so many users takes with so many of them at once.
fn batch(concurrency: u32) -> Duration {
    let store = Before::new(|_| {
        std::thread::sleep(CALL);
        Ok(())
    });
    let concurrency = format!("sync.concurrency={concurrency}");
    let served = Served::over(store, &[&concurrency, "sync.on_missing=create_minimal"]);
    let ids: Vec<String> = (0..USERS).map(id).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let start = Instant::now();
    assert_eq!(body(&served.sync(&ids))["accepted"], USERS);
    start.elapsed()
}

fn main() {
    let alone = batch(1);
    println!("one after the other   {alone:>8.0?}");
    for concurrency in [4, 16, 64] {
        let together = batch(concurrency);
        let ratio = alone.as_secs_f64() / together.as_secs_f64();
        println!("{concurrency:>2} at once            {together:>8.0?}   {ratio:.1} times as fast");
    }
}
