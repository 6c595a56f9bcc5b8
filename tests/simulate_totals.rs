//! The totals of a simulation equal those of `ec apply` on the same events.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use edge_cookie::config::{PolicyFiles, PolicySources};
use edge_cookie::policy::resolve::Resolved;
use edge_cookie_simulate::workload::Workload;
use edge_cookie_simulate::{SimulatedPolicy, Simulator};
use serde_json::Value;

/// The count, reads and writes by operation and outcome.
type Counts = BTreeMap<(String, String), (u64, u64, u64)>;

fn root() -> PathBuf {
    Path::new(env!("REPOSITORY")).to_path_buf()
}

fn resolved(profile: &str, sets: &[String]) -> Resolved {
    let sources = PolicySources {
        config: root().join("trusted-server.toml"),
        policies: root().join("policies"),
        sets: sets.to_vec(),
        ..PolicySources::default()
    };
    PolicyFiles::open(sources)
        .unwrap()
        .load(profile)
        .unwrap()
        .resolved
}

/// The counts of `ec apply` for these events.
fn applied(events: &Path, profile: &str, sets: &[String]) -> Counts {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ec"));
    command
        .current_dir(root())
        .args(["apply", "--store", "memory", "--output", "jsonl"]);
    command.args(["--profile", profile]);
    for set in sets {
        command.args(["--set", set]);
    }
    let output = command.arg(events).output().unwrap();
    assert!(
        output.status.code().is_some_and(|code| code < 2),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut counts = Counts::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let result: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| result[field].as_str().unwrap().to_owned();
        let number = |field: &str| result[field].as_u64().unwrap();
        let (count, reads, writes) = counts.entry((text("op"), text("outcome"))).or_default();
        *count += 1;
        *reads += number("reads");
        *writes += number("writes");
    }
    counts
}

#[test]
fn totals_are_those_of_apply_for_every_shipped_workload_and_policy() {
    let folder = tempfile::tempdir().unwrap();
    let strict = [
        "ec.entry.ttl=10d",
        "ec.tombstone.ttl=2d",
        "ec.entry.renewal=from_creation",
        "ec.cookie.max_age=20d",
        "ec.sync.order=timestamp",
        "ec.entry.max_partner_ids=1",
    ];
    let strict: Vec<String> = strict.map(str::to_owned).to_vec();
    for workload in ["blog", "news", "network"] {
        let file = root().join(format!("workloads/{workload}.toml"));
        let read = Workload::open(&file).unwrap();
        assert!(read.findings.is_empty(), "{:?}", read.findings);
        let workload_of_few = read.workload.unwrap().with_visitors(300);
        for (profile, sets) in [
            ("development", &[][..]),
            ("production", &[]),
            ("production", &strict),
        ] {
            let resolved = resolved(profile, sets);
            let side = SimulatedPolicy {
                profile,
                resolved: &resolved,
            };
            let simulator = Simulator::new(&workload_of_few);
            let events = folder.path().join("events.jsonl");
            let lines: Vec<String> = simulator
                .events(&side)
                .iter()
                .map(|event| event.line().to_owned())
                .collect();
            std::fs::write(&events, lines.join("\n")).unwrap();
            let result = simulator.compare(&[side]);
            let outcomes = &result.profiles[0];
            let simulated: Counts = outcomes
                .operations
                .iter()
                .map(|row| {
                    let key = (row.operation.to_owned(), row.outcome.to_owned());
                    (key, (row.count, row.reads, row.writes))
                })
                .collect();
            let applied = applied(&events, profile, sets);
            assert_eq!(simulated, applied, "{workload} under {profile} {sets:?}");
            let sum = |of: fn(&(u64, u64, u64)) -> u64| applied.values().map(of).sum::<u64>();
            let totals = &outcomes.totals;
            assert_eq!(
                (totals.operations, totals.reads, totals.writes),
                (sum(|row| row.0), sum(|row| row.1), sum(|row| row.2))
            );
            assert!(totals.operations > 1_000, "the workload does something");
        }
    }
}
