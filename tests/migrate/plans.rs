//! `ec plan --move`: what the move changes, before and after `ec migrate`.

use serde_json::Value;

use super::site::Site;
use super::support::*;

fn plan(site: &Site, old: &str, more: &[&str]) -> Value {
    let mut args = vec!["plan", "--move", old, "--format", "json"];
    args.extend(more);
    let ran = site.ec(&args);
    assert!(
        matches!(ran.status.code(), Some(0 | 1 | 3)),
        "{}",
        printed(&ran)
    );
    assert!(!printed(&ran).contains(SECRET), "{}", printed(&ran));
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// A change of the plan, by its key below `ec`.
fn change<'p>(plan: &'p Value, key: &str) -> Option<&'p Value> {
    let full = format!("ec.{key}");
    let mut changes = plan["changes"].as_array().unwrap().iter();
    changes.find(|change| change["key"] == full.as_str())
}

#[test]
fn the_plan_of_a_move_is_the_same_before_and_after_it() {
    for config in LAYOUTS {
        let site = Site::new(config);
        site.write("before.toml", config);
        let before = plan(&site, "before.toml", &[]);
        assert!(
            !site.path().join("policies").exists(),
            "a plan writes nothing"
        );
        assert_eq!(site.read("trusted-server.toml"), config);
        assert!(site.ec(&["migrate"]).status.success());
        let after = plan(&site, "before.toml", &[]);
        assert_eq!(before, after);
        // The same for people.
        for format in ["human", "markdown"] {
            let ran = site.ec(&["plan", "--move", "before.toml", "--format", format]);
            assert_eq!(ran.status.code(), Some(1), "{}", printed(&ran));
            assert!(out(&ran).contains("entry.renewal"), "{}", printed(&ran));
            assert!(!printed(&ran).contains(SECRET), "{}", printed(&ran));
        }
    }
}

#[test]
fn what_the_old_file_sets_counts_as_deployed() {
    let site = Site::new(EC);
    site.write("before.toml", EC);
    assert!(site.ec(&["migrate"]).status.success());
    // What it set is set in the new one as well, and what it has as a constant is the profile's.
    let moved = plan(&site, "before.toml", &[]);
    for alike in [
        "consent.tcf_max_age",
        "consent.gdpr_countries",
        "consent.us_states",
        "ec_store",
        "passphrase",
        "partners",
    ] {
        assert_eq!(change(&moved, alike), None, "{alike}");
    }
    let renewal = change(&moved, "entry.renewal").unwrap();
    assert_eq!(renewal["from"], "on_write");
    assert_eq!(moved["move"]["from"], "before.toml");
    assert_eq!(moved["move"]["ids"], "kept");
    let others = moved["move"]["other_meanings"].as_array().unwrap();
    let conflict = others
        .iter()
        .find(|other| other["keys"][0] == "consent.conflict_resolution.mode");
    assert!(conflict.is_some(), "{others:?}");
    // Under another candidate, that differs from the old file and not from the trusted-server's own default.
    site.write(
        "policies/older.toml",
        "inherits = \"production\"\n[ec.consent]\ntcf_max_age = \"395d\"\n",
    );
    let older = plan(&site, "before.toml", &["--candidate", "older"]);
    let age = change(&older, "consent.tcf_max_age").unwrap();
    assert_eq!((&age["from"], &age["to"]), (&"200d".into(), &"395d".into()));
    assert_eq!(age["verdict"], "unsafe", "older consents count again");
}

#[test]
fn users_whose_ids_change_are_lost_by_the_plan() {
    for (config, ids, by) in [
        (EC, "kept", None),
        (EDGE_COOKIE, "other_for_ipv6", Some("edge_cookie")),
        (SYNTHETIC, "of_template", Some("synthetic.template")),
        (PROVIDERS, "kept", None),
    ] {
        let site = Site::new(config);
        let plan = plan(
            &site,
            "trusted-server.toml",
            &["--candidate", "trusted-server"],
        );
        assert_eq!(plan["move"]["ids"], ids);
        let first = plan["loses"].get(0).and_then(|loss| loss["key"].as_str());
        assert_eq!(first.filter(|key| !key.starts_with("ec.")), by);
        if by.is_some() {
            assert_eq!(plan["verdict"], "unsafe");
        }
    }
}

#[test]
fn a_move_needs_a_file_of_the_trusted_server() {
    let (site, _) = migrated(EC);
    for (args, expected) in [
        (
            &["plan", "--move", "trusted-server.toml"][..],
            "as it was before `ec migrate`",
        ),
        (
            &["plan", "--move", "missing.toml"],
            "cannot migrate `missing.toml`",
        ),
        (
            &["plan", "--move", "x.toml", "--deployed", "production"],
            "cannot be used with",
        ),
        (&["plan", "--candidate", "production"], "--deployed"),
    ] {
        let ran = site.ec(args);
        assert_eq!(ran.status.code(), Some(2), "{args:?}");
        assert!(err(&ran).contains(expected), "{}", err(&ran));
    }
    // A candidate that does not exist.
    site.write("before.toml", EC);
    let ran = site.ec(&["plan", "--move", "before.toml", "--candidate", "producton"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(
        err(&ran).contains("did you mean `production`?"),
        "{}",
        err(&ran)
    );
}
