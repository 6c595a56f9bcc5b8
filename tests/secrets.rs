//! Secrets in a deployed profile: which literals are refused, and as what.

use crate::harness::site;
use crate::support::publisher;

use edge_cookie::diagnostic::Code;
use publisher::Publisher;

const DEPLOYED: &str = "deploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\n";

/// The findings about the secrets of a deployed profile with these lines.
fn found(lines: &str, environment: &[(&str, &str)]) -> Vec<Code> {
    let profile = format!("{DEPLOYED}{lines}\n");
    let publisher = Publisher {
        files: &[("policies/sample.toml", &profile)],
        environment,
    };
    let codes = publisher.findings("sample").into_iter();
    codes
        .map(|finding| finding.code)
        .filter(|code| code.as_str().starts_with("EC05"))
        .collect()
}

#[test]
fn a_literal_is_refused_as_the_worst_that_it_is() {
    let cases = [
        // 32 characters are not guessed; but they are in the file.
        ("6f1ed002ab5595859014ebf0951522d9", Code::SecretInClear),
        ("6f1ed002ab5595859014ebf0951522d", Code::ShortSecret),
        // What a tutorial has, however long.
        (
            "CHANGE-ME-6f1ed002ab5595859014ebf0951522d9",
            Code::PlaceholderSecret,
        ),
        (
            "<the key of the graph goes in between these>",
            Code::PlaceholderSecret,
        ),
        (
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            Code::PlaceholderSecret,
        ),
        ("xxxx", Code::PlaceholderSecret),
    ];
    let partner = |token: &str| {
        format!("[[ec.partners]]\nsource_domain = \"partner.example\"\napi_token = \"{token}\"")
    };
    for (literal, expected) in cases {
        for lines in [
            format!("passphrase = \"{literal}\""),
            format!("admin_token = \"{literal}\""),
            format!("admin.basic = {{ username = \"ops\", password = \"{literal}\" }}"),
            partner(literal),
        ] {
            assert_eq!(found(&lines, &[]), [expected], "{lines}");
        }
    }
}

#[test]
fn a_literal_in_the_environment_is_in_no_file_but_can_still_be_guessed() {
    let cases: [(&str, &[Code]); 3] = [
        ("6f1ed002ab5595859014ebf0951522d9", &[]),
        ("6f1ed002ab5595859014ebf0951522d", &[Code::ShortSecret]),
        ("change me", &[Code::PlaceholderSecret]),
    ];
    for (literal, expected) in cases {
        let environment = [("TRUSTED_SERVER__EC__PASSPHRASE", literal)];
        assert_eq!(found("", &environment), expected, "{literal}");
    }
}

/// A secret of 32 characters that was never published.
const GOOD: &str = "a3f8b1c2d4e5f60718293a4b5c6d7e8f";

