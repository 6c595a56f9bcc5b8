//! No command prints a secret, and secrets are written only where they belong.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::site::Site;
use super::support::*;

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                let bytes = fs::read(&path).unwrap();
                found.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    found
}

/// The secrets of a sample's other parts, which this program leaves where they are.
const OF_OTHER_PARTS: [&str; 5] = [
    "hunter2-of-the-operator",
    "hunter2-of-the-readers",
    "hunter2-of-the-proxy",
    "hunter2-of-the-front-door",
    "hunter2-in-a-comment",
];

/// What is read of a migrated configuration, in every form.
const COMMANDS: [&[&str]; 16] = [
    &["check", "--all"],
    &["check", "--all", "--format", "json"],
    &["check", "--all", "--format", "github"],
    &["check", "--all", "--format", "sarif"],
    &["check", "--profile", "production", "--resolve-secrets"],
    &["check", "--resolve-secrets"],
    &["show"],
    &["show", "--origin"],
    &["show", "--format", "json"],
    &["show", "partners"],
    &["show", "passphrase"],
    &["diff", "native", "production"],
    &[
        "plan",
        "--deployed",
        "trusted-server",
        "--candidate",
        "production",
    ],
    &["plan", "--move", "before.toml"],
    &["plan", "--move", "before.toml", "--format", "json"],
    // Where the old lists are shorter than the law, it takes a reason.
    &[
        "bundle",
        "--profile",
        "production",
        "--force",
        "a test",
        "--out",
        "bundle.json",
    ],
];

#[test]
fn no_secret_is_ever_printed() {
    for config in LAYOUTS {
        let commented = format!("{config}\n# api_token = \"hunter2-in-a-comment\"\n");
        let site = Site::new(&commented);
        site.write("before.toml", &commented);
        let dry = site.ec(&["migrate", "--dry-run"]);
        assert!(dry.status.success(), "{}", printed(&dry));
        assert!(out(&dry).contains("+++ "), "{}", printed(&dry));
        assert!(!printed(&dry).contains(SECRET), "{}", printed(&dry));
        assert_eq!(site.read("trusted-server.toml"), commented);
        assert_eq!(files(site.path()).len(), 2, "a dry run writes nothing");
        let ran = site.ec(&["migrate"]);
        assert!(!printed(&ran).contains(SECRET), "{}", printed(&ran));
        for args in COMMANDS {
            let mut command = site.command(args);
            let ran = command.env("EC_PASSPHRASE", "hunter2").output().unwrap();
            assert!(
                matches!(ran.status.code(), Some(0 | 1)),
                "{args:?}\n{}",
                printed(&ran)
            );
            assert!(
                !printed(&ran).contains(SECRET),
                "{args:?}\n{}",
                printed(&ran)
            );
        }
        // They are where only their owner reads them, and nowhere else.
        let mut written = files(site.path());
        assert_eq!(written.remove("before.toml").as_ref(), Some(&commented));
        let secrets = written.remove("ec-secrets.env").unwrap();
        assert!(secrets.contains("EC_PASSPHRASE='hunter2-"), "{secrets}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = site.path().join("ec-secrets.env");
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(written.contains_key("bundle.json"));
        for (name, text) in written {
            let text = OF_OTHER_PARTS
                .iter()
                .fold(text, |text, secret| text.replace(secret, ""));
            assert!(!text.contains(SECRET), "{name}: {text}");
        }
    }
}

#[test]
fn what_cannot_be_migrated_is_named_by_its_key_alone() {
    for (broken, named) in [
        (
            "[ec]\npassphrase = \"hunter2\"\npull_sync_concurrency = \"three\"\n",
            "ec.pull_sync_concurrency",
        ),
        (
            "[ec]\npassphrase = \"hunter2\"\npull_sync_concurrency = 3\npartners = \"hunter2\"\n",
            "ec.partners",
        ),
        (
            "[edge_cookie]\nsecret_key = \" \"\n",
            "edge_cookie.secret_key",
        ),
        (
            "[ec]\npassphrase = \"hunter2\"\n[[ec.partners]]\napi_token = \"hunter2\"\nbatch_rate_limit = 1\n",
            "ec.partners[0].source_domain",
        ),
        ("[edge_cookie]\nsecret_key = \"hunter2\n", "TOML"),
        (
            "[synthetic]\nsecret_key = \"hunter2\"\n[ec]\npassphrase = \"hunter2\"\n",
            "`[synthetic]` and `[ec]`",
        ),
        // One value is not dropped for another.
        (
            "[ec]\npassphrase = \"hunter2\"\n[ec.consent]\ntcf_max_age = \"5d\"\n[consent]\nmax_consent_age_days = 90\n",
            "tcf_max_age",
        ),
        (
            "[ec]\npassphrase = \"hunter2\"\npull_sync_concurrency = 1\npull.concurrency = 2\n",
            "`pull`",
        ),
        (
            "[ec]\nprovider = \"hmac\"\npassphrase = \"hunter2\"\n[ec.providers.hmac]\npassphrase = \"hunter2\"\n",
            "passphrase",
        ),
    ] {
        let site = Site::new(broken);
        for args in [
            &["migrate"][..],
            &["migrate", "--dry-run"],
            &["plan", "--move", "trusted-server.toml"],
        ] {
            let ran = site.ec(args);
            assert_eq!(ran.status.code(), Some(2), "{broken}");
            assert!(err(&ran).contains(named), "{}", printed(&ran));
            assert!(!printed(&ran).contains(SECRET), "{}", printed(&ran));
        }
        assert_eq!(site.read("trusted-server.toml"), broken);
        assert_eq!(files(site.path()).len(), 1, "nothing is written");
    }
}

#[test]
fn literal_secrets_of_partners_are_not_printed_either() {
    let config = "[ec]\npassphrase = \"hunter2-9f86d081884c7d659a2feaa0c55ad015\"\nadmin_token = \"hunter2-admin-a0b1c2d3e4f5061728394a5b6c7d8e9f\"\n[[ec.partners]]\nsource_domain = \"one.example\"\napi_token = \"hunter2-a0b1c2d3e4f5061728394a5b6c7d8e9f\"\npull = { url = \"https://p.one.example/u\", hosts = [\"p.one.example\"], token = \"hunter2-b1c2d3e4f5061728394a5b6c7d8e9fa0\" }\n";
    let site = Site::new(config);
    site.write(
        "policies/one.toml",
        "deploy = true\n[ec]\nec_store = \"a\"\npartner_store = \"b\"\n",
    );
    site.write("policies/two.toml", &config.replace("-b1c2", "-x1c2"));
    for args in [
        &["check", "--all"][..],
        &["check", "--all", "--format", "json"],
        &["check", "--all", "--format", "github"],
        &["check", "--all", "--format", "sarif"],
        &["show", "--profile", "one", "--origin"],
        &["show", "--profile", "two", "--format", "json"],
        &["show", "--profile", "two", "partners"],
        &["diff", "one", "two"],
        &[
            "plan",
            "--deployed",
            "one",
            "--candidate",
            "two",
            "--format",
            "json",
        ],
        &["plan", "--deployed", "two", "--candidate", "one"],
        &["bundle", "--profile", "one", "--out", "bundle.json"],
        &["migrate", "--dry-run"],
    ] {
        let ran = site.ec(args);
        assert!(
            !printed(&ran).contains(SECRET),
            "{args:?}\n{}",
            printed(&ran)
        );
    }
    assert!(
        !site.path().join("bundle.json").exists(),
        "no bundle of a deployed profile has a secret in clear"
    );
}
