//! The durable store on damaged files: what opens is whole, and what is not whole is refused, and left as it was.

use crate::support::random;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use edge_cookie::clock::SystemClock;
use edge_cookie::policy::EcPolicy;
use edge_cookie::store::{Insert, KvStore, Precondition};
use edge_cookie_stores::{EmbeddedStore, OpenError};
use random::Random;

/// What the store should hold: bodies by their keys.
type Known = BTreeMap<String, Vec<u8>>;

const METADATA: &[u8] = b"metadata";
/// Bytes of a page of the file.
const PAGE: usize = 4_096;
/// Bytes of the head, which no page's checksum covers; the two last commits follow, each with its own.
const HEAD: usize = 64;
/// The bit of the head that selects the current one of the two last commits.
const CURRENT: usize = 9 * 8;

fn create(path: &Path) -> EmbeddedStore<SystemClock> {
    let policy = EcPolicy::default();
    EmbeddedStore::open(path, &policy.root.ec_store, &policy.local, SystemClock).unwrap()
}

fn open(path: &Path) -> Result<EmbeddedStore<SystemClock>, OpenError> {
    let policy = EcPolicy::default();
    EmbeddedStore::open_existing(path, &policy.root.ec_store, &policy.local, SystemClock)
}

fn insert(body: &[u8]) -> Insert {
    Insert {
        body: body.to_vec(),
        metadata: METADATA.to_vec(),
        ttl: None,
        precondition: Precondition::None,
    }
}

/// Writes, overwrites and deletes in a few commits, and says what is left.
fn fill(store: &EmbeddedStore<SystemClock>, records: u64, random: &mut Random) -> Known {
    let mut known = Known::new();
    for _ in 0..4 {
        store
            .batch(|batch| {
                for _ in 0..records / 3 {
                    let key = format!("key/{:05}", random.below(records));
                    if random.below(8) == 0 {
                        batch.delete(&key).unwrap();
                        known.remove(&key);
                        continue;
                    }
                    // Some span pages.
                    let bound = if random.below(50) == 0 { 20_000 } else { 400 };
                    let length = random.below(bound);
                    let body: Vec<u8> = (0..length).map(|_| random.byte()).collect();
                    batch.insert(&key, insert(&body)).unwrap();
                    known.insert(key, body);
                }
            })
            .unwrap();
    }
    known
}

/// A store's file as it lies on disk while it is open, and once it was closed, and what both hold.
fn files(records: u64, random: &mut Random) -> (Vec<u8>, Vec<u8>, Known) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = create(&path);
    let known = fill(&store, records, random);
    let killed = fs::read(&path).unwrap();
    drop(store);
    (killed, fs::read(&path).unwrap(), known)
}

/// What a damaged file came to: it opened, or was refused for a reason.
fn check_damaged(path: &Path, bytes: &[u8], known: &Known, damage: &str) -> Result<(), OpenError> {
    fs::write(path, bytes).unwrap();
    let store = match open(path) {
        Ok(store) => store,
        Err(why) => {
            let after = fs::read(path).unwrap();
            // In a file that a kill left, the length in the head is corrected before the rest is checked.
            assert!(
                after.len() == bytes.len(),
                "{damage}: its length was changed"
            );
            assert!(after[HEAD..] == bytes[HEAD..], "{damage}: it was changed");
            return Err(why);
        }
    };
    let keys = store.list("", None, usize::MAX).unwrap();
    assert!(keys.iter().eq(known.keys()), "{damage}: its keys");
    for (key, body) in known {
        let found = store.lookup(key).unwrap().unwrap();
        assert!(found.body == *body, "{damage}: the body of {key}");
        assert!(
            found.metadata == METADATA,
            "{damage}: the metadata of {key}"
        );
    }
    Ok(())
}

