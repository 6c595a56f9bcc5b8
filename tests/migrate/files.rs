//! What is written: comments and order stay, each file is whole or not there, and nothing is written over.

use std::path::Path;

use super::site::Site;
use super::support::*;

#[test]
fn comments_and_order_stay() {
    let (site, _) = migrated(EC);
    let after = site.read("trusted-server.toml");
    let expected = include_str!("configs/ec.migrated.toml");
    if std::env::var_os("UPDATE_MIGRATED").is_some() {
        let root = Path::new(env!("REPOSITORY"));
        std::fs::write(root.join("tests/migrate/configs/ec.migrated.toml"), &after).unwrap();
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
        assert!(ran.status.success(), "{}", printed(&ran));
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
    assert_eq!(ran.status.code(), Some(2), "{}", printed(&ran));
    assert_eq!(site.read("trusted-server.toml"), "[ec]\n");
    let ran = site.ec(&[
        "migrate",
        "--from",
        "old/trusted-server.toml",
        "--out",
        "new",
    ]);
    assert!(ran.status.success(), "{}", printed(&ran));
    assert_eq!(site.read("old/trusted-server.toml"), EC);
    for name in [
        "trusted-server.toml",
        "policies/production.toml",
        "ec-secrets.env",
    ] {
        assert_eq!(site.read(&format!("new/{name}")), whole.read(name));
    }
    // A profile that exists stays.
    let site = Site::new(EC);
    site.write("policies/production.toml", "description = \"our own\"\n");
    assert!(site.ec(&["migrate"]).status.success());
    assert_eq!(
        site.read("policies/production.toml"),
        "description = \"our own\"\n"
    );
}

/// What is in a folder of a move: each file that it writes, where it is there.
fn written(site: &Site) -> Vec<Option<String>> {
    let read = |name: &&str| std::fs::read_to_string(site.path().join(name)).ok();
    WRITTEN.iter().map(read).collect()
}

const WRITTEN: [&str; 5] = [
    "ec-secrets.env",
    "policies/production.toml",
    "policies/native.toml",
    "policies/trusted-server.toml",
    "trusted-server.toml",
];

/// How many runs are killed, each a little later than the one before.
#[cfg(unix)]
const KILLS: u32 = 200;

#[cfg(unix)]
#[test]
fn a_run_that_is_killed_leaves_each_file_whole_and_the_next_one_completes_it() {
    use std::process::Stdio;
    use std::time::Instant;

    let (whole, _) = migrated(EC);
    let whole = written(&whole);
    let started = Instant::now();
    migrated(EC);
    // From before the first write to after the last one, and somewhat longer.
    let step = started.elapsed() * 3 / 2 / KILLS;
    let (mut unfinished, mut between, mut finished) = (0, 0, 0);
    for kill in 0..KILLS {
        let site = Site::new(EC);
        let mut command = site.command(&["migrate"]);
        let mut run = command.stdout(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + step * kill;
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        run.kill().unwrap();
        run.wait().unwrap();
        // Each file is the new one or what was there before: none, or the old configuration.
        let left = written(&site);
        for ((name, left), whole) in WRITTEN.iter().zip(&left).zip(&whole) {
            let before = (*name == "trusted-server.toml").then(|| EC.to_owned());
            assert!(*left == before || left == whole, "{name}: {left:?}");
        }
        let config_is_new = left.last() == whole.last();
        match left.iter().flatten().count() {
            1 => unfinished += 1,
            5 if config_is_new => finished += 1,
            _ => between += 1,
        }
        // The configuration is the last: where it is new, nothing is missing.
        assert!(!config_is_new || left == whole, "{left:?}");
        let again = site.ec(&["migrate"]);
        assert!(again.status.success(), "{}", printed(&again));
        assert_eq!(written(&site), whole);
    }
    println!(
        "killed before the first file {unfinished}, between {between}, after the last {finished}"
    );
    assert!(unfinished > 0, "no run was killed early");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_to_keeps_the_file_as_it_was() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    for read_only in ["", "policies"] {
        let site = Site::new(EC);
        std::fs::create_dir(site.path().join("policies")).unwrap();
        let folder = site.path().join(read_only);
        set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
        // Modes do not bind the superuser: it gives the right away first.
        let mut command = site.command_after(
            "if [ \"$(id -u)\" = 0 ]; then exec setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-all -- \"$0\" \"$@\"; fi",
            &["migrate"],
        );
        let ran = command.output().unwrap();
        set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{}", printed(&ran));
        assert!(err(&ran).contains("cannot write `"), "{}", printed(&ran));
        assert_eq!(site.read("trusted-server.toml"), EC);
        // Once it can be written to, the same command does it all.
        let again = site.ec(&["migrate"]);
        assert!(again.status.success(), "{}", printed(&again));
        assert_checked_and_done(&site);
    }
}

/// A file may be so long; the rest of it is not written. Each limit ends in another file.
#[cfg(unix)]
#[test]
fn a_disk_that_is_full_keeps_the_file_as_it_was() {
    for blocks in [0, 1, 2, 4] {
        let site = Site::new(EC);
        // Blocks of 512 bytes (POSIX, `ulimit`); the signal that comes with the limit is ignored, so that the write fails.
        let limit = format!("trap '' XFSZ; ulimit -f {blocks}");
        let ran = site.command_after(&limit, &["migrate"]).output().unwrap();
        assert_eq!(ran.status.code(), Some(2), "{}", printed(&ran));
        assert_eq!(site.read("trusted-server.toml"), EC);
        let left = written(&site);
        let (whole, _) = migrated(EC);
        for (left, whole) in left.iter().zip(written(&whole)).take(WRITTEN.len() - 1) {
            assert!(left.is_none() || *left == whole, "{left:?}");
        }
        let again = site.ec(&["migrate"]);
        assert!(again.status.success(), "{}", printed(&again));
        assert_eq!(written(&site), written(&whole));
    }
}
