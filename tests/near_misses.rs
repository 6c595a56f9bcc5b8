//! Policies that cannot work, and what is nearly a policy: refused before they ship, with what was meant.

use crate::harness::site;
use crate::support::publisher;

use edge_cookie::diagnostic::{Code, Severity};
use publisher::Publisher;
use site::Site;

/// What is found wrong with these files and variables: each message with its help.
fn errors(files: &[(&str, &str)], environment: &[(&str, &str)]) -> Vec<String> {
    let publisher = Publisher { files, environment };
    let found = publisher.findings("development").into_iter();
    let errors = found.filter(|finding| finding.severity == Severity::Error);
    errors
        .map(|finding| format!("{} {}", finding.message, finding.help.unwrap_or_default()))
        .collect()
}

#[test]
fn a_table_that_is_nearly_ours_is_named() {
    for table in [
        "EC",
        "Ec",
        "edge-cookie",
        "edge_cookies",
        "Edge_Cookie",
        "edgecookie",
    ] {
        let config = format!("[{table}]\nentry.ttl = \"5d\"\n");
        let found = errors(&[("trusted-server.toml", &config)], &[]);
        assert_eq!(
            found,
            [format!("no one reads `[{table}]` did you mean `[ec]`?")]
        );
    }
    for other in ["edge", "echo", "integrations", "e"] {
        let config = format!("[{other}]\nx = 1\n");
        assert!(
            errors(&[("trusted-server.toml", &config)], &[]).is_empty(),
            "{other}"
        );
    }
}

#[test]
fn settings_beside_the_table_are_sent_into_it() {
    let profile = "[tombstone]\nttl = \"48h\"\n";
    let found = errors(&[("policies/development.toml", profile)], &[]);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("write it as `ec.tombstone`"), "{found:?}");
}

#[test]
fn a_variable_that_is_nearly_ours_is_named() {
    for (variable, meant) in [
        (
            "TRUSTED_SERVER__EC_TOMBSTONE__TTL",
            "TRUSTED_SERVER__EC__TOMBSTONE__TTL",
        ),
        (
            "TRUSTED_SERVER_EC_TOMBSTONE_TTL",
            "TRUSTED_SERVER__EC__TOMBSTONE__TTL",
        ),
        (
            "trusted_server__ec__tombstone__ttl",
            "TRUSTED_SERVER__EC__TOMBSTONE__TTL",
        ),
        (
            "TRUSTED_SERVER__EC_SYNC_MAX_AGE",
            "TRUSTED_SERVER__EC__SYNC__MAX_AGE",
        ),
        ("TRUSTED_SERVER__EC_NOTHING", "TRUSTED_SERVER__EC__…"),
        (
            "TRUSTED_SERVER__PUBLISHER_DOMAIN",
            "TRUSTED_SERVER__PUBLISHER__DOMAIN",
        ),
        (
            "TRUSTED_SERVER_PUBLISHER_ORIGIN_URL",
            "TRUSTED_SERVER__PUBLISHER__ORIGIN_URL",
        ),
        ("EC_PROFIL", "EC_PROFILE"),
        ("EC_LOGS", "EC_LOG"),
    ] {
        let found = errors(&[], &[(variable, "a-secret-value")]);
        let expected = format!("no one reads the variable `{variable}` did you mean `{meant}`?");
        assert_eq!(found, [expected]);
    }
    for other in [
        "EC_PROFILE",
        "EC_LOG",
        "EC2_HOME",
        "EC_BASE_URL",
        "TRUSTED_SERVER__PREBID__URL",
        "TRUSTED_SERVER__PUBLISHER__COOKIE_DOMAIN",
        "PATH",
    ] {
        assert!(errors(&[], &[(other, "x")]).is_empty(), "{other}");
    }
}

#[test]
fn the_publisher_is_taken_from_the_environment_too() {
    let site = Site::new("[publisher]\ndomain = \"file.example\"\n[ec]\npassphrase = \"test\"\n");
    let bundle = || {
        let mut command = site.command(&["bundle", "--out", "b.json", "--force", "a test"]);
        command.env(
            "TRUSTED_SERVER__PUBLISHER__ORIGIN_URL",
            "https://origin.example",
        );
        command
    };
    assert!(bundle().output().unwrap().status.success());
    let read = || -> serde_json::Value { serde_json::from_str(&site.read("b.json")).unwrap() };
    let written = read();
    assert_eq!(written["bundle"]["domain"], "file.example");
    assert_eq!(written["bundle"]["origin_url"], "https://origin.example");
    let overridden = bundle()
        .env("TRUSTED_SERVER__PUBLISHER__DOMAIN", "env.example")
        .output();
    assert!(overridden.unwrap().status.success());
    assert_eq!(read()["bundle"]["domain"], "env.example");
    let wrong = [("TRUSTED_SERVER__PUBLISHER__DOMAIN", "no domain")];
    assert!(errors(&[], &wrong)[0].contains("`no domain` cannot be `publisher.domain`"));
}

