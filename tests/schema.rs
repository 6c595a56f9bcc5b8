//! The schemas that editors read: those checked in are the code's own, and say what the code says.

use crate::support::samples;

use std::path::{Path, PathBuf};

use edge_cookie::config::{PolicyFiles, PolicySources};
use edge_cookie::diagnostic::{Code, Severity};
use edge_cookie::policy::known_settings;
use edge_cookie::policy::schema;
use edge_cookie::policy::value::Value as Shown;
use jsonschema::Validator;
use samples::{code, name, samples, site};
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("REPOSITORY"))
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).unwrap()
}

/// A TOML text as the JSON that its schema describes.
fn json(toml: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(toml).unwrap()).unwrap()
}

fn problems(validator: &Validator, toml: &str) -> Vec<String> {
    let value = json(toml);
    let problems = validator.iter_errors(&value);
    problems
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect()
}

#[test]
fn the_schemas_checked_in_are_the_codes_own() {
    for (file, schema) in [
        ("schemas/profile.schema.json", schema::profile()),
        ("schemas/trusted-server.schema.json", schema::config()),
    ] {
        let path = root().join(file);
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).unwrap() == text,
            "{file} is not the code's: run `UPDATE_SCHEMAS=1 cargo test --test library schema::`"
        );
        assert!(jsonschema::meta::is_valid(&schema), "{file}");
    }
}

#[test]
fn every_default_is_the_settings_own_and_passes() {
    let profile = schema::profile();
    let validator = validator(&profile);
    for setting in known_settings() {
        let pointer = setting.key.replace('.', "/properties/");
        let property = profile
            .pointer(&format!("/$defs/ec/properties/{pointer}"))
            .unwrap_or_else(|| panic!("`{}` is not described", setting.key));
        assert!(
            property["description"]
                .as_str()
                .unwrap()
                .starts_with(setting.doc[0].trim()),
            "{}",
            setting.key
        );
        if setting.default == Shown::Nothing {
            assert_eq!(property.get("default"), None, "{}", setting.key);
            continue;
        }
        let written = format!("ec.{} = {}\n", setting.key, setting.default);
        assert_eq!(
            property["default"],
            *json(&written)
                .pointer(&format!("/ec/{}", setting.key.replace('.', "/")))
                .unwrap()
        );
        assert_eq!(
            problems(&validator, &written),
            Vec::<String>::new(),
            "{written}"
        );
    }
}

#[test]
fn what_is_shipped_and_every_valid_sample_passes() {
    let (profile, config) = (validator(&schema::profile()), validator(&schema::config()));
    let mut checked = 0;
    let mut pass = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let of_config = path.file_name().unwrap() == "trusted-server.toml";
        let validator = if of_config { &config } else { &profile };
        assert_eq!(
            problems(validator, &text),
            Vec::<String>::new(),
            "{}",
            path.display()
        );
        checked += 1;
    };
    pass(root().join("trusted-server.toml"));
    for profile in ["development", "staging", "production"] {
        let path = root().join(format!("policies/{profile}.toml"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("#:schema ../schemas/profile.schema.json\n"));
        pass(path);
    }
    for sample in samples("valid") {
        let folder = site(&sample);
        pass(folder.path().join("trusted-server.toml"));
        for entry in std::fs::read_dir(folder.path().join("policies")).unwrap() {
            pass(entry.unwrap().path());
        }
    }
    assert!(checked > 100, "{checked}");
}

/// The documents' blocks of TOML that are profiles, or parts of one: `[ec…]` is in them.
fn documented_blocks() -> Vec<String> {
    let pages = std::fs::read_dir(root().join("docs")).unwrap();
    let pages = pages.map(|page| page.unwrap().path());
    // What rules.md shows is wrong by intent: tests/rules.rs has it.
    let pages = pages.filter(|page| page.is_file() && !page.ends_with("rules.md"));
    let texts = pages.map(|page| std::fs::read_to_string(page).unwrap());
    let blocks = texts.flat_map(|text| {
        let blocks = text.split("```toml\n").skip(1);
        let blocks = blocks.map(|rest| rest.split("```").next().unwrap().to_owned());
        blocks.collect::<Vec<_>>()
    });
    blocks
        .filter(|block| block.contains("[ec") || block.contains("[[ec"))
        .collect()
}

