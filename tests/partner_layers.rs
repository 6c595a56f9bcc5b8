//! Declared partners of several layers: merged by `source_domain`, with the place of each field.

use crate::harness::site;

use std::collections::BTreeMap;

use edge_cookie::config::{Loaded, PolicyFiles, PolicySources};
use edge_cookie::diagnostic::Diagnostic;
use edge_cookie::policy::difference::between;
use edge_cookie::policy::resolve::Resolved;
use proptest::prelude::*;

/// What each layer states of partners, lowest first.
#[derive(Default, Clone, Copy)]
struct Layers<'c> {
    config: &'c str,
    parent: &'c str,
    profile: &'c str,
    environment: &'c [(&'c str, &'c str)],
    sets: &'c [&'c str],
}

fn load(layers: Layers<'_>) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("trusted-server.toml", layers.config);
    write("policies/parent.toml", layers.parent);
    let own = format!("inherits = \"parent\"\n{}", layers.profile);
    write("policies/own.toml", &own);
    let variable = |(name, value): &(&str, &str)| {
        (
            format!("TRUSTED_SERVER__EC__PARTNERS{name}"),
            (*value).to_owned(),
        )
    };
    let sources = PolicySources {
        config: folder.path().join("trusted-server.toml"),
        policies,
        environment: layers.environment.iter().map(variable).collect(),
        sets: layers.sets.iter().map(|set| format!("ec.{set}")).collect(),
        edited: Vec::new(),
    };
    let mut loaded = PolicyFiles::open(sources).unwrap().load("own").unwrap();
    // Of paths only what is below the folder.
    let prefix = format!("{}/", folder.path().display());
    for finding in &mut loaded.resolved.findings {
        for place in &mut finding.places {
            place.file = place.file.replace(&prefix, "").into();
        }
    }
    loaded
}

/// The effective partners, as they are shown.
fn partners(resolved: &Resolved) -> String {
    let value = resolved.value("partners").unwrap();
    value.value.to_string()
}

/// One line for each error.
fn errors(loaded: &Loaded) -> Vec<String> {
    let errors = loaded
        .resolved
        .findings
        .iter()
        .filter(|finding| finding.severity == edge_cookie::diagnostic::Severity::Error);
    let line = |finding: &Diagnostic| {
        let places: Vec<String> = finding.places.iter().map(ToString::to_string).collect();
        format!("{} {}", finding.code, places.join(" "))
    };
    errors.map(line).collect()
}

/// A partner as it is shown, with the defaults of what `more` does not say.
fn shown(domain: &str, more: &str) -> String {
    format!("{{ id = \"{domain}\", name = \"{domain}\", source_domain = \"{domain}\", {more} }}")
}

const A: &str = "[[ec.partners]]\nsource_domain = \"a.com\"\napi_token = { env = \"A\" }\n";
const B_OFF: &str = "[[ec.partners]]\nsource_domain = \"b.com\"\nenabled = false\n";

const A_ON: &str = "api_token = { env = \"A\" }, enabled = true";

