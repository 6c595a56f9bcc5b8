//! Every format of `ec check`: each of them reports every rule.

use crate::support::overrides;
use crate::support::samples;

use std::path::Path;
use std::process::Command;

use overrides::sets;
use samples::{code, name, samples, site};
use serde_json::Value;

struct CommandOutput {
    code: Option<i32>,
    out: String,
    err: String,
}

fn check(root: &Path, format: &str) -> CommandOutput {
    let output = Command::new(env!("CARGO_BIN_EXE_ec"))
        .current_dir(root)
        .args(["check", "--all", "--deny-warnings", "--format", format])
        .args(sets(root).iter().flat_map(|set| ["--set", set]))
        .env_remove("EC_PROFILE")
        .output()
        .unwrap();
    CommandOutput {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn people_see_the_lines_and_how_to_fix_them() {
    for sample in samples("invalid") {
        let ran = check(site(&sample).path(), "human");
        assert_eq!(ran.code, Some(1));
        assert!(ran.err.contains("= help: "), "{}", ran.err);
        insta::assert_snapshot!(name(&sample), ran.err);
    }
}

/// Messages are lower case, end without a full stop, and name the user's own words in backticks.
#[test]
fn every_message_reads_as_the_others_do() {
    for sample in samples("invalid") {
        let folder = site(&sample);
        let report: Value = serde_json::from_str(&check(folder.path(), "json").out).unwrap();
        for profile in report["profiles"].as_array().unwrap() {
            for finding in profile["diagnostics"].as_array().unwrap() {
                for text in [&finding["message"], &finding["help"]] {
                    let text = text.as_str().unwrap();
                    let first = text.chars().next().unwrap();
                    assert!(!first.is_uppercase() && !text.ends_with('.'), "{text}");
                    // No type of the program's own.
                    assert!(!text.contains("::") && !text.contains("Some("), "{text}");
                }
                let message = finding["message"].as_str().unwrap();
                assert!(
                    message.contains('`') || message.starts_with("not TOML"),
                    "{message}"
                );
            }
        }
    }
}

#[test]
fn json_reports_every_rule_to_programs() {
    for sample in samples("invalid") {
        let (name, code) = (name(&sample), code(&sample));
        let ran = check(site(&sample).path(), "json");
        assert_eq!(ran.code, Some(1), "{name}");
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let profiles = report["profiles"].as_array().unwrap();
        let sample = profiles
            .iter()
            .find(|profile| profile["profile"] == "sample")
            .unwrap();
        assert_eq!(sample["ok"], false, "{name}");
        let finding = &sample["diagnostics"][0];
        assert_eq!(finding["code"], code.as_str(), "{name}");
        assert!(finding["places"][0]["line"].as_u64().unwrap() > 0, "{name}");
    }
}

#[test]
fn sarif_reports_every_rule_to_code_scanning() {
    let schema = include_str!("schemas/sarif-2.1.0.json");
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    // One of the standard's own patterns is no regular expression; it is about a key that is not written here.
    for part in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][part]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    for sample in samples("invalid").into_iter().chain(samples("valid")) {
        let ran = check(site(&sample).path(), "sarif");
        let log: Value = serde_json::from_str(&ran.out).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", name(&sample));
        let results = log["runs"][0]["results"].as_array().unwrap();
        if ran.code == Some(0) {
            assert!(results.is_empty());
            continue;
        }
        // Code scanning shows no result without a place: a file of the publisher's own.
        for result in results {
            let place = &result["locations"][0]["physicalLocation"];
            assert!(place["region"]["startLine"].as_u64().unwrap() > 0);
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.contains(".toml") && !uri.contains('<'), "{uri}");
        }
        let result = &results[0];
        assert_eq!(result["ruleId"], code(&sample).as_str());
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &log["runs"][0]["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], result["ruleId"]);
        if !sets(site(&sample).path()).is_empty() {
            // A command line is no file that could be shown.
            assert_eq!(result["properties"]["overrides"][0], "<command line>:1:7");
            continue;
        }
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert!(
            region["startLine"].as_u64().unwrap() > 0,
            "{}",
            name(&sample)
        );
    }
    // The validator can fail.
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{}] })));
}

#[test]
fn annotations_report_every_rule_in_a_workflow() {
    for sample in samples("invalid") {
        let (name, code) = (name(&sample), code(&sample));
        let ran = check(site(&sample).path(), "github");
        let line = ran.out.lines().next().unwrap();
        let (level, rest) = line.strip_prefix("::").unwrap().split_once(' ').unwrap();
        assert!(["error", "warning"].contains(&level), "{name}: {line}");
        let (properties, message) = rest.split_once("::").unwrap();
        assert!(properties.starts_with("file="), "{name}: {line}");
        assert!(
            properties.ends_with(&format!("title={code}")),
            "{name}: {line}"
        );
        assert!(message.contains("%0Ahelp: "), "{name}: {line}");
    }
}

#[test]
fn what_has_a_meaning_to_a_workflow_is_escaped() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("trusted-server.toml"), "[ec]\n").unwrap();
    std::fs::create_dir(folder.path().join("policies")).unwrap();
    let odd = "[ec.entry]\nttl = \"100%:,\\n::error::\"\n";
    std::fs::write(folder.path().join("policies/a,b.toml"), odd).unwrap();
    let ran = check(folder.path(), "github");
    let line = ran
        .out
        .lines()
        .find(|line| line.starts_with("::error"))
        .unwrap();
    assert!(
        line.starts_with("::error file=policies/a%2Cb.toml,line=2,col=7,title=EC0004::"),
        "{line}"
    );
    assert!(line.contains("`100%25:,%0A::error::`"), "{line}");
    assert_eq!(
        ran.out
            .lines()
            .filter(|line| !line.starts_with("::"))
            .count(),
        0
    );
}