#[test]
fn what_the_documents_show_of_policies_passes_and_is_read() {
    let validator = validator(&schema::profile());
    let blocks = documented_blocks();
    assert!(blocks.len() >= 5, "{blocks:?}");
    for block in blocks {
        assert_eq!(
            problems(&validator, &block),
            Vec::<String>::new(),
            "{block}"
        );
        // Its parent and the profile it shares stores with are the shipped ones.
        assert!(block.contains("inherits") || reads(&block), "{block}");
    }
}

/// Whether reading alone, apart from the rule book, takes the profile.
fn reads(profile: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("trusted-server.toml"), "").unwrap();
    std::fs::create_dir(folder.path().join("policies")).unwrap();
    std::fs::write(folder.path().join("policies/sample.toml"), profile).unwrap();
    let sources = PolicySources {
        config: folder.path().join("trusted-server.toml"),
        policies: folder.path().join("policies"),
        ..PolicySources::default()
    };
    let loaded = PolicyFiles::open(sources).unwrap().load("sample").unwrap();
    // What a guardrail makes of a value is the rule book's.
    loaded
        .resolved
        .findings
        .iter()
        .all(|finding| finding.severity < Severity::Error || finding.code == Code::BeyondGuardrail)
}

#[test]
fn the_schema_and_the_code_refuse_the_same() {
    let validator = validator(&schema::profile());
    for (profile, good) in [
        ("", true),
        ("inherits = 5", false),
        ("inherit = \"a\"", false),
        ("deploy = \"yes\"", false),
        ("[ec]\nprofile = \"a\"", false),
        ("[ec]\nec_store = \"a b\"", false),
        ("[ec]\nec_store = \"\"", false),
        ("[ec]\nec_store = \"a.b-c_D9\"", true),
        ("[ec]\npassphrase = \"a literal\"", true),
        ("[ec]\npassphrase = \"\"", false),
        ("[ec]\npassphrase = { env = \"A\" }", true),
        ("[ec]\npassphrase = { env = \"\" }", false),
        ("[ec]\npassphrase = { env = \"A\", key = \"B\" }", false),
        (
            "[ec]\npassphrase = { secret_store = \"A\", key = \"B\" }",
            true,
        ),
        ("[ec]\npassphrase = { secret_store = \"A\" }", false),
        ("[ec]\npassphrase = 5", false),
        ("[ec.entry]\nttl = \"365d\"", true),
        ("[ec.entry]\nttl = \"1h 30m\"", true),
        ("[ec.entry]\nttl = \"2weeks\"", true),
        ("[ec.entry]\nttl = \"1month\"", false),
        ("[ec.entry]\nttl = \"1y\"", false),
        ("[ec.entry]\nttl = \"soon\"", false),
        ("[ec.entry]\nttl = \"\"", false),
        ("[ec.entry]\nttl = \"300\"", false),
        ("[ec.entry]\nttl = 300", false),
        ("[ec.entry]\ntll = \"300s\"", false),
        ("[ec.entry]\nrenewal = \"on_visit\"", true),
        ("[ec.entry]\nrenewal = \"on_vist\"", false),
        ("[ec.entry]\nmax_metadata_bytes = 2000", true),
        ("[ec.entry]\nmax_metadata_bytes = 2001", false),
        ("[ec.entry]\nmax_metadata_bytes = \"2000\"", false),
        ("[ec.sync]\nmax_age = \"none\"", true),
        ("[ec.sync]\nmax_age = \"24h\"", true),
        ("[ec.sync]\nmax_age = \"never\"", false),
        ("[ec.cookie]\nhttp_only = true", true),
        ("[ec.cookie]\nhttp_only = \"true\"", false),
        ("[ec.cookie]\nname = \"ts-ec\"", true),
        ("[ec.cookie]\nname = \"a'b|c\"", true),
        ("[ec.cookie]\nname = \"a b\"", false),
        ("[ec.cookie]\nname = \"a;b\"", false),
        ("[ec.cookie]\nname = \"ü\"", false),
        ("[ec.tombstone]\nttl = \"1.5h\"", true),
        ("[ec.tombstone]\nttl = \"1,5h\"", false),
        ("[ec.tombstone]\nttl = \"1.h\"", false),
        ("[ec.tombstone]\nttl = \".5h\"", false),
        ("[ec.consent]\nus_states = [\"CA\"]", true),
        ("[ec.consent]\nus_states = [\"ca\"]", false),
        ("[ec.consent]\nus_states = \"CA\"", false),
        ("[ec.local]\ngeo = \"US-CA\"", true),
        ("[ec.local]\ngeo = \"none\"", true),
        ("[ec.local]\ngeo = \"us\"", false),
        ("[ec.local]\ndata_dir = \" \"", false),
        (
            "[ec.local]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]",
            true,
        ),
        ("[ec.local]\ntrusted_proxies = [\"proxy.example\"]", false),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\nenabled = false",
            true,
        ),
        (
            "[[ec.partners]]\nsource_domain = \"A.com\"\nenabled = false",
            false,
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a_b.com\"\nenabled = false",
            false,
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\nname = \"a\\u0007\"\nenabled = false",
            false,
        ),
        ("[[ec.partners]]\nname = \"a\"", false),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\ncolour = 1",
            false,
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\napi_token_sha256 = \"ab\"",
            false,
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\nenabled = 1",
            false,
        ),
        ("[ec.guardrails]\n\"entry.ttl\" = { max = \"395d\" }", true),
        ("[ec.guardrails]\n\"entry.ttl\" = { max = 395 }", false),
        ("[ec.guardrails]\n\"entry.ttl\" = {}", false),
        ("[ec.guardrails]\n\"entry.tll\" = { max = \"395d\" }", false),
        (
            "[ec.guardrails]\n\"entry.renewal\" = { max = \"on_visit\" }",
            false,
        ),
        (
            "[ec.guardrails]\n\"entry.renewal\" = { one_of = [\"on_visit\"] }",
            true,
        ),
        ("[ec.guardrails]\n\"entry.ttl\" = { one_of = [] }", false),
        ("[[ec.allow]]\ncode = \"EC0205\"\nreason = \"why\"", true),
        ("[[ec.allow]]\ncode = \"EC0205\"", false),
        ("[[ec.allow]]\ncode = \"EC0205\"\nreason = \" \"", false),
        ("[[ec.allow]]\ncode = \"205\"\nreason = \"why\"", false),
        (
            "[[ec.allow]]\ncode = \"EC0205\"\nreason = \"why\"\nseverity = \"error\"",
            false,
        ),
    ] {
        let found = problems(&validator, profile);
        assert_eq!(
            found.is_empty(),
            good,
            "the schema of {profile:?}: {found:?}"
        );
        assert_eq!(reads(profile), good, "the code of {profile:?}");
    }
}

