//! The tests of the library: records, policies, rules, engine, graph and memory store.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "a failed test should stop, and tables of cases are long"
)]

mod support;

mod allowances;
mod arrows;
mod bounds;
mod diagnostics;
mod effects;
mod embedding;
mod errors;
mod examples;
mod fleet;
mod guardrails;
mod ids;
mod numbers;
mod operations;
mod properties;
mod records;
mod schema;
mod seeded_faults;
mod side_by_side;
mod transaction;
mod words;

#[test]
fn every_file_of_tests_is_a_module_of_one_binary() {
    use std::collections::BTreeMap;

    let folder = std::path::Path::new(env!("REPOSITORY")).join("tests");
    let binaries = ["library", "program", "proofs"];
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for binary in binaries {
        let text = std::fs::read_to_string(folder.join(binary).with_extension("rs")).unwrap();
        for line in text.lines() {
            if let Some(module) = line.strip_prefix("mod ") {
                *times
                    .entry(module.trim_end_matches(';').to_owned())
                    .or_default() += 1;
            }
        }
    }
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let is_file = path.extension() == Some("rs".as_ref()) && !binaries.contains(&name);
        if !is_file && !path.join("mod.rs").exists() {
            continue;
        }
        let shared = if name == "support" { binaries.len() } else { 1 };
        assert_eq!(
            times.remove(name).unwrap_or_default(),
            shared,
            "`tests/{name}` runs in the wrong number of binaries: declare it in one of {binaries:?}"
        );
    }
    assert!(times.is_empty(), "{times:?} have no file in `tests`");
}
