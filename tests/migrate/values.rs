//! Values mean here what they meant there, in whatever way they are written.

use toml_edit::DocumentMut;

use super::site::Site;
use super::support::*;

#[test]
fn other_ways_to_write_the_same_are_read_alike() {
    const HEAD: &str = "[ec]\npassphrase = \"hunter2-9f86d081884c7d659a2feaa0c55ad015\"\n";
    let tables = "[[ec.partners]]\nname = \"A\"\nsource_domain = \"a.com\"\napi_token = \"hunter2-1\"\nopenrtb_atype = 1\n[[ec.partners]]\nname = \"B\"\nsource_domain = \"b.com\"\napi_token = \"hunter2-2\"\n";
    let inline = "# above\npartners = [\n  { name = \"A\", source_domain = \"a.com\", api_token = \"hunter2-1\", openrtb_atype = 1 }, # first\n  { name = \"B\", source_domain = \"b.com\", api_token = \"hunter2-2\" }, # last\n]\n";
    let json = "partners = '[{\"name\":\"A\",\"source_domain\":\"a.com\",\"api_token\":\"hunter2-1\",\"openrtb_atype\":\"1\"},{\"name\":\"B\",\"source_domain\":\"b.com\",\"api_token\":\"hunter2-2\"}]'\n";
    let partners = |config: &str| {
        let site = Site::new(config);
        let dry = site.ec(&["migrate", "--dry-run"]);
        assert!(!printed(&dry).contains(SECRET), "{}", printed(&dry));
        let ran = site.ec(&["migrate"]);
        assert!(ran.status.success(), "{}", printed(&ran));
        let text = site.read("trusted-server.toml");
        let shown = site.ec(&["show", "--format", "json"]);
        let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
        (text, shown["digest"].clone())
    };
    let more = "pull_sync_concurrency = 2\n";
    let (_, expected) = partners(&format!("{HEAD}{more}{tables}"));
    assert!(expected.is_string(), "{expected}");
    let (text, digest) = partners(&format!("{HEAD}{inline}{more}"));
    assert_eq!(digest, expected, "{text}");
    for comment in ["# above", "# first", "# last"] {
        assert_eq!(text.matches(comment).count(), 1, "{text}");
    }
    let (text, digest) = partners(&format!("{HEAD}{json}{more}"));
    assert_eq!(digest, expected, "{text}");
    // Dotted keys.
    let dotted = "ec.passphrase = \"hunter2-9f86d081884c7d659a2feaa0c55ad015\"\nec.cluster_trust_threshold = \"5\" # five\nconsent.gdpr.applies_in = [\"DE\"]\n";
    let (text, _) = partners(dotted);
    assert!(text.contains("ec.cluster.max_trusted = 5 # five"), "{text}");
    assert!(text.contains("gdpr_countries = [\"DE\"]"), "{text}");
}

