//! The output of a simulation: the summary in a terminal, and the HTML page as text and in a browser.

mod browser;
use crate::harness::chromium;
mod fixture;
mod screen;
mod words;

use std::process::Command;
use std::sync::OnceLock;

/// The output of `ec simulate` on the small blog under the shipped policies.
fn simulate(more: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ec"))
        .current_dir(env!("REPOSITORY"))
        .args(["simulate", "workloads/blog.toml", "--profile", "production"])
        .args(more)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// The page of two policies and a sweep, simulated once.
fn page() -> &'static str {
    static PAGE: OnceLock<String> = OnceLock::new();
    PAGE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.html");
        let report = file.to_str().unwrap();
        let sweep = "ec.last_seen.debounce=1m..1h";
        let sides = ["--compare", "staging", "--seeds", "2"];
        simulate(&[&sides[..], &["--sweep", sweep, "--report", report]].concat());
        std::fs::read_to_string(file).unwrap()
    })
}
