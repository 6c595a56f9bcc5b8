//! Everything that is wrong with what was written, at its place: the file, the line and the column. What the rule
//! book makes of a policy that can be read is in `rules.rs`.

use edge_cookie::config::{LoadError, Loaded, PolicyFiles, PolicySources};
use edge_cookie::diagnostic::{Code, Diagnostic, Severity};

/// What is written, and where.
#[derive(Default, Clone, Copy)]
struct Case<'c> {
    config: &'c str,
    profiles: &'c [(&'c str, &'c str)],
    profile: &'c str,
    environment: &'c [(&'c str, &'c str)],
    sets: &'c [&'c str],
}

fn open(case: Case<'_>, folder: &std::path::Path) -> Result<PolicyFiles, LoadError> {
    let config = folder.join("trusted-server.toml");
    std::fs::write(&config, case.config).unwrap();
    let policies = folder.join("policies");
    for (name, text) in case.profiles {
        let file = policies.join(format!("{name}.toml"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    PolicyFiles::open(PolicySources {
        config,
        policies,
        environment: case
            .environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        sets: case.sets.iter().map(|set| (*set).to_owned()).collect(),
        edited: Vec::new(),
    })
}

fn load(case: Case<'_>) -> (Loaded, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let mut files = open(case, folder.path()).unwrap();
    let named = Some(case.profile).filter(|name| !name.is_empty());
    let profile = files.choose(named, None).unwrap();
    let loaded = files.load(&profile).unwrap();
    let root = format!("{}/", folder.path().display());
    let reported = loaded
        .resolved
        .findings
        .iter()
        .filter(|finding| is_read(finding.code))
        .map(|finding| as_line(finding).replace(&root, ""))
        .collect();
    (loaded, reported)
}

/// Whether this file tests the code: what reading finds, and settings without effect.
fn is_read(code: Code) -> bool {
    code <= Code::NoSuchWindow
}

/// A finding as `CODE key file:line:column …`.
fn as_line(finding: &Diagnostic) -> String {
    let places: Vec<String> = finding.places.iter().map(ToString::to_string).collect();
    format!(
        "{} {} {}",
        finding.code,
        finding.key.as_deref().unwrap_or("-"),
        places.join(" ")
    )
}

const CONFIG: &str = "trusted-server.toml";

#[test]
fn errors_in_the_configuration_point_at_their_place() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        ("[ec]\nec_store = \n", &["EC0001 - @:2:12"]),
        (
            "[ec.tombstone]\ntll = \"24h\"\n",
            &["EC0002 ec.tombstone.tll @:2:1"],
        ),
        (
            "[ec]\nfoo = 1\n[ec.bar]\nx = 1\n",
            &["EC0002 ec.foo @:2:1", "EC0002 ec.bar @:3:5"],
        ),
        (
            "[ec.cas]\nmax_retries = \"3\"\n",
            &["EC0003 ec.cas.max_retries @:2:15"],
        ),
        (
            "[ec.cookie]\nhttp_only = \"yes\"\n",
            &["EC0003 ec.cookie.http_only @:2:13"],
        ),
        (
            "[ec.cookie]\nsame_site = 1\n",
            &["EC0003 ec.cookie.same_site @:2:13"],
        ),
        ("[ec]\nec_store = 5\n", &["EC0003 ec.ec_store @:2:12"]),
        (
            "[ec.consent]\nus_states = \"CA\"\n",
            &["EC0003 ec.consent.us_states @:2:13"],
        ),
        ("[ec]\nentry = 5\n", &["EC0003 ec.entry @:2:9"]),
        ("ec = 5\n", &["EC0003 ec @:1:6"]),
        ("[ec]\nprofile = 5\n", &["EC0003 ec.profile @:2:11"]),
        ("[ec.entry]\nttl = true\n", &["EC0003 ec.entry.ttl @:2:7"]),
        ("[ec]\npassphrase = 5\n", &["EC0003 ec.passphrase @:2:14"]),
        ("[ec]\npartners = 5\n", &["EC0003 ec.partners @:2:12"]),
        ("[ec]\npartners = [5]\n", &["EC0003 ec.partners[0] @:2:13"]),
        (
            "[ec.entry]\nttl = \"soon\"\n",
            &["EC0004 ec.entry.ttl @:2:7"],
        ),
        (
            "[ec.entry]\nttl = \"1month\"\n",
            &["EC0005 ec.entry.ttl @:2:7"],
        ),
        (
            "[ec.entry]\nttl = \"2 years\"\n",
            &["EC0005 ec.entry.ttl @:2:7"],
        ),
        ("[ec.entry]\nttl = 300\n", &["EC0006 ec.entry.ttl @:2:7"]),
        ("[ec.entry]\nttl = 1.5\n", &["EC0006 ec.entry.ttl @:2:7"]),
        (
            "[ec.entry]\nttl = \"300\"\n",
            &["EC0006 ec.entry.ttl @:2:7"],
        ),
        ("[ec.entry]\nttl = \"0s\"\n", &["EC0007 ec.entry.ttl @:2:7"]),
        (
            "[ec.entry]\nttl = \"1500ms\"\n",
            &["EC0007 ec.entry.ttl @:2:7"],
        ),
        (
            "[ec.entry]\nttl = \"5000000000s\"\n",
            &["EC0007 ec.entry.ttl @:2:7"],
        ),
        // A store counts in 32 bits, and gets one second more than the policy says.
        ("[ec.entry]\nttl = \"4294967294s\"\n", &[]),
        (
            "[ec.entry]\nttl = \"4294967295s\"\n",
            &["EC0007 ec.entry.ttl @:2:7"],
        ),
        (
            "[ec.last_seen]\ndebounce = \"1500ms\"\n",
            &["EC0007 ec.last_seen.debounce @:2:12"],
        ),
        (
            "[ec.cas]\nbackoff = \"5us\"\n",
            &["EC0007 ec.cas.backoff @:2:11"],
        ),
        (
            "[ec.cas]\nmax_retries = -1\n",
            &["EC0007 ec.cas.max_retries @:2:15"],
        ),
        (
            "[ec.cas]\nmax_retries = 101\n",
            &["EC0007 ec.cas.max_retries @:2:15"],
        ),
        (
            "[ec.cas]\nmax_retries = 99999999999999999999\n",
            &["EC0007 - @:2:15", "EC0003 ec.cas.max_retries @:2:15"],
        ),
        (
            "[ec.entry]\nmax_metadata_bytes = 2001\n",
            &["EC0007 ec.entry.max_metadata_bytes @:2:22"],
        ),
        (
            "[ec.entry]\nrenewal = \"on_wrte\"\n",
            &["EC0008 ec.entry.renewal @:2:11"],
        ),
        ("[edge_cookie]\nttl = 5\n", &["EC0012 edge_cookie @:1:2"]),
        ("[ec]\nec_store = \"a b\"\n", &["EC0014 ec.ec_store @:2:12"]),
        (
            "[ec.cookie]\nname = \"a;b\"\n",
            &["EC0014 ec.cookie.name @:2:8"],
        ),
        (
            "[ec.consent]\nus_states = [\"CA\", \"tx\"]\n",
            &["EC0014 ec.consent.us_states @:2:20"],
        ),
        (
            "[ec.sync]\nsentinels = [\"*\", \"0\", \"**\", \" \", \" null\", 7]\nmax_future = \"25h\"\n",
            &[
                "EC0014 ec.sync.sentinels @:2:14",
                "EC0014 ec.sync.sentinels @:2:24",
                "EC0014 ec.sync.sentinels @:2:30",
                "EC0014 ec.sync.sentinels @:2:35",
                "EC0003 ec.sync.sentinels @:2:44",
                "EC0007 ec.sync.max_future @:3:14",
            ],
        ),
        (
            "[ec.sync]\nsentinels = \"0\"\n",
            &["EC0003 ec.sync.sentinels @:2:13"],
        ),
        (
            "[ec]\npassphrase = \"\"\n",
            &["EC0014 ec.passphrase @:2:14"],
        ),
        (
            "[ec]\npassphrase = \"<redacted>\"\n",
            &["EC0014 ec.passphrase @:2:14"],
        ),
        (
            "[ec]\npassphrase = { evn = \"A\" }\n",
            &["EC0014 ec.passphrase @:2:14"],
        ),
        (
            "[ec]\npassphrase = { secret_store = \"S\" }\n",
            &["EC0014 ec.passphrase @:2:14"],
        ),
        (
            "[ec]\npassphrase = { secret_store = \"\", key = \"K\" }\n",
            &["EC0014 ec.passphrase @:2:14"],
        ),
        (
            "[ec]\npassphrase = { secret_store = \"S\", key = \"\" }\n",
            &["EC0014 ec.passphrase @:2:14"],
        ),
        (
            "[[ec.partners]]\nname = \"A\"\n",
            &["EC0015 ec.partners[0] @:1:1"],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\nenabeld = true\n",
            &["EC0002 ec.partners[0].enabeld @:3:1"],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\nid = \"a b\"\nopenrtb_atype = \"1\"\n",
            &[
                "EC0015 ec.partners[0] @:3:6",
                "EC0003 ec.partners[0].openrtb_atype @:4:17",
            ],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\napi_token_sha256 = \"ab\"\n",
            &["EC0015 ec.partners[0] @:3:20"],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\napi_token = \"t\"\napi_token_sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n",
            &["EC0015 ec.partners[0] @:4:20"],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\n[[ec.partners]]\nsource_domain = \"b.com\"\nid = \"a.com\"\n",
            &["EC0015 ec.partners[1] @:5:6 @:2:17"],
        ),
        (
            "[[ec.partners]]\nsource_domain = \" \"\nname = 3\n",
            &[
                "EC0015 ec.partners[0] @:2:17",
                "EC0003 ec.partners[0].name @:3:8",
            ],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\nname = \" \"\n",
            &["EC0015 ec.partners[0] @:3:8"],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"A.com\"\nname = \"\\u001b[2J\"\n",
            &[
                "EC0015 ec.partners[0] @:2:17",
                "EC0015 ec.partners[0] @:3:8",
            ],
        ),
        // A partner that is refused is not counted as declared.
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\nenabled = 1\n[[ec.partners]]\nsource_domain = \"a.com\"\n",
            &["EC0003 ec.partners[0].enabled @:3:11"],
        ),
        (
            "[ec.cas]\nbackoff = \"20ms\"\nmax_backoff = \"200ms\"\njitter = \"none\"\n",
            &[],
        ),
        ("[ec.cas]\njitter = \"full\"\n", &[]),
        (
            "[ec.cas]\nbackoff = \"50ms\"\n",
            &["EC0101 ec.cas.max_backoff @:2:11"],
        ),
        (
            "[ec.cas]\nmax_backoff = \"50ms\"\njitter = \"none\"\n",
            &[
                "EC0102 ec.cas.max_backoff @:2:15",
                "EC0102 ec.cas.jitter @:3:10",
            ],
        ),
        ("[ec.cas]\njitter = \"full\"\n", &[]),
        (
            "[ec.sync]\nrate_window = \"30s\"\n",
            &["EC0103 ec.sync.rate_window @:2:15"],
        ),
        ("[ec.sync]\nrate_window = \"10s\"\n", &[]),
        (
            "[ec]\npassphrase = { secret_store = \"\", key = \"k\" }\nadmin_token = { secret_store = \"s\", key = \"\" }\n",
            &[
                "EC0014 ec.passphrase @:2:14",
                "EC0014 ec.admin_token @:3:15",
            ],
        ),
        (
            "[ec.local]\ngeo = \"California\"\ntrusted_proxies = [\"proxy\", 7]\n",
            &[
                "EC0014 ec.local.geo @:2:7",
                "EC0014 ec.local.trusted_proxies @:3:20",
                "EC0003 ec.local.trusted_proxies @:3:29",
            ],
        ),
        (
            "[ec.local]\ntrusted_proxies = \"10.0.0.1\"\n",
            &["EC0003 ec.local.trusted_proxies @:2:19"],
        ),
        (
            "[publisher]\ndomain = \"https://a.com\"\norigin_url = \"a.com\"\n",
            &[
                "EC0014 publisher.domain @:2:10",
                "EC0014 publisher.origin_url @:3:14",
            ],
        ),
        (
            "[publisher]\ndomain = 7\n",
            &["EC0003 publisher.domain @:2:10"],
        ),
        // Where the domain is missing, that of cookies is the publisher's.
        ("[publisher]\ncookie_domain = \".news.example\"\n", &[]),
        (
            "[publisher]\ndomain = \"news.example\"\ncookie_domain = 7\n",
            &[],
        ),
        (
            "[publisher]\ncookie_domain = \"..news.example\"\n",
            &["EC0014 publisher.cookie_domain @:2:17"],
        ),
        (
            "[publisher]\norigin_url = \"https://a.example/b/../c\"\n",
            &["EC0014 publisher.origin_url @:2:14"],
        ),
        // How a partner is asked, which is checked and kept.
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\nenabled = false\nbidstream = true\npull = { url = \"https://p.a.com/u?x=1\", hosts = [\"p.a.com\"], ttl = \"1h\", token = { env = \"T\" }, rate_limit = 5 }\n",
            &[],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\nenabled = false\npull = { enabled = false }\n",
            &[],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\npull = 5\nbidstream = 5\n",
            &[
                "EC0003 ec.partners[0].pull @:3:8",
                "EC0003 ec.partners[0].bidstream @:4:13",
            ],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\npull = { token = \"t\", url = \"http://a.com\", hosts = [\"a.com\"] }\n",
            &["EC0015 ec.partners[0].pull @:3:29"],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\npull = { token = \"t\", url = \"https://b.com\", hosts = [\"a.com\"] }\n",
            &["EC0015 ec.partners[0].pull @:3:29 @:3:54"],
        ),
        (
            "[[ec.partners]]\nsource_domain = \"a.com\"\npull = { url = \"https://a.com\", hosts = [\"a.com\"] }\n",
            &["EC0015 ec.partners[0].pull @:3:8"],
        ),
        (
            "[ec.sync]\nrefresh_after = \"5d\"\n",
            &["EC0102 ec.sync.refresh_after @:2:17"],
        ),
        // Several in one file, together and in their order.
        (
            "[ec.entry]\nttl = \"1month\"\nrenewal = \"never\"\n[ec.cas]\nmax_retires = 5\n",
            &[
                "EC0005 ec.entry.ttl @:2:7",
                "EC0008 ec.entry.renewal @:3:11",
                "EC0002 ec.cas.max_retires @:5:1",
            ],
        ),
    ];
    for (config, expected) in cases {
        let (loaded, reported) = load(Case {
            config,
            ..Case::default()
        });
        let expected: Vec<String> = expected
            .iter()
            .map(|line| line.replace('@', CONFIG))
            .collect();
        assert_eq!(reported, expected, "{config}");
        for finding in &loaded.resolved.findings {
            assert!(finding.help.is_some(), "no fix for {finding:?}");
            let first = finding.message.chars().next().unwrap();
            assert!(
                !first.is_uppercase() && !finding.message.ends_with('.'),
                "{}",
                finding.message
            );
        }
    }
}

#[test]
fn errors_in_profiles_point_at_their_place() {
    let cases: &[(Case<'_>, &[&str])] = &[
        (
            Case {
                profiles: &[("a", "inherits = \"bb\"\n"), ("b", "")],
                profile: "a",
                ..Case::default()
            },
            &["EC0009 inherits policies/a.toml:1:12"],
        ),
        (
            Case {
                profiles: &[
                    ("a", "inherits = \"b\"\n"),
                    ("b", "# b\ninherits = \"c\"\n"),
                    ("c", "inherits = \"b\""),
                ],
                profile: "a",
                ..Case::default()
            },
            &["EC0010 inherits policies/c.toml:1:12 policies/b.toml:2:12"],
        ),
        (
            Case {
                profiles: &[("a", "inherits = \"a\"\n")],
                profile: "a",
                ..Case::default()
            },
            &["EC0010 inherits policies/a.toml:1:12"],
        ),
        (
            Case {
                config: "[ec]\nec_store = \"shared\"\n",
                profiles: &[("a", "deploy = true\n[ec]\npartner_store = \"own\"\n")],
                profile: "a",
                ..Case::default()
            },
            &["EC0011 ec.ec_store policies/a.toml:1:10 trusted-server.toml:2:12"],
        ),
        (
            Case {
                profiles: &[(
                    "a",
                    "inherit = \"b\"\ndeploy = \"yes\"\ndescription = 5\n[entry]\nttl = \"1d\"\n",
                )],
                profile: "a",
                ..Case::default()
            },
            &[
                "EC0002 inherit policies/a.toml:1:1",
                "EC0003 deploy policies/a.toml:2:10",
                "EC0003 description policies/a.toml:3:15",
                "EC0002 entry policies/a.toml:4:2",
            ],
        ),
        (
            // The two values that clash stand in two files.
            Case {
                config: "[ec.cas]\nmax_backoff = \"10ms\"\n",
                profiles: &[("a", "[ec.cas]\nbackoff = \"50ms\"\n")],
                profile: "a",
                ..Case::default()
            },
            &["EC0101 ec.cas.max_backoff trusted-server.toml:2:15 policies/a.toml:2:11"],
        ),
        (
            // A refused value is reported even where a higher layer overrides it.
            Case {
                config: "[ec.entry]\nttl = \"1year\"\n",
                profiles: &[("p/a", "[ec.entry]\nttl = \"1d\"\n")],
                profile: "p/a",
                ..Case::default()
            },
            &["EC0005 ec.entry.ttl trusted-server.toml:2:7"],
        ),
        (
            Case {
                config: "[ec]\nprofile = \"a\"\n",
                profiles: &[("a", "[ec]\nprofile = \"b\"\n")],
                ..Case::default()
            },
            &["EC0002 ec.profile policies/a.toml:2:1"],
        ),
    ];
    for (case, expected) in cases {
        let (_, reported) = load(*case);
        assert_eq!(&reported, expected);
    }
}

#[test]
fn errors_in_overrides_point_at_their_place() {
    let variable = "TRUSTED_SERVER__EC__TOMBSTONE__TTL";
    let environment: &[(&[(&str, &str)], &str)] = &[
        (
            &[(variable, "1month")],
            "EC0005 ec.tombstone.ttl <environment>:1:36",
        ),
        (
            &[
                ("A", "x"),
                (variable, "12h"),
                ("TRUSTED_SERVER__EC__FOO", "1"),
            ],
            "EC0002 ec.foo <environment>:1:1",
        ),
        (
            &[("TRUSTED_SERVER__EC__PROFILE", "a")],
            "EC0002 ec.profile <environment>:1:1",
        ),
        (
            &[("TRUSTED_SERVER__EC__CAS__MAX_RETRIES", "many")],
            "EC0003 ec.cas.max_retries <environment>:1:38",
        ),
    ];
    for (environment, expected) in environment {
        let (_, reported) = load(Case {
            environment,
            ..Case::default()
        });
        assert_eq!(reported, [*expected]);
    }
    let sets: &[(&[&str], &[&str])] = &[
        // A text needs no quotes, and may have them.
        (&["ec.ec_store=\"quoted\"", "ec.entry.ttl='5d'"], &[]),
        (&["ec.entry.ttl"], &["EC0016 - <command line>:1:7"]),
        (&["entry.ttl=5d", "ec.entry.ttl=5d"], &[]),
        (
            &["entry.tll=5d"],
            &["EC0002 ec.entry.tll <command line>:1:7"],
        ),
        (
            &["ec.entry.ttl=5d", "ec.entry.tll=5d"],
            &["EC0002 ec.entry.tll <command line>:2:7"],
        ),
        (
            &["ec.entry.ttl=5"],
            &["EC0006 ec.entry.ttl <command line>:1:20"],
        ),
        (
            &["ec.entry=5", "ec.entry.ttl=1d"],
            &["EC0003 ec.entry <command line>:1:16"],
        ),
        // A text needs no quotes, and only a secret can be a reference.
        (&["ec.passphrase=123"], &[]),
        (
            &["ec.cookie.name={ a = 1 }"],
            &["EC0014 ec.cookie.name <command line>:1:22"],
        ),
        (
            &["ec.consent.us_states=[\"CA\", 1]"],
            &["EC0003 ec.consent.us_states <command line>:1:35"],
        ),
    ];
    for (sets, expected) in sets {
        let (_, reported) = load(Case {
            sets,
            ..Case::default()
        });
        assert_eq!(&reported, expected);
    }
}

#[test]
fn a_profile_that_cannot_be_read_is_a_finding_and_a_configuration_that_cannot_stops() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("policies")).unwrap();
    std::fs::write(folder.path().join("policies/a.toml"), b"\xff").unwrap();
    let mut files = open(Case::default(), folder.path()).unwrap();
    let loaded = files.load("a").unwrap();
    assert_eq!(
        loaded.resolved.findings.first().unwrap().code,
        Code::UnreadableFile
    );
    assert!(matches!(
        files.load("b"),
        Err(LoadError::UnknownProfile { .. })
    ));

    let missing = PolicySources {
        config: folder.path().join("none.toml"),
        ..PolicySources::default()
    };
    let message = PolicyFiles::open(missing).unwrap_err().to_string();
    assert!(
        message.contains("there is no such file") && message.contains("--config"),
        "{message}"
    );
}

#[test]
fn a_named_profile_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let case = Case {
        config: "[ec]\nprofile = \"prod\"\n",
        profiles: &[("production", "")],
        ..Case::default()
    };
    let files = open(case, folder.path()).unwrap();
    assert_eq!(
        files.choose(Some("production"), None).unwrap(),
        "production"
    );
    for (named, variable) in [
        (None, None),
        (None, Some("")),
        (Some("prodution"), None),
        (None, Some("production2")),
    ] {
        let message = files.choose(named, variable).unwrap_err().to_string();
        assert!(message.contains("did you mean `production`?"), "{message}");
    }
    assert_eq!(
        files.choose(None, Some("production")).unwrap(),
        "production"
    );
}