#[test]
fn values_mean_here_what_they_meant_there() {
    let partners = |site: &Site, index: usize| {
        let document: DocumentMut = site.read("trusted-server.toml").parse().unwrap();
        let partner = document["ec"]["partners"]
            .as_array_of_tables()
            .unwrap()
            .get(index);
        partner.unwrap().clone()
    };
    let (site, _) = migrated(EC);
    for (key, expected) in [
        ("ec.passphrase", r#"{ env = "EC_PASSPHRASE" }"#),
        ("ec.ec_store", r#""news_identity""#),
        ("ec.pull.concurrency", "4"),
        ("ec.cluster.max_trusted", "50"),
        ("ec.cluster.recheck", r#""1h""#),
        ("ec.consent.tcf_max_age", r#""200d""#),
        ("ec.consent.gdpr_countries", r#"["DE", "FR", "CH"]"#),
        ("ec.consent.us_states", r#"["CA", "CO"]"#),
    ] {
        let shown = value(&site, key);
        assert!(shown.starts_with(expected), "{key}: {shown}");
    }
    let one = partners(&site, 0);
    assert_eq!(one["source_domain"].as_str(), Some("one.example"));
    assert_eq!(one["openrtb_atype"].as_integer(), Some(1));
    assert_eq!(one["bidstream"].as_bool(), Some(true));
    assert_eq!(one["rate_limit"].as_integer(), Some(120));
    // printf %s hunter2-a0b1c2d3e4f5061728394a5b6c7d8e9f | sha256sum
    assert_eq!(
        one["api_token_sha256"].as_str(),
        Some("0a818c5180293839bcda4f8b65716b8e699bf211a03a83d6313140a483819026")
    );
    let pull = one["pull"].as_inline_table().unwrap();
    assert_eq!(
        pull.to_string().trim(),
        r#"{ url = "https://pull.one.example/uid", hosts = ["pull.one.example"], ttl = "1d", token = { env = "EC_PULL_TOKEN_ONE_EXAMPLE" }, rate_limit = 10 }"#
    );
    let two = partners(&site, 1);
    assert_eq!(two["openrtb_atype"].as_integer(), Some(3));
    assert!(two.get("pull").is_none());
    // As the environment overlay writes them.
    let (site, _) = migrated(OVERLAY);
    for (key, expected) in [
        ("ec.pull.concurrency", "4"),
        ("ec.cluster.recheck", r#""90s""#),
        // Beyond its limit theirs takes the limit.
        ("ec.consent.tcf_max_age", r#""3650d""#),
        ("ec.consent.gdpr_countries", r#"["DE", "FR"]"#),
        ("ec.consent.us_states", r#"["CA", "CO"]"#),
    ] {
        assert_eq!(value(&site, key), expected, "{key}");
    }
    let one = partners(&site, 0);
    assert_eq!(one["source_domain"].as_str(), Some("one.example"));
    assert_eq!(one["openrtb_atype"].as_integer(), Some(571_187));
    assert_eq!(one["pull"]["hosts"].as_array().unwrap().len(), 2);
    assert_eq!(partners(&site, 1)["bidstream"].as_bool(), Some(false));
    // A consent of any age.
    let (site, _) = migrated(EDGE_COOKIE);
    assert_eq!(value(&site, "ec.consent.tcf_max_age"), r#""none""#);
}

#[test]
fn two_partners_never_share_a_secret() {
    // Both domains give the same name of a variable.
    let partner = |domain: &str, token: &str| {
        format!(
            "[[ec.partners]]\nname = \"{domain}\"\nsource_domain = \"{domain}\"\napi_token = \"hunter2-{token}\"\npull_sync_enabled = true\npull_sync_url = \"https://{domain}/uid\"\npull_sync_allowed_domains = [\"{domain}\"]\nts_pull_token = \"hunter2-{token}-pull\"\n"
        )
    };
    let config = format!(
        "[ec]\npassphrase = \"hunter2-9f86d081884c7d659a2feaa0c55ad015\"\npull_sync_concurrency = 1\n{}{}",
        partner("a-b.example", "1"),
        partner("a.b.example", "2")
    );
    let (site, _) = migrated(&config);
    let secrets = site.read("ec-secrets.env");
    assert!(
        secrets.contains("\nEC_PULL_TOKEN_A_B_EXAMPLE='hunter2-1-pull'\n"),
        "{secrets}"
    );
    assert!(
        secrets.contains("\nEC_PULL_TOKEN_A_B_EXAMPLE_2='hunter2-2-pull'\n"),
        "{secrets}"
    );
    let after = site.read("trusted-server.toml");
    let (_, second) = after.split_once("a.b.example").unwrap();
    assert!(
        second.contains("env = \"EC_PULL_TOKEN_A_B_EXAMPLE_2\""),
        "{after}"
    );
    assert_checked_and_done(&site);
}

#[test]
fn stores_are_those_that_the_file_names() {
    let (site, _) = migrated(PROVIDERS);
    for profile in ["production", "trusted-server"] {
        let text = site.read(&format!("policies/{profile}.toml"));
        assert!(text.contains("ec_store = \"news_identity\""), "{text}");
        assert!(text.contains("partner_store = \"news_partners\""), "{text}");
    }
    assert_eq!(
        value(&site, "ec.passphrase"),
        r#"{ env = "EC_PASSPHRASE" }"#
    );
    // The publisher of summer 2025.
    let (site, _) = migrated(SERVER);
    assert_eq!(value(&site, "publisher.domain"), r#""news.example""#);
}
