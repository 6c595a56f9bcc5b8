//! `docs/settings.md`: every setting, from its declaration, `ec plan` and the tests that show its effect.

use edge_cookie::policy::known_settings;
use edge_cookie::policy::setting::{SettingInfo, Shape};
use edge_cookie::policy::value::Value;
use edge_cookie_review::{Change, Plan, PlanVerdict};

use super::elsewhere::{ELSEWHERE, NOT_USED_YET};
use super::page::{self, anchor, capitalised, code, table};
use super::setting_values::{required_with, values};
use super::written::{overridden, with};

/// The binary's tables of cases, and the test that runs each.
const CASES: [(&str, &str); 2] = [
    (
        include_str!("../setting_effects/engine.rs"),
        "setting_effects::engine::every_engine_setting_has_an_effect",
    ),
    (
        include_str!("../setting_effects/service.rs"),
        "setting_effects::service::every_service_setting_has_an_effect",
    ),
];

/// The longest list that the overview shows.
const SHORT_LIST: usize = 1;

#[test]
fn the_page_of_settings_is_the_codes_own() {
    for (text, test) in CASES {
        let name = test.rsplit_once("::").unwrap().1;
        assert!(text.contains(&format!("fn {name}(")), "{test}");
    }
    let parts = [("overview", overview()), ("settings", details())];
    page::check("docs/settings.md", &parts);
}

fn overview() -> String {
    let rows = known_settings().iter().map(|setting| {
        let heading = code(setting.key);
        let link = format!("[{heading}](#{})", anchor(&heading));
        let default = match &setting.default {
            Value::List(items) if items.len() > SHORT_LIST => format!("{} entries", items.len()),
            default => shown(default),
        };
        vec![link, default, setting.summary()]
    });
    table(&["key", "default", "meaning"], rows)
}

fn details() -> String {
    let mut text = String::new();
    let mut group = None;
    for setting in known_settings() {
        let own = setting.key.rsplit_once('.').map(|(group, _)| group);
        if group != Some(own) {
            let table = own.map_or("ec".to_owned(), |own| format!("ec.{own}"));
            text += &format!("\n## `[{table}]`\n");
            group = Some(own);
        }
        text += &format!("\n### `{}`\n\n{}\n\n", setting.key, documentation(setting));
        for (fact, what) in facts(setting) {
            text += &format!("- **{fact}**: {what}\n");
        }
    }
    text + "\n"
}

/// The declaration's documentation, a line a paragraph.
fn documentation(setting: &SettingInfo) -> String {
    let lines: Vec<&str> = setting.doc.iter().map(|line| line.trim()).collect();
    let paragraphs = lines.split(|line| line.is_empty());
    let paragraphs: Vec<String> = paragraphs.map(|lines| lines.join(" ")).collect();
    paragraphs.join("\n\n")
}

fn facts(setting: &SettingInfo) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Type", kind(setting.shape)),
        ("Default", shown(&setting.default)),
    ];
    if let Some((least, greatest)) = &setting.limits {
        facts.push(("Range", format!("{} to {}", shown(least), shown(greatest))));
    }
    let inherited = if setting.inheritable {
        "yes"
    } else {
        "no, each profile writes its own"
    };
    facts.push(("Inherited", inherited.to_owned()));
    if setting.shape.is_secret() {
        facts.push(("Secret", "yes, never shown".to_owned()));
    }
    if setting.machine {
        facts.push((
            "Per machine",
            "yes, not part of the policy's digest".to_owned(),
        ));
    }
    if setting.restart {
        facts.push((
            "Restart",
            "`ec serve` needs one for a changed value".to_owned(),
        ));
    }
    facts.push(("Change", change(setting)));
    facts.push(("Tested by", tested_by(setting.key)));
    facts
}

