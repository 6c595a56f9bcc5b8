//! A sweep runs several values of a setting and marks the current one.

use crate::harness::simulated;

use std::path::Path;

use serde_json::Value;
use simulated::simulate_in;

/// The points of the sweep, and the totals of the policy.
fn sweep(sweep: &str, sets: &[&str]) -> (Vec<Value>, Value) {
    let root = Path::new(env!("REPOSITORY"));
    let mut args = vec!["tests/workloads/late.toml", "--profile", "development"];
    args.extend(["--sweep", sweep]);
    for set in sets {
        args.extend(["--set", set]);
    }
    let output = simulate_in(root, &args);
    assert_eq!(output.exit_code, 0, "{}", output.stderr);
    let output = output.json;
    let points = output["sweep"]["points"].as_array().unwrap().clone();
    (points, output["profiles"][0]["totals"].clone())
}

#[test]
fn the_current_value_is_marked_and_costs_the_same_as_the_policy() {
    const DAYS: f64 = 14.0;
    let cases: [(&str, &[&str], &str); 5] = [
        // The profile's value, outside the range.
        ("ec.last_seen.debounce=1m..1h", &[], "10s"),
        (
            "last_seen.debounce=1m..1h",
            &["ec.last_seen.debounce=5m"],
            "5m",
        ),
        ("ec.cas.max_retries=0..4", &["ec.cas.max_retries=2"], "2"),
        ("ec.sync.unchanged=skip,refresh", &[], "rewrite"),
        (
            "ec.sync.unchanged=rewrite,skip",
            &["ec.sync.unchanged=skip"],
            "skip",
        ),
    ];
    for (asked, sets, current_value) in cases {
        let (points, totals) = sweep(asked, sets);
        let current: Vec<&Value> = points
            .iter()
            .filter(|point| point["current"] == true)
            .collect();
        assert_eq!(current.len(), 1, "{asked}: {points:?}");
        assert_eq!(current[0]["value"], current_value, "{asked}");
        let writes = current[0]["writes_a_day"].as_f64().unwrap() * DAYS;
        let all = totals["writes"].as_f64().unwrap();
        assert!((writes - all).abs() < 1e-3, "{asked}: {writes}, {all}");
    }
}

#[test]
fn a_longer_debounce_costs_less_and_is_staler() {
    let (points, _) = sweep("ec.last_seen.debounce=1m..1h", &[]);
    assert!(points.len() > 4);
    let figures = |field: &str| -> Vec<f64> {
        points
            .iter()
            .map(|point| point[field].as_f64().unwrap())
            .collect()
    };
    assert!(figures("amount").is_sorted());
    assert!(figures("last_seen_lag_seconds").is_sorted());
    assert!(figures("writes_a_day").iter().rev().is_sorted());
    assert_eq!(figures("amount").first(), Some(&10.0));
    assert_eq!(figures("amount").last(), Some(&3_600.0));
}