fn says_what_is_wrong(why: &OpenError, damage: &str) {
    assert!(
        matches!(
            why,
            OpenError::Damaged { .. }
                | OpenError::NotAStore { .. }
                | OpenError::OtherVersion { .. }
        ),
        "{damage}: {why}"
    );
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

/// `DAMAGES` says how many of each kind, `DAMAGE_SEED` where they strike.
#[test]
fn a_damaged_file_is_refused_or_holds_every_record() {
    let number = |name: &str, default: u64| {
        let set = std::env::var(name).ok();
        set.map_or(default, |set| set.parse().unwrap())
    };
    let (seed, each) = (number("DAMAGE_SEED", 1), number("DAMAGES", 150));
    println!("DAMAGE_SEED={seed} DAMAGES={each}");
    let mut random = Random::new(seed);
    let (killed, closed, known) = files(1_000, &mut random);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    for (state, whole) in [("killed", &killed), ("closed", &closed)] {
        let (mut opened, mut refused) = (0, 0);
        for damage in 0..4 * each {
            let mut bytes = whole.clone();
            let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
            let page = at - at % PAGE;
            let how = match damage % 4 {
                0 => {
                    bytes.truncate(at);
                    format!("{state}, cut at {at}")
                }
                1 => {
                    bytes.truncate(page);
                    format!("{state}, cut at {page}")
                }
                2 => {
                    bytes[page..page + PAGE].fill(0);
                    format!("{state}, without its page at {page}")
                }
                _ => {
                    let bit = usize::try_from(random.below(8)).unwrap();
                    bytes = flipped(&bytes, at * 8 + bit);
                    format!("{state}, bit {bit} of {at} flipped")
                }
            };
            if bytes.is_empty() || bytes == *whole {
                continue;
            }
            match check_damaged(&path, &bytes, &known, &how) {
                Ok(()) => opened += 1,
                Err(why) => {
                    says_what_is_wrong(&why, &how);
                    refused += 1;
                }
            }
        }
        println!("{state}: {opened} opened, {refused} refused");
        assert!(opened > 0 && refused > 0, "{state}: {opened}, {refused}");
    }
}

/// No page's checksum covers the head: every bit of it in turn.
#[test]
fn a_damaged_head_is_refused_or_leads_to_every_record() {
    let (killed, closed, known) = files(60, &mut Random::new(2));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    for (state, whole) in [("killed", &killed), ("closed", &closed)] {
        for bit in 0..HEAD * 8 {
            if state == "killed" && bit == CURRENT {
                continue;
            }
            let how = format!("{state}, bit {bit} flipped");
            if let Err(why) = check_damaged(&path, &flipped(whole, bit), &known, &how) {
                says_what_is_wrong(&why, &how);
            }
        }
    }
}

/// The one bit that shows nothing: a kill before a commit was acknowledged leaves the very same file, in which
/// the commit before is current. The file is whole even so.
#[test]
fn a_commit_that_the_head_does_not_name_was_never_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = create(&path);
    store.insert("before", insert(b"before")).unwrap();
    store.insert("after", insert(b"after")).unwrap();
    let killed = fs::read(&path).unwrap();
    drop(store);
    fs::write(&path, flipped(&killed, CURRENT)).unwrap();
    assert_eq!(open(&path).unwrap().list("", None, 9).unwrap(), ["before"]);
}

/// An open store does not look for damage to its file. A lookup that meets damage reports it.
#[test]
fn damage_beneath_an_open_store_gives_no_wrong_record() {
    let mut random = Random::new(3);
    let mut reported = 0;
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let mut policy = EcPolicy::default();
        // So little memory that most lookups go to the file.
        policy.local.cache_mib = 1;
        let store =
            EmbeddedStore::open(&path, &policy.root.ec_store, &policy.local, SystemClock).unwrap();
        let known = fill(&store, 8_000, &mut random);
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        let length = file.metadata().unwrap().len();
        for _ in 0..40 {
            let at = random.below(length);
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            file.write_all_at(&[byte[0] ^ (1 << random.below(8))], at)
                .unwrap();
            let page = random.below(length / PAGE as u64) * PAGE as u64;
            file.write_all_at(&[0; PAGE], page).unwrap();
        }
        for (key, body) in &known {
            match store.lookup(key) {
                // A lookup that passes a damaged page may miss the record.
                Ok(found) => assert!(found.is_none_or(|found| found.body == *body), "{key}"),
                Err(why) => {
                    assert!(why.to_string().contains("damaged"), "{key}: {why}");
                    reported += 1;
                }
            }
        }
    }
    assert!(reported > 0);
}

/// A file of the first layout, whose records have no checksum, is not guessed at.
#[test]
fn a_file_of_another_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    drop(create(&path));
    let database = redb::Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let counters: redb::TableDefinition<'_, &str, u64> = redb::TableDefinition::new("#counters");
    let mut counters_open = transaction.open_table(counters).unwrap();
    counters_open.insert("layout", 1).unwrap();
    drop(counters_open);
    transaction.commit().unwrap();
    drop(database);
    let refused = open(&path).err().unwrap().to_string();
    assert!(
        refused.contains("was written by another version"),
        "{refused}"
    );
}
