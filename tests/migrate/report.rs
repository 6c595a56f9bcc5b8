//! The report: every key has one line, and users know what becomes of their ids.

use super::site::Site;
use super::support::*;

#[test]
fn every_key_of_every_layout_has_one_line_in_the_report() {
    for config in LAYOUTS {
        let (_, report) = migrated(config);
        assert_keys(config, &report);
    }
}

#[test]
fn the_result_passes_the_checks_and_a_second_run_changes_nothing() {
    for config in LAYOUTS {
        let (site, _) = migrated(config);
        assert_checked_and_done(&site);
    }
}

#[test]
fn the_report_says_whose_ids_change() {
    for (config, expected) in [
        (EC, "users keep their ids"),
        (
            EDGE_COOKIE,
            "An IPv6 visitor without a cookie gets an id of another hash",
        ),
        (SYNTHETIC, "every user gets a new id"),
        (SERVER, "every user gets a new id"),
        (PROVIDERS, "users keep their ids"),
        (
            &PROVIDERS.replace("\"hmac\"", "\"host-signals\""),
            "the provider that `ec.provider` names does not make it from the address",
        ),
        (
            &PROVIDERS.replace("provider = \"hmac\"", ""),
            "without `ec.provider` the trusted-server makes none",
        ),
    ] {
        let (_, report) = migrated(config);
        assert!(report.contains(expected), "{report}");
    }
}

#[test]
fn the_report_names_the_vendor_id_that_a_partner_needs_here() {
    let (site, report) = migrated(EC);
    assert!(report.contains("`gvl_id = NUMBER`"), "{report}");
    assert!(report.contains("`one.example`, `two.example`"), "{report}");
    // Added as the report says, it is read.
    let config = site.read("trusted-server.toml");
    let with = config.replacen(
        "source_domain = \"one.example\"",
        "source_domain = \"one.example\"\ngvl_id = 755",
        1,
    );
    site.write("trusted-server.toml", &with);
    assert!(site.ec(&["check", "--all"]).status.success());
    let shown = out(&site.ec(&["show", "--format", "json"]));
    assert!(shown.contains("\"gvl_id\":755"), "{shown}");
    for wrong in ["0", "65536", "\"755\""] {
        site.write("trusted-server.toml", &with.replace("755", wrong));
        let ran = site.ec(&["check"]);
        assert_eq!(ran.status.code(), Some(1), "{}", printed(&ran));
        assert!(printed(&ran).contains("gvl_id"), "{}", printed(&ran));
    }
    // Who has no partner has none to add it to.
    let (_, report) = migrated(EDGE_COOKIE);
    assert!(!report.contains("gvl_id"), "{report}");
}

#[test]
fn a_key_of_a_version_to_come_becomes_a_comment() {
    let config = format!(
        "{EDGE_COOKIE}\n[edge_cookie.rotation]\nevery_days = 30\nnext_secret = \"hunter2-x\"\n"
    );
    let site = Site::new(&config);
    let ran = site.ec(&["migrate"]);
    assert!(ran.status.success(), "{}", printed(&ran));
    let after = site.read("trusted-server.toml");
    assert!(
        after.contains("not read here: rotation.every_days = 30"),
        "{after}"
    );
    assert!(!after.contains("hunter2-x"), "{after}");
    assert!(site.read("ec-secrets.env").contains("'hunter2-x'"));
    assert_keys(&config, &out(&ran));
    assert_checked_and_done(&site);
}
