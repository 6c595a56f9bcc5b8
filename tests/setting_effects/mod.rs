//! A setting that changes nothing is a defect: for every key, a change of only that key shows.

pub mod elsewhere;
mod engine;
mod service;
use crate::support;

use edge_cookie::policy::known_settings;
use elsewhere::{ELSEWHERE, NOT_USED_YET};

/// The text of the file that has the test `BINARY::TEST`, or of a file of `src/`.
fn source_of(case: &str) -> String {
    let root = std::path::Path::new(env!("REPOSITORY"));
    let Some((binary, test)) = case.split_once("::") else {
        return std::fs::read_to_string(root.join(case)).unwrap();
    };
    let folder = root.join("tests").join(binary);
    let files = match std::fs::read_dir(&folder) {
        Ok(files) => files.map(|file| file.unwrap().path()).collect(),
        Err(_) => vec![folder.with_extension("rs")],
    };
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap());
    let declared = format!("fn {test}(");
    let mut having = texts.filter(|text| text.contains(&declared));
    having
        .next()
        .unwrap_or_else(|| panic!("there is no test `{case}`"))
}

#[test]
fn no_setting_is_without_a_case() {
    let here = engine::CASES.iter().map(|case| case.key);
    let here: Vec<&str> = here
        .chain(service::CASES.iter().map(|case| case.key))
        .collect();
    for setting in known_settings() {
        if NOT_USED_YET.contains(&setting.key) {
            continue;
        }
        let elsewhere = ELSEWHERE.iter().find(|(key, _)| *key == setting.key);
        let cases = here.iter().filter(|key| **key == setting.key).count();
        assert_eq!(
            cases + usize::from(elsewhere.is_some()),
            1,
            "`{}` needs one case",
            setting.key
        );
        if let Some((key, case)) = elsewhere {
            let text = source_of(case);
            let named = [*key, &key.replace("edge.", ""), &key.replace("local.", "")];
            assert!(
                named.iter().any(|name| text.contains(name)),
                "`{key}` is not in the file of `{case}`"
            );
        }
    }
    let known = |key: &str| known_settings().iter().any(|setting| setting.key == key);
    assert!(ELSEWHERE.iter().all(|(key, _)| known(key)), "a key is gone");
}
