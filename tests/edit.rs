//! Editing policies in place: what is written, what stays, and what is refused.

use crate::harness::site;

use std::process::{Command, Output};

use edge_cookie::policy::known_settings;
use edge_cookie::policy::setting::Shape;
use proptest::prelude::*;
use site::Site;

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_value_is_written_where_it_belongs_and_all_else_stays() {
    let cases: &[(&str, &[&str], &str)] = &[
        // The value alone changes: its comment, its place and its spaces stay.
        (
            "# head\n[ec.entry]\n# why\nttl   =  \"5d\"   # here\n# end\n",
            &["entry.ttl", "6d"],
            "# head\n[ec.entry]\n# why\nttl   =  \"6d\"   # here\n# end\n",
        ),
        // With its prefix it is the same key.
        (
            "[ec.entry]\nttl = \"5d\"\n",
            &["ec.entry.ttl", "6d"],
            "[ec.entry]\nttl = \"6d\"\n",
        ),
        // Into the table that is there, after what is in it.
        (
            "[ec.entry]\nttl = \"5d\"\n\n[ec.log]\nid_chars = 4\n",
            &["entry.renewal", "on_visit"],
            "[ec.entry]\nttl = \"5d\"\nrenewal = \"on_visit\"\n\n[ec.log]\nid_chars = 4\n",
        ),
        // A table of its own, after the comments at the end.
        (
            "[ec.log]\nid_chars = 4\n# said last\n",
            &["entry.ttl", "6d"],
            "[ec.log]\nid_chars = 4\n# said last\n\n[ec.entry]\nttl = \"6d\"\n",
        ),
        ("", &["entry.ttl", "6d"], "[ec.entry]\nttl = \"6d\"\n"),
        (
            "[ec]\n",
            &["entry.ttl", "6d"],
            "[ec]\n\n[ec.entry]\nttl = \"6d\"\n",
        ),
        // Dotted keys and inline tables are edited where they are.
        (
            "[ec]\nentry.ttl = \"5d\"\n",
            &["entry.ttl", "6d"],
            "[ec]\nentry.ttl = \"6d\"\n",
        ),
        (
            "[ec]\nentry = { ttl = \"5d\", renewal = \"on_visit\" }\n",
            &["entry.ttl", "6d"],
            "[ec]\nentry = { ttl = \"6d\", renewal = \"on_visit\" }\n",
        ),
        // Line ends stay as they are.
        (
            "# a\r\n[ec.entry]\r\nttl = \"5d\"\r\n",
            &["entry.renewal", "on_visit"],
            "# a\r\n[ec.entry]\r\nttl = \"5d\"\r\nrenewal = \"on_visit\"\r\n",
        ),
        // Every shape of a value.
        (
            "[ec.cas]\n",
            &["cas.max_retries", "2"],
            "[ec.cas]\nmax_retries = 2\n",
        ),
        (
            "[ec.cookie]\n",
            &["cookie.http_only", "false"],
            "[ec.cookie]\nhttp_only = false\n",
        ),
        (
            "[ec.sync]\n",
            &["sync.max_age", "none"],
            "[ec.sync]\nmax_age = \"none\"\n",
        ),
        (
            "[ec.consent]\n",
            &["consent.us_states", "[\"CA\"]"],
            "[ec.consent]\nus_states = [\"CA\"]\n",
        ),
        (
            "[ec]\n",
            &["passphrase", "{ env = \"NAME\" }"],
            "[ec]\npassphrase = { env = \"NAME\" }\n",
        ),
        ("[ec]\n", &["ec_store", "123"], "[ec]\nec_store = \"123\"\n"),
        // Taken out, and its table where nothing is left in it.
        (
            "[ec.entry]\nttl = \"5d\"\nrenewal = \"on_visit\"\n",
            &["entry.ttl", "--remove"],
            "[ec.entry]\nrenewal = \"on_visit\"\n",
        ),
        (
            "[ec]\nec_store = \"a\"\n\n[ec.entry]\nttl = \"5d\"\n",
            &["entry.ttl", "--remove"],
            "[ec]\nec_store = \"a\"\n",
        ),
        (
            "[ec]\n# said\n",
            &["entry.ttl", "--remove"],
            "[ec]\n# said\n",
        ),
        // The rest of the server's tables are another's.
        (
            "[[handlers]]\npath = \"/a\" # one\n[integrations.x]\ny = [ 1,2 ]\n[ec.entry]\nttl = \"5d\"\n[z]\n",
            &["entry.ttl", "6d"],
            "[[handlers]]\npath = \"/a\" # one\n[integrations.x]\ny = [ 1,2 ]\n[ec.entry]\nttl = \"6d\"\n[z]\n",
        ),
    ];
    for (before, args, after) in cases {
        let site = Site::new(before);
        let ran = site.ec(&[&["set"], *args].concat());
        assert!(
            ran.status.success(),
            "{args:?} on {before:?}: {}",
            err(&ran)
        );
        assert_eq!(
            site.read("trusted-server.toml"),
            *after,
            "{args:?} on {before:?}"
        );
        let left: Vec<_> = std::fs::read_dir(site.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing is left next to the file");
    }
}

#[test]
fn a_profile_is_edited_in_its_own_file() {
    let site = Site::new("[ec.entry]\nttl = \"5d\"\n");
    site.write("policies/publishers/acme.toml", "# acme\n[ec]\n");
    let ran = site.ec(&["set", "entry.ttl", "6d", "--profile", "publishers/acme"]);
    assert_eq!(
        out(&ran),
        "policies/publishers/acme.toml:5: `entry.ttl` is \"6d\" (new)\n"
    );
    assert_eq!(
        site.read("policies/publishers/acme.toml"),
        "# acme\n[ec]\n\n[ec.entry]\nttl = \"6d\"\n"
    );
    assert_eq!(
        site.read("trusted-server.toml"),
        "[ec.entry]\nttl = \"5d\"\n"
    );
    // What a profile says holds, whatever is written below it.
    let ran = site.ec(&["set", "entry.ttl", "7d"]);
    assert_eq!(
        out(&ran),
        "trusted-server.toml:2: `entry.ttl` is \"7d\" (was \"5d\")\n"
    );
    let unknown = site.ec(&["set", "entry.ttl", "7d", "--profile", "publishers/acm"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("publishers/acme"));
}

#[test]
fn what_would_break_the_policy_is_not_written() {
    let config = "[ec.guardrails]\n\"entry.ttl\" = { max = \"395d\" }\n[[ec.partners]]\nsource_domain = \"a.com\"\nenabled = false\n";
    for (args, message) in [
        (&["entry.tll", "5d"][..], "did you mean `entry.ttl`?"),
        (&["entry.ttl", "1year"], "EC0005"),
        (&["entry.ttl", "400d"], "EC0601"),
        (
            &["cas.max_retries", "many"],
            "`cas.max_retries` takes a whole number from 0 to 100, not `many`",
        ),
        (
            &["consent.us_states", "CA"],
            "`consent.us_states` takes a list of texts, as `[\"CA\", \"CO\"]`, not `CA`",
        ),
        (
            &["entry.ttl", "'5d"],
            "`entry.ttl` takes a text with its quotes closed, not `'5d`",
        ),
        (&["cas.max_retries", "1000"], "EC0007"),
        (&["partners", "[]"], "edit the file by hand"),
        (&["guardrails.x", "5"], "EC0603"),
        (&["partners.x", "5"], "is not a table"),
    ] {
        let site = Site::new(config);
        let ran = site.ec(&[&["set"], args].concat());
        assert_eq!(ran.status.code(), Some(2), "{args:?}: {}", err(&ran));
        assert!(err(&ran).contains(message), "{args:?}: {}", err(&ran));
        assert_eq!(site.read("trusted-server.toml"), config, "{args:?}");
    }
    // An error that was there before does not prevent fixing another one.
    let site = Site::new("[ec.entry]\nttl = \"1year\"\n[ec.cas]\nmax_retries = 1000\n");
    assert!(site.ec(&["set", "entry.ttl", "365d"]).status.success());
    assert!(
        site.read("trusted-server.toml")
            .contains("ttl = \"365d\"\n")
    );
}

#[test]
fn a_secret_is_written_and_never_printed() {
    let site = Site::new("[ec]\npassphrase = \"hunter2\"\n");
    let ran = site.ec(&["set", "passphrase", "hunter3"]);
    assert!(ran.status.success());
    let printed = format!("{}{}", out(&ran), err(&ran));
    assert!(!printed.contains("hunter"), "{printed}");
    assert_eq!(
        site.read("trusted-server.toml"),
        "[ec]\npassphrase = \"hunter3\"\n"
    );
}

#[test]
fn the_old_table_becomes_the_new_one_byte_for_byte() {
    for (old, new) in [
        (
            "[edge_cookie]\nec_store = \"a\" # b\n",
            "[ec]\nec_store = \"a\" # b\n",
        ),
        (
            "# head\n[publisher]\ndomain  = 'a.com'\n\n# about it\n[edge_cookie] # beside\nec_store = \"a\"\n\n  # ttl\n  [edge_cookie.entry]\n  ttl = \"5d\"\n[other]\nx = [\n  1, # one\n]\n# between\n[[edge_cookie.partners]]\nsource_domain = \"a.com\"\nenabled = false\n[[edge_cookie.partners]]\nsource_domain = \"b.com\"\nenabled = false\n# end",
            "# head\n[publisher]\ndomain  = 'a.com'\n\n# about it\n[ec] # beside\nec_store = \"a\"\n\n  # ttl\n  [ec.entry]\n  ttl = \"5d\"\n[other]\nx = [\n  1, # one\n]\n# between\n[[ec.partners]]\nsource_domain = \"a.com\"\nenabled = false\n[[ec.partners]]\nsource_domain = \"b.com\"\nenabled = false\n# end",
        ),
        (
            "[edge_cookie]\r\nec_store = \"a\"\r\n",
            "[ec]\r\nec_store = \"a\"\r\n",
        ),
        (
            "[edge_cookie.entry]\nttl = \"5d\"\n",
            "[ec.entry]\nttl = \"5d\"\n",
        ),
    ] {
        let site = Site::new(old);
        let ran = site.ec(&["migrate"]);
        assert!(ran.status.success(), "{}", err(&ran));
        assert_eq!(site.read("trusted-server.toml"), new);
        assert!(out(&ran).contains("was `by_place` and is `everywhere` now"));
        // A second time there is nothing to do.
        let again = site.ec(&["migrate"]);
        assert!(again.status.success() && out(&again).contains("nothing to do"));
        assert_eq!(site.read("trusted-server.toml"), new);
    }
}

#[test]
fn a_migrated_policy_that_says_where_refusals_count_depends_on_no_default() {
    for place in ["by_place", "everywhere"] {
        let written = format!("[edge_cookie.consent]\nhonour_refusals = \"{place}\"\n");
        let ran = Site::new(&written).ec(&["migrate"]);
        assert!(ran.status.success(), "{}", err(&ran));
        assert!(!out(&ran).contains("by_place"), "{}", out(&ran));
    }
}

#[test]
fn what_cannot_be_migrated_stays_as_it_is() {
    let both = "[edge_cookie]\nec_store = \"a\"\n[ec]\nec_store = \"b\"\n";
    let site = Site::new(both);
    let ran = site.ec(&["migrate"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(err(&ran).contains("both `[edge_cookie]` and `[ec]`"));
    assert_eq!(site.read("trusted-server.toml"), both);
    let broken = Site::new("[edge_cookie\n");
    assert_eq!(broken.ec(&["migrate"]).status.code(), Some(2));
    assert_eq!(broken.read("trusted-server.toml"), "[edge_cookie\n");
    // A key that only the seed system has is reported.
    let unknown = Site::new("[edge_cookie]\nentry_ttl = \"5d\"\n");
    let ran = unknown.ec(&["migrate"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(err(&ran).contains("EC0002"), "{}", err(&ran));
}

#[test]
fn a_new_publisher_starts_with_policies_that_pass() {
    let folder = tempfile::tempdir().unwrap();
    let ec = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_ec"))
            .current_dir(folder.path())
            .args(args)
            .env_remove("EC_PROFILE")
            .output()
            .unwrap()
    };
    std::fs::write(folder.path().join(".gitignore"), "/target").unwrap();
    let made = ec(&["init", "--domain", "News.Example"]);
    assert!(made.status.success(), "{}", err(&made));
    let checked = ec(&["check", "--all", "--deny-warnings"]);
    assert!(checked.status.success(), "{}", err(&checked));
    assert_eq!(out(&checked).lines().count(), 3);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("trusted-server.toml").contains("domain = \"news.example\"\n"));
    assert_eq!(read(".gitignore"), "/target\n/ec-data\n");
    for name in ["trusted-server.toml", "policies/production.toml"] {
        let text = read(name);
        let schema = text
            .lines()
            .next()
            .unwrap()
            .strip_prefix("#:schema ")
            .unwrap();
        let file = folder.path().join(name).with_file_name("").join(schema);
        assert!(file.is_file(), "{name} names {schema}");
    }
    // Nothing is overwritten, and nothing is added to what is there.
    std::fs::remove_file(folder.path().join("trusted-server.toml")).unwrap();
    let before = read("policies/staging.toml");
    let again = ec(&["init"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(err(&again).contains("staging.toml"), "{}", err(&again));
    assert_eq!(read("policies/staging.toml"), before);
    assert!(!folder.path().join("trusted-server.toml").exists());
}

/// A duration among the settings, and a value of it that is no default.
fn change() -> impl Strategy<Value = (&'static str, String)> {
    let settings = known_settings();
    let keys: Vec<&'static str> = settings
        .iter()
        .filter(|setting| setting.shape == Shape::Duration)
        .map(|setting| setting.key)
        .collect();
    (prop::sample::select(keys), 1_u32..=60).prop_map(|(key, seconds)| (key, format!("{seconds}s")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_set_is_shown_and_every_other_line_stays((key, value) in change()) {
        let production = include_str!("../policies/production.toml");
        let site = Site::new("[ec]\n");
        site.write("policies/production.toml", production);
        let ran = site.ec(&["set", key, &value, "--profile", "production"]);
        prop_assert!(ran.status.success(), "{key} {value}: {}", err(&ran));
        let shown = out(&site.ec(&["show", "--profile", "production", "--format", "json"]));
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let full = format!("ec.{key}");
        let values = shown["values"].as_array().unwrap();
        let set = values.iter().find(|value| value["key"] == full.as_str()).unwrap();
        prop_assert_eq!(&set["value"], &value);
        let text = site.read("policies/production.toml");
        let own = key.rsplit('.').next().unwrap();
        let line = set["origin"]["line"].as_u64().unwrap();
        // All lines but the one that was set, in order; a new table brings its header and a blank line.
        let mut left = text.lines().enumerate();
        for before in production.lines() {
            let found = left.any(|(_, now)| now == before);
            let set = before.trim_start().starts_with(&format!("{own} ="));
            prop_assert!(found || set, "{before:?} is gone, or moved");
            if !found {
                left = text.lines().enumerate();
                left.nth(usize::try_from(line).unwrap() - 1);
            }
        }
    }
}