#[test]
fn an_invalid_sample_that_a_schema_can_reject_is_rejected() {
    let validator = validator(&schema::profile());
    let rejected = [
        "EC0002", "EC0003", "EC0004", "EC0005", "EC0006", "EC0007", "EC0008", "EC0014", "EC0015",
        "EC0603", "EC0802",
    ];
    for sample in samples("invalid").iter().filter(|sample| sample.is_file()) {
        let name = name(sample);
        if rejected.contains(&code(sample).as_str()) {
            let text = std::fs::read_to_string(sample).unwrap();
            assert_ne!(problems(&validator, &text), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn every_duration_that_the_code_reads_the_schema_takes() {
    let validator = validator(&schema::profile());
    let units = [
        "ns", "us", "ms", "msec", "millis", "s", "sec", "secs", "second", "seconds", "m", "min",
        "mins", "minute", "minutes", "h", "hr", "hrs", "hour", "hours", "d", "day", "days", "w",
        "wk", "wks", "week", "weeks", "month", "y", "H", "x", "",
    ];
    let mut read = 0;
    for number in ["1", "90", "1.5", "0.25", "1.", ".5", "1,5", "-1", "1_0"] {
        for unit in units {
            for (gap, rest) in [
                ("", ""),
                (" ", ""),
                ("", " 5m"),
                ("", "30s"),
                (" ", " 1.5 h "),
                ("", "-5m"),
            ] {
                let profile = format!("[ec.store]\ncall_timeout = \"{number}{gap}{unit}{rest}\"");
                if reads(&profile) {
                    read += 1;
                    assert!(problems(&validator, &profile).is_empty(), "{profile}");
                }
            }
        }
    }
    assert!(read > 100, "{read}");
}

/// The code of what reading finds in a `trusted-server.toml`, where it finds an error.
fn reads_config(config: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trusted-server.toml");
    std::fs::write(&path, config).unwrap();
    std::fs::create_dir(folder.path().join("policies")).unwrap();
    std::fs::write(folder.path().join("policies/sample.toml"), "").unwrap();
    let sources = PolicySources {
        config: path,
        policies: folder.path().join("policies"),
        ..PolicySources::default()
    };
    let loaded = PolicyFiles::open(sources).unwrap().load("sample").unwrap();
    loaded.resolved.is_usable()
}

#[test]
fn a_key_that_no_one_reads_is_refused_by_the_schema_too() {
    let config = validator(&schema::config());
    for (text, good) in [
        // Other subsystems' tables are theirs.
        ("[other]\nkey = 1", true),
        ("[echo]\nkey = 1", true),
        ("[ec]\nprofile = \"sample\"", true),
        ("[publisher]\nkey = 1", true),
        ("[EC]", false),
        ("[Ec]", false),
        ("[ecs]", false),
        ("[edge_cookie]", false),
        ("[edge-cookie]", false),
        ("[Edge_Cookie]", false),
        ("[edge-cookies]", false),
        ("[edgecookie]", false),
        ("[ec]\nzzz = 1", false),
        ("[ec.zzz]", false),
    ] {
        let found = problems(&config, text);
        assert_eq!(found.is_empty(), good, "the schema of {text:?}: {found:?}");
        assert_eq!(reads_config(text), good, "the code of {text:?}");
    }
    let profile = validator(&schema::profile());
    let groups: std::collections::BTreeSet<&str> = known_settings()
        .iter()
        .filter_map(|setting| setting.key.split_once('.').map(|(group, _)| group))
        .collect();
    assert!(groups.len() > 10);
    for group in groups {
        let text = format!("[ec.{group}]\nzzz = 1");
        assert!(!problems(&profile, &text).is_empty(), "{text}");
        assert!(!reads(&text), "{text}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Reading refuses a text for its grammar exactly where the schema's pattern does.
    #[test]
    fn the_pattern_of_durations_and_what_reads_them_agree(
        text in "([ \\t\u{85}]{0,2}([0-9]{0,3}|[0-9]{20})([.,][0-9 ]{0,2})?[ \\n]?(ns|us|µs|ms|msec|s|sec|seconds|m|mins|h|hr|H|d|days|w|wk|x|M|y|month|))* ?"
    ) {
        let property = &schema::profile()["$defs"]["ec"]["properties"]["cas"]["properties"]["deadline"];
        let validator = validator(&serde_json::json!({ "pattern": property["pattern"] }));
        let matches = validator.is_valid(&Value::String(text.clone()));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("trusted-server.toml"), "").unwrap();
        let sources = PolicySources {
            config: folder.path().join("trusted-server.toml"),
            policies: folder.path().to_owned(),
            sets: vec![format!("cas.deadline={text}")],
            ..PolicySources::default()
        };
        let mut files = PolicyFiles::open(sources).unwrap();
        let profile = files.names().first().cloned();
        let loaded = files.load(profile.as_deref().unwrap_or("development")).unwrap();
        let of_grammar = loaded.resolved.findings.iter().any(|finding| {
            [Code::BadDuration, Code::CalendarUnit, Code::MissingUnit].contains(&finding.code)
        });
        proptest::prop_assert_eq!(matches, !of_grammar, "{:?}", text);
    }
}
