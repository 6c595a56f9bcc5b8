//! Who may read what `ec` writes: files that hold whole EC ids or secrets are their owner's alone, whatever the umask.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output};

use super::running::Running;
use super::server::CONFIG;
use super::site::Site;

/// `ec` in this folder, after these commands of a shell.
fn after(site: &Site, before: &str, args: &[&str]) -> Command {
    let ec = site.command(args);
    let mut shell = Command::new("sh");
    shell
        .current_dir(site.path())
        .arg("-c")
        .arg(format!("{before}; exec \"$0\" \"$@\""))
        .arg(ec.get_program())
        .args(ec.get_args())
        .env_remove("EC_PROFILE");
    shell
}

/// Every file is readable and writable to those whom the umask does not stop: it stops no one.
fn open_to_all(site: &Site, args: &[&str]) -> Output {
    let output = after(site, "umask 000", args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    output
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Checks what is in a folder, and the folder itself.
fn assert_private(folder: &Path) -> usize {
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += assert_private(&path);
        } else {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            files += 1;
        }
    }
    files
}

#[test]
fn the_store_and_the_outbox_are_their_owners_alone() {
    let site = Site::new(CONFIG);
    site.write("events.jsonl", "");
    open_to_all(
        &site,
        &["apply", "events.jsonl", "--store", "one/two/graph.redb"],
    );
    // The folder above is new, too.
    assert_eq!(assert_private(&site.path().join("one")), 1);
    let mut serve = after(&site, "umask 000", &["serve", "--addr", "127.0.0.1:0"]);
    let mut running = Running::start(&mut serve);
    running.url();
    // The graph, the partners, and one file of the outbox.
    assert_eq!(assert_private(&site.path().join("ec-data")), 3);
}

#[test]
fn a_bundle_with_secrets_is_read_by_no_one_else() {
    let bundle = |config: &str, there: Option<u32>| {
        let site = Site::new(config);
        let path = site.path().join("bundle.json");
        if let Some(mode) = there {
            site.write("bundle.json", "");
            set_mode(&path, mode);
        }
        let force = ["--force", "the test's own"];
        open_to_all(
            &site,
            &[&["bundle", "--out", "bundle.json"], &force[..]].concat(),
        );
        mode(&path)
    };
    let reference = CONFIG
        .replace(
            "\"a passphrase for the adversary's tests\"",
            "{ env = \"P\" }",
        )
        .replace("\"operator-token-0123456789\"", "{ env = \"A\" }")
        .replace("\"token-of-a-0123456789\"", "{ env = \"T\" }");
    for (config, there, expected) in [
        (CONFIG, None, 0o600),
        (CONFIG, Some(0o644), 0o640),
        (CONFIG, Some(0o600), 0o600),
        (&reference, None, 0o666),
        (&reference, Some(0o644), 0o644),
    ] {
        assert_eq!(bundle(config, there), expected, "{there:?}");
    }
}

#[test]
fn a_copy_that_takes_a_files_place_is_never_open_to_more() {
    for own in [0o600, 0o640, 0o400] {
        let site = Site::new(CONFIG);
        let file = site.path().join("trusted-server.toml");
        set_mode(&file, own);
        let set = ["set", "ec.tombstone.ttl", "36h"];
        // The first byte is one too many: the process ends before it writes it.
        let killed = after(&site, "umask 000; ulimit -f 0", &set)
            .output()
            .unwrap();
        assert!(!killed.status.success(), "{killed:?}");
        let entries = std::fs::read_dir(site.path()).unwrap();
        let copies: Vec<_> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|name| name == "new"))
            .collect();
        assert_eq!(copies.len(), 1, "{killed:?}");
        assert_eq!(mode(&copies[0]), own, "{killed:?}");
        assert_eq!(copies[0].metadata().unwrap().len(), 0);
        open_to_all(&site, &set);
        assert!(mode(&file) == own && site.read("trusted-server.toml").contains("36h"));
    }
}
