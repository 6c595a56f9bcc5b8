//! The durable store when things end badly: killed processes, damaged files, abandoned batches.

use crate::support::random;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{BufRead, BufReader, Lines, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;

use edge_cookie::clock::{ManualClock, Moment, SystemClock};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::Ttl;
use edge_cookie::store::{Insert, KvStore, Precondition, StoreError, Stored};
use edge_cookie_stores::EmbeddedStore;
use random::Random;
use redb::{ReadableDatabase, TableHandle};

/// Names the file that a child process works on.
const FILE_OF_CHILD: &str = "EDGE_COOKIE_TEST_STORE";
/// What a child says once an acknowledged key follows; libtest's own words may come before it.
const ACKNOWLEDGED: &str = "acknowledged ";
const WRITERS: u64 = 4;

fn open(path: &Path) -> EmbeddedStore<SystemClock> {
    let policy = EcPolicy::default();
    EmbeddedStore::open(path, &policy.root.ec_store, &policy.local, SystemClock).unwrap()
}

fn refusal(path: &Path) -> String {
    let policy = EcPolicy::default();
    let opened = EmbeddedStore::open(path, &policy.root.ec_store, &policy.local, SystemClock);
    opened.err().unwrap().to_string()
}

fn missing(path: &Path) -> String {
    let policy = EcPolicy::default();
    let name = &policy.root.ec_store;
    let opened = EmbeddedStore::open_existing(path, name, &policy.local, SystemClock);
    opened.err().unwrap().to_string()
}

/// A record whose parts all follow from `key`, so that a half-written one shows.
fn whole(key: &str) -> Insert {
    Insert {
        body: key.repeat(40).into_bytes(),
        metadata: key.repeat(3).into_bytes(),
        ttl: None,
        precondition: Precondition::None,
    }
}

fn assert_whole(key: &str, stored: &Stored) {
    let whole = whole(key);
    assert!(stored.body == whole.body, "the body of {key}");
    assert!(stored.metadata == whole.metadata, "the metadata of {key}");
}

/// Starts this test program again, to run one of its ignored tests in a process of its own.
fn child(role: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            &format!("store_crash::{role}"),
            "--nocapture",
        ])
        .env(FILE_OF_CHILD, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn path_of_child() -> Option<PathBuf> {
    std::env::var_os(FILE_OF_CHILD).map(PathBuf::from)
}

fn acknowledged(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    lines.find_map(|line| {
        let line = line.unwrap();
        let (_, key) = line.split_once(ACKNOWLEDGED)?;
        Some(key.to_owned())
    })
}

#[test]
#[ignore = "a process of its own for `killed_writers_lose_nothing_acknowledged`"]
fn child_writes_until_it_is_killed() {
    let Some(path) = path_of_child() else { return };
    let store = open(&path);
    let run = store.list("", None, usize::MAX).unwrap().len();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = &store;
            scope.spawn(move || {
                for count in 0_u64.. {
                    let key = format!("{run}/{writer}/{count}");
                    if count % 5 == 4 {
                        store.batch(|batch| write_pair(batch, &key)).unwrap();
                    } else {
                        store.insert(&key, whole(&key)).unwrap();
                    }
                    println!("{ACKNOWLEDGED}{key}");
                }
            });
        }
    });
}

/// Two records that belong together: one is never there without the other.
fn write_pair(store: &impl KvStore, key: &str) {
    let twin = format!("{key}/twin");
    store.insert(&twin, whole(&twin)).unwrap();
    store.insert(key, whole(key)).unwrap();
}

/// Kills of one store, one after another.
const KILLS_OF_A_STORE: u64 = 10;

/// `KILLS` says how many (200 where it is not set), `KILL_SEED` where in the writing they come.
#[test]
fn killed_writers_lose_nothing_acknowledged() {
    let number = |name: &str, default: u64| {
        let set = std::env::var(name).ok();
        set.map_or(default, |set| set.parse().unwrap())
    };
    let mut random = Random::new(number("KILL_SEED", 1));
    let stores = number("KILLS", 200).div_ceil(KILLS_OF_A_STORE);
    for store in 0..stores {
        println!(
            "store {store} of {stores}: KILL_SEED={} KILLS={KILLS_OF_A_STORE}",
            random.seed()
        );
        kill_its_writers(&mut random);
    }
}