#[test]
fn unknown_keys_are_reported_with_the_nearest_known_one() {
    for (key, meant) in [
        ("tombstone.tll", "tombstone.ttl"),
        ("tombstome.ttl", "tombstone"),
        ("ttl", "entry.ttl"),
        ("cas.retries", "cas.max_retries"),
        ("sync.onmissing", "sync.on_missing"),
    ] {
        let set = format!("ec.{key}=1");
        let (loaded, _) = load(Case {
            sets: &[&set],
            ..Case::default()
        });
        let help = loaded
            .resolved
            .findings
            .first()
            .unwrap()
            .help
            .clone()
            .unwrap();
        assert_eq!(help, format!("did you mean `{meant}`?"), "{key}");
    }
}

#[test]
fn every_code_is_tested_here() {
    let text = include_str!("diagnostics.rs");
    for code in Code::ALL.iter().filter(|code| is_read(**code)) {
        let shown = code.as_str();
        assert!(
            text.contains(&format!("\"{shown} ")) || shown == "EC0013",
            "{shown} has no test"
        );
    }
    let warnings = [Code::WaitNeverGrows, Code::NoEffect, Code::NoSuchWindow];
    for code in warnings {
        assert_eq!(Diagnostic::warning(code, "").severity, Severity::Warning);
    }
}