/// What `ec check --resolve-secrets` finds of this environment, and the words in which `ec serve` refuses to start.
fn resolved(environment: &[(&str, &str)]) -> (Vec<String>, String) {
    let site = site::Site::new("");
    let references = "passphrase = { env = \"KEY\" }\nadmin_token = { env = \"ADMIN\" }\nadmin.basic = { username = \"ops\", password = { env = \"BASIC\" } }\nredis.password = { env = \"REDIS\" }\nlocal.geo = \"DE\"\nlocal.store = \"redis://127.0.0.1:1\"\n[[ec.partners]]\nsource_domain = \"one.example\"\napi_token = { env = \"ONE\" }\n[[ec.partners]]\nsource_domain = \"two.example\"\napi_token = { env = \"TWO\" }\n";
    site.write("policies/sample.toml", &format!("{DEPLOYED}{references}"));
    let run = |args: &[&str]| {
        let mut command = site.command(args);
        for name in ["KEY", "ADMIN", "BASIC", "REDIS", "ONE", "TWO"] {
            command.env_remove(name);
        }
        command.args(["--profile", "sample"]);
        command.envs(environment.iter().copied()).output().unwrap()
    };
    let checked = run(&["check", "--resolve-secrets", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    let found = report["profiles"][0]["diagnostics"]
        .as_array()
        .unwrap()
        .iter();
    let found = found.filter(|finding| finding["code"].as_str().unwrap().starts_with("EC05"));
    let found = found.map(|finding| {
        format!(
            "{} {}",
            finding["code"].as_str().unwrap(),
            finding["key"].as_str().unwrap()
        )
    });
    // It listens at an address that is not this machine's: where its secrets are good it stops there.
    let served = run(&["serve", "--addr", "192.0.2.1:1"]);
    let message = String::from_utf8(served.stderr).unwrap();
    assert_eq!(served.status.code(), Some(2), "{message}");
    (found.collect(), message)
}

#[test]
fn a_secret_store_that_is_not_here_is_said_to_be_passed_over() {
    let site = site::Site::new("[ec]\npassphrase = { secret_store = \"s\", key = \"k\" }\n");
    let checked = site.ec(&["check", "--resolve-secrets"]);
    let message = String::from_utf8(checked.stderr).unwrap();
    assert!(
        message.contains("`passphrase` of `development` is not looked up"),
        "{message}"
    );
}

#[test]
fn secrets_by_reference_are_judged_as_literals_are_and_all_at_once() {
    let (found, message) = resolved(&[]);
    let all = [
        "ec.passphrase",
        "ec.admin_token",
        "ec.admin.basic.password",
        "ec.redis.password",
        "ec.partners.one.example.api_token",
        "ec.partners.two.example.api_token",
    ];
    let missing: Vec<String> = all.iter().map(|key| format!("EC0506 {key}")).collect();
    assert_eq!(found, missing);
    for key in all {
        assert!(
            message.contains(&format!("cannot read `{key}`")),
            "{key} is not in {message}"
        );
    }
    let two = GOOD.replace('a', "9");
    let three = GOOD.replace('a', "7");
    let admin = GOOD.replace('a', "5");
    // A password may hold blanks.
    let basic = GOOD.replace('a', "3 ");
    let good = [
        ("KEY", GOOD),
        ("ADMIN", &admin),
        ("BASIC", &basic),
        ("REDIS", GOOD),
        ("ONE", &two),
        ("TWO", &three),
    ];
    for (name, secret, code) in [
        ("KEY", " ", "EC0507 ec.passphrase"),
        ("KEY", "x", "EC0502 ec.passphrase"),
        ("KEY", "change-me-please", "EC0502 ec.passphrase"),
        (
            "KEY",
            "0123456789abcdef0123456789abcdef",
            "EC0502 ec.passphrase",
        ),
        ("KEY", "tr0ub4dor&3", "EC0503 ec.passphrase"),
        ("KEY", "\"…\"", "EC0507 ec.passphrase"),
        (
            "ADMIN",
            "a3f8b1c2d4e5f607 18293a4b5c6d7e8f",
            "EC0507 ec.admin_token",
        ),
        (
            "ADMIN",
            "a3f8b1c2d4e5f60718293a4b5c6d7e8f\n\n",
            "EC0507 ec.admin_token",
        ),
        (
            "BASIC",
            "a3f8b1c2d4e5f60718293a4b\t5c6d7e8f",
            "EC0507 ec.admin.basic.password",
        ),
        ("BASIC", "hunter2", "EC0503 ec.admin.basic.password"),
        ("BASIC", &two, "EC0505 ec.partners.one.example.api_token"),
        ("REDIS", "hunter2", "EC0503 ec.redis.password"),
        ("TWO", &two, "EC0505 ec.partners.two.example.api_token"),
        ("TWO", &admin, "EC0505 ec.partners.two.example.api_token"),
    ] {
        let environment = good.map(|(own, value)| (own, if own == name { secret } else { value }));
        let (found, message) = resolved(&environment);
        assert_eq!(found, [code], "{secret:?}");
        let key = code.split_once(' ').unwrap().1;
        assert!(message.contains(key), "{secret:?}: {message}");
        assert!(
            secret.trim().len() < 3 || !message.contains(secret.trim()),
            "{message}"
        );
    }
    // One line end after a secret is none of it.
    for end in ["", "\n", "\r\n"] {
        let ended = good.map(|(name, secret)| (name, format!("{secret}{end}")));
        let ended = ended
            .each_ref()
            .map(|(name, secret)| (*name, secret.as_str()));
        let (found, message) = resolved(&ended);
        assert!(
            found.is_empty() && message.contains("cannot listen"),
            "{found:?} {message}"
        );
    }
}
