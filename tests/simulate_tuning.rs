//! Every figure in `docs/tuning.md` is the result of the command before it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Runs a command of the guide. Returns its JSON output.
fn run_json(command: &str) -> Value {
    let words = command.replace("\\\n", " ");
    let mut words = words.split_whitespace();
    assert_eq!(words.next(), Some("ec"));
    let output = Command::new(env!("CARGO_BIN_EXE_ec"))
        .current_dir(env!("REPOSITORY"))
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

/// A figure with the number of decimals in the guide.
fn shown(value: &Value, written: &str) -> String {
    let decimals = written.split_once('.').map_or(0, |(_, after)| after.len());
    format!("{:.decimals$}", value.as_f64().unwrap())
}

/// The rows of a table: a JSON pointer in the second column, a figure in the third.
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
fn every_figure_of_the_guide_is_the_result_of_its_command() {
    let path = Path::new(env!("REPOSITORY")).join("docs/tuning.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let mut steps = guide.split("```sh\n");
    let mut prose = steps.next().unwrap().to_owned();
    for step in steps {
        let (command, text) = step.split_once("```").unwrap();
        let output = run_json(command);
        let figures = figures(text);
        assert!(!figures.is_empty(), "{command} has no figures");
        for (place, written) in figures {
            let value = output.pointer(place).unwrap();
            assert_eq!(shown(value, written), written.replace(',', ""), "{place}");
        }
        prose.extend(text.lines().filter(|line| !line.starts_with('|')));
    }
    // Values of settings are in backticks; no other figure may be outside the tables.
    let outside = prose.split('`').step_by(2).collect::<String>();
    assert!(!outside.contains(|letter: char| letter.is_ascii_digit()));
}