#[test]
fn a_domain_that_browsers_keep_no_cookie_for_is_refused() {
    for (domain, why) in [
        ("publisher.example", None),
        ("www.publisher.co.uk", None),
        ("publisher.github.io", None),
        ("localhost", None),
        ("127.0.0.1", Some("an address")),
        ("0x7f.1", Some("an address")),
        ("2130706433", Some("an address")),
        ("co.uk", Some("a public suffix")),
        ("github.io", Some("a public suffix")),
        ("com", Some("a single label")),
        ("intranet", Some("a single label")),
        ("[::1]", Some("cannot be `publisher.domain`")),
        ("publisher.example.", Some("cannot be `publisher.domain`")),
        ("bücher.example", Some("cannot be `publisher.domain`")),
    ] {
        let config = format!("[publisher]\ndomain = \"{domain}\"\n");
        let found = errors(&[("trusted-server.toml", &config)], &[]);
        match why {
            None => assert!(found.is_empty(), "{domain}: {found:?}"),
            Some(why) => assert!(
                found.len() == 1 && found[0].contains(why),
                "{domain}: {found:?}"
            ),
        }
    }
}

#[test]
fn names_and_places_that_cannot_work_are_refused_with_the_right_ones() {
    for (setting, says) in [
        (
            "cookie.name = \"__Host-ts-ec\"",
            "browsers drop a `__Host-` cookie with a `Domain`",
        ),
        ("cookie.name = \"us_privacy\"", "that of a consent signal"),
        ("cookie.name = \"__gpp\"", "that of a consent signal"),
        ("consent.gdpr_countries = [\"UK\"]", "write `GB`"),
        ("consent.gdpr_countries = [\"EL\"]", "write `GR`"),
        (
            "consent.gdpr_countries = [\"XX\"]",
            "there is no place `XX`",
        ),
        (
            "consent.us_states = [\"ZZ\"]",
            "`ZZ` is not the code of a US state",
        ),
        ("consent.gdpr_countries = [\"uk\"]", "write `GB`"),
        ("consent.us_states = [\"US-CA\"]", "write `CA`"),
        ("local.geo = \"UK\"", "write `GB`"),
        ("local.geo = \"US-ZZ\"", "a US state for `ZZ`"),
    ] {
        let found = errors(
            &[("trusted-server.toml", &format!("[ec]\n{setting}\n"))],
            &[],
        );
        assert!(
            found.len() == 1 && found[0].contains(says),
            "{setting}: {found:?}"
        );
    }
}

#[test]
fn one_mistake_is_one_finding() {
    let codes = |profile: &str| -> Vec<Code> {
        let publisher = Publisher {
            files: &[("policies/sample.toml", profile)],
            environment: &[],
        };
        let found = publisher.findings("sample").into_iter();
        found.map(|finding| finding.code).collect()
    };
    // A broken file states no stores: it may well do so in the part that is broken.
    assert_eq!(
        codes("deploy = true\n[ec\nec_store = \"graph\"\n"),
        [Code::Syntax]
    );
    // A parser that lost its way in a line says more of it than one thing.
    assert_eq!(codes("[ec]\npassphrase: hunter2\n"), [Code::Syntax]);
    // A token under a misspelled key is not one that is missing.
    let misspelled = "[[ec.partners]]\nsource_domain = \"a.example\"\napi_tokn = \"t\"\n";
    let errors: Vec<Code> = (codes(misspelled).into_iter())
        .filter(|code| matches!(code, Code::UnknownKey | Code::PartnerWithoutToken))
        .collect();
    assert_eq!(errors, [Code::UnknownKey]);
    let partner = "[ec]\n[[ec.partners]]\nsource_domain = 7\n";
    let of_partners = codes(partner).into_iter();
    let of_partners: Vec<Code> = of_partners
        .filter(|code| code.as_str() < "EC0100" || code.as_str() > "EC0500")
        .collect();
    assert_eq!(of_partners, [Code::WrongType]);
}

#[test]
fn the_help_for_a_broken_line_fits_what_was_written() {
    for (line, help) in [
        ("ttl = 24h", "`ttl = \"24h\"`"),
        ("ttl = \"24h", "close the quotes of the value of `ttl`"),
        ("ttl", "write a key and its value, as `ttl = …`"),
        ("ttl: \"24h\"", "TOML sets a value with `=`"),
        ("ttl =", "write a value after `ttl =`"),
        ("http_only = True", "in lower case"),
        ("[ec.tombstone", "close the brackets"),
        (
            "us_states = [\"CA\"",
            "close what is opened in the value of `us_states`",
        ),
    ] {
        let found = errors(
            &[("trusted-server.toml", &format!("[ec.tombstone]\n{line}\n"))],
            &[],
        );
        assert!(
            found.first().is_some_and(|found| found.contains(help)),
            "{line}: {found:?}"
        );
    }
    // A secret that is written without quotes is not shown back.
    let found = errors(
        &[("trusted-server.toml", "[ec]\npassphrase = hunter2\n")],
        &[],
    );
    assert!(
        !found.is_empty() && !found.concat().contains("hunter2"),
        "{found:?}"
    );
}
