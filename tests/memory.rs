//! What `ec apply` holds in memory does not follow the number of events.
#![cfg(target_os = "linux")]
#![allow(clippy::format_push_string, reason = "a failed test should stop")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

const USERS: usize = 200;
const ROUND: usize = 20_000;
const ROUNDS: usize = 22;

/// After this many, caches are full.
const WARM: usize = 6;

/// In KiB: 16 bytes for each event since the caches were full would be more, and the buffer that a busy machine
/// makes a process hold for a while is less.
const GROWN: u64 = 4_096;

/// The most that a process has held, in KiB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A round of events of the same few users: visits, and a sync now and then.
fn round(number: usize) -> String {
    let mut events = String::new();
    for event in 0..ROUND {
        let user = event % USERS;
        let at = 1_772_409_600 + number * ROUND + event;
        let id = format!("{user:064x}.Ab3xY9");
        let operation = match event % 5 {
            0 => format!(r#""op":"upsert_partner_id","partner_id":"a.com","uid":"u{at}""#),
            1 => r#""op":"create_or_revive""#.to_owned(),
            _ => r#""op":"update_last_seen""#.to_owned(),
        };
        events.push_str(&format!("{{\"at\":{at},{operation},\"ec_id\":\"{id}\"}}\n"));
    }
    events
}

#[test]
fn peak_memory_does_not_grow_with_the_number_of_events() {
    let folder = tempfile::tempdir().unwrap();
    let mut ec = Command::new(env!("CARGO_BIN_EXE_ec"))
        .args([
            "apply",
            "-",
            "--output",
            "jsonl",
            "--set",
            "ec.local.cache_mib=2",
        ])
        .arg("--store")
        .arg(folder.path().join("graph.redb"))
        .current_dir(env!("REPOSITORY"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = ec.stdin.take().unwrap();
    let mut output = BufReader::new(ec.stdout.take().unwrap());
    let mut peaks = Vec::new();
    for number in 0..ROUNDS {
        let events = round(number);
        // The results are read while the events are written, or both sides would wait for each other.
        std::thread::scope(|scope| {
            scope.spawn(|| input.write_all(events.as_bytes()).unwrap());
            let mut line = String::new();
            for _ in 0..ROUND {
                line.clear();
                output.read_line(&mut line).unwrap();
                assert!(
                    line.contains("\"outcome\":\"") && !line.contains("error"),
                    "{line}"
                );
            }
        });
        peaks.push(peak(ec.id()));
    }
    drop(input);
    assert!(ec.wait().unwrap().success());
    // The system counts in lumps: a later reading of a peak may even be a little lower.
    let grown = peaks[ROUNDS - 1].saturating_sub(peaks[WARM]);
    assert!(grown <= GROWN, "{peaks:?} KiB");
}