#[test]
fn a_profile_supplies_its_own_stores_and_secrets_and_its_ancestors_do_not() {
    let parent = "[ec]\nec_store = \"parents\"\npassphrase = { env = \"PARENTS\" }\n[ec.entry]\nttl = \"5d\"\n";
    let case = Case {
        config: "[ec]\npartner_store = \"everybodys\"\n",
        profiles: &[
            ("parent", parent),
            (
                "child",
                "inherits = \"parent\"\n[ec]\npassphrase = { env = \"OWN\" }\n",
            ),
        ],
        profile: "child",
        ..Case::default()
    };
    let (loaded, _) = load(case);
    let policy = &loaded.resolved.policy;
    assert_eq!(policy.root.ec_store.as_str(), "ec_identity_store");
    assert_eq!(policy.root.partner_store.as_str(), "everybodys");
    assert_eq!(policy.entry.ttl.seconds(), 5 * 86_400);
    let passphrase = loaded.resolved.value("passphrase").unwrap();
    assert_eq!(passphrase.value.to_string(), "{ env = \"OWN\" }");
    assert_eq!(passphrase.overrides.len(), 1, "the default alone");
}

#[test]
fn an_override_may_be_quoted() {
    for (set, name) in [
        ("ec.ec_store=plain", "plain"),
        ("ec.ec_store=\"quoted\"", "quoted"),
        ("ec.ec_store='so'", "so"),
    ] {
        let (loaded, reported) = load(Case {
            sets: &[set],
            ..Case::default()
        });
        assert_eq!(
            (reported, loaded.resolved.policy.root.ec_store.as_str()),
            (vec![], name)
        );
    }
}

