//! What `ec apply` on the durable store takes of memory: as much for a long stream as for a short one.
//!
//! Alone in its file, since the system tells the greatest peak of all children that a process has waited for.
#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a broken fixture should stop the test")]

use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

/// Monday, 2 March 2026, noon.
const NOON: u64 = 1_772_452_800;
/// The same few users in every stream, so that the store holds as much after each.
const USERS: u64 = 8;
/// Events of the short stream: enough that the cache, as small as the policy allows, is full.
const SHORT: u64 = 20_000;
/// How often the short stream is run: its peak varies by some 2 MiB, as the threads happen to meet.
const RUNS: u32 = 3;
/// The long stream, as a multiple of the short one.
const TIMES: u64 = 21;
/// What of the growth may be chance, for each event more: together above that variation, and for an event half of a
/// pointer and a length.
const BYTES_PER_EVENT: u64 = 8;

/// The peak in bytes of the greatest child so far.
fn greatest_peak() -> u64 {
    const UNIT_OF_LINUX: u64 = 1024;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    u64::try_from(usage.max_rss()).unwrap() * UNIT_OF_LINUX
}

/// Pipes so many events into a store of their own.
fn apply(events: u64) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("trusted-server.toml"), "").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ec"))
        .current_dir(folder.path())
        .env_remove("EC_PROFILE")
        .args(["apply", "--store", "kept", "--set", "ec.local.cache_mib=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = BufWriter::new(child.stdin.take().unwrap());
    for event in 0..events {
        let (user, round) = (event % USERS, event / USERS);
        let rest = match round % 4 {
            0 => r#""op":"create_or_revive""#.to_owned(),
            1 => format!(r#""op":"upsert_partner_id","partner_id":"a.com","uid":"{round}""#),
            2 => r#""op":"get""#.to_owned(),
            _ => r#""op":"write_withdrawal_tombstone""#.to_owned(),
        };
        let (at, id) = (NOON + round, "0f".repeat(31));
        writeln!(
            input,
            r#"{{"at":{at},"ec_id":"{id}{user:02x}.Ab3xY9",{rest}}}"#
        )
        .unwrap();
    }
    input.flush().unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn memory_does_not_grow_with_the_number_of_events() {
    for _ in 0..RUNS {
        apply(SHORT);
    }
    let short = greatest_peak();
    apply(SHORT * TIMES);
    let growth = greatest_peak() - short;
    let allowed = SHORT * (TIMES - 1) * BYTES_PER_EVENT;
    assert!(
        growth < allowed,
        "{growth} bytes more than the {short} of {SHORT} events: {allowed} would be chance"
    );
}
