//! `ec check` says which users get new ids by a deployed profile.

use super::site::Site;
use super::support::*;

const WHO: &str = "IPv6 visitors who come without their cookie";

fn deployed(form: &str) -> String {
    format!(
        "deploy = true\n[ec]\nec_store = \"a\"\npartner_store = \"b\"\npassphrase = {{ env = \"P\" }}\n{form}"
    )
}

#[test]
fn check_says_who_gets_new_ids_where_a_deployed_profile_changes_how_they_are_made() {
    const GROUPS: &str = "id.ipv6_form = \"groups\"\n";
    const HEX: &str = "id.ipv6_form = \"hex\"\n";
    for (config, profile, said) in [
        // As by default, and as the trusted-server.
        ("", deployed(""), None),
        ("", deployed(HEX), None),
        (
            "",
            deployed(GROUPS),
            Some("`id.ipv6_form` is \"groups\" here, and \"hex\" in what it overrides (default)"),
        ),
        // What `[ec]` says holds for every other profile.
        (
            GROUPS,
            deployed(HEX),
            Some(
                "`id.ipv6_form` is \"hex\" here, and \"groups\" in what it overrides (config, trusted-server.toml:2:16)",
            ),
        ),
        (GROUPS, deployed(GROUPS), Some("(default)")),
        // It is deployed nowhere.
        ("", deployed(GROUPS).replace("true", "false"), None),
    ] {
        let site = Site::new(&format!("[ec]\n{config}"));
        site.write("policies/live.toml", &profile);
        let ran = site.ec(&["check", "--profile", "live"]);
        assert_eq!(ran.status.code(), Some(0), "{}", printed(&ran));
        // Lines are wrapped for people.
        let report = printed(&ran)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(report.contains(WHO), said.is_some(), "{report}");
        assert!(report.contains(said.unwrap_or_default()), "{report}");
        let json = site.ec(&["check", "--profile", "live", "--format", "json"]);
        let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        let new_ids = json["profiles"][0]["new_ids"].as_str();
        assert_eq!(
            new_ids.is_some_and(|note| note.contains(WHO)),
            said.is_some(),
            "{json}"
        );
        let github = out(&site.ec(&["check", "--profile", "live", "--format", "github"]));
        assert_eq!(
            github.contains("::notice::live: "),
            said.is_some(),
            "{github}"
        );
    }
}

#[test]
fn what_a_move_leaves_is_made_as_before() {
    for config in [EC, PROVIDERS] {
        let (site, _) = migrated(config);
        let ran = site.ec(&["check", "--all"]);
        assert!(!printed(&ran).contains(WHO), "{}", printed(&ran));
    }
}
