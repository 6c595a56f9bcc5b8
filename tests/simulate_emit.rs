//! What `--emit` writes runs in `ec apply`, and costs there what the simulation told.
#![cfg(all(feature = "cli", feature = "simulate"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should stop"
)]

#[path = "support/simulated.rs"]
mod simulated;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use simulated::simulate_in;

#[test]
fn emitted_events_cost_in_apply_what_the_simulation_told() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    let events = file.to_str().unwrap();
    for profile in ["development", "production"] {
        let workload = "tests/workloads/late.toml";
        let told = simulate_in(root, &["--profile", profile, workload, "--emit", events]);
        assert_eq!(told.code, 0, "{}", told.said);
        let applied = Command::new(env!("CARGO_BIN_EXE_ec"))
            .current_dir(root)
            .args(["apply", "--store", "memory", "--output", "jsonl"])
            .args(["--profile", profile, events])
            .output()
            .unwrap();
        let (mut operations, mut reads, mut writes) = (0, 0, 0);
        for line in String::from_utf8(applied.stdout).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            operations += 1;
            reads += line["reads"].as_u64().unwrap();
            writes += line["writes"].as_u64().unwrap();
        }
        let totals = &told.json["profiles"][0]["totals"];
        assert_eq!(totals["operations"], operations, "{profile}");
        assert_eq!(totals["reads"], reads, "{profile}");
        assert_eq!(totals["writes"], writes, "{profile}");
        assert!(operations > 1_000);
    }
}

#[test]
fn events_that_cannot_be_written_are_an_error() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workload = "tests/workloads/late.toml";
    let told = simulate_in(root, &[workload, "--emit", "nowhere/events.jsonl"]);
    assert_eq!(told.code, 2);
    assert!(
        told.said.contains("cannot write `nowhere/events.jsonl`"),
        "{}",
        told.said
    );
}
