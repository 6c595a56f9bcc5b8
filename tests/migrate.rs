//! `ec migrate`: a publisher of the trusted-server brings the configuration, in each layout that it has had.
#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should stop"
)]

#[path = "support/running.rs"]
mod running;
#[path = "support/site.rs"]
mod site;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use proptest::prelude::{Just, Strategy, any};
use proptest::test_runner::{Config, TestRunner};
use running::Running;
use site::{Site, ec};
use toml_edit::{DocumentMut, Item};

const EC: &str = include_str!("migrate/ec.toml");
const EDGE_COOKIE: &str = include_str!("migrate/edge_cookie.toml");
const SYNTHETIC: &str = include_str!("migrate/synthetic.toml");
const OVERLAY: &str = include_str!("migrate/overlay.toml");
const LAYOUTS: [&str; 4] = [EC, EDGE_COOKIE, SYNTHETIC, OVERLAY];

/// In every secret of the samples.
const SECRET: &str = "hunter2";

fn out(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

fn err(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

fn told(ran: &Output) -> String {
    format!("{}{}", out(ran), err(ran))
}

fn migrated(config: &str) -> (Site, String) {
    let site = Site::new(config);
    let ran = site.ec(&["migrate"]);
    assert!(ran.status.success(), "{}", told(&ran));
    (site, out(&ran))
}

/// Every key that a file has a value under, entries of lists by their number.
fn keys(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let document: DocumentMut = text.parse().unwrap();
    for (key, item) in document.iter() {
        collect(key, item, &mut found);
    }
    found
}

fn collect(path: &str, item: &Item, found: &mut BTreeSet<String>) {
    if let Some(tables) = item.as_array_of_tables() {
        for (index, table) in tables.iter().enumerate() {
            for (key, item) in table {
                collect(&format!("{path}[{index}].{key}"), item, found);
            }
        }
    } else if let Some(table) = item.as_table() {
        let mut names: Vec<&str> = table.iter().map(|(key, _)| key).collect();
        let numbered = path == "ec.partners";
        names.sort_unstable();
        for (index, key) in names.iter().enumerate() {
            let path = if numbered {
                format!("{path}[{index}]")
            } else {
                format!("{path}.{key}")
            };
            collect(&path, &table[key], found);
        }
    } else {
        found.insert(path.to_owned());
    }
}

/// The keys that a report has a line for, each once.
fn reported(report: &str) -> Vec<String> {
    let lines = report.lines().filter_map(|line| line.strip_prefix("  "));
    lines
        .map(|line| line.split(": ").next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_key_of_every_layout_has_one_line_in_the_report() {
    for config in LAYOUTS {
        let (_, report) = migrated(config);
        let lines = reported(&report);
        let each: BTreeSet<String> = lines.iter().cloned().collect();
        assert_eq!(each.len(), lines.len(), "{report}");
        assert_eq!(each, keys(config), "{report}");
    }
}

#[test]
fn the_result_passes_the_checks_and_a_second_run_changes_nothing() {
    for config in LAYOUTS {
        let (site, _) = migrated(config);
        for args in [&["check"][..], &["check", "--all"], &["show"]] {
            let ran = site.ec(args);
            assert!(ran.status.success(), "{args:?}\n{}", told(&ran));
            assert!(!told(&ran).contains(SECRET));
        }
        let after = site.read("trusted-server.toml");
        let again = site.ec(&["migrate"]);
        assert!(again.status.success() && out(&again).contains("nothing to do"));
        assert_eq!(site.read("trusted-server.toml"), after);
    }
}

#[test]
fn comments_and_order_stay() {
    let (site, _) = migrated(EC);
    let after = site.read("trusted-server.toml");
    let expected = include_str!("migrate/ec.migrated.toml");
    if std::env::var_os("UPDATE_MIGRATED").is_some() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::write(root.join("tests/migrate/ec.migrated.toml"), &after).unwrap();
    }
    assert_eq!(after, expected);
    for config in LAYOUTS {
        let (site, _) = migrated(config);
        let after = site.read("trusted-server.toml");
        let mut rest = after.as_str();
        for line in config.lines() {
            if let Some((_, comment)) = line.split_once('#') {
                let (_, after) = rest
                    .split_once(comment)
                    .unwrap_or_else(|| panic!("{comment}: {after}"));
                rest = after;
            }
        }
    }
    // Line ends stay, too.
    let (site, _) = migrated(&EDGE_COOKIE.replace('\n', "\r\n"));
    let after = site.read("trusted-server.toml");
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
}

#[test]
fn other_ways_to_write_the_same_are_read_alike() {
    const HEAD: &str = "[ec]\npassphrase = \"hunter2-9f86d081884c7d659a2feaa0c55ad015\"\n";
    let tables = "[[ec.partners]]\nname = \"A\"\nsource_domain = \"a.com\"\napi_token = \"hunter2-1\"\nopenrtb_atype = 1\n[[ec.partners]]\nname = \"B\"\nsource_domain = \"b.com\"\napi_token = \"hunter2-2\"\n";
    let inline = "# above\npartners = [\n  { name = \"A\", source_domain = \"a.com\", api_token = \"hunter2-1\", openrtb_atype = 1 }, # first\n  { name = \"B\", source_domain = \"b.com\", api_token = \"hunter2-2\" }, # last\n]\n";
    let json = "partners = '[{\"name\":\"A\",\"source_domain\":\"a.com\",\"api_token\":\"hunter2-1\",\"openrtb_atype\":\"1\"},{\"name\":\"B\",\"source_domain\":\"b.com\",\"api_token\":\"hunter2-2\"}]'\n";
    let partners = |config: &str| {
        let site = Site::new(config);
        let dry = site.ec(&["migrate", "--dry-run"]);
        assert!(!told(&dry).contains(SECRET), "{}", told(&dry));
        let ran = site.ec(&["migrate"]);
        assert!(ran.status.success(), "{}", told(&ran));
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

/// A value of `ec show --format json`, or of the file, under a key of ours.
fn value(site: &Site, key: &str) -> String {
    let document: DocumentMut = site.read("trusted-server.toml").parse().unwrap();
    let item = key
        .split('.')
        .fold(document.as_item(), |item, name| &item[name]);
    item.to_string().trim().to_owned()
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
fn the_report_says_whose_ids_change() {
    for (config, expected) in [
        (EC, "users keep their ids"),
        (
            EDGE_COOKIE,
            "An IPv6 visitor without a cookie gets an id of another hash",
        ),
        (SYNTHETIC, "every user gets a new id"),
    ] {
        let (_, report) = migrated(config);
        assert!(report.contains(expected), "{report}");
    }
}

#[test]
fn no_secret_is_ever_printed() {
    for config in LAYOUTS {
        let commented = format!("{config}\n# api_token = \"hunter2-in-a-comment\"\n");
        let site = Site::new(&commented);
        let dry = site.ec(&["migrate", "--dry-run"]);
        assert!(dry.status.success(), "{}", told(&dry));
        assert!(out(&dry).contains("+++ "), "{}", told(&dry));
        assert!(!told(&dry).contains(SECRET), "{}", told(&dry));
        assert_eq!(site.read("trusted-server.toml"), commented);
        assert!(!site.path().join("policies").exists());
        let ran = site.ec(&["migrate"]);
        assert!(!told(&ran).contains(SECRET), "{}", told(&ran));
        // They are where only their owner reads them.
        let secrets = site.path().join("ec-secrets.env");
        let text = std::fs::read_to_string(&secrets).unwrap();
        assert!(text.contains("EC_PASSPHRASE='hunter2-"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&secrets).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let config = site.read("trusted-server.toml");
        let ours: Vec<&str> = config
            .lines()
            .filter(|line| line.contains(SECRET) && !line.contains("comment"))
            .collect();
        // What another part of the server reads stays as it is.
        assert!(
            ours.iter()
                .all(|line| line.starts_with("proxy_secret") || line.starts_with("password")),
            "{ours:?}"
        );
    }
    // A value that cannot be migrated is named by its key.
    for broken in [
        "[ec]\npassphrase = \"hunter2\"\npull_sync_concurrency = \"three\"\n",
        "[ec]\npassphrase = \"hunter2\"\npull_sync_concurrency = 3\npartners = \"hunter2\"\n",
        "[edge_cookie]\nsecret_key = \" \"\n",
        "[ec]\npassphrase = \"hunter2\"\n[[ec.partners]]\napi_token = \"hunter2\"\nbatch_rate_limit = 1\n",
        "[edge_cookie]\nsecret_key = \"hunter2\n",
        "[synthetic]\nsecret_key = \"hunter2\"\n[ec]\npassphrase = \"hunter2\"\n",
        // One value is not dropped for another.
        "[ec]\npassphrase = \"hunter2\"\n[ec.consent]\ntcf_max_age = \"5d\"\n[consent]\nmax_consent_age_days = 90\n",
        "[ec]\npassphrase = \"hunter2\"\npull_sync_concurrency = 1\npull.concurrency = 2\n",
    ] {
        let site = Site::new(broken);
        let ran = site.ec(&["migrate"]);
        assert_eq!(ran.status.code(), Some(2), "{broken}");
        assert!(!told(&ran).contains(SECRET), "{}", told(&ran));
        assert_eq!(site.read("trusted-server.toml"), broken);
        assert!(!site.path().join("ec-secrets.env").exists());
    }
}

#[test]
fn a_run_that_was_cut_short_is_finished_by_the_next() {
    let (whole, _) = migrated(EC);
    let files = [
        "ec-secrets.env",
        "policies/production.toml",
        "policies/native.toml",
        "policies/trusted-server.toml",
    ];
    for written in 0..=files.len() {
        let site = Site::new(EC);
        for name in &files[..written] {
            site.write(name, &whole.read(name));
        }
        let ran = site.ec(&["migrate"]);
        assert!(ran.status.success(), "{}", told(&ran));
        for name in files.iter().chain(&["trusted-server.toml"]) {
            assert_eq!(site.read(name), whole.read(name), "{name}");
        }
        let rest = std::fs::read_dir(site.path()).unwrap().count();
        assert_eq!(rest, 3, "nothing is left over");
    }
    // What cannot be written leaves the file whole.
    let site = Site::new(EC);
    site.write("policies", "a file where the folder of profiles belongs");
    assert_eq!(site.ec(&["migrate"]).status.code(), Some(2));
    assert_eq!(site.read("trusted-server.toml"), EC);
    // Secrets of another move are not written over.
    let site = Site::new(EC);
    site.write("ec-secrets.env", "A='of another'\n");
    assert_eq!(site.ec(&["migrate"]).status.code(), Some(2));
    assert_eq!(site.read("trusted-server.toml"), EC);
    assert_eq!(site.read("ec-secrets.env"), "A='of another'\n");
}

#[test]
fn a_file_elsewhere_is_read_and_another_folder_written_to() {
    let (whole, _) = migrated(EC);
    let site = Site::new("[ec]\n");
    site.write("old/trusted-server.toml", EC);
    let args = ["migrate", "--from", "old/trusted-server.toml"];
    let ran = site.ec(&args);
    assert_eq!(ran.status.code(), Some(2), "{}", told(&ran));
    assert_eq!(site.read("trusted-server.toml"), "[ec]\n");
    let ran = site.ec(&[
        "migrate",
        "--from",
        "old/trusted-server.toml",
        "--out",
        "new",
    ]);
    assert!(ran.status.success(), "{}", told(&ran));
    assert_eq!(site.read("old/trusted-server.toml"), EC);
    for name in [
        "trusted-server.toml",
        "policies/production.toml",
        "ec-secrets.env",
    ] {
        assert_eq!(site.read(&format!("new/{name}")), whole.read(name));
    }
    // A profile that somebody has stays.
    let site = Site::new(EC);
    site.write("policies/production.toml", "description = \"our own\"\n");
    assert!(site.ec(&["migrate"]).status.success());
    assert_eq!(
        site.read("policies/production.toml"),
        "description = \"our own\"\n"
    );
}

/// A block of the page about moving, as readers paste it.
fn block(name: &str) -> String {
    let page = include_str!("../docs/migrating.md");
    let begin = format!("<!-- {name}: run by tests/migrate.rs -->\n```sh\n");
    let (_, rest) = page.split_once(&begin).unwrap();
    let (lines, _) = rest.split_once("```\n").unwrap();
    lines.to_owned()
}

#[test]
fn the_lines_of_the_page_about_moving_work_as_pasted() {
    let site = Site::new(EC);
    let folder = Path::new(&ec()).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap();
    let mut places = vec![folder];
    places.extend(std::env::split_paths(&path));
    let run = |lines: &str| {
        let ran = Command::new("bash")
            .current_dir(site.path())
            .args(["-euo", "pipefail", "-c", lines])
            .env("PATH", std::env::join_paths(&places).unwrap())
            .env_remove("EC_PROFILE")
            .output()
            .unwrap();
        assert!(ran.status.success(), "{lines}\n{}", told(&ran));
        out(&ran)
    };
    let moved = run(&block("move"));
    assert!(moved.contains("wrote trusted-server.toml"), "{moved}");
    assert!(moved.contains("production: no errors"), "{moved}");
    let plan = run(&block("plan"));
    // The records, the cookie and the ids are the same before and after.
    for key in [
        "ec_store",
        "passphrase",
        "cookie.name",
        "cookie.max_age",
        "id.",
    ] {
        assert!(!plan.lines().any(|line| line.starts_with(key)), "{plan}");
    }
    assert!(plan.contains("entry.renewal"), "{plan}");
    assert!(block("serve").contains("ec serve --geo US-CA"));
}

#[test]
fn it_serves_with_the_secrets_that_were_in_the_file() {
    for config in [EC, EDGE_COOKIE] {
        let (site, _) = migrated(config);
        let mut serve = Command::new("sh");
        serve
            .current_dir(site.path())
            .args([
                "-c",
                &block("serve").replace(
                    "ec serve",
                    "exec \"$0\" serve --store memory --addr 127.0.0.1:0",
                ),
            ])
            .arg(ec())
            .env_remove("EC_PROFILE");
        let mut running = Running::start(&mut serve);
        let url = running.url();
        let health = ureq_get(&format!("{url}/_ts/health"));
        assert!(health.contains("\"ok\""), "{health}");
    }
}

fn ureq_get(url: &str) -> String {
    let ran = Command::new("curl")
        .args(["-s", "--max-time", "60", url])
        .output()
        .unwrap();
    out(&ran)
}

/// A configuration with some of the keys that one of the samples has.
fn some_of(sample: &'static str) -> impl Strategy<Value = String> {
    let count = keys(sample).len();
    (
        proptest::collection::vec(any::<bool>(), count),
        Just(sample),
    )
        .prop_map(|(kept, sample)| {
            let mut document: DocumentMut = sample.parse().unwrap();
            let gone: Vec<String> = keys(sample)
                .into_iter()
                .zip(kept)
                .filter_map(|(key, kept)| (!kept).then_some(key))
                .collect();
            for key in gone {
                // A partner without its domain is none.
                if !key.ends_with("source_domain") {
                    remove(
                        document.as_item_mut(),
                        &key.replace('[', ".").replace(']', ""),
                    );
                }
            }
            document.to_string()
        })
}

fn remove(item: &mut Item, key: &str) {
    let (first, rest) = match key.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (key, None),
    };
    let inner = if let Some(tables) = item.as_array_of_tables_mut() {
        let table = tables.get_mut(first.parse().unwrap()).unwrap();
        match rest.unwrap().split_once('.') {
            None => drop(table.remove(rest.unwrap())),
            Some((name, rest)) => remove(&mut table[name], rest),
        }
        return;
    } else {
        item.as_table_like_mut().unwrap()
    };
    match rest {
        None => drop(inner.remove(first)),
        Some(rest) => remove(inner.get_mut(first).unwrap(), rest),
    }
}

#[test]
fn whatever_a_file_has_it_is_migrated_once() {
    let samples = proptest::sample::select(vec![EC, EDGE_COOKIE, SYNTHETIC, OVERLAY]);
    let files = samples.prop_flat_map(some_of);
    let mut runner = TestRunner::new(Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    });
    let once = |config: String| {
        let site = Site::new(&config);
        let ran = site.ec(&["migrate"]);
        assert!(ran.status.success(), "{config}\n{}", told(&ran));
        assert!(!told(&ran).contains(SECRET), "{}", told(&ran));
        if out(&ran).contains("\nnote: ") {
            let lines: BTreeSet<String> = reported(&out(&ran)).into_iter().collect();
            assert_eq!(lines, keys(&config), "{}", told(&ran));
        }
        let after = site.read("trusted-server.toml");
        let written: DocumentMut = after.parse().unwrap();
        assert!(written.get("synthetic").is_none() && written.get("consent").is_none());
        let again = site.ec(&["migrate"]);
        assert!(
            again.status.success() && out(&again).contains("nothing to do"),
            "{config}\n{}",
            told(&again)
        );
        assert_eq!(site.read("trusted-server.toml"), after);
        Ok(())
    };
    runner.run(&files, once).unwrap();
}
