//! A number of the policy is written once: in the declaration of its setting.

use crate::support::sources::{self, code_of, without_tests};

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where settings are declared, each with its default and limits.
const SETTINGS: &str = "src/policy/settings";

/// Numbers that only look like a setting's: the file, the number, what it is.
const OTHERS: &[(&str, u64, &str)] = &[
    ("types/day.rs", 365, "days of a year"),
    (
        "log/reader.rs",
        300,
        "the first HTTP status of a redirection",
    ),
    ("workload/read.rs", 500, "a limit of a workload's text"),
    (
        "visitor_session.rs",
        600_000,
        "when a repeated withdrawal arrives",
    ),
    ("chart/lines.rs", 2_000, "the height of a chart"),
];

/// Whole numbers in the code of a file: not in its tests, comments and strings.
fn numbers(file: &Path) -> BTreeSet<u64> {
    let code = code_of(&std::fs::read_to_string(file).unwrap());
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
    let digits = words.map(|word| word.replace('_', ""));
    digits.filter_map(|digits| digits.parse().ok()).collect()
}

/// Whether a number says which setting it is from: hundreds of things are a power of ten or two, or a count of seconds.
fn is_distinctive(number: u64) -> bool {
    const UNITS: [u64; 4] = [3_600, 60_000, 3_600_000, 86_400];
    let power_of_ten = (0..20).any(|power| 10_u64.checked_pow(power) == Some(number));
    number >= 100 && !number.is_power_of_two() && !power_of_ten && !UNITS.contains(&number)
}

#[test]
fn no_number_of_the_policy_is_repeated_in_code() {
    let root = Path::new(env!("REPOSITORY"));
    let files = sources::all();
    let (settings, code): (Vec<_>, Vec<_>) = files
        .iter()
        .partition(|file: &&PathBuf| file.starts_with(root.join(SETTINGS)));
    let declared: BTreeSet<u64> = settings
        .into_iter()
        .flat_map(|file| numbers(file))
        .collect();
    let declared: BTreeSet<u64> = declared
        .into_iter()
        .filter(|n| is_distinctive(*n))
        .collect();
    assert!(declared.contains(&395), "`consent.tcf_max_age` is declared");
    let mut repeated = Vec::new();
    for file in code {
        for number in numbers(file).intersection(&declared) {
            let is_other =
                |(name, other, _): &(&str, u64, &str)| file.ends_with(name) && other == number;
            if !OTHERS.iter().any(is_other) {
                repeated.push(format!("{number} in {}", file.display()));
            }
        }
    }
    assert!(
        repeated.is_empty(),
        "use the setting's value: {repeated:#?}"
    );
}

#[test]
fn no_store_name_is_repeated_in_code() {
    let mut files = sources::all();
    let names = ["_identity_store", "_partner_store"];
    files.retain(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        let code = without_tests(&text).lines();
        let mut code = code.filter(|line| !line.trim_start().starts_with("//"));
        code.any(|line| names.iter().any(|name| line.contains(name)))
    });
    let root = Path::new(env!("REPOSITORY"));
    assert_eq!(files, [root.join(SETTINGS).join("root.rs")]);
}