fn kind(shape: Shape) -> String {
    match shape {
        Shape::Duration => "duration".to_owned(),
        Shape::OptionalDuration => "duration or `none`".to_owned(),
        Shape::Integer => "whole number".to_owned(),
        Shape::Boolean => "`true` or `false`".to_owned(),
        Shape::Choice(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
            words.join(" or ")
        }
        Shape::Text(sort) => sort.words.to_owned(),
        Shape::TextList(sort) => format!("list of {}", sort.words),
        Shape::Amendable(sort) => {
            format!("list of {}, or `{{ add = […], remove = […] }}`", sort.words)
        }
        Shape::Secret => {
            "text, `{ env = \"NAME\" }` or `{ secret_store = \"S\", key = \"K\" }`".to_owned()
        }
        Shape::Partners => "tables `[[ec.partners]]`".to_owned(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Nothing => "not set".to_owned(),
        value => code(&value.to_string()),
    }
}

/// When a change is effective, and what `ec plan` says of it under the default policy.
fn change(setting: &SettingInfo) -> String {
    let changes = changes(setting);
    let (_, first) = changes.first().unwrap_or_else(|| panic!("{}", setting.key));
    let verdicts: Vec<String> = changes
        .iter()
        .map(|(which, change)| format!("{which}: {}", verdict(change)))
        .collect();
    format!("{}. {}", first.effect, capitalised(&verdicts.join("; ")))
}

fn verdict(change: &Change) -> String {
    let what = match (change.verdict, &change.safe_after) {
        (PlanVerdict::Wait, Some(after)) => format!("safe after {after}"),
        (verdict, _) => verdict.as_str().to_owned(),
    };
    let mut lost: Vec<&str> = change.loses.iter().map(|loss| loss.what.words()).collect();
    lost.dedup();
    if lost.is_empty() {
        what
    } else {
        format!("{what}, loses {}", lost.join(" and "))
    }
}

/// Changes of this setting alone, and what to call each.
fn changes(setting: &SettingInfo) -> Vec<(String, Change)> {
    let key = setting.key;
    let changed = |from: &[String], to: &str| {
        let with_others = |own: &[String]| {
            let others = required_with(key).iter().map(|other| (*other).to_owned());
            others.chain(own.iter().cloned()).collect::<Vec<_>>()
        };
        let candidate = overridden(with_others(&[format!("{key}={to}")]));
        let plan = candidate
            .is_usable()
            .then(|| Plan::of(&with(with_others(from)), &candidate))?;
        plan.changes.into_iter().next()
    };
    let from_default = |which: String, to: &str| Some((which, changed(&[], to)?));
    match setting.shape {
        Shape::Duration | Shape::OptionalDuration | Shape::Integer => {
            let (mut lower, mut higher) = (None, None);
            for value in ordered_values(setting) {
                let Some(change) = changed(&[], &value) else {
                    continue;
                };
                if amount(&value) < amount(&setting.default.to_string()) {
                    lower.get_or_insert(("a lower value".to_owned(), change));
                } else {
                    higher.get_or_insert(("a higher value".to_owned(), change));
                }
            }
            lower.into_iter().chain(higher).collect()
        }
        Shape::Choice(words) => words
            .iter()
            .filter_map(|word| from_default(format!("`\"{word}\"`"), word))
            .collect(),
        Shape::Boolean => ["true", "false"]
            .iter()
            .filter_map(|word| from_default(code(word), word))
            .collect(),
        shape => {
            let values = values(key, shape);
            let mut pairs = values.windows(2);
            let change = pairs.find_map(|pair| {
                let from = format!("{key}={}", pair.first()?);
                changed(&[from], pair.last()?)
            });
            change
                .map(|change| ("another value".to_owned(), change))
                .into_iter()
                .collect()
        }
    }
}

/// Values around the default: the nearest ones first, then the limits.
fn ordered_values(setting: &SettingInfo) -> Vec<String> {
    let default = setting.default.to_string();
    let default = default.trim_matches('"');
    let digits: String = default.chars().take_while(char::is_ascii_digit).collect();
    let unit = default.strip_prefix(&digits).unwrap_or_default();
    let number: u64 = digits.parse().unwrap_or_default();
    let mut values = vec![
        format!("{}{unit}", number / 2),
        format!("{}{unit}", number * 2),
    ];
    values.extend(self::values(setting.key, setting.shape));
    if let Some((least, greatest)) = &setting.limits {
        values
            .extend([least, greatest].map(|limit| limit.to_string().trim_matches('"').to_owned()));
    }
    values
}

/// A number, or a duration in milliseconds; `none` is more than any.
fn amount(written: &str) -> u128 {
    let written = written.trim_matches('"');
    let digits: String = written.chars().take_while(char::is_ascii_digit).collect();
    let unit = match written.strip_prefix(&digits).unwrap() {
        "" | "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "none" => return u128::MAX,
        unit => panic!("{unit}"),
    };
    digits.parse::<u128>().unwrap() * unit
}

fn tested_by(key: &str) -> String {
    if NOT_USED_YET.contains(&key) {
        return "nothing yet: it has no effect in this version".to_owned();
    }
    let declared = format!("key: \"{key}\",");
    let here = CASES.iter().find(|(text, _)| text.contains(&declared));
    let there = ELSEWHERE.iter().find(|(known, _)| *known == key);
    let (_, test) = here.or(there).unwrap_or_else(|| panic!("`{key}`"));
    code(test)
}
