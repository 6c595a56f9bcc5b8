//! The monitor reports the promises that a policy breaks; `production` breaks none.

use crate::harness::simulated;

use std::path::Path;

use serde_json::Value;
use simulated::simulate_in;

/// The promises that were checked, and those that were broken.
fn watched_and_broken(output: &Value) -> (Vec<u64>, Vec<u64>) {
    let promises = output["profiles"][0]["promises"].as_array().unwrap();
    let numbers = |field: &str| {
        let hit = promises
            .iter()
            .filter(|promise| promise[field].as_u64().unwrap() > 0);
        hit.map(|promise| promise["number"].as_u64().unwrap())
            .collect()
    };
    (numbers("watched"), numbers("broken"))
}

#[test]
fn a_partner_whose_clock_runs_ahead_is_refused_as_by_the_engine() {
    let root = Path::new(env!("REPOSITORY"));
    let late = std::fs::read_to_string(root.join("tests/workloads/late.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // A sync takes up to 72 hours to arrive, and its timestamp may be in the past by then.
    for (ahead, max_future, refused) in [
        ("100h", "5m", true),
        ("100h", "1d", true),
        ("73h", "5m", true),
        ("0s", "5m", false),
    ] {
        let partner = format!("id = \"late.example\"\nahead = \"{ahead}\"\n");
        let workload = late.replace("id = \"late.example\"\n", &partner);
        std::fs::write(folder.path().join("ahead.toml"), workload).unwrap();
        let set = format!("ec.sync.max_future={max_future}");
        let output = simulate_in(
            folder.path(),
            &["--profile", "production", "--set", &set, "ahead.toml"],
        );
        let operations = output.json["profiles"][0]["operations"].as_array();
        let outcomes = operations.unwrap().iter().map(|row| &row["outcome"]);
        let mut found = outcomes.filter(|outcome| *outcome == "invalid_timestamp");
        assert_eq!(
            found.next().is_some(),
            refused,
            "{ahead}: {}",
            output.stderr
        );
    }
}

#[test]
fn a_broken_promise_is_reported() {
    let root = Path::new(env!("REPOSITORY"));
    let cases: [(&str, &[&str], &[u64]); 4] = [
        ("production", &[], &[]),
        ("development", &[], &[]),
        ("development", &["ec.sync.on_missing=create_minimal"], &[1]),
        // The tombstone outlasts the latest sync.
        (
            "development",
            &["ec.sync.on_missing=create_minimal", "ec.tombstone.ttl=3d"],
            &[],
        ),
    ];
    for (profile, sets, broken) in cases {
        let mut args = vec!["--profile", profile, "tests/workloads/late.toml"];
        for set in sets {
            args.extend(["--set", set]);
        }
        let output = simulate_in(root, &args);
        let (watched, found) = watched_and_broken(&output.json);
        assert_eq!(found, broken, "{profile} {sets:?}");
        for promise in [1, 2, 3, 4, 5, 6, 8] {
            assert!(
                watched.contains(&promise),
                "{promise} is checked: {watched:?}"
            );
        }
        assert_eq!(
            output.exit_code,
            i32::from(!broken.is_empty()),
            "{}",
            output.stderr
        );
    }
}
