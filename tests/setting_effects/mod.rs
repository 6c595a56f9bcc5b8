//! A setting that changes nothing is a defect: for every key, a change of only that key shows.

pub mod elsewhere;
mod engine;
mod service;
use crate::support;

use crate::support::rows::source_of;
use edge_cookie::policy::known_settings;
use elsewhere::{ELSEWHERE, NOT_USED_YET};

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
            let file = std::path::Path::new(env!("REPOSITORY")).join(case);
            let text = source_of(case).or_else(|| std::fs::read_to_string(file).ok());
            let text = text.unwrap_or_else(|| panic!("there is no test `{case}`"));
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
