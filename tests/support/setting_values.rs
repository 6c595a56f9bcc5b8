//! Values that a setting takes: a new kind of setting needs a row here.

use edge_cookie::policy::known_settings;
use edge_cookie::policy::setting::Shape;

/// What else has to be set for a setting to be valid.
pub fn required_with(key: &str) -> &'static [&'static str] {
    match key {
        "admin.basic.username" => &["admin.basic.password=a-secret"],
        "admin.basic.password" => &["admin.basic.username=ops"],
        _ => &[],
    }
}

/// Values that a setting takes, as overrides write them.
pub fn values(key: &str, shape: Shape) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match (key, shape) {
        ("local.geo", _) => words(&["none", "DE", "US-CA", "BR"]),
        ("local.trusted_proxies", _) => words(&["[\"10.0.0.1\"]", "[\"10.0.0.0/8\"]"]),
        ("sync.sentinels", _) => words(&["[\"$*\", \"0\"]", "[\"$*\"]", "[\"$UID\"]", "[]"]),
        ("organic.ts_prefixes", _) => words(&["[]", "[\"/_ts/assets/\"]"]),
        ("consent.us_states", _) => words(&[
            "[\"CA\"]",
            "[\"CA\", \"TX\"]",
            "{ add = [\"ME@2027-01-01\"], remove = [\"FL\"] }",
            "{ add = [\"ME@2028-01-01\"] }",
        ]),
        ("consent.opt_in_regions", _) => words(&["[]", "[\"CA-QC\"]", "[\"CA-QC\", \"CH-GE\"]"]),
        ("consent.cookies.tcf" | "consent.cookies.gpp" | "consent.cookies.us_privacy", _) => {
            words(&[
                "[]",
                "[\"one\"]",
                "[\"one\", \"two\"]",
                "[\"two\", \"one\"]",
            ])
        }
        (_, Shape::Duration) => words(&["1s", "10s", "1m"]),
        (_, Shape::OptionalDuration) => words(&["none", "1h", "48h"]),
        (_, Shape::Integer) => {
            let setting = known_settings().iter().find(|setting| setting.key == key);
            let limits = setting.unwrap().limits.clone();
            let (least, greatest) = limits.map_or(("0".into(), "7".into()), |(least, greatest)| {
                (least.to_string(), greatest.to_string())
            });
            vec![least, greatest]
        }
        (_, Shape::Boolean) => words(&["true", "false"]),
        (_, Shape::Choice(choices)) => words(choices),
        (_, Shape::Text(_)) => words(&["one", "another"]),
        (_, Shape::TextList(_) | Shape::Amendable(_)) => words(&["[\"DE\"]", "[\"DE\", \"FR\"]"]),
        (_, Shape::Secret) => words(&["a-secret", "another-secret"]),
        (_, Shape::Partners) => words(&[
            "[]",
            "[{ source_domain = \"a.example\", api_token = \"a-token\" }]",
            "[{ source_domain = \"a.example\", api_token = \"another\", enabled = false, rate_limit = 3 }]",
            "[{ source_domain = \"b.example\", enabled = false }]",
        ]),
    }
}