#[test]
fn layers_are_merged_field_by_field() {
    let a_and_b = [A, B_OFF].concat();
    let limited = |token: &str, limit: u32| {
        shown(
            "a.com",
            &format!("api_token = {token}, rate_limit = {limit}, enabled = true"),
        )
    };
    let of_a = |more: &str| format!("[[ec.partners]]\nsource_domain = \"a.com\"\n{more}\n");
    let hash = "0a".repeat(32);
    let pull = "pull = { url = \"https://p.a.com\", hosts = [\"p.a.com\"], ttl = \"2h\", token = { env = \"P\" } }";
    let with_pull = |pull: &str| shown("a.com", &format!("{A_ON}, pull = {{ {pull} }}"));
    let pull_of = |enabled: bool, limit: u32| {
        format!(
            "enabled = {enabled}, url = \"https://p.a.com\", hosts = [\"p.a.com\"], ttl = \"2h\", token = {{ env = \"P\" }}, rate_limit = {limit}"
        )
    };
    let b_off = shown("b.com", "enabled = false");
    let (own_a, own_limit, own_hash, own_off, own_on) = (
        of_a("api_token = { env = \"OWN\" }"),
        of_a("rate_limit = 5"),
        of_a(&format!("api_token_sha256 = \"{hash}\"")),
        of_a("enabled = false"),
        of_a("enabled = true"),
    );
    let a_with_pull = [A, pull, "\n"].concat();
    let pull_off = of_a("pull = { enabled = false }");
    let parents = [A, "rate_limit = 7\nname = \"A\"\n", B_OFF].concat();
    let parent_off = of_a("enabled = false");
    let base = Layers {
        config: &a_and_b,
        ..Layers::default()
    };
    let a_on = shown("a.com", A_ON);
    let cases = [
        ("one layer", base, vec![a_on.clone(), b_off.clone()]),
        (
            "an identical entry changes nothing",
            Layers { profile: &a_and_b, ..base },
            vec![a_on.clone(), b_off.clone()],
        ),
        (
            "an empty list changes nothing",
            Layers { profile: "[ec]\npartners = []\n", ..base },
            vec![a_on.clone(), b_off.clone()],
        ),
        (
            "order is that of the lowest layer, new ones last",
            Layers { config: B_OFF, profile: &a_and_b, ..base },
            vec![b_off.clone(), a_on.clone()],
        ),
        (
            "a single field",
            Layers { profile: &own_limit, ..base },
            vec![limited("{ env = \"A\" }", 5), b_off.clone()],
        ),
        (
            "each layer a field, the highest wins",
            Layers {
                profile: &own_limit,
                environment: &[("__7__SOURCE_DOMAIN", "a.com"), ("__7__RATE_LIMIT", "6"), ("__7__API_TOKEN", "{ env = \"E\" }")],
                sets: &["partners.0.source_domain=a.com", "partners.0.rate_limit=8"],
                ..base
            },
            vec![limited("{ env = \"E\" }", 8), b_off.clone()],
        ),
        (
            "a list as a value in the environment and on the command line",
            Layers {
                environment: &[("", "[{ source_domain = \"a.com\", rate_limit = 6 }]")],
                sets: &["partners=[{ source_domain = \"b.com\", enabled = false, rate_limit = 1 }]"],
                ..base
            },
            vec![limited("{ env = \"A\" }", 6), shown("b.com", "rate_limit = 1, enabled = false")],
        ),
        (
            "variables add a partner; their numbers say nothing, and texts need no quotes",
            Layers {
                config: B_OFF,
                environment: &[
                    ("__10__SOURCE_DOMAIN", "a.com"),
                    ("__10__ENABLED", "false"),
                    ("__2__SOURCE_DOMAIN", "c.com"),
                    ("__2__NAME", "2026"),
                    ("__2__API_TOKEN_SHA256", &hash),
                    ("__2__BIDSTREAM", "true"),
                ],
                ..Layers::default()
            },
            vec![
                b_off.clone(),
                format!("{{ id = \"c.com\", name = \"2026\", source_domain = \"c.com\", api_token_sha256 = \"{hash}\", enabled = true, bidstream = true }}"),
                shown("a.com", "enabled = false"),
            ],
        ),
        (
            "a token replaces a token",
            Layers { profile: &own_a, ..base },
            vec![shown("a.com", "api_token = { env = \"OWN\" }, enabled = true"), b_off.clone()],
        ),
        (
            "a hash replaces a token",
            Layers { profile: &own_hash, ..base },
            vec![shown("a.com", &format!("api_token_sha256 = \"{hash}\", enabled = true")), b_off.clone()],
        ),
        (
            "a token replaces a hash",
            Layers { config: &own_hash, profile: &own_a, ..Layers::default() },
            vec![shown("a.com", "api_token = { env = \"OWN\" }, enabled = true")],
        ),
        (
            "switched off, and on again",
            Layers { profile: &own_off, ..base },
            vec![shown("a.com", "api_token = { env = \"A\" }, enabled = false"), b_off.clone()],
        ),
        (
            "switched on by the highest",
            Layers { profile: &own_off, environment: &[("__0__SOURCE_DOMAIN", "a.com"), ("__0__ENABLED", "true")], ..base },
            vec![a_on.clone(), b_off.clone()],
        ),
        (
            "members of `pull` are fields",
            Layers { config: &a_with_pull, profile: &pull_off, ..Layers::default() },
            vec![with_pull(&pull_of(false, 10))],
        ),
        (
            "members of `pull` in the environment",
            Layers {
                config: &a_with_pull,
                environment: &[("__0__SOURCE_DOMAIN", "a.com"), ("__0__PULL__RATE_LIMIT", "3"), ("__0__PULL__TTL", "2h")],
                ..Layers::default()
            },
            vec![with_pull(&pull_of(true, 3))],
        ),
        (
            "what only an ancestor declares is not declared",
            Layers { parent: &parents, ..Layers::default() },
            vec![],
        ),
        (
            "an ancestor's fields come along, its token does not",
            Layers { parent: &parents, profile: &own_a, ..Layers::default() },
            vec!["{ id = \"a.com\", name = \"A\", source_domain = \"a.com\", api_token = { env = \"OWN\" }, rate_limit = 7, enabled = true }".to_owned()],
        ),
        (
            "an ancestor's token does not override that of `[ec]`",
            Layers { parent: &own_a, ..base },
            vec![a_on.clone(), b_off.clone()],
        ),
        (
            "an ancestor switches off, the profile on again",
            Layers { parent: &parent_off, profile: &own_on, ..base },
            vec![a_on.clone(), b_off.clone()],
        ),
        (
            "an ancestor switches off",
            Layers { parent: &parent_off, ..base },
            vec![shown("a.com", "api_token = { env = \"A\" }, enabled = false"), b_off],
        ),
    ];
    for (name, layers, expected) in cases {
        let loaded = load(layers);
        assert_eq!(errors(&loaded), [""; 0], "{name}");
        assert_eq!(
            partners(&loaded.resolved),
            format!("[{}]", expected.join(", ")),
            "{name}"
        );
    }
}

