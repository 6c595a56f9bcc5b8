//! A disk that fills up, a file that may not grow, and files that are deleted, replaced or truncated under the server:
//! health goes red and stays so, no withdrawal is lost, and the server goes on by itself once it can.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::server::{CONFIG, OPERATOR, PATIENCE, Server};
use super::small_disk::Disk;

/// More than the graph, the partners and the outbox of these tests take.
const DISK_BYTES: u64 = 16 << 20;

/// More withdrawals than the room left in a database takes.
const MANY: u64 = 20_000;

/// Asks again and again until it holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        std::thread::yield_now();
    }
}

/// An id like no other's.
fn id(number: u64) -> String {
    format!("{number:064x}.Ab3xY9")
}

/// A server over the graph `graph.redb` in this folder.
struct Served {
    server: Server,
    graph: PathBuf,
}

impl Served {
    fn start(folder: &Path, outbox: u32) -> Self {
        let graph = folder.join("graph.redb");
        let outbox = format!("ec.local.outbox_withdrawals={outbox}");
        let args = ["--store", graph.to_str().unwrap(), "--set", &outbox];
        let server = Server::start(CONFIG, &args);
        Self { server, graph }
    }

    fn healthy(&self) -> bool {
        let health = self.server.get("/_ts/health", "");
        health.starts_with("HTTP/1.1 200") && health.contains(r#""status":"ok""#)
    }

    fn red(&self) -> bool {
        let health = self.server.get("/_ts/health", "");
        health.starts_with("HTTP/1.1 503")
    }

    /// The id that a new visitor gets; a page that is answered before the store was written makes none.
    fn visitor(&self) -> String {
        let page = "Accept: text/html\r\nUser-Agent: Browser\r\nCookie: us_privacy=1YNN\r\n";
        let mut id = None;
        until("an id", || {
            let answer = self.server.get("/", page);
            let cookie = answer.split_once("ts-ec=").map(|(_, rest)| rest.to_owned());
            id = cookie.and_then(|cookie| Some(cookie.split_once(';')?.0.to_owned()));
            id.is_some()
        });
        id.unwrap()
    }

    /// Withdraws as a browser does; whether the cookie was expired.
    fn withdraw(&self, id: &str) -> bool {
        let heads = format!("Sec-GPC: 1\r\nCookie: ts-ec={id}\r\n");
        let answer = self.server.get("/", &heads);
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
        answer.contains("Max-Age=0")
    }

    /// Withdraws other users until the store takes no more; who was the last, whose cookie was expired.
    fn withdraw_until_refused(&self) -> u64 {
        let refused = (1..MANY).find(|number| {
            assert!(self.withdraw(&id(*number)), "{number}");
            !self.is_withdrawn(&id(*number))
        });
        refused.unwrap()
    }

    fn is_withdrawn(&self, id: &str) -> bool {
        self.record(id).contains(r#""state":"tombstone""#)
    }

    fn record(&self, id: &str) -> String {
        let token = format!("Authorization: Bearer {OPERATOR}\r\n");
        self.server.get(&format!("/_ts/admin/v1/ec/{id}"), &token)
    }
}

#[test]
fn a_full_disk_is_red_until_it_has_room_and_loses_no_withdrawal() {
    let Some(disk) = Disk::of(DISK_BYTES) else {
        return;
    };
    let served = Served::start(disk.path(), 4_096);
    let [early, late, stays] = [(); 3].map(|()| served.visitor());
    assert!(served.healthy());
    let fill = disk.fill();
    until("red health", || served.red());
    // What is left in the database itself is used up.
    assert!(served.withdraw(&early));
    let last = served.withdraw_until_refused();
    assert!(served.withdraw(&late));
    // As long as the disk is full, and whatever is tried: what was there is still read.
    for number in 0..50 {
        assert!(served.withdraw(&id(MANY + number)));
        assert!(served.red());
        assert!(served.record(&stays).contains(r#""state":"live""#));
    }
    fs::remove_file(fill).unwrap();
    until("green health", || served.healthy());
    for withdrawn in (1..=last).chain(MANY..MANY + 50).map(id) {
        assert!(served.is_withdrawn(&withdrawn), "{withdrawn}");
    }
    assert!(served.is_withdrawn(&early) && served.is_withdrawn(&late));
    assert!(served.record(&stays).contains(r#""state":"live""#));
    assert!(
        served
            .record(&served.visitor())
            .contains(r#""state":"live""#)
    );
}

#[test]
fn where_the_outbox_is_used_up_too_the_cookie_is_kept() {
    let Some(disk) = Disk::of(DISK_BYTES) else {
        return;
    };
    let served = Served::start(disk.path(), 2);
    let users = [(); 3].map(|()| served.visitor());
    let fill = disk.fill();
    let mut kept = 0;
    for number in 1..MANY {
        if !served.withdraw(&id(number)) {
            kept = number;
            break;
        }
    }
    assert!(kept > 2, "{kept}");
    // The users of what is not on any disk are asked for it again.
    assert!(users.iter().all(|user| !served.withdraw(user)));
    fs::remove_file(fill).unwrap();
    until("green health", || served.healthy());
    assert!((1..kept).all(|number| served.is_withdrawn(&id(number))));
    for user in users {
        assert!(served.withdraw(&user) && served.is_withdrawn(&user));
    }
}

/// `ulimit -f`, lowered under a server: what grows beyond it fails, where it would end the process.
#[test]
fn a_file_that_may_not_grow_is_as_a_disk_that_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), 64);
    let user = served.visitor();
    let limit = |bytes: &str| {
        let process = served.server.running.process.id().to_string();
        let set = Command::new("prlimit")
            .args(["--pid", &process, &format!("--fsize={bytes}:")])
            .status();
        set.is_ok_and(|set| set.success())
    };
    // Enough for the outbox, and not for a commit.
    if !limit("16384") {
        eprintln!("LEFT OUT: no `prlimit`, which Debian has in `util-linux`");
        return;
    }
    let refused = served.withdraw_until_refused();
    until("red health", || served.red());
    assert!(served.withdraw(&user));
    // Where the outbox cannot be written either, asking twice does not make it so.
    assert!(limit("0"));
    for _ in 0..3 {
        assert!(!served.withdraw(&id(MANY)));
    }
    assert!(limit("unlimited"));
    until("green health", || served.healthy());
    assert!(served.withdraw(&id(MANY)));
    for withdrawn in [&user, &id(refused), &id(MANY)] {
        assert!(served.is_withdrawn(withdrawn));
    }
}

/// What can be done to a store's file, and to put it right; `aside` is where it, or a copy of it, is meanwhile.
type Case = (&'static str, fn(&Path, &Path), fn(&Path, &Path));

#[test]
fn writes_to_a_file_that_is_gone_are_not_acknowledged_and_one_that_is_put_back_is_used() {
    const CASES: [Case; 5] = [
        (
            "moved away and back",
            |graph, aside| fs::rename(graph, aside).unwrap(),
            |graph, aside| fs::rename(aside, graph).unwrap(),
        ),
        (
            "deleted, and a copy put in its place",
            |graph, aside| {
                fs::copy(graph, aside).unwrap();
                fs::remove_file(graph).unwrap();
            },
            |graph, aside| fs::rename(aside, graph).unwrap(),
        ),
        (
            "emptied, and written again",
            |graph, aside| {
                fs::copy(graph, aside).unwrap();
                fs::write(graph, "").unwrap();
            },
            |graph, aside| {
                fs::copy(aside, graph).unwrap();
            },
        ),
        (
            "truncated, and a copy put in its place",
            |graph, aside| {
                let whole = fs::copy(graph, aside).unwrap();
                let file = fs::File::options().write(true).open(graph).unwrap();
                file.set_len(whole / 4).unwrap();
            },
            |graph, aside| fs::rename(aside, graph).unwrap(),
        ),
        (
            "replaced by what is no store",
            |graph, aside| {
                fs::rename(graph, aside).unwrap();
                fs::write(graph, "no store").unwrap();
            },
            |graph, aside| fs::rename(aside, graph).unwrap(),
        ),
    ];
    for (case, damage, put_right) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let served = Served::start(folder.path(), 64);
        let [user, stays] = [(); 2].map(|()| served.visitor());
        let aside = folder.path().join("aside");
        damage(&served.graph, &aside);
        assert!(served.withdraw(&user), "{case}");
        until("red health", || served.red());
        assert!(served.withdraw(&id(1)), "{case}");
        put_right(&served.graph, &aside);
        until("green health", || served.healthy());
        for withdrawn in [&user, &id(1)] {
            assert!(served.is_withdrawn(withdrawn), "{case}");
        }
        assert!(
            served.record(&stays).contains(r#""state":"live""#),
            "{case}"
        );
        // It is on the disk at the path, and not in a file that no restart would find.
        let Served { mut server, graph } = served;
        server.running.process.kill().unwrap();
        server.running.process.wait().unwrap();
        let listed = server
            .site
            .ec(&["get", &user, "--store", graph.to_str().unwrap()]);
        let listed = String::from_utf8_lossy(&listed.stdout);
        assert!(listed.contains("tombstone"), "{case}: {listed}");
    }
}

#[test]
fn an_outbox_that_is_deleted_or_truncated_is_written_again_before_a_cookie_is_expired() {
    let damages: [fn(&Path); 3] = [
        |file| fs::remove_file(file).unwrap(),
        |file| fs::remove_dir_all(file.parent().unwrap()).unwrap(),
        |file| fs::write(file, "").unwrap(),
    ];
    for damage in damages {
        let folder = tempfile::tempdir().unwrap();
        let served = Served::start(folder.path(), 64);
        let aside = folder.path().join("aside");
        fs::rename(&served.graph, &aside).unwrap();
        assert!(served.withdraw(&id(1)));
        damage(
            &folder
                .path()
                .join("graph.outbox/ec_identity_store-0.outbox"),
        );
        assert!(served.withdraw(&id(2)));
        fs::rename(&aside, &served.graph).unwrap();
        // Killed before it delivers, or after: both are found.
        let Served { mut server, graph } = served;
        server.running.process.kill().unwrap();
        server.running.process.wait().unwrap();
        let served = Served::start(graph.parent().unwrap(), 64);
        until("green health", || served.healthy());
        assert!(served.is_withdrawn(&id(1)) && served.is_withdrawn(&id(2)));
    }
}

/// A disk that goes read-only, as one with errors does. Its outbox cannot be written either, so that the cookie is kept.
#[test]
fn on_a_disk_that_is_read_only_health_is_red_and_the_cookie_is_kept() {
    let Some(disk) = Faulty::made() else {
        return;
    };
    let served = Served::start(&disk.mounted(), 64);
    let user = served.visitor();
    assert!(served.healthy());
    disk.remount("abort");
    assert!(!served.withdraw(&user));
    until("red health", || served.red());
    assert!(!served.withdraw(&user));
    // No request waits: a page is served without an identity.
    assert!(
        served
            .server
            .get("/", "Accept: text/html\r\n")
            .starts_with("HTTP/1.1 204")
    );
}

/// A disk in a file, whose file system can be made to fail.
struct Faulty(tempfile::TempDir);

impl Faulty {
    fn made() -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        fs::create_dir(disk.mounted()).unwrap();
        let image = disk.0.path().join("image");
        fs::File::create(&image)
            .unwrap()
            .set_len(DISK_BYTES)
            .unwrap();
        let run = |program: &str, args: &[&str], on: &[&Path]| {
            let ran = Command::new(program).args(args).args(on).output();
            ran.is_ok_and(|ran| ran.status.success())
        };
        let made = run("mkfs.ext4", &["-q"], &[&image])
            && run("mount", &["-o", "loop"], &[&image, &disk.mounted()]);
        if !made {
            eprintln!("LEFT OUT: a disk that fails: only root with loop devices may mount one");
        }
        made.then_some(disk)
    }

    fn mounted(&self) -> PathBuf {
        self.0.path().join("mounted")
    }

    fn remount(&self, option: &str) {
        let options = format!("remount,{option}");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-o", &options]).arg(self.mounted()).status();
        assert!(mounted.unwrap().success());
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.mounted())
            .status();
    }
}