#[test]
fn secrets_distinguish_policies_and_are_never_shown() {
    let with = |token: &str| {
        let config = format!(
            "[ec]\npassphrase = \"one\"\n[[ec.partners]]\nsource_domain = \"a.com\"\napi_token = \"{token}\"\n"
        );
        load(Case {
            config: &config,
            ..Case::default()
        })
        .0
        .resolved
    };
    let (one, other) = (with("first"), with("second"));
    assert_ne!(one.policy.digest, other.policy.digest);
    let partners: Vec<&str> = one
        .policy
        .root
        .partners
        .iter()
        .map(|partner| partner.id.as_str())
        .collect();
    assert_eq!(partners, ["a.com"]);
    let debugged = format!("{:?} {:?}", one.policy.root, one.values);
    assert!(debugged.contains("Secret("), "{debugged}");
    for secret in ["first", "\"one\""] {
        assert!(!debugged.contains(secret), "{debugged}");
    }
}

#[test]
fn declared_partners_are_effective_in_their_order() {
    let config = "[[ec.partners]]\nsource_domain = \"b.com\"\n[[ec.partners]]\nsource_domain = \"a.com\"\nid = \"x.com\"\n";
    let (loaded, reported) = load(Case {
        config,
        ..Case::default()
    });
    let partners = &loaded.resolved.policy.root.partners;
    let declared: Vec<_> = partners
        .iter()
        .map(|partner| (partner.id.as_str(), partner.source_domain.as_str()))
        .collect();
    assert_eq!(declared, [("b.com", "b.com"), ("x.com", "a.com")]);
    assert_eq!(reported, [""; 0]);
}