fn kill_its_writers(random: &mut Random) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut promised = Vec::new();
    let mut generations = BTreeMap::new();
    for _ in 0..KILLS_OF_A_STORE {
        let mut writer = child("child_writes_until_it_is_killed", &path);
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        for _ in 0..=random.below(150) {
            promised.push(acknowledged(&mut lines).unwrap());
        }
        writer.kill().unwrap();
        // What was acknowledged before the kill took effect counts, too. A torn last line does not.
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        let whole_lines = rest.len().saturating_sub(1);
        promised.extend(rest[..whole_lines].iter().filter_map(|line| {
            let (_, key) = line.split_once(ACKNOWLEDGED)?;
            Some(key.to_owned())
        }));
        writer.wait().unwrap();

        let store = open(&path);
        for key in &promised {
            assert!(store.exists(key).unwrap(), "{key} was acknowledged");
        }
        let keys = store.list("", None, usize::MAX).unwrap();
        assert!(keys.len() >= promised.len());
        for key in keys {
            let stored = store.lookup(&key).unwrap().unwrap();
            assert_whole(&key, &stored);
            if let Some(twin) = key.strip_suffix("/twin") {
                assert!(store.exists(twin).unwrap(), "{key} came without {twin}");
            }
            generations.insert(key, stored.generation);
        }
    }
    let once: HashSet<_> = generations.values().collect();
    assert_eq!(once.len(), generations.len(), "a generation came twice");
}

#[test]
#[ignore = "a process of its own for `a_held_store_says_so`"]
fn child_holds_the_store() {
    let Some(path) = path_of_child() else { return };
    let _held = open(&path);
    println!("{ACKNOWLEDGED}held");
    // Until the parent lets go.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

#[test]
fn a_held_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut holder = child("child_holds_the_store", &path);
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    acknowledged(&mut lines).unwrap();
    for said in [refusal(&path), missing(&path)] {
        assert!(said.contains("is in use by another process"), "{said}");
        assert!(said.contains(path.to_str().unwrap()), "{said}");
        assert!(said.contains("`--store`"), "{said}");
    }
    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().success());
    open(&path);
}

/// A store of a few hundred records in a closed file.
fn filled(path: &Path) -> Vec<u8> {
    let store = open(path);
    store
        .batch(|batch| {
            for count in 0..300 {
                let key = format!("key/{count}");
                batch.insert(&key, whole(&key)).unwrap();
            }
        })
        .unwrap();
    drop(store);
    fs::read(path).unwrap()
}

#[test]
fn files_that_are_not_stores_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let good = filled(&folder.path().join("good"));
    let damaged_head = [&[0xff; 64], &good[64..]].concat();
    for (case, content) in [
        ("text", &b"ec_id,partner\n"[..]),
        ("zeros", &[0; 8_192]),
        ("head", &good[..64]),
        ("page", &good[..4_096]),
        ("half", &good[..good.len() / 2]),
        ("damaged_head", &damaged_head),
    ] {
        let path = folder.path().join(case);
        fs::write(&path, content).unwrap();
        for said in [refusal(&path), missing(&path)] {
            assert!(said.contains(path.to_str().unwrap()), "{said}");
            assert!(said.contains("store"), "{said}");
            for jargon in ["redb", "Error", "DB ", "src/", "{"] {
                assert!(!said.contains(jargon), "{said}");
            }
        }
        assert!(fs::read(&path).unwrap() == content, "{case} was changed");
    }
}

#[test]
fn what_is_missing_is_created_only_where_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/store");
    let said = missing(&path);
    assert!(said.contains("`ec apply` creates it"), "{said}");
    assert!(!folder.path().join("new").exists());

    let policy = EcPolicy::default();
    let other = &policy.root.partner_store;
    drop(EmbeddedStore::open(&path, other, &policy.local, SystemClock).unwrap());
    for _ in 0..2 {
        let said = missing(&path);
        assert!(said.contains("`ec apply` creates it"), "{said}");
    }
    drop(open(&path));
    let name = &policy.root.ec_store;
    EmbeddedStore::open_existing(&path, name, &policy.local, SystemClock).unwrap();
}

#[test]
fn paths_that_cannot_be_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let said = refusal(folder.path());
    assert!(said.contains("is a folder"), "{said}");
    let file = folder.path().join("file");
    fs::write(&file, "text").unwrap();
    let said = refusal(&file.join("store"));
    assert!(said.contains("folder"), "{said}");
    assert_eq!(fs::read(&file).unwrap(), b"text");
}

/// Another program's database is not a store, even if it opens.
#[test]
fn foreign_databases_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign");
    let foreign = redb::Database::create(&path).unwrap();
    let transaction = foreign.begin_write().unwrap();
    let table: redb::TableDefinition<'_, u64, u64> = redb::TableDefinition::new("theirs");
    transaction.open_table(table).unwrap();
    transaction.commit().unwrap();
    drop(foreign);
    let said = refusal(&path);
    assert!(said.contains("not a store"), "{said}");
    let foreign = redb::Database::open(&path).unwrap();
    let transaction = foreign.begin_read().unwrap();
    let tables = transaction.list_tables().unwrap();
    let names: Vec<String> = tables.map(|table| table.name().to_owned()).collect();
    assert_eq!(names, ["theirs"]);
}