#[test]
fn an_inherited_partner_needs_a_token_of_its_own() {
    let named = "[[ec.partners]]\nsource_domain = \"a.com\"\n";
    let loaded = load(Layers {
        parent: A,
        profile: named,
        ..Layers::default()
    });
    assert_eq!(errors(&loaded), ["EC0508 policies/own.toml:3:17"]);
    assert!(!format!("{:?}", loaded.resolved).contains("env = \"A\""));
}

#[test]
fn findings_point_at_every_layer_that_takes_part() {
    let cases: &[(&str, Layers<'_>, &[&str])] = &[
        (
            "no source domain",
            Layers {
                config: A,
                profile: "[[ec.partners]]\nrate_limit = 5\n",
                ..Layers::default()
            },
            &["EC0015 policies/own.toml:2:1"],
        ),
        (
            "no source domain in the environment",
            Layers {
                config: A,
                environment: &[("__0__RATE_LIMIT", "5")],
                ..Layers::default()
            },
            &["EC0015 <environment>:1:1"],
        ),
        (
            "no source domain on the command line",
            Layers {
                config: A,
                sets: &["partners.3.rate_limit=5"],
                ..Layers::default()
            },
            &["EC0015 <command line>:1:7"],
        ),
        (
            "no number",
            Layers {
                environment: &[("__A__RATE_LIMIT", "5")],
                sets: &["partners.a.rate_limit=5"],
                ..Layers::default()
            },
            &["EC0016 <environment>:1:1", "EC0016 <command line>:1:7"],
        ),
        (
            "a domain twice in one layer, the other layer aside",
            Layers {
                config: A,
                profile: "[[ec.partners]]\nsource_domain = \"a.com\"\n[[ec.partners]]\nsource_domain = \"a.com\"\nid = \"other\"\n",
                ..Layers::default()
            },
            &["EC0504 policies/own.toml:5:17 policies/own.toml:3:17"],
        ),
        (
            "a domain twice in the environment",
            Layers {
                environment: &[
                    ("__0__SOURCE_DOMAIN", "a.com"),
                    ("__1__SOURCE_DOMAIN", "a.com"),
                ],
                ..Layers::default()
            },
            &["EC0504 <environment>:2:48 <environment>:1:48"],
        ),
        (
            "another form of a domain that a lower layer has",
            Layers {
                config: A,
                profile: "[[ec.partners]]\nsource_domain = \"A.com.\"\nrate_limit = 5\n",
                ..Layers::default()
            },
            &["EC0015 policies/own.toml:3:17"],
        ),
        (
            "one id for two domains, in two layers",
            Layers {
                config: A,
                profile: "[[ec.partners]]\nsource_domain = \"b.com\"\nid = \"a.com\"\nenabled = false\n",
                ..Layers::default()
            },
            &["EC0015 policies/own.toml:4:6 trusted-server.toml:2:17"],
        ),
        (
            "a url of one layer on a host that the list of another leaves out",
            Layers {
                config: "[[ec.partners]]\nsource_domain = \"a.com\"\nenabled = false\npull = { url = \"https://p.a.com\", hosts = [\"p.a.com\"], token = { env = \"P\" } }\n",
                profile: "[[ec.partners]]\nsource_domain = \"a.com\"\npull = { hosts = [\"q.a.com\"] }\n",
                ..Layers::default()
            },
            &["EC0015 trusted-server.toml:4:16 policies/own.toml:4:18"],
        ),
        (
            "one token for two partners of two layers",
            Layers {
                config: A,
                profile: "[[ec.partners]]\nsource_domain = \"b.com\"\napi_token = { env = \"A\" }\n",
                ..Layers::default()
            },
            &["EC0505 policies/own.toml:4:13 trusted-server.toml:3:13"],
        ),
        (
            "declared off and without a token, switched on elsewhere",
            Layers {
                config: B_OFF,
                profile: "[[ec.partners]]\nsource_domain = \"b.com\"\nenabled = true\n",
                ..Layers::default()
            },
            &["EC0508 policies/own.toml:3:17 policies/own.toml:4:11"],
        ),
        (
            "declared with its domain, switched on by a variable",
            Layers {
                config: B_OFF,
                environment: &[("__0__SOURCE_DOMAIN", "b.com"), ("__0__ENABLED", "true")],
                ..Layers::default()
            },
            &["EC0508 <environment>:2:48 <environment>:1:42"],
        ),
        (
            "mistakes of every layer at once, and what does not depend on them",
            Layers {
                config: "[[ec.partners]]\nsource_domain = \"a.com\"\nrate_limit = \"x\"\n[[ec.partners]]\nsource_domain = \"c.com\"\npull = {}\n",
                profile: "[[ec.partners]]\nsource_domain = \"b.com\"\nenabeld = true\n",
                environment: &[("__0__SOURCE_DOMAIN", "a.com"), ("__0__ENABLED", "yes")],
                ..Layers::default()
            },
            &[
                "EC0003 trusted-server.toml:3:14",
                "EC0015 trusted-server.toml:6:8",
                "EC0003 <environment>:1:42",
                "EC0002 policies/own.toml:4:1",
            ],
        ),
        (
            "a table that is no list",
            Layers {
                config: A,
                profile: "[ec.partners.0]\nsource_domain = \"a.com\"\n",
                ..Layers::default()
            },
            &["EC0003 policies/own.toml:2:5"],
        ),
    ];
    for (name, layers, expected) in cases {
        assert_eq!(&errors(&load(*layers)), expected, "{name}");
    }
}

#[test]
fn secrets_of_no_layer_are_shown() {
    let secret = |number: u32| format!("hunter2-{number}-0123456789abcdef0123456789");
    let of = |token: &str| {
        format!(
            "[[ec.partners]]\nsource_domain = \"a.com\"\napi_token = \"{token}\"\npull = {{ url = \"https://p.a.com\", hosts = [\"p.a.com\"], token = \"{token}\" }}\n"
        )
    };
    let (config, profile) = (of(&secret(1)), of(&secret(2)));
    let (token, pull) = (secret(3), secret(4));
    let loaded = load(Layers {
        config: &config,
        profile: &profile,
        environment: &[
            ("__0__SOURCE_DOMAIN", "a.com"),
            ("__0__API_TOKEN", &token),
            ("__0__PULL__TOKEN", &pull),
        ],
        ..Layers::default()
    });
    assert_eq!(errors(&loaded), [""; 0]);
    let value = loaded.resolved.value("partners").unwrap();
    for text in [
        serde_json::to_string(&value.partners).unwrap(),
        value.value.to_string(),
        format!("{:?}", loaded.resolved.values),
    ] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    // The highest layer's is effective, which shows in the digest.
    let other = load(Layers {
        config: &config,
        profile: &profile,
        environment: &[
            ("__0__SOURCE_DOMAIN", "a.com"),
            ("__0__API_TOKEN", &pull),
            ("__0__PULL__TOKEN", &token),
        ],
        ..Layers::default()
    });
    let fields: Vec<Option<String>> = between(&loaded.resolved, &other.resolved)[0]
        .partners()
        .into_iter()
        .map(|one| one.field)
        .collect();
    assert_eq!(
        fields,
        [Some("api_token".to_owned()), Some("pull.token".to_owned())]
    );
}

/// A partner of three layers, one of a profile alone, and an environment that switches the first off.
fn three_layers() -> (site::Site, [(&'static str, &'static str); 2]) {
    let site = site::Site::new(
        "[[ec.partners]]\nsource_domain = \"a.com\"\napi_token = { env = \"A\" }\nrate_limit = 60\n",
    );
    site.write(
        "policies/own.toml",
        "[[ec.partners]]\nsource_domain = \"a.com\"\nrate_limit = 120\n[[ec.partners]]\nsource_domain = \"b.com\"\nenabled = false\n",
    );
    site.write("policies/other.toml", "[ec]\n");
    let environment = [
        ("TRUSTED_SERVER__EC__PARTNERS__0__SOURCE_DOMAIN", "a.com"),
        ("TRUSTED_SERVER__EC__PARTNERS__0__ENABLED", "false"),
    ];
    (site, environment)
}

fn out(command: &mut std::process::Command) -> String {
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "{err}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn show_names_the_place_of_each_field() {
    let (site, environment) = three_layers();
    let show = |args: &[&str]| {
        let args = [&["show", "--profile", "own"], args].concat();
        out(site.command(&args).envs(environment))
    };
    let expected = r#"partners = [{ id = "a.com", name = "a.com", source_domain = "a.com", api_token = { env = "A" }, rate_limit = 120, enabled = false }, { id = "b.com", name = "b.com", source_domain = "b.com", enabled = false }]  # merged from `[ec]`, profile `own`, the environment
#   a.com: config, trusted-server.toml:1:1; profile own, policies/own.toml:1:1; environment, TRUSTED_SERVER__EC__PARTNERS__0__ENABLED
#     source_domain = "a.com"  # environment, TRUSTED_SERVER__EC__PARTNERS__0__SOURCE_DOMAIN; overrides "a.com" from profile own, policies/own.toml:2:17, "a.com" from config, trusted-server.toml:2:17
#     api_token = { env = "A" }  # config, trusted-server.toml:3:13
#     rate_limit = 120  # profile own, policies/own.toml:3:14; overrides 60 from config, trusted-server.toml:4:14
#     enabled = false  # environment, TRUSTED_SERVER__EC__PARTNERS__0__ENABLED
#   b.com: profile own, policies/own.toml:4:1
#     source_domain = "b.com"  # profile own, policies/own.toml:5:17
#     enabled = false  # profile own, policies/own.toml:6:11
"#;
    assert_eq!(show(&["partners"]), expected);
    let whole = show(&["--origin"]);
    assert!(whole.contains(expected), "{whole}");
    // What is shown without origins is a policy that says the same.
    assert!(!show(&[]).contains("#   a.com"));
    let json: serde_json::Value =
        serde_json::from_str(&show(&["partners", "--format", "json"])).unwrap();
    let limit = &json["partners"][0]["fields"][2];
    assert_eq!(limit["field"], "rate_limit");
    assert_eq!(
        limit["overrides"][0]["origin"],
        serde_json::json!({ "layer": "config", "file": "trusted-server.toml", "line": 4, "column": 14 })
    );
    let switch = &json["partners"][0]["fields"][3]["origin"];
    assert_eq!(
        switch["variable"],
        "TRUSTED_SERVER__EC__PARTNERS__0__ENABLED"
    );
    // A bundle keeps of this what overrides.
    let bundle = site
        .command(&[
            "bundle",
            "--profile",
            "own",
            "--out",
            "b.json",
            "--force",
            "a test",
        ])
        .envs(environment)
        .output()
        .unwrap();
    assert!(
        bundle.status.success(),
        "{}",
        String::from_utf8_lossy(&bundle.stderr)
    );
    let text = site.read("b.json");
    assert!(
        text.contains(r#""field":"rate_limit","value":120"#),
        "{text}"
    );
    assert!(!text.contains(r#""field":"api_token""#), "{text}");
    let shown = out(&mut site.command(&["show", "--bundle", "b.json", "partners"]));
    assert!(
        shown.contains("rate_limit = 120, enabled = false"),
        "{shown}"
    );
}

#[test]
fn diff_and_plan_compare_partner_by_partner() {
    let (site, _) = three_layers();
    let diff = out(&mut site.command(&["diff", "other", "own"]));
    let expected = r#"
partners.a.com.rate_limit
  - 60  # config, trusted-server.toml:4:14
  + 120  # profile own, policies/own.toml:3:14

partners.b.com
  - <not set>  # default
  + { id = "b.com", name = "b.com", source_domain = "b.com", enabled = false }  # profile own, policies/own.toml:4:1
"#;
    assert!(diff.ends_with(expected), "{diff}");
    let plan = |own: &str| {
        site.write("policies/own.toml", own);
        out(&mut site.command(&["plan", "--deployed", "other", "--candidate", "own"]))
    };
    let of_a = |more: &str| format!("[[ec.partners]]\nsource_domain = \"a.com\"\n{more}\n");
    // Switched on, and off.
    site.write("policies/own.toml", &of_a("enabled = false"));
    let on = out(&mut site.command(&["plan", "--deployed", "own", "--candidate", "other"]));
    assert!(
        on.contains("`a.com` is let in again") && on.contains("partners: safe"),
        "{on}"
    );
    let switched_off = plan(&of_a("enabled = false"));
    assert!(
        switched_off.contains("`a.com` is shut out; its uids stay in the records"),
        "{switched_off}"
    );
    assert!(
        switched_off.contains("partners: unsafe") && switched_off.contains("loses\n  partner ids"),
        "{switched_off}"
    );
    assert!(
        switched_off.contains("- a.com.enabled = true\n"),
        "{switched_off}"
    );
    let renamed = plan(&of_a("id = \"other\""));
    assert!(
        renamed.contains("`other` keeps its uids under another `id`"),
        "{renamed}"
    );
    assert!(renamed.contains("partners: unsafe"), "{renamed}");
    let limited = plan(&of_a("rate_limit = 5"));
    assert!(
        limited.contains("`a.com` may make another number of requests")
            && limited.contains("partners: safe"),
        "{limited}"
    );
    let back = out(&mut site.command(&["plan", "--deployed", "own", "--candidate", "other"]));
    assert!(
        back.contains("`a.com` may make another number of requests")
            && back.contains("partners: safe"),
        "{back}"
    );
}

/// What a layer states: domains, in an order, each with some of its fields.
type Stated = Vec<One>;

/// A partner's domain and fields.
type One = (&'static str, BTreeMap<&'static str, String>);

fn stated() -> impl Strategy<Value = Stated> {
    let field = prop_oneof![
        (
            Just("rate_limit"),
            (1_u32..9).prop_map(|limit| limit.to_string())
        ),
        (
            Just("openrtb_atype"),
            (1_u32..4).prop_map(|atype| atype.to_string())
        ),
        (
            Just("name"),
            prop::sample::select(vec!["\"x\"", "\"y\""]).prop_map(str::to_owned)
        ),
        (
            Just("bidstream"),
            any::<bool>().prop_map(|truth| truth.to_string())
        ),
        (
            Just("api_token"),
            prop::sample::select(vec!["{ env = \"T_DOMAIN\" }", "{ env = \"U_DOMAIN\" }"])
                .prop_map(str::to_owned)
        ),
    ];
    let fields = prop::collection::vec(field, 0..4).prop_map(|fields| fields.into_iter().collect());
    let order = Just(vec!["a.com", "b.com", "c.com", "d.com"]).prop_shuffle();
    (order, prop::collection::vec(fields, 0..4)).prop_map(|(domains, fields)| {
        domains
            .into_iter()
            .zip(fields)
            .map(with_own_token)
            .collect()
    })
}

/// With a token that no other partner has.
fn with_own_token((domain, mut fields): One) -> One {
    if let Some(token) = fields.get_mut("api_token") {
        *token = token.replace("DOMAIN", &domain[..1]);
    }
    (domain, fields)
}

/// A layer over another, as the documentation has it.
fn over(lower: &Stated, higher: &Stated) -> Stated {
    let mut both = lower.clone();
    for (domain, fields) in higher {
        match both.iter_mut().find(|(known, _)| known == domain) {
            Some((_, known)) => known.extend(fields.clone()),
            None => both.push((domain, fields.clone())),
        }
    }
    both
}

/// The partners as TOML; each is switched off, so that none needs a token.
fn toml(stated: &Stated) -> String {
    let table = |(domain, fields): &One| {
        let fields = fields
            .iter()
            .map(|(field, value)| format!("{field} = {value}\n"));
        format!(
            "[[ec.partners]]\nsource_domain = \"{domain}\"\nenabled = false\n{}",
            fields.collect::<String>()
        )
    };
    stated.iter().map(table).collect()
}

fn load_stated([config, profile, environment, set]: &[Stated; 4]) -> Loaded {
    let mut variables = Vec::new();
    for (number, (domain, fields)) in environment.iter().enumerate() {
        variables.push((format!("__{number}__SOURCE_DOMAIN"), (*domain).to_owned()));
        variables.push((format!("__{number}__ENABLED"), "false".to_owned()));
        for (field, value) in fields {
            let name = field.to_uppercase();
            variables.push((format!("__{number}__{name}"), value.clone()));
        }
    }
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut sets = Vec::new();
    for (number, (domain, fields)) in set.iter().enumerate() {
        sets.push(format!("partners.{number}.source_domain={domain}"));
        sets.push(format!("partners.{number}.enabled=false"));
        for (field, value) in fields {
            sets.push(format!("partners.{number}.{field}={value}"));
        }
    }
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    load(Layers {
        config: &toml(config),
        parent: "",
        profile: &toml(profile),
        environment: &variables,
        sets: &sets,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_is_associative(layers in [stated(), stated(), stated(), stated()]) {
        let apart = load_stated(&layers).resolved;
        let [a, b, c, d] = layers;
        for together in [
            [over(&a, &b), c.clone(), d.clone(), Stated::new()],
            [a.clone(), over(&b, &c), Stated::new(), d.clone()],
            [Stated::new(), a.clone(), b.clone(), over(&c, &d)],
            [Stated::new(), Stated::new(), over(&over(&a, &b), &over(&c, &d)), Stated::new()],
        ] {
            let together = load_stated(&together).resolved;
            prop_assert_eq!(&together.policy, &apart.policy);
            prop_assert!(between(&together, &apart).is_empty());
        }
    }

    #[test]
    fn the_highest_layer_wins_and_nothing_of_a_lower_one_is_lost(layers in [stated(), stated(), stated(), stated()]) {
        let loaded = load_stated(&layers);
        prop_assert_eq!(errors(&loaded), Vec::<String>::new());
        let value = loaded.resolved.value("partners").unwrap();
        let expected = layers.iter().fold(Stated::new(), |lower, higher| over(&lower, higher));
        let domains: Vec<&str> = expected.iter().map(|(domain, _)| *domain).collect();
        let found: Vec<&str> = value.partners.iter().map(|partner| partner.source_domain.as_str()).collect();
        prop_assert_eq!(found, domains);
        let sorts = ["config", "profile", "environment", "command_line"];
        for (partner, (domain, fields)) in value.partners.iter().zip(&expected) {
            for (name, written) in fields {
                let states = |layer: &Stated| layer.iter().any(|(known, fields)| known == domain && fields.contains_key(name));
                let layers: Vec<usize> = (0..layers.len()).filter(|index| states(&layers[*index])).collect();
                let field = partner.field(name).unwrap();
                prop_assert_eq!(&field.value.to_string(), written);
                let from = |origin: &edge_cookie::policy::provenance::Origin| origin.layer.sort();
                prop_assert_eq!(from(&field.origin), sorts[*layers.last().unwrap()]);
                let lower: Vec<&str> = field.overrides.iter().map(|one| from(&one.origin)).collect();
                let expected: Vec<&str> = layers.iter().rev().skip(1).map(|index| sorts[*index]).collect();
                prop_assert_eq!(lower, expected);
            }
        }
    }
}