#[test]
fn findings_come_in_the_order_of_the_files() {
    let (_, reported) = load(Case {
        config: "[ec]\nfoo = 1\n",
        profiles: &[
            ("a", "inherits = \"b\"\n[ec]\nbar = 1\n"),
            ("b", "[ec]\nbaz = 1\n"),
        ],
        profile: "a",
        sets: &["ec.qux=1"],
        ..Case::default()
    });
    let keys: Vec<_> = reported
        .iter()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(keys, ["ec.foo", "ec.qux", "ec.bar", "ec.baz"]);
}

#[test]
fn places_of_overrides_span_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let case = Case {
        environment: &[("TRUSTED_SERVER__EC__LAST_SEEN__DEBOUNCE", "10s")],
        sets: &[
            "ec.entry.tll=5d",
            "ec.entry.ttl=12h",
            "ec.cookie.name='quoted'",
            "ec.ec_store=123",
            "ec.cas.max_retries=7",
            "ec.passphrase={ env = \"A\" }",
            "ec.partners=[{ source_domain = \"a.com\", foo = 1 }]",
            "noise",
        ],
        ..Case::default()
    };
    let mut files = open(case, folder.path()).unwrap();
    let loaded = files.load("development").unwrap();
    let spanned = |place: &edge_cookie::diagnostic::SourceLocation| {
        let source = files.sources().get(&place.file).unwrap();
        assert_eq!(source.name(), &*place.file);
        source.text().get(place.span.clone()).unwrap().to_owned()
    };
    let places: Vec<_> = loaded
        .resolved
        .findings
        .iter()
        .filter(|finding| is_read(finding.code))
        .map(|finding| spanned(finding.places.first().unwrap()))
        .collect();
    assert_eq!(places, ["ec.entry.tll", "foo", "noise"]);
    for (key, written) in [
        ("entry.ttl", "12h"),
        ("cookie.name", "'quoted'"),
        ("ec_store", "123"),
        ("cas.max_retries", "7"),
        ("passphrase", "{ env = \"A\" }"),
        ("last_seen.debounce", "10s"),
    ] {
        let value = loaded.resolved.value(key).unwrap();
        assert_eq!(spanned(value.origin.place.as_ref().unwrap()), written);
    }
    let passphrase = loaded.resolved.value("passphrase").unwrap();
    assert_eq!(passphrase.value.to_string(), "{ env = \"A\" }");
    assert_eq!(loaded.resolved.policy.root.ec_store.as_str(), "123");
    assert_eq!(loaded.resolved.policy.cookie.name.as_str(), "quoted");
}

