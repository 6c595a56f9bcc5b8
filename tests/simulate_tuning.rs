//! Every figure of `docs/tuning.md` is what the command before it tells.
#![cfg(all(feature = "cli", feature = "simulate"))]
#![allow(clippy::unwrap_used, reason = "a failed test should stop")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What the command in a block of the guide tells, as JSON.
fn told(command: &str) -> Value {
    let words = command.replace("\\\n", " ");
    let mut words = words.split_whitespace();
    assert_eq!(words.next(), Some("ec"));
    let output = Command::new(env!("CARGO_BIN_EXE_ec"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(words)
        .args(["--format", "json"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A figure with as many decimals as it is written with.
fn shown(value: &Value, written: &str) -> String {
    let decimals = written.split_once('.').map_or(0, |(_, after)| after.len());
    format!("{:.decimals$}", value.as_f64().unwrap())
}

/// The rows of a table whose second column names a place and whose third a figure.
fn figures(text: &str) -> Vec<(&str, &str)> {
    text.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let place = cells.get(2)?.strip_prefix('`')?.strip_suffix('`')?;
            Some((place, *cells.get(3)?))
        })
        .collect()
}

#[test]
fn every_figure_of_the_guide_is_what_its_command_tells() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tuning.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let mut steps = guide.split("```sh\n");
    let mut prose = steps.next().unwrap().to_owned();
    for step in steps {
        let (command, text) = step.split_once("```").unwrap();
        let told = told(command);
        let figures = figures(text);
        assert!(!figures.is_empty(), "{command} tells nothing");
        for (place, written) in figures {
            let value = told.pointer(place).unwrap();
            assert_eq!(shown(value, written), written.replace(',', ""), "{place}");
        }
        prose.extend(text.lines().filter(|line| !line.starts_with('|')));
    }
    // Values of settings stand in backticks; no other figure may stand outside the tables.
    let outside = prose.split('`').step_by(2).collect::<String>();
    assert!(!outside.contains(|letter: char| letter.is_ascii_digit()));
}