#[test]
fn two_stores_share_a_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let policy = EcPolicy::default();
    let mut generations = Vec::new();
    for name in [&policy.root.ec_store, &policy.root.partner_store] {
        let store = EmbeddedStore::open(&path, name, &policy.local, SystemClock).unwrap();
        assert!(!store.exists("key").unwrap(), "{name}");
        store.insert("key", whole("key")).unwrap();
        generations.push(store.lookup("key").unwrap().unwrap().generation);
    }
    assert_ne!(generations[0], generations[1]);
}

#[test]
fn two_files_hand_out_no_generation_twice_however_often_they_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    let policy = EcPolicy::default();
    let mut generations = HashSet::new();
    for file in ["one", "other", "one", "other"] {
        let path = folder.path().join(file);
        let name = &policy.root.ec_store;
        let store = EmbeddedStore::open(&path, name, &policy.local, SystemClock).unwrap();
        store.insert("key", whole("key")).unwrap();
        generations.insert(store.lookup("key").unwrap().unwrap().generation);
    }
    assert_eq!(generations.len(), 4);
}

#[test]
fn an_abandoned_batch_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = open(&path);
    store.insert("before", whole("before")).unwrap();
    let commits = store.commits();
    let mut seen = None;
    let abandoned = catch_unwind(AssertUnwindSafe(|| {
        store.batch(|batch| {
            batch.delete("before").unwrap();
            batch.insert("within", whole("within")).unwrap();
            seen = batch.lookup("within").unwrap();
            panic!("the batch is abandoned");
        })
    }));
    assert!(abandoned.is_err());
    assert_eq!(store.commits(), commits);
    assert_eq!(store.list("", None, 9).unwrap(), ["before"]);
    // The store goes on, and a generation that the batch saw stays used.
    store.insert("within", whole("within")).unwrap();
    let after = store.lookup("within").unwrap().unwrap();
    assert_ne!(after.generation, seen.unwrap().generation);
    drop(store);
    assert_eq!(open(&path).list("", None, 9).unwrap(), ["before", "within"]);
}

#[test]
fn a_batch_is_one_commit_and_reading_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store"));
    let key = |count: u64| format!("key/{count}");
    let written = store.batch(|batch| {
        (0..1_000).all(|count| batch.insert(&key(count), whole(&key(count))).is_ok())
    });
    assert_eq!(written, Ok(true));
    assert_eq!(store.commits(), 1);
    let refused = store.batch(|batch| {
        batch.lookup("key/1").unwrap();
        batch.insert(
            "key/1",
            Insert {
                precondition: Precondition::Add,
                ..whole("key/1")
            },
        )
    });
    assert_eq!(refused, Ok(Err(StoreError::PreconditionFailed)));
    assert_eq!(store.commits(), 1, "nothing was written");
    store.delete("key/1").unwrap();
    assert_eq!(store.commits(), 2);
}

#[test]
fn expired_records_leave_the_file() {
    const RECORDS: u64 = 100;
    const LATE: u64 = 1_000;
    for sweep_per_write in [0, 1, 7, 1_000] {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::default());
        let mut policy = EcPolicy::default();
        policy.local.sweep_per_write = sweep_per_write;
        let store = EmbeddedStore::open(
            &folder.path().join("store"),
            &policy.root.ec_store,
            &policy.local,
            Arc::clone(&clock),
        )
        .unwrap();
        let passing = |key: &str| Insert {
            ttl: Some(Ttl::from_seconds_clamped(1)),
            ..whole(key)
        };
        store
            .batch(|batch| {
                for count in 0..RECORDS {
                    let key = format!("passing/{count:03}");
                    batch.insert(&key, passing(&key)).unwrap();
                }
            })
            .unwrap();
        clock.set(Moment::from_unix_millis(LATE));
        assert_eq!(store.list("", None, 9).unwrap(), [""; 0], "hidden at once");
        assert_eq!(store.held().unwrap(), RECORDS, "and still in the file");
        // A write removes no more than it looks at; going round twice finds everything.
        let write = || store.insert("staying", whole("staying")).unwrap();
        write();
        let looks = u64::from(sweep_per_write);
        let held = store.held().unwrap();
        assert!(held + looks > RECORDS, "{held} after {looks} looks");
        (0..2 * RECORDS).for_each(|_| write());
        let left = if looks == 0 { RECORDS } else { 0 };
        assert_eq!(store.held().unwrap(), left + 1, "{looks} looks a write");
        assert_whole("staying", &store.lookup("staying").unwrap().unwrap());
    }
}
