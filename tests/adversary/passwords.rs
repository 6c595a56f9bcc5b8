//! A password in an address is never shown, whatever setting, option or file it is in.

use super::server::CONFIG;
use super::site::Site;

const PASSWORD: &str = "hunter2";

/// Addresses with the password in a place where one is written.
const ADDRESSES: [&str; 5] = [
    "redis://:hunter2@valkey.internal:6379/0",
    "rediss://ec:hunter2 and hunter2@valkey.internal",
    "https://ec:hunter2@origin.example/path",
    "redis://valkey.internal?password=hunter2",
    "postgres://u:x/y#hunter2@h",
];

/// Every setting that takes a text, and those of the publisher.
const KEYS: [&str; 12] = [
    "ec.ec_store",
    "ec.partner_store",
    "ec.cookie.name",
    "ec.local.store",
    "ec.local.data_dir",
    "ec.local.geo",
    "ec.edge.config_store",
    "ec.edge.bundle_key",
    "ec.edge.rate_counter",
    "ec.tombstone.ttl",
    "ec.cas.jitter",
    "ec.sync.max_batch",
];

fn assert_hidden(site: &Site, args: &[&str], environment: &[(String, &str)]) {
    let mut command = site.command(args);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let output = command.output().unwrap();
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(stream);
        assert!(!text.contains(PASSWORD), "{args:?}: {text}");
    }
}

/// Commands that show values, or what is wrong with them.
const SHOWING: [&[&str]; 8] = [
    &["check"],
    &["check", "--format", "json"],
    &["check", "--format", "sarif"],
    &["check", "--format", "github"],
    &["show", "--origin"],
    &["show", "--format", "json"],
    &["diff", "one", "development"],
    &["plan", "--deployed", "one", "--candidate", "development"],
];

#[test]
fn no_command_shows_one_that_is_in_a_file() {
    for address in ADDRESSES {
        // Wherever one is refused.
        let lines = KEYS.map(|key| format!("{} = \"{address}\"\n", &key["ec.".len()..]));
        let publisher = format!("domain = \"{address}\"\norigin_url = \"{address}\"");
        let refused = CONFIG
            .replace("[ec]\n", &format!("[ec]\n{}", lines.concat()))
            .replace("domain = \"publisher.example\"", &publisher);
        // Wherever any text is taken.
        let taken = CONFIG
            .replace(
                "[ec]\n",
                &format!("[ec]\nsync.sentinels = [\"{address}\"]\n"),
            )
            .replace(
                "[[ec.partners]]\n",
                &format!("[[ec.partners]]\nname = \"{address}\"\n"),
            );
        for config in [refused, taken] {
            let site = Site::new(&config);
            site.write("policies/one.toml", "[ec.tombstone]\nttl = \"36h\"\n");
            for args in SHOWING {
                assert_hidden(&site, args, &[]);
            }
            for key in ["ec.ec_store", "ec.local.store", "ec.sync.sentinels"] {
                assert_hidden(&site, &["set", key, "--remove"], &[]);
            }
        }
        let site = Site::new(&format!("[ec]\nlocal.store = \"{address}\"\n"));
        assert_hidden(&site, &["serve", "--addr", "127.0.0.1:0"], &[]);
        assert_hidden(&site, &["set", "local.store", "memory"], &[]);
    }
}

#[test]
fn no_command_shows_one_that_it_was_given() {
    let site = Site::new(CONFIG);
    for address in ADDRESSES {
        let sets = KEYS.map(|key| format!("{key}={address}"));
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        let args: Vec<&str> = std::iter::once("check").chain(sets).collect();
        assert_hidden(&site, &args, &[]);
        let environment = KEYS.map(|key| {
            let variable = key.to_uppercase().replace('.', "__");
            (format!("TRUSTED_SERVER__{variable}"), address)
        });
        assert_hidden(&site, &["check"], &environment);
        assert_hidden(&site, &["set", "ec.local.store", address], &[]);
        assert_hidden(&site, &["set", "ec.ec_store", address], &[]);
        for args in [
            &["serve", "--store", address][..],
            &["get", "--store", address, "x"],
            &["list", "--server", address],
            &["status", "--server", address],
            &["check", address],
            &["explain", address],
            &["show", address],
            &["show", "--profile", address],
            &["plan", "--deployed", address, "--candidate", address],
            &["init", "--domain", address, "new"],
            &["apply", address],
            &["bundle", "--candidate", address, "--percent", address],
            &["--config", address, "check"],
            &["--policies", address, "check"],
            &[address],
        ] {
            assert_hidden(&site, args, &[]);
        }
    }
    assert_eq!(site.read("trusted-server.toml"), CONFIG);
}

/// A name and an unread place may be shown, with a mask in the place of the password alone.
#[test]
fn what_is_shown_names_the_rest_of_the_address() {
    let line = "[ec]\nec_store = \"redis://ec:hunter2@valkey.internal\"\n";
    let site = Site::new(&CONFIG.replace("[ec]\n", line));
    let output = site.ec(&["check", "--format", "json"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.contains("`redis://ec:…@valkey.internal` is not a store name"),
        "{shown}"
    );
}