#[test]
fn a_missing_profile_is_reported_with_those_that_exist() {
    let folder = tempfile::tempdir().unwrap();
    let none = open(Case::default(), folder.path()).unwrap();
    let message = none.choose(Some("x"), None).unwrap_err().to_string();
    assert!(message.ends_with("it holds none"), "{message}");
    let case = Case {
        profiles: &[("production", "")],
        ..Case::default()
    };
    let one = open(case, folder.path()).unwrap();
    let message = one.choose(Some("x"), None).unwrap_err().to_string();
    assert!(message.ends_with("it holds `production`"), "{message}");

    let file = folder.path().join("policies/production.toml");
    let sources = PolicySources {
        config: folder.path().join("trusted-server.toml"),
        policies: file,
        ..PolicySources::default()
    };
    let message = PolicyFiles::open(sources).unwrap_err().to_string();
    assert!(message.contains("--policies DIR"), "{message}");
}

#[test]
fn a_profile_cannot_be_chosen_from_within_a_policy() {
    let sets = ["ec.profile=a"];
    let (loaded, _) = load(Case {
        sets: &sets,
        ..Case::default()
    });
    let help = loaded.resolved.findings.first().unwrap().help.clone();
    assert!(help.unwrap().contains("`EC_PROFILE`"));
}
