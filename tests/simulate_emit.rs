//! `ec apply` runs the events of `--emit`, with the same counts as the simulation.

use crate::harness::simulated;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use simulated::simulate_in;

#[test]
fn apply_counts_the_same_for_emitted_events() {
    let root = Path::new(env!("REPOSITORY"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    let events = file.to_str().unwrap();
    for profile in ["development", "production"] {
        let workload = "tests/workloads/late.toml";
        let output = simulate_in(root, &["--profile", profile, workload, "--emit", events]);
        assert_eq!(output.exit_code, 0, "{}", output.stderr);
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
        let totals = &output.json["profiles"][0]["totals"];
        assert_eq!(totals["operations"], operations, "{profile}");
        assert_eq!(totals["reads"], reads, "{profile}");
        assert_eq!(totals["writes"], writes, "{profile}");
        assert!(operations > 1_000);
    }
}

#[test]
fn events_that_cannot_be_written_are_an_error() {
    let root = Path::new(env!("REPOSITORY"));
    let workload = "tests/workloads/late.toml";
    let output = simulate_in(root, &[workload, "--emit", "nowhere/events.jsonl"]);
    assert_eq!(output.exit_code, 2);
    assert!(
        output
            .stderr
            .contains("cannot write `nowhere/events.jsonl`"),
        "{}",
        output.stderr
    );
}
