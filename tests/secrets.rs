//! Secrets in a deployed profile: which literals are refused, and as what.
#![cfg(feature = "files")]
#![allow(clippy::unwrap_used, reason = "a failed test should stop")]

#[path = "support/publisher.rs"]
mod publisher;

use edge_cookie::diagnostic::Code;
use publisher::Publisher;

const DEPLOYED: &str = "deploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\n";

/// What is told of the secrets of a deployed profile with these lines.
fn told(lines: &str, environment: &[(&str, &str)]) -> Vec<Code> {
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
        // 32 characters are not guessed; there they stand all the same.
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
            partner(literal),
        ] {
            assert_eq!(told(&lines, &[]), [expected], "{lines}");
        }
    }
}

#[test]
fn a_literal_in_the_environment_stands_in_no_file_but_is_guessed_all_the_same() {
    let cases: [(&str, &[Code]); 3] = [
        ("6f1ed002ab5595859014ebf0951522d9", &[]),
        ("6f1ed002ab5595859014ebf0951522d", &[Code::ShortSecret]),
        ("change me", &[Code::PlaceholderSecret]),
    ];
    for (literal, expected) in cases {
        let environment = [("TRUSTED_SERVER__EC__PASSPHRASE", literal)];
        assert_eq!(told("", &environment), expected, "{literal}");
    }
}
